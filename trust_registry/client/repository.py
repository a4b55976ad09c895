"""The judge of one set of TUF metadata: signatures, thresholds, versions, hashes; time is not judged here.

The same recipe for what was just fetched, what lies in the store and what stands in a bundle:

1. Follow the root chain from the trusted root, each signed by its predecessor and by itself.
2. Timestamp, signed as the last root says; its ``issued_at`` is the registry's time.
3. Snapshot, as the timestamp names it.
4. Targets and the delegated denials, as the snapshot names them.
5. The trust list as targets names it, the denials list as the denials role names it.

Expiries are handed on, not judged: a gate without network works with what it has and says how old that is.
Source: The Update Framework specification 1.0.31, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (  # type: ignore[attr-defined]
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from credentials.errors import MetadataRejected, Unreadable
from trust_registry.metadata import denials, fields, trust_list

MAX_ROOT_ROTATIONS = 256
ISSUED_AT = "issued_at"
"""The timestamp role's own field: seconds UTC at which the registry signed it."""
_Role = TypeVar("_Role", Root, Timestamp, Snapshot, Targets)


class Source(Protocol):
    """Where the bytes of a set come from. None: not there. Whoever serves them is believed in nothing."""

    def metadata(self, role: str, version: int | None) -> bytes | None:
        """A role's metadata; ``version`` None for the timestamp."""
        ...  # pragma: no cover

    def target(self, name: str, sha256: str) -> bytes | None:
        """A target's content by name and the hash that the metadata gives."""
        ...  # pragma: no cover


class VerifiedRepository(NamedTuple):
    """One whole verified set.

    ``versions`` and ``expiries`` (seconds UTC) by role: root, timestamp, snapshot, targets, denials.
    ``files``: the very bytes by their path on a mirror: ``metadata/timestamp.json``,
    ``metadata/7.snapshot.json``, ``targets/<sha256>.trust-list.json``; without the trusted root.
    """

    trust_list: trust_list.TrustList
    denials: denials.Denials
    registry_time: int
    versions: Mapping[str, int]
    expiries: Mapping[str, int]
    files: Mapping[str, bytes]


def metadata_path(role: str, version: int | None) -> str:
    """Where a mirror has a role's metadata; the timestamp alone has no version in its name."""
    return f"metadata/{role}.json" if version is None else f"metadata/{version}.{role}.json"


def target_path(name: str, sha256: str) -> str:
    """Where a mirror has a target."""
    return f"targets/{sha256}.{name}"


def verify_repository(source: Source, trusted_root: bytes) -> VerifiedRepository:
    """Read one whole set and verify it from ``trusted_root`` (root metadata, JSON) on.

    Raises MetadataRejected when anything is missing, wrongly signed, of another version or of another hash.
    """
    try:
        return _Reading(source).verify(trusted_root)
    except (RepositoryError, ValueError) as error:
        raise MetadataRejected(str(error)) from error
    except Unreadable as error:
        raise MetadataRejected(f"target: {error}") from error


def check_not_older(versions: Mapping[str, int], held: Mapping[str, int]) -> None:
    """Refuse a rollback: no role may go back behind ``held``.

    A newer root may start the online roles anew (fast-forward recovery, TUF 5.3.11): then only root and
    targets, the roles of the officers, are compared. Raises MetadataRejected.
    """
    recovered = versions["root"] > held.get("root", 0)
    for role in ("root", "targets") if recovered else tuple(held):
        if versions[role] < held.get(role, 0):
            raise MetadataRejected(f"{role} version {versions[role]} is older than {held[role]}, which is held")


def check_not_expired(expiries: Mapping[str, int], at: int) -> None:
    """Refuse what was just fetched and has expired: somebody serves old metadata. Raises MetadataRejected."""
    for role, expires in expiries.items():
        if at >= expires:
            raise MetadataRejected(f"{role} expired {at - expires} s ago")


