"""Succession (信任根更替): the next root, with the same or other officers and online keys.

::

    draft (at the registry) ──► a file ──► each officer signs it, without network ──► publish (at the registry)

The file holds the next root and, with it, the same trust list as the next targets: a root may name officers who did
not sign the list, or another key for denials, and clients would refuse the old targets under it. Signatures stand in
the file itself, so that somebody who is no officer yet can sign. Needed are as many officers as the old root asks for
and as many as the new one does (TUF specification 1.0.31, sections 5.3.4 and 6.1); who is in both counts for both.

As with a draft of the list (:mod:`trust_registry.officer.approval`), each officer's machine makes root and targets
anew from the keys that they name and compares: nothing else can be hidden in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from securesystemslib.exceptions import FormatError
from securesystemslib.signer import CryptoSigner, Key, SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets

from credentials.algorithms.table import PrivateKey
from credentials.errors import ApprovalRejected, Conflict, InvalidRequest, MetadataRejected, SettingInvalid
from service_kit.storage.retrying import retried
from trust_registry.client.trust.repository import RepositorySource
from trust_registry.enrolment.difference import ListChange
from trust_registry.enrolment.waiting import MAX_DRAFT_AGE_SECONDS
from trust_registry.metadata import denials
from trust_registry.officer.approval import CLOCKS_APART_SECONDS, in_force
from trust_registry.publishing.publication import Publication
from trust_registry.record import log
from trust_registry.repository import renewal
from trust_registry.repository.files import Repository, parse_metadata, public_key_of, root_of, targets_of
from trust_registry.repository.in_force import RepositoryInForce
from trust_registry.repository.renewal import OFFICERS, RegistryKeys
from trust_registry.storage.ports import Records

MAX_SUCCESSION_BYTES = 256 * 1024
_ONLINE_ROLES = ("snapshot", "timestamp", "denials")


class Succession(NamedTuple):
    """The next root and the targets under it, with the signatures so far."""

    root: Metadata[Root]
    targets: Metadata[Targets]

    def to_json(self) -> bytes:
        """The file that officers sign in turn."""
        content = {name: metadata.to_dict() for name, metadata in self._asdict().items()}
        return json.dumps(content, indent=1).encode()


class SuccessionReview(NamedTuple):
    """What an officer is asked to sign, understood. ``held``: the root in force; ``expires_at``: of the new root,
    seconds UTC."""

    held: Root
    version: int
    expires_at: int
    changes: list[ListChange]


class Signed(NamedTuple):
    """How many officers of the old root and of the new one have signed, of how many each that are needed."""

    old: int
    new: int
    needed: int


def draft_succession(repository: Repository, keys: RegistryKeys, now: int) -> Succession:
    """The next root with these keys. Raises InvalidRequest for another number of officers than three."""
    if len({key.keyid for key in keys.officers}) != OFFICERS:
        raise InvalidRequest(f"a root has {OFFICERS} officers: who goes is replaced")
    root, targets = _make(repository, keys, now + renewal.ROOT_LIFETIME_SECONDS, now + renewal.TARGETS_LIFETIME_SECONDS)
    return Succession(Metadata(root), Metadata(targets))


def read_succession(data: bytes) -> Succession:
    """The content of a file. Raises ApprovalRejected; nothing of it is believed yet."""
    try:
        if len(data) > MAX_SUCCESSION_BYTES:
            raise ApprovalRejected("the file is too large for a root")
        content = json.loads(data)
        read = Succession(Metadata.from_dict(content["root"]), Metadata.from_dict(content["targets"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, RepositoryError, FormatError) as error:
        raise ApprovalRejected("not a file of `registry root draft`") from error
    if not isinstance(read.root.signed, Root) or not isinstance(read.targets.signed, Targets):
        raise ApprovalRejected("not a root with its targets")
    return read


def unite(successions: Iterable[Succession]) -> Succession:
    """Copies of one draft that officers signed side by side, as one. Raises ApprovalRejected when they differ."""
    first, *others = successions
    for other in others:
        if (first.root.signed, first.targets.signed) != (other.root.signed, other.targets.signed):
            raise ApprovalRejected("the files are not copies of one draft")
        first.root.signatures.update(other.root.signatures)
        first.targets.signatures.update(other.targets.signatures)
    return first


def review(succession: Succession, source: RepositorySource, trusted_root: bytes, now: int) -> SuccessionReview:
    """Work out what the next root changes, from what is in force at ``source`` and the officer's own root.

    Raises ApprovalRejected, naming what is wrong with the draft or with what is in force.
    """
    try:
        repository = in_force(source, trusted_root, now)
        keys = _check(succession, repository, now)
    except (MetadataRejected, Conflict) as error:
        raise ApprovalRejected(f"draft refused: {error}") from error
    held, root = root_of(repository), succession.root.signed
    changes = list(_changes(_keys_of(held, targets_of(repository)), keys))
    return SuccessionReview(held, root.version, int(root.expires.timestamp()), changes)


def sign(succession: Succession, held: Root, private_key: PrivateKey) -> Signed:
    """Add an officer's signatures to a draft that was reviewed. ``held``: the root in force.

    Raises ApprovalRejected for a key that is neither in the old root nor in the new one.
    """
    signer = CryptoSigner(private_key)
    keyid, root = signer.public_key.keyid, succession.root.signed
    if keyid not in {*held.roles["root"].keyids, *root.roles["root"].keyids}:
        raise ApprovalRejected("not an officer's key of the old root or of the new one")
    succession.root.sign(signer, append=True)
    if keyid in root.roles["targets"].keyids:
        succession.targets.sign(signer, append=True)
    return signed_by(succession, held)


def signed_by(succession: Succession, held: Root) -> Signed:
    """How many signatures hold."""
    root = succession.root.signed
    found = root.get_root_verification_result(held, succession.root.signed_bytes, succession.root.signatures)
    return Signed(len(found.first.signed), len(found.second.signed), found.second.threshold)


@retried
def put_into_force(publication: Publication, succession: Succession, now: int) -> Repository:
    """Put the next root into force, with denials, snapshot and timestamp signed anew by the online keys at hand.

    In force already: the mirror is completed. Raises ApprovalRejected below either threshold, Conflict when another
    publication came first, SettingInvalid when the root names other online keys; nothing is changed then.
    """

    def prepare(_records: Records, known: RepositoryInForce) -> Repository | None:
        repository = known.repository
        if parse_metadata(repository.root).signed == succession.root.signed:
            return None
        _check_signatures(succession, repository, _check(succession, repository, now), publication.online)
        signed = repository._replace(root=succession.root.to_bytes(), targets=succession.targets.to_bytes())
        return publication.signed(renewal.with_denials(signed, repository.denied, publication.online, now))

    def keep(records: Records, changed: Repository | None) -> None:
        if changed:
            records.repository.write(changed.files())
            log.root_published(records.log, succession.root.signed.version, changed.root, now)

    publication.changing(prepare, keep)
    return publication.release()


def names(root: Root, online: renewal.OnlineSigners) -> bool:
    """Whether a root names these online keys."""
    return root.roles["snapshot"].keyids == [online.snapshot.public_key.keyid]


def _make(
    repository: Repository, keys: RegistryKeys, root_expires_at: int, targets_expire_at: int
) -> tuple[Root, Targets]:
    root = renewal.make_root(root_of(repository).version + 1, keys, root_expires_at)
    version = targets_of(repository).version + 1
    delegations = renewal.delegations_to(keys.denials)
    return root, renewal.make_targets(version, repository.trust_list, delegations, targets_expire_at)


def _check(succession: Succession, repository: Repository, now: int) -> RegistryKeys:
    """The keys of a draft that is made as it must be, and lately."""
    root, targets = succession.root.signed, succession.targets.signed
    held = root_of(repository).version, targets_of(repository).version
    if (root.version, targets.version) != (held[0] + 1, held[1] + 1):
        raise Conflict("another publication came first; make a new draft")
    ends = int(root.expires.timestamp()), int(targets.expires.timestamp())
    for end, lifetime in zip(ends, (renewal.ROOT_LIFETIME_SECONDS, renewal.TARGETS_LIFETIME_SECONDS), strict=True):
        if not -MAX_DRAFT_AGE_SECONDS <= end - lifetime - now <= CLOCKS_APART_SECONDS:
            raise ApprovalRejected("drafted more than seven days ago, or for another length of time")
    keys = _keys_of(root, targets)
    if (root, targets) != _make(repository, keys, *ends):
        raise ApprovalRejected("the draft is more or other than the next root and the same list")
    if len({key.keyid for key in (*keys.officers, *keys[1:])}) != OFFICERS + len(_ONLINE_ROLES):
        raise ApprovalRejected("a key stands twice, or officers are too few or too many")
    return keys


def _check_signatures(
    succession: Succession, repository: Repository, keys: RegistryKeys, online: renewal.OnlineSigners
) -> None:
    if tuple(signer.public_key for signer in online) != keys[1:]:
        raise SettingInvalid("the root names other online keys than those of this folder")
    count = signed_by(succession, root_of(repository))
    if min(count.old, count.new) < count.needed:
        raise ApprovalRejected(
            f"signed by {count.old} of the old root's officers and {count.new} of the new one's; {count.needed} each"
        )
    targets = succession.targets
    if not succession.root.signed.get_verification_result("targets", targets.signed_bytes, targets.signatures):
        raise ApprovalRejected("the list is not signed by enough of the new root's officers")


def _keys_of(root: Root, targets: Targets) -> RegistryKeys:
    """The keys that root and targets name, each made anew: a key under two ids would count for two officers."""
    try:
        delegations = targets.delegations
        if delegations is None or delegations.roles is None:
            raise MetadataRejected("nobody may deny keys")
        online = [root.keys[root.roles[role].keyids[0]] for role in ("snapshot", "timestamp")]
        online.append(delegations.keys[delegations.roles[denials.ROLE].keyids[0]])
        officers = [root.keys[keyid] for keyid in root.roles["root"].keyids]
    except (KeyError, IndexError) as error:
        raise MetadataRejected("a role without a key") from error
    return RegistryKeys(tuple(map(_anew, officers)), *map(_anew, online))


def _anew(key: Key) -> Key:
    return SSlibKey.from_crypto(public_key_of(key))


def _changes(held: RegistryKeys, new: RegistryKeys) -> Iterator[ListChange]:
    old_ids, new_ids = ({key.keyid for key in keys.officers} for keys in (held, new))
    for keyid in sorted(old_ids - new_ids):
        yield ListChange(
            "root", "officer-removed", keyid, f"移除登记官密钥 {keyid}", f"officer's key {keyid} is removed"
        )
    for keyid in sorted(new_ids - old_ids):
        yield ListChange("root", "officer-added", keyid, f"新增登记官密钥 {keyid}", f"officer's key {keyid} is added")
    for role in _ONLINE_ROLES:
        before, after = (getattr(keys, role).keyid for keys in (held, new))
        if before != after:
            zh, en = f"联机密钥 {role} 更换为 {after}", f"the online key for {role} becomes {after}"
            yield ListChange("root", "online-key-changed", after, zh, en)
