"""What a gate keeps of the trust registry on its disk.

``trust.zip``
    The newest verified set, whole, as a bundle, with the time at which it was verified; replaced in one
    rename. What is read at start is verified again from the trusted root, so a half or altered file is
    refused, never used.
``roles.zip``
    The newest metadata of each role that was ever verified, written at once and each by itself: an update that fails
    later leaves the set as it was, but nothing older than this is taken any more.
``pins.json``
    What the gate has itself seen (:mod:`trust_registry.client.trust.pins`). Written after the set: a crash between
    the two is repaired by the next read, which draws the same conclusions again.

Durable when a method returns. Safe for several threads and processes: a lock file that is its owner's alone, and who
waits for it too long raises StorageUnavailable and says so. Losing ``trust.zip`` costs one update, losing ``roles.zip``
what was seen beyond it, losing ``pins.json`` the memory of root keys and of denials. Somebody who can write here can
only take trust away or, by removing that memory, make the gate believe the registry alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from credentials.errors import BundleRejected, MetadataRejected, TrustMissing, Unreadable
from credentials.wire.strict_json import json_bytes
from service_kit.durable import read_if_there, write_atomic
from service_kit.process.locking import locked
from trust_registry.client.trust.bundle import ZipFiles, pack
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS, NOTHING_SEEN, Pins, read_pins, write_pins
from trust_registry.client.trust.repository import (
    MirrorFiles,
    Roles,
    VerifiedRepository,
    check_not_older,
    target_path,
    verify_repository,
    version_of,
)
from trust_registry.client.trust.snapshot import TrustSnapshot, build_snapshot
from trust_registry.metadata import fields

_SET, _ROLES, _PINS, _LOCK = "trust.zip", "roles.zip", "pins.json", "lock"
_METADATA = re.compile(r"(?:([1-9][0-9]*)\.)?([a-z]+)\.json")
_VERIFIED = "verified.json"
_MAX_VERIFIED_BYTES = 256


class TrustStore:
    """The gate's trust on disk, below ``folder``; ``trusted_root``: root metadata (JSON) to start from;
    ``wait``: seconds that a root key must be known which the old one did not sign."""

    def __init__(self, folder: Path, trusted_root: bytes, wait: int = CHANGE_WAIT_SECONDS) -> None:
        self.trusted_root = trusted_root
        self._folder = folder
        self._wait = wait
        self._owed: list[_Seen] = []

    def load(self, at: int) -> TrustSnapshot:
        """The snapshot of what is held, judged at ``at`` (seconds UTC), without network.

        Raises TrustMissing when nothing is held, MetadataRejected when what is held is damaged,
        StorageUnavailable when it cannot be read.
        """
        with self.locked():
            files = self._files()
            if files is None:
                raise TrustMissing("no trust list has been fetched yet")
            snapshot = self._build(self._verify(files), at)
            return replace(snapshot, verified_at=_verified_at(files))

    def read(self) -> VerifiedRepository | None:
        """The set that is held, verified again; None when there is none. Raises as :meth:`load` does."""
        files = self._files()
        return None if files is None else self._verify(files)

    def read_if_sound(self) -> VerifiedRepository | None:
        """As :meth:`read`, but None for a damaged set too: a whole new one must be able to replace it, and
        the pins still stand against old statements."""
        try:
            return self.read()
        except MetadataRejected:
            return None

    def roles(self) -> Roles:
        """What was seen of each role, for one reading; what that keeps is on the disk at once."""
        return _StoredRoles(self)

    def target(self, name: str, digest: str) -> bytes | None:
        """A target of the set that is held, not verified; None when it is not there or damaged."""
        try:
            files = self._files()
            return files.read(target_path(name, digest)) if files else None
        except (MetadataRejected, BundleRejected):
            return None

    def accept(self, repository: VerifiedRepository, at: int) -> TrustSnapshot:
        """Make a verified set, fetched or from a bundle, the one that is held, and return its snapshot.

        Raises MetadataRejected when something newer is held or was seen; StorageFull or StorageUnavailable, and then
        the held one stays.
        """
        with self.locked():
            held = self.read_if_sound()
            if held is not None:
                check_not_older(repository.versions, held.versions)
            # Once more under the lock: another process may have seen something newer meanwhile.
            roles = Roles(self.read_roles())
            verify_repository(MirrorFiles(repository.files.get), self.trusted_root, roles)
            self._write_roles(roles.held)
            if held is None or held.files != repository.files:
                files = {**repository.files, _VERIFIED: json_bytes({"verified_at": at})}
                write_atomic(self._folder / _SET, pack(files))
            return self._build(repository, at)

    def read_roles(self) -> dict[str, bytes]:
        """What was seen of each role, with what the disk has not taken yet."""
        roles = Roles(self._stored_roles())
        for seen in tuple(self._owed):
            seen.record_in(roles)
        return roles.held

    def record_roles(self, seen: _Seen) -> None:
        """Remember a role that was verified, at once and durably. Raises StorageFull, StorageUnavailable: then this
        process alone remembers it, and the next to be kept takes it along."""
        self._owed.append(seen)
        with self.locked():
            count = len(self._owed)
            self._write_roles(self.read_roles())
            del self._owed[:count]

    def _stored_roles(self) -> dict[str, bytes]:
        """Where they have no file of their own, or a damaged one, what the set holds."""
        for name in (_ROLES, _SET):
            data = read_if_there(self._folder / name)
            try:
                if data is not None:
                    return _roles_in(ZipFiles(data))
            except BundleRejected:
                continue
        return {}

    def _write_roles(self, held: Mapping[str, bytes]) -> None:
        data = pack({f"metadata/{name}.json": content for name, content in held.items()})
        if data != read_if_there(self._folder / _ROLES):
            write_atomic(self._folder / _ROLES, data)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While no other thread or process changes the folder. Raises StorageUnavailable."""
        with locked(self._folder / _LOCK):
            yield

    def _build(self, repository: VerifiedRepository, at: int) -> TrustSnapshot:
        pins = self._pins()
        snapshot, seen = build_snapshot(repository, pins, at, self._wait)
        if seen != pins:
            write_atomic(self._folder / _PINS, write_pins(seen))
        return snapshot

    def _files(self) -> ZipFiles | None:
        data = read_if_there(self._folder / _SET)
        try:
            return None if data is None else ZipFiles(data)
        except BundleRejected as error:
            raise MetadataRejected(f"stored set: {error.detail}") from error

    def _verify(self, files: ZipFiles) -> VerifiedRepository:
        try:
            return verify_repository(MirrorFiles(files.read), self.trusted_root)
        except BundleRejected as error:
            raise MetadataRejected(f"stored set: {error.detail}") from error

    def _pins(self) -> Pins:
        data = read_if_there(self._folder / _PINS)
        return NOTHING_SEEN if data is None else read_pins(data)


