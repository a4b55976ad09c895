"""The judge of one set of TUF metadata: signatures, thresholds, versions, hashes, and what was seen before.

The same recipe for what a mirror gives, what lies in the store and what stands in a bundle. Each role is kept in
:class:`Roles` the moment it has been verified, by itself, whatever becomes of the rest:

1. Follow the root chain from the trusted root, each signed by its predecessor and by itself (TUF 5.3). What a root
   takes the keys from begins anew (5.3.11).
2. Timestamp, signed as the last root says and not older than the newest one seen (5.4); its ``issued_at`` is the
   registry's time.
3. Snapshot, as the timestamp names it; it lists no role older than the newest snapshot seen does (5.5).
4. Targets and the delegated denials, as the snapshot names them, not older than those seen (5.6).
5. The trust list as targets names it, the denials list as the denials role names it.

Newer and older are told by versions alone: a time is what somebody wrote, and a clock or a thief may have been ahead.
Source: The Update Framework specification 1.0.31, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp

from credentials.errors import MetadataRejected, SettingInvalid, Unreadable
from trust_registry.metadata import denials, fields, trust_list

OTHER_ROOT = "it is another registry's root, or too old"
"""What is most likely where signatures do not fit the root that somebody gave."""
MAX_ROOT_ROTATIONS = 256
ISSUED_AT = "issued_at"
"""The timestamp role's own field: seconds UTC at which the registry signed it."""
BEGUN_ANEW = {
    "timestamp": ("timestamp", "snapshot"),
    "snapshot": ("timestamp", "snapshot"),
    "targets": ("snapshot", "targets"),
}
"""By the role whose keys a new root changes: what was seen of these roles no longer counts (TUF 5.3.11). A thief who
drove the versions up must not shut every gate for ever. The snapshot stands with both, since it lists the versions."""
_Role = TypeVar("_Role", Root, Timestamp, Snapshot, Targets)


class RepositorySource(Protocol):
    """Where the bytes of a set come from. None: not there. Whoever serves them is believed in nothing."""

    def metadata(self, role: str, version: int | None) -> bytes | None:
        """A role's metadata; ``version`` None for the timestamp."""
        ...  # pragma: no cover

    def target(self, name: str, digest: str) -> bytes | None:
        """A target's content by name and the SHA-256 (hex) that the metadata gives."""
        ...  # pragma: no cover


class Roles:
    """The newest verified metadata of each role, by name: ``timestamp``, ``snapshot``, ``targets``, ``denials``, and
    ``<version>.root`` for each root after the trusted one. This one remembers for as long as it lives."""

    def __init__(self, held: Mapping[str, bytes] | None = None) -> None:
        self.held = dict(held or {})

    def record(self, name: str, data: bytes, forgotten: Iterable[str] = ()) -> None:
        """Remember verified metadata in place of what was held under ``name``, and forget these others."""
        self.held = {each: kept for each, kept in self.held.items() if each not in forgotten} | {name: data}


class VerifiedRepository(NamedTuple):
    """One whole verified set.

    ``versions`` and ``expiries`` (seconds UTC) by role: root, timestamp, snapshot, targets, denials.
    ``files``: the very bytes by their path on a mirror: ``metadata/timestamp.json``,
    ``metadata/7.snapshot.json``, ``targets/<sha256>.trust-list.json``; without the trusted root. ``anchor``: SHA-256
    (hex) of the trusted root; versions below two different ones are not to be compared.
    """

    trust_list: trust_list.TrustList
    denials: denials.DenialList
    registry_time: int
    versions: Mapping[str, int]
    expiries: Mapping[str, int]
    files: Mapping[str, bytes]
    anchor: str = ""

    @property
    def list_digest(self) -> str:
        """SHA-256 (hex) of the trust list."""
        name = f".{trust_list.TARGET}"
        path = next(path for path in self.files if path.startswith("targets/") and path.endswith(name))
        return path.removeprefix("targets/").removesuffix(name)


