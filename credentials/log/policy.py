"""Whose signatures make a checkpoint count (见证策略): C2SP tlog-policy.

::

    log VKEY [URL]
    witness NAME VKEY [URL]
    group NAME any|all|K NAME…
    quorum NAME|none

A file of octets: names are compared as they are written. Every name stands before it is used, and each is a member of
one group at most, so that no witness counts twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from credentials.errors import KeyRejected, Malformed, QuorumMissing, TooLarge, WrongSignature
from credentials.log.checkpoint import Checkpoint, read_checkpoint
from credentials.log.keys import LOG, WITNESS, NoteKey, read_vkey, time_of
from credentials.log.note import Note, SignatureLine, check

MAX_POLICY_BYTES = 65_536
MAX_LOGS = 64
MAX_WITNESSES = 128
MAX_GROUPS = 64
MAX_URL_BYTES = 2_048
NONE = b"none"
_ALLOWED = frozenset([0x09, 0x0A, *range(0x20, 0x7F), *range(0x80, 0x100)])


class Party(NamedTuple):
    """A log or a witness: its key, and where it is reached, if that is said."""

    key: NoteKey
    url: str | None


class WitnessGroup(NamedTuple):
    """So many of these names, witnesses or groups."""

    least: int
    members: tuple[bytes, ...]


class WitnessPolicy(NamedTuple):
    """Logs, witnesses and groups by name, and the name that has to have signed; None: no witness is needed."""

    logs: tuple[Party, ...]
    witnesses: Mapping[bytes, Party]
    groups: Mapping[bytes, WitnessGroup]
    quorum: bytes | None


def read_policy(content: bytes) -> WitnessPolicy:
    """Read a policy of at most 65 536 bytes, 64 logs, 128 witnesses and 64 groups.

    Raises TooLarge, and Malformed, naming the line.
    """
    if len(content) > MAX_POLICY_BYTES:
        raise TooLarge(f"a policy has at most {MAX_POLICY_BYTES} bytes")
    if not content.endswith(b"\n") or not _ALLOWED.issuperset(content):
        raise Malformed("a policy is of whole lines, without control characters other than tabs")
    reading = _PolicyReading()
    for number, line in enumerate(content[:-1].split(b"\n"), 1):
        words = line.replace(b"\t", b" ").split(b" ")
        reading.take(number, [word for word in words if word])
    return reading.policy()


def check_policy(policy: WitnessPolicy, note: Note) -> Checkpoint:
    """The checkpoint in ``note``, when one of the policy's logs signed it and its quorum cosigned.

    Raises Malformed, WrongSignature (no log of the policy signed, or its line does not hold), QuorumMissing.
    """
    checkpoint = check_log(policy, note)
    check_quorum(policy, cosigners(policy, note).keys())
    return checkpoint


def check_log(policy: WitnessPolicy, note: Note) -> Checkpoint:
    """The checkpoint in ``note``, when one of the policy's logs signed it. Raises Malformed, WrongSignature."""
    checkpoint = read_checkpoint(note)
    check(note, (log.key for log in policy.logs if log.key.name == checkpoint.origin))
    return checkpoint


def cosigners(policy: WitnessPolicy, note: Note) -> dict[NoteKey, int]:
    """The witnesses of the policy whose cosignature is on the note, and when each made it (seconds UTC).

    A line that does not hold counts for nothing, and not against the others: anybody can add one on the way.
    """
    ours = {(each.key.name, each.key.id): each.key for each in policy.witnesses.values()}
    found: dict[NoteKey, int] = {}
    for line in note.signatures:
        key = ours.get((line.name, line.key_id))
        if key is not None and key not in found and _holds(key, line, note):
            found[key] = time_of(line.signature)
    return found


def check_quorum(policy: WitnessPolicy, signed: Set[NoteKey]) -> None:
    """Return when these witnesses are enough. Raises QuorumMissing."""
    if policy.quorum is not None and not _has_signed(policy, policy.quorum, signed):
        raise QuorumMissing(f"{len(signed)} of the policy's witnesses cosigned, which is not its quorum")


def is_as_strict(new: WitnessPolicy, old: WitnessPolicy) -> bool:
    """Whether all that satisfies ``new`` satisfies ``old`` too: no log that the old one has not, and its quorum.

    Exact where the old quorum is a witness or a group of witnesses. Of a group of groups each is looked at by itself:
    a change that cannot be seen to be stricter so counts as a weaker one.
    """
    logs = {log.key for log in old.logs}
    return all(log.key in logs for log in new.logs) and (
        old.quorum is None or (new.quorum is not None and _implies(new, old, old.quorum))
    )


def _implies(new: WitnessPolicy, old: WitnessPolicy, name: bytes) -> bool:
    group = old.groups.get(name, WitnessGroup(1, (name,)))
    if all(member in old.witnesses for member in group.members):
        keys = {old.witnesses[member].key for member in group.members}
        return _fewest(new, new.quorum or NONE, keys) >= group.least
    return sum(_implies(new, old, member) for member in group.members) >= group.least


