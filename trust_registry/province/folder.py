"""A province's own folder: its root key, its working keys, and the statements that it has made.

::

    keys/root.pem, credential-1.pem, credential-2.pem, status-1.pem, rules-1.pem
    keys/log-1.pem, witness-1.pem       Ed25519: the province's own log, and what it cosigns for others by
    province.json               which file is which key, and the last statement's sequence and digest
    statements/1.json …         what is sent to the registry: the statement and a proof for each key

The root key signs statements and requests for denials, nothing else; it belongs in a safe, apart from the
servers that issue.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from credentials.algorithms.table import NATIVE
from credentials.errors import (
    Conflict,
    InvalidRequest,
    KeyRejected,
    Malformed,
    NotFound,
    SettingInvalid,
    StatementRejected,
)
from credentials.keys import VerificationKey, kid_of, new_private_key
from credentials.log import ed25519
from credentials.log.keys import NoteKey, NoteSigner, read_vkey, signer
from credentials.profile.limits import MAX_LIFETIME_PAPER_SECONDS
from credentials.profile.members import is_member_id, no_member_id
from credentials.signing import PemSigner
from service_kit.clock import DAY_SECONDS
from trust_registry.enrolment.possession import prove
from trust_registry.key_files import new_folder, read_key, read_log_key, write_key
from trust_registry.metadata.log_keys import USES, LogKey, log_key_to_json
from trust_registry.metadata.statement import (
    MAX_FORMER_ROOTS,
    FormerRoot,
    Statement,
    read_statement,
    sign_root_change,
    sign_statement,
)
from trust_registry.mirror.folder import Write

FIRST_KEYS = ("credential", "credential", "status", "rules")
WORKING_KEYS = ("credential", "status", "rules")
"""Uses of a key that signs for people and gates."""
RECORD_KEYS = {use: kind for kind, use in USES.items()}
"""Uses of a key of the public record, ``log`` and ``witness``, and their type in a vkey."""
DEFAULT_KEY_DAYS = 365
STATE_FILE = "province.json"


@dataclass(frozen=True)
class KeyFile:
    """A working key: its file below the folder, kid (16 hex digits), use and times (seconds UTC)."""

    file: str
    kid: str
    use: str
    not_before: int
    not_after: int


@dataclass(frozen=True)
class LogKeyFile:
    """A key of the province's log or witness: its file below the folder, its vkey, where it is reached, its times
    (seconds UTC)."""

    file: str
    vkey: str
    url: str | None
    not_before: int
    not_after: int

    @property
    def key(self) -> NoteKey:
        """The public key."""
        return read_vkey(self.vkey)

    @property
    def use(self) -> str:
        """``log`` or ``witness``."""
        return USES[self.key.type]


K = TypeVar("K", KeyFile, LogKeyFile)


@dataclass(frozen=True)
class ProvinceState:
    """What ``province.json`` holds. ``sequence`` and ``digest``: of the last statement; ``previous``: what
    that one named as its own previous."""

    member: str
    root_file: str
    root_kid: str
    sequence: int = 0
    digest: str | None = None
    previous: str | None = None
    root_change: str | None = None
    keys: tuple[KeyFile, ...] = field(default_factory=tuple)
    logs: tuple[LogKeyFile, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Submission:
    """A statement and its proofs, as they are sent to the registry."""

    statement: str
    proofs: tuple[str, ...]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """From a JSON object. Raises Malformed."""
        statement, proofs = fields.get("statement"), fields.get("proofs")
        if (
            not isinstance(statement, str)
            or not isinstance(proofs, list)
            or not all(isinstance(p, str) for p in proofs)
        ):
            raise Malformed("no statement with its proofs; `tongxing province statement` makes one")
        return cls(statement, tuple(proofs))

    def to_fields(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"statement": self.statement, "proofs": list(self.proofs)}


class ProvinceFolder:
    """A province's folder. One person works in it at a time."""

    def __init__(self, directory: Path, write: Write, passphrase: bytes | None = None) -> None:
        self.directory, self._write, self._passphrase = directory, write, passphrase

    def found(self, member: str, now: int, days: int = DEFAULT_KEY_DAYS) -> ProvinceState:
        """Make the folder with a root key and first working keys that last ``days``.

        Raises InvalidRequest for an unknown member id, Conflict when the folder is not empty.
        """
        if not is_member_id(member):
            raise InvalidRequest(f"--member {member[:16]}: {no_member_id(member)}")
        with new_folder(self.directory) as partial:
            return ProvinceFolder(partial, self._write, self._passphrase)._fill(member, now, days)

    def _fill(self, member: str, now: int, days: int) -> ProvinceState:
        root_file, root_kid = self._new_key(member, "root.pem")
        state = ProvinceState(member, root_file, root_kid)
        for use in FIRST_KEYS:
            state = self._with_new_key(state, use, now, days)
        for use in RECORD_KEYS:
            state = self._with_new_log_key(state, use, now, days)
        return self._keep(state)

    def state(self) -> ProvinceState:
        """What is known. Raises SettingInvalid when this is no province's folder."""
        try:
            fields = json.loads((self.directory / STATE_FILE).read_bytes())
            keys = tuple(KeyFile(**key) for key in fields.pop("keys"))
            logs = tuple(LogKeyFile(**key) for key in fields.pop("logs", []))
            return ProvinceState(**fields, keys=keys, logs=logs)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            told = f"no province's folder, it has no readable {STATE_FILE}; `tongxing province init` makes one"
            raise SettingInvalid(f"{self.directory}: {told}") from error

    def add_key(self, use: str, now: int, days: int = DEFAULT_KEY_DAYS) -> ProvinceState:
        """A new working key, or one of the log or the witness, for the next statement.

        A new key of the log or the witness has the name and address of the one before.
        """
        make = self._with_new_log_key if use in RECORD_KEYS else self._with_new_key
        return self._keep(make(self.state(), use, now, days))

    def set_url(self, use: str, url: str) -> ProvinceState:
        """Say in the next statement where the log or the witness is reached. Raises NotFound without such a key."""
        state = self.state()
        if not any(key.use == use for key in state.logs):
            raise NotFound(f"no key of a {use} in this folder; --add-key {use} makes one")
        logs = tuple(replace(key, url=url) if key.use == use else key for key in state.logs)
        return self._keep(replace(state, logs=logs))

    def retire_key(self, kid: str, now: int) -> ProvinceState:
        """End a key now: it stays listed until what it signed has expired. Raises NotFound.

        A key of the log or the witness is named by the eight digits in its vkey; it stays listed for good, for what it
        signed is read for good.
        """
        state = self.state()
        _find(state, kid)
        keys = tuple(_ended(key, now) if _name(key) == kid else key for key in state.keys)
        logs = tuple(_ended(key, now) if _name(key) == kid else key for key in state.logs)
        return self._keep(replace(state, keys=keys, logs=logs))

    def drop_key(self, kid: str) -> ProvinceState:
        """Leave a key out of the next statement, as one that has been denied must be. Raises NotFound."""
        state = self.state()
        _find(state, kid)
        keys = tuple(key for key in state.keys if _name(key) != kid)
        logs = tuple(key for key in state.logs if _name(key) != kid)
        return self._keep(replace(state, keys=keys, logs=logs))

    def replace_root(self, now: int) -> ProvinceState:
        """A new root key, its succession signed by the old one."""
        state = self.state()
        number = sum(1 for _ in (self.directory / "keys").glob("root*.pem")) + 1
        root_file, root_kid = self._new_key(state.member, f"root-{number}.pem")
        change = sign_root_change(self.root_signer(), state.member, bytes.fromhex(root_kid), now)
        return self._keep(replace(state, root_file=root_file, root_kid=root_kid, root_change=change))

    def make_statement(self, audience: str, now: int, *, again: bool = False) -> tuple[Statement, Path]:
        """The next statement, or (``again``) the last one anew because it was not published.

        ``audience``: the registry's base URL, which the proofs name. Keys whose codes have all expired are
        left out. Raises StatementRejected when the registry would refuse it for what it says.
        """
        state = _without_expired(self.state(), now)
        if again and not state.sequence:
            raise Conflict(f"{self.directory}: no statement has been made yet; without --again one is")
        sequence, previous = (state.sequence, state.previous) if again else (state.sequence + 1, state.digest)
        root = self.root_signer()
        compact = sign_statement(
            root=root,
            root_key=root.public_key,
            member=state.member,
            sequence=sequence,
            previous=previous,
            issued_at=now,
            keys=[self._listed(state, key) for key in state.keys],
            root_change=state.root_change,
            logs=[self._listed_log_key(state, key) for key in state.logs],
            former_roots=self._former_roots(state, now),
        )
        statement = read_statement(compact)
        proofs = tuple(prove(statement, self.signer(key.kid), audience) for key in state.keys)
        path = self.statement_file(sequence)
        if again:
            # The registry may have taken it up: what stands under our name is held against all that were made.
            self._write(path.with_name(f"{sequence}-{(state.digest or '')[:16]}.json"), path.read_bytes())
        self._write(path, json.dumps(Submission(compact, proofs).to_fields(), indent=1).encode())
        self._keep(replace(state, sequence=sequence, previous=previous, digest=statement.digest))
        return statement, path

    def _former_roots(self, state: ProvinceState, now: int) -> list[FormerRoot]:
        """The root keys that earlier statements were signed by, the last first; each until the first statement by the
        next one."""
        found: dict[bytes, FormerRoot] = {}
        until, present = now, bytes.fromhex(state.root_kid)
        for sequence in range(state.sequence, 0, -1):
            statement = self._kept_statement(sequence)
            if statement is None:
                continue
            if statement.root_kid != present:
                found.setdefault(statement.root_kid, FormerRoot(statement.root_kid, statement.root_key, until))
            until = statement.issued_at
        return [*found.values()][:MAX_FORMER_ROOTS]

    def _kept_statement(self, sequence: int) -> Statement | None:
        """None where its file is gone or cannot be read: then it names no former root key."""
        try:
            fields = json.loads(self.statement_file(sequence).read_bytes())
            return read_statement(Submission.from_fields(fields).statement)
        except (OSError, ValueError, AttributeError, Malformed, StatementRejected):
            return None

    def submission(self) -> Submission:
        """What the last statement's file holds. Raises NotFound."""
        path = self.statement_file(self.state().sequence)
        try:
            return Submission.from_fields(json.loads(path.read_bytes()))
        except (OSError, ValueError, AttributeError, Malformed) as error:
            raise NotFound(f"{path}: no readable statement; `tongxing province statement` makes one first") from error

    def statement_file(self, sequence: int) -> Path:
        """Where the statement of this sequence lies."""
        return self.directory / "statements" / f"{sequence}.json"

    def root_signer(self) -> PemSigner:
        """The root key, to sign with."""
        state = self.state()
        return self._signer(state.root_file, state.root_kid)

    def signer(self, kid: str) -> PemSigner:
        """The working key of this kid, to sign with. Raises NotFound."""
        return self._signer(_find(self.state(), kid).file, kid)

    def _signer(self, file: str, kid: str) -> PemSigner:
        key = read_key(self.directory / file, self._passphrase)
        if kid_of(self.state().member, key.public_key()).hex() != kid:
            raise KeyRejected(f"{self.directory / file}: not the key that {STATE_FILE} names")
        return PemSigner(key, bytes.fromhex(kid))

    def _listed(self, state: ProvinceState, key: KeyFile) -> VerificationKey:
        public_key = self._signer(key.file, key.kid).public_key
        return VerificationKey(
            bytes.fromhex(key.kid),
            state.member,
            NATIVE.NAME,
            key.use,
            key.not_before,
            key.not_after,
            public_key,
        )

    def _with_new_key(self, state: ProvinceState, use: str, now: int, days: int) -> ProvinceState:
        number = sum(1 for _ in (self.directory / "keys").glob(f"{use}-*.pem")) + 1
        file, kid = self._new_key(state.member, f"{use}-{number}.pem")
        return _with_keys(state, (*state.keys, KeyFile(file, kid, use, now, now + days * DAY_SECONDS)))

    def log_signer(self, use: str) -> NoteSigner:
        """The newest key of the log or the witness, to sign with. Raises NotFound."""
        state = self.state()
        for key in reversed(state.logs):
            if key.use == use:
                return self._log_signer(key)
        raise NotFound(f"no key of a {use} in this folder; `tongxing province statement --add-key {use}` makes one")

    def _log_signer(self, file: LogKeyFile) -> NoteSigner:
        key = read_log_key(self.directory / file.file, self._passphrase)
        made = signer(file.key.name, file.key.type, key)
        if made.key != file.key:
            raise KeyRejected(f"{self.directory / file.file}: not the key that {STATE_FILE} names")
        return made

    def _listed_log_key(self, state: ProvinceState, file: LogKeyFile) -> dict[str, Any]:
        listed = LogKey(state.member, file.key, file.url, file.not_before, file.not_after)
        return log_key_to_json(listed, self._log_signer(file))

    def _with_new_log_key(self, state: ProvinceState, use: str, now: int, days: int) -> ProvinceState:
        before = [key for key in state.logs if key.use == use]
        name, url = (before[-1].key.name, before[-1].url) if before else (f"tongxing/{state.member}/{use}", None)
        key = ed25519.new_private_key()
        number = sum(1 for _ in (self.directory / "keys").glob(f"{use}-*.pem")) + 1
        file = f"keys/{use}-{number}.pem"
        write_key(self.directory / file, key, self._passphrase)
        vkey = signer(name, RECORD_KEYS[use], key).key.vkey
        made = LogKeyFile(file, vkey, url, now, now + days * DAY_SECONDS)
        return replace(state, logs=(*state.logs, made))

    def _new_key(self, member: str, name: str) -> tuple[str, str]:
        key = new_private_key()
        write_key(self.directory / "keys" / name, key, self._passphrase)
        return f"keys/{name}", kid_of(member, key.public_key()).hex()

    def _keep(self, state: ProvinceState) -> ProvinceState:
        keys: list[dict[str, Any]] = [vars(key) for key in state.keys]
        logs: list[dict[str, Any]] = [vars(key) for key in state.logs]
        content = {**vars(state), "keys": keys, "logs": logs}
        self._write(self.directory / STATE_FILE, json.dumps(content, indent=1).encode())
        return state


def _find(state: ProvinceState, kid: str) -> KeyFile | LogKeyFile:
    held: list[KeyFile | LogKeyFile] = [*state.keys, *state.logs]
    for key in held:
        if _name(key) == kid:
            return key
    known = ", ".join(f"{_name(key)} ({key.use})" for key in held)
    raise NotFound(f"no key {kid[:16]} of {state.member} in this folder; there are {known}")


def _name(key: KeyFile | LogKeyFile) -> str:
    return key.kid if isinstance(key, KeyFile) else key.key.id.hex()


def _ended(key: K, now: int) -> K:
    return replace(key, not_after=min(key.not_after, max(now, key.not_before + 1)))


def _with_keys(state: ProvinceState, keys: Iterable[KeyFile]) -> ProvinceState:
    return replace(state, keys=tuple(keys))


def _without_expired(state: ProvinceState, now: int) -> ProvinceState:
    return _with_keys(state, (key for key in state.keys if now < key.not_after + MAX_LIFETIME_PAPER_SECONDS))