class _Reading:
    """One pass over a source; keeps what it has verified."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._signed: dict[str, Signed] = {}
        self._files: dict[str, bytes] = {}

    def verify(self, trusted_root: bytes) -> VerifiedRepository:
        root = self._root(trusted_root)  # 1
        timestamp = self._role(Timestamp, "timestamp", root, None)  # 2
        snapshot = self._role(Snapshot, "snapshot", root, timestamp.snapshot_meta)  # 3
        targets = self._role(Targets, "targets", root, _meta(snapshot, "targets"))  # 4
        denied = self._role(Targets, denials.ROLE, targets, _meta(snapshot, denials.ROLE))
        members = self._target(trust_list.TARGET, targets)  # 5
        refused = self._target(denials.TARGET, denied)
        return VerifiedRepository(
            trust_list=trust_list.read_trust_list(members),
            denials=denials.read_denials(refused),
            registry_time=fields.time(timestamp.unrecognized_fields, ISSUED_AT),
            versions={role: signed.version for role, signed in self._signed.items()},
            expiries={role: int(signed.expires.timestamp()) for role, signed in self._signed.items()},
            files=self._files,
        )

    def _root(self, trusted_root: bytes) -> Root:
        root = _open(Root, "root", trusted_root, None)
        for version in range(root.version + 1, root.version + 1 + MAX_ROOT_ROTATIONS):
            data = self._source.metadata("root", version)
            if data is None:
                break
            root = _open(Root, "root", data, root)
            _check_version("root", root, version)
            self._files[metadata_path("root", version)] = data
        self._signed["root"] = root
        return root

    def _role(self, kind: type[_Role], name: str, delegator: Root | Targets, meta: MetaFile | None) -> _Role:
        data = self._source.metadata(name, meta.version if meta else None)
        if data is None:
            raise MetadataRejected(f"{name} metadata is missing")
        role = _open(kind, name, data, delegator)
        if meta:
            try:
                meta.verify_length_and_hashes(data)
            except RepositoryError as error:
                raise MetadataRejected(f"{metadata_path(name, meta.version)}: {error}") from error
            _check_version(name, role, meta.version)
        self._signed[name] = role
        self._files[metadata_path(name, meta.version if meta else None)] = data
        return role

    def _target(self, name: str, role: Targets) -> bytes:
        target: TargetFile | None = role.targets.get(name)
        if target is None or "sha256" not in target.hashes:
            raise MetadataRejected(f"{name} is not listed with a SHA-256")
        data = self._source.target(name, target.hashes["sha256"])
        if data is None:
            raise MetadataRejected(f"{name} is missing")
        try:
            target.verify_length_and_hashes(data)
        except RepositoryError as error:
            raise MetadataRejected(f"{name}: {error}") from error
        self._files[target_path(name, target.hashes["sha256"])] = data
        return data


def _open(kind: type[_Role], name: str, data: bytes, delegator: Root | Targets | None) -> _Role:
    try:
        return _verified(kind, name, data, delegator)
    except (RepositoryError, ValueError) as error:
        # Whoever reads this has many files before them.
        raise MetadataRejected(f"{name}.json: {error}") from error


def _verified(kind: type[_Role], name: str, data: bytes, delegator: Root | Targets | None) -> _Role:
    metadata: Metadata[Any] = Metadata.from_bytes(data)
    signed = metadata.signed
    if not isinstance(signed, kind):
        raise MetadataRejected(f"not {kind.type} metadata")
    if delegator:
        delegator.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
    if isinstance(signed, Root):
        # A root stands for itself as well, or keys that nobody holds could follow.
        signed.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
    return signed


def _meta(snapshot: Snapshot, role: str) -> MetaFile:
    meta = snapshot.meta.get(f"{role}.json")
    if meta is None:
        raise MetadataRejected(f"snapshot does not list {role}")
    return meta


def _check_version(name: str, signed: Signed, version: int) -> None:
    if signed.version != version:
        raise MetadataRejected(f"{name} has version {signed.version} where {version} belongs")