def _fewest(policy: WitnessPolicy, name: bytes, keys: Set[NoteKey]) -> int:
    """How many of these keys have signed at least whenever ``name`` has: each stands in one group, so they add up."""
    group = policy.groups.get(name)
    if group is None:
        return int(policy.witnesses[name].key in keys)
    return sum(sorted(_fewest(policy, member, keys) for member in group.members)[: group.least])


def _holds(key: NoteKey, line: SignatureLine, note: Note) -> bool:
    try:
        key.verify(line.signature, note.text)
    except WrongSignature:
        return False
    return True


def _has_signed(policy: WitnessPolicy, name: bytes, signed: Set[NoteKey]) -> bool:
    group = policy.groups.get(name)
    if group is None:
        return policy.witnesses[name].key in signed
    return sum(_has_signed(policy, member, signed) for member in group.members) >= group.least


class _PolicyReading:
    """What the lines so far have said."""

    def __init__(self) -> None:
        self.logs: dict[bytes, Party] = {}
        self.witnesses: dict[bytes, Party] = {}
        self.groups: dict[bytes, WitnessGroup] = {}
        self.quorum: bytes | None = None
        self._grouped: set[bytes] = set()

    def take(self, number: int, words: Sequence[bytes]) -> None:
        if not words or words[0].startswith(b"#"):
            return
        readers = {b"log": self._log, b"witness": self._witness, b"group": self._group, b"quorum": self._quorum}
        reader = readers.get(words[0])
        if reader is None:
            raise Malformed(f"line {number} of the policy: none of log, witness, group, quorum")
        try:
            reader(words[1:])
        except (Malformed, TooLarge, KeyRejected) as error:
            raise Malformed(f"line {number} of the policy: {error.detail}") from error

    def policy(self) -> WitnessPolicy:
        if self.quorum is None:
            raise Malformed("the policy has no line with its quorum")
        quorum = None if self.quorum == NONE else self.quorum
        return WitnessPolicy(tuple(self.logs.values()), self.witnesses, self.groups, quorum)

    def _log(self, words: Sequence[bytes]) -> None:
        party = _party(words, LOG)
        _bounded(self.logs, MAX_LOGS, "logs")
        _unique(self.logs, party)
        self.logs[party.key.public_key] = party

    def _witness(self, words: Sequence[bytes]) -> None:
        name = self._new_name(words)
        party = _party(words[1:], WITNESS)
        _bounded(self.witnesses, MAX_WITNESSES, "witnesses")
        _unique({each.key.public_key: each for each in self.witnesses.values()}, party)
        self.witnesses[name] = party

    def _group(self, words: Sequence[bytes]) -> None:
        name, members = self._new_name(words), tuple(words[2:])
        _bounded(self.groups, MAX_GROUPS, "groups")
        for member in members:
            self._known(member)
            if member in self._grouped:
                raise Malformed("a name is a member of one group at most, once")
            self._grouped.add(member)
        self.groups[name] = WitnessGroup(_least(words[1] if len(words) > 1 else b"", len(members)), members)

    def _quorum(self, words: Sequence[bytes]) -> None:
        if self.quorum is not None or len(words) != 1:
            raise Malformed("exactly one quorum, with one name")
        if words[0] != NONE:
            self._known(words[0])
        self.quorum = words[0]

    def _new_name(self, words: Sequence[bytes]) -> bytes:
        if not words or words[0] == NONE or words[0] in self.witnesses or words[0] in self.groups:
            raise Malformed("no name, or one that stands for something already")
        return words[0]

    def _known(self, name: bytes) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise Malformed("a name that no line before it defines")


def _party(words: Sequence[bytes], kind: int) -> Party:
    if len(words) not in (1, 2):
        raise Malformed("a vkey, and perhaps one URL")
    try:
        vkey, url = words[0].decode(), words[1].decode() if len(words) > 1 else None
    except UnicodeDecodeError as error:
        raise Malformed("a vkey or URL that is not UTF-8") from error
    if url is not None and len(url) > MAX_URL_BYTES:
        raise TooLarge(f"a URL of a policy has at most {MAX_URL_BYTES} characters")
    key = read_vkey(vkey)
    if key.type != kind:
        raise Malformed(f"a key of type {key.type}, where one of type {kind} belongs")
    return Party(key, url)


def _least(text: bytes, members: int) -> int:
    if text in (b"any", b"all") and members:
        return 1 if text == b"any" else members
    if not text.isdigit() or text.startswith(b"0") or len(text) > 3 or not 1 <= int(text) <= members:
        raise Malformed("a group is any, all or a number of its members, and has one at least")
    return int(text)


def _bounded(held: Mapping[bytes, object], most: int, what: str) -> None:
    if len(held) >= most:
        raise TooLarge(f"a policy has at most {most} {what}")


def _unique(held: Mapping[bytes, object], party: Party) -> None:
    if party.key.public_key in held:
        raise Malformed("the same public key twice")