class _Seen(NamedTuple):
    """A role's metadata that was verified when ``before`` was the newest seen, and what it makes begin anew."""

    name: str
    before: bytes | None
    data: bytes
    forgotten: Collection[str]

    def record_in(self, roles: Roles) -> None:
        there = roles.held.get(self.name)
        # Another process may have kept something newer since; if that no longer counts, the next reading sees it.
        if there == self.before or there is None or version_of(there) < version_of(self.data):
            roles.record(self.name, self.data, self.forgotten)


class _StoredRoles(Roles):
    """Those of a store, as they were when this was made."""

    def __init__(self, store: TrustStore) -> None:
        super().__init__(store.read_roles())
        self._store = store

    def record(self, name: str, data: bytes, forgotten: Iterable[str] = ()) -> None:
        seen = _Seen(name, self.held.get(name), data, tuple(forgotten))
        super().record(name, data, seen.forgotten)
        self._store.record_roles(seen)


def _roles_in(files: ZipFiles) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in files.names("metadata"):
        named, data = _METADATA.fullmatch(path), files.read(f"metadata/{path}")
        if named and data is not None:
            found[f"{named[1]}.root" if named[2] == "root" else named[2]] = data
    return found


def _verified_at(files: ZipFiles) -> int:
    try:
        record = fields.read_object(files.read(_VERIFIED) or b"", _MAX_VERIFIED_BYTES)
        return fields.time(record, "verified_at")
    except (BundleRejected, Unreadable) as error:
        raise MetadataRejected("stored set: no time of verification") from error