def metadata_path(role: str, version: int | None) -> str:
    """Where a mirror has a role's metadata; the timestamp alone has no version in its name."""
    return f"metadata/{role}.json" if version is None else f"metadata/{version}.{role}.json"


def target_path(name: str, digest: str) -> str:
    """Where a mirror has a target of that SHA-256 (hex)."""
    return f"targets/{digest}.{name}"


class MirrorFiles:
    """The files of a mirror as a source. ``read`` gives them by path, None where there is none."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read

    def metadata(self, role: str, version: int | None) -> bytes | None:
        return self._read(metadata_path(role, version))

    def target(self, name: str, digest: str) -> bytes | None:
        return self._read(target_path(name, digest))


def version_of(metadata: bytes) -> int:
    """The version of a piece of metadata. Raises MetadataRejected when it cannot be read."""
    try:
        return int(Metadata.from_bytes(metadata).signed.version)
    except RepositoryError as error:
        raise MetadataRejected("not readable as metadata") from error


def read_root(data: bytes) -> Root:
    """Root metadata (JSON) as somebody handed it over. Raises MetadataRejected for what is none, or does not stand for
    itself."""
    with _rejecting():
        return _open(Root, "root", data, None)


def require_root(path: Path, setting: str) -> None:
    """Of a service's settings, before anything is asked of a registry that may be out of reach: the file is a root.

    Raises SettingInvalid, which names the setting.
    """
    advice = "it is the trust-root.json that the registry hands over"
    if not path.is_file():
        raise SettingInvalid(f"{setting}: {'not a regular file' if path.exists() else 'no file'}: {path}; {advice}")
    try:
        read_root(path.read_bytes())
    except MetadataRejected as error:
        raise SettingInvalid(f"{setting}: {path} is no registry's root ({error.detail}); {advice}") from error
    except OSError as error:
        raise SettingInvalid(f"{setting}: {path} cannot be read") from error


def verify_repository(
    source: RepositorySource, trusted_root: bytes, roles: Roles | None = None, at: int | None = None
) -> VerifiedRepository:
    """Read one whole set and verify it from ``trusted_root`` (root metadata, JSON) on.

    ``roles``: what was seen before, which is compared and kept up to date; by default nothing. ``at``: the time
    (seconds UTC) at which nothing may have expired; None: expiry is not judged, for a gate without network works with
    what it has and says how old that is.

    Raises MetadataRejected when anything is missing, wrongly signed, older than what was seen, expired, of another
    version or of another hash, and names the file.
    """
    with _rejecting():
        return _Reading(source, Roles() if roles is None else roles, at).verify(trusted_root)


class VerifiedRoles(NamedTuple):
    """The targets of any repository. ``delegated``: step 4 for a role by its name and the one that delegates to it."""

    targets: Targets
    delegated: Callable[[str, Targets], Targets]


def verify_roles(source: RepositorySource, trusted_root: bytes, roles: Roles, at: int) -> VerifiedRoles:
    """The top-level roles of any repository, steps 1 to 4. As :func:`verify_repository`, which it raises as; so does
    what it gives for delegated roles."""
    reading = _Reading(source, roles, at)
    with _rejecting():
        return VerifiedRoles(reading.top_level(trusted_root), reading.delegated)


def check_not_older(versions: Mapping[str, int], held: Mapping[str, int]) -> None:
    """Refuse one whole verified set in place of another when a role of it is older. Raises MetadataRejected.

    Below a newer root the others may begin anew: which of them may, the roles' own memory has judged by their keys.
    """
    for role in ("root",) if versions["root"] > held.get("root", 0) else tuple(held):
        _check_not_below(role, versions[role], held.get(role, 0))


def check_not_expired(expiries: Mapping[str, int], at: int) -> None:
    """Refuse what was just fetched and has expired: somebody serves old metadata. Raises MetadataRejected."""
    for role, expires in expiries.items():
        if at >= expires:
            raise MetadataRejected(f"{role} expired {at - expires} s ago")


class _Reading:
    """One pass over a source; keeps what it has verified."""

    def __init__(self, source: RepositorySource, roles: Roles, at: int | None) -> None:
        self._source, self._roles, self._at = source, roles, at
        self._signed: dict[str, Signed] = {}
        self._files: dict[str, bytes] = {}

    def top_level(self, trusted_root: bytes) -> Targets:
        root = self._root(trusted_root)  # 1
        self._timestamp = self._read_timestamp(root)  # 2
        self._snapshot = self._read_snapshot(root, self._timestamp.snapshot_meta)  # 3
        return self._targets("targets", root, self._snapshot)  # 4

    def delegated(self, name: str, delegator: Targets) -> Targets:
        with _rejecting():
            return self._targets(name, delegator, self._snapshot)

    def verify(self, trusted_root: bytes) -> VerifiedRepository:
        targets = self.top_level(trusted_root)
        denied = self.delegated(denials.ROLE, targets)
        members = self._target(trust_list.TARGET, targets)  # 5
        refused = self._target(denials.TARGET, denied)
        return VerifiedRepository(
            trust_list=trust_list.read_trust_list(members),
            denials=denials.read_denials(refused),
            registry_time=fields.time(self._timestamp.unrecognized_fields, ISSUED_AT),
            versions={role: signed.version for role, signed in self._signed.items()},
            expiries={role: _expiry(signed) for role, signed in self._signed.items()},
            files=self._files,
            anchor=sha256(trusted_root).hexdigest(),
        )

    def _root(self, trusted_root: bytes) -> Root:
        root = _open(Root, "root", trusted_root, None)
        for version in range(root.version + 1, root.version + 1 + MAX_ROOT_ROTATIONS):
            following = self._root_held(version, root) or self._root_given(version, root)
            if following is None:
                break
            root = following
        self._take("root", root)
        return root

    def _root_held(self, version: int, before: Root) -> Root | None:
        root = self._held(Root, f"{version}.root", before, "root")
        if root is None or root.version != version:
            return None
        self._files[metadata_path("root", version)] = self._roles.held[f"{version}.root"]
        return root

    def _root_given(self, version: int, before: Root) -> Root | None:
        data = self._source.metadata("root", version)
        if data is None:
            return None
        root = _open(Root, "root", data, before)
        _check_version("root", root, version)
        self._files[metadata_path("root", version)] = data
        self._roles.record(f"{version}.root", data, _begun_anew(before, root))
        return root

    def _read_timestamp(self, root: Root) -> Timestamp:
        data = self._given("timestamp", None)
        timestamp = _open(Timestamp, "timestamp", data, root)
        held = self._held(Timestamp, "timestamp", root)
        if held is not None:
            _check_not_below("timestamp", timestamp.version, held.version)
            if timestamp.version == held.version:
                # The one that was seen counts, whatever another of its version says (TUF 5.4.3.1).
                timestamp, data = held, self._roles.held["timestamp"]
            _check_not_below("snapshot", timestamp.snapshot_meta.version, held.snapshot_meta.version)
        self._take("timestamp", timestamp)
        self._keep("timestamp", data, None)
        return timestamp

    def _read_snapshot(self, root: Root, meta: MetaFile) -> Snapshot:
        held = self._held(Snapshot, "snapshot", root)
        snapshot, data = self._named(Snapshot, "snapshot", root, meta, held)
        for name, before in held.meta.items() if held is not None else ():
            listed = snapshot.meta.get(name)
            _check_not_below(name.removesuffix(".json"), listed.version if listed else 0, before.version)
        self._take("snapshot", snapshot)
        self._keep("snapshot", data, meta.version)
        return snapshot

    def _targets(self, name: str, delegator: Root | Targets, snapshot: Snapshot) -> Targets:
        meta = _meta(snapshot, name)
        held = self._held(Targets, name, delegator)
        if held is not None:
            _check_not_below(name, meta.version, held.version)
        targets, data = self._named(Targets, name, delegator, meta, held)
        self._take(name, targets)
        self._keep(name, data, meta.version)
        return targets

    def _named(
        self, kind: type[_Role], name: str, delegator: Root | Targets, meta: MetaFile, held: _Role | None
    ) -> tuple[_Role, bytes]:
        """The metadata that ``meta`` names: what is held when it is that, else what the source gives."""
        if held is not None and held.version == meta.version and _is_named(meta, self._roles.held[name]):
            return held, self._roles.held[name]
        data = self._given(name, meta.version)
        # Before it is parsed: somebody who has no key must not be able to make us read megabytes.
        _check_named(meta, data, metadata_path(name, meta.version))
        role = _open(kind, name, data, delegator)
        _check_version(name, role, meta.version)
        return role, data

    def _given(self, name: str, version: int | None) -> bytes:
        data = self._source.metadata(name, version)
        if data is None:
            raise MetadataRejected(f"{name} metadata is missing: {metadata_path(name, version)}")
        return data

    def _held(self, kind: type[_Role], name: str, delegator: Root | Targets, role: str = "") -> _Role | None:
        """What was seen under a name, as long as ``delegator`` lets those keys sign for the role who signed it."""
        data = self._roles.held.get(name)
        try:
            return None if data is None else _open(kind, role or name, data, delegator)
        except (RepositoryError, ValueError, MetadataRejected):
            return None

    def _take(self, name: str, signed: Signed) -> None:
        if self._at is not None:
            check_not_expired({name: _expiry(signed)}, self._at)
        self._signed[name] = signed

    def _keep(self, name: str, data: bytes, version: int | None) -> None:
        self._files[metadata_path(name, version)] = data
        if self._roles.held.get(name) != data:
            self._roles.record(name, data)

    def _target(self, name: str, role: Targets) -> bytes:
        target: TargetFile | None = role.targets.get(name)
        if target is None or "sha256" not in target.hashes:
            raise MetadataRejected(f"{name} is not listed with a SHA-256")
        path = target_path(name, target.hashes["sha256"])
        data = self._source.target(name, target.hashes["sha256"])
        if data is None:
            raise MetadataRejected(f"{path} is missing")
        _check_named(target, data, path)
        self._files[path] = data
        return data


@contextmanager
def _rejecting() -> Iterator[None]:
    try:
        yield
    except (RepositoryError, ValueError) as error:
        raise MetadataRejected(str(error)) from error
    except Unreadable as error:
        raise MetadataRejected(f"target: {error}") from error


def _open(kind: type[_Role], name: str, data: bytes, delegator: Root | Targets | None) -> _Role:
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(data)
    except RepositoryError as error:
        raise MetadataRejected(f"{name} metadata cannot be read") from error
    signed = metadata.signed
    if not isinstance(signed, kind):
        raise MetadataRejected(f"not {kind.type} metadata")
    if delegator:
        delegator.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
    if isinstance(signed, Root):
        # A root stands for itself as well, or keys that nobody holds could follow.
        signed.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
    return signed


def _begun_anew(before: Root, after: Root) -> set[str]:
    changed = [role for role in BEGUN_ANEW if set(before.roles[role].keyids) != set(after.roles[role].keyids)]
    return {name for role in changed for name in BEGUN_ANEW[role]}


def _is_named(meta: MetaFile | TargetFile, data: bytes) -> bool:
    try:
        meta.verify_length_and_hashes(data)
    except RepositoryError:
        return False
    return True


def _check_named(meta: MetaFile | TargetFile, data: bytes, path: str) -> None:
    if not _is_named(meta, data):
        raise MetadataRejected(f"{path} has another content than the one that is signed for")


def _expiry(signed: Signed) -> int:
    return int(signed.expires.timestamp())


def _meta(snapshot: Snapshot, role: str) -> MetaFile:
    meta = snapshot.meta.get(f"{role}.json")
    if meta is None:
        raise MetadataRejected(f"snapshot does not list {role}")
    return meta


def _check_version(name: str, signed: Signed, version: int) -> None:
    if signed.version != version:
        raise MetadataRejected(f"{name} has version {signed.version} where {version} belongs")


def _check_not_below(name: str, version: int, seen: int) -> None:
    if version < seen:
        raise MetadataRejected(f"{name} version {version} is older than {seen}, which was seen")
