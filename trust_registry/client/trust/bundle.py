"""The offline bundle: one zip of a mirror, carried to a gate that has no network.

::

    metadata/<version>.root.json … metadata/timestamp.json, metadata/<version>.{snapshot,targets,denials}.json
    targets/<sha256>.trust-list.json, targets/<sha256>.denials.json
    members/<member id>/status.cose, segments/<number>.cose, rules/<sequence>.jws
    log/lists/<version>.tlog-proof, log/checkpoint, log/tile/…

Whoever carries it is believed in nothing: signatures, versions and hashes are judged as for a fetch. Only
expiry is not, since a bundle is always a little old: it becomes the age that policy judges. The gate's own
store is such a zip too, so there is one reader.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from credentials.errors import BundleRejected, MetadataRejected
from service_kit.inputs import open_to_read
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS, NOTHING_SEEN, Pins
from trust_registry.client.trust.repository import (
    MirrorFiles,
    Roles,
    VerifiedRepository,
    check_not_older,
    verify_repository,
)
from trust_registry.client.trust.snapshot import TrustSnapshot, build_snapshot
from trust_registry.metadata.file_names import in_order

MAX_BUNDLE_BYTES = 64 * 1024 * 1024
MAX_BUNDLE_CONTENT_BYTES = 256 * 1024 * 1024
"""All entries together, unpacked."""
MAX_ENTRY_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 8_192
MAX_DIRECTORY_BYTES = 2 * 1024 * 1024
"""The zip's table of entries: bounded before it is parsed."""

_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}/){0,8}[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_END_BYTES = 22
_END = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"
_LOCATOR_BYTES = 20
_ENCRYPTED = 0x1
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def bundle_at(path: Path) -> Path | bytes:
    """A bundle's folder, or its zip read. Raises BundleRejected, naming the file."""
    if path.is_dir():
        return path
    try:
        with open_to_read(path) as file:
            data = file.read(MAX_BUNDLE_BYTES + 1)
    except OSError as error:
        raise BundleRejected(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_BUNDLE_BYTES:
        raise BundleRejected(f"{path}: more than {MAX_BUNDLE_BYTES // 2**20} MiB")
    return data


class Bundle(NamedTuple):
    """What a bundle gave: the verified set, the snapshot of it, what to remember, and the members' files by
    member id and name, in the order in which they are to be taken. Those files are **not** verified yet:
    :mod:`trust_registry.client.members.mirror` does it."""

    repository: VerifiedRepository
    snapshot: TrustSnapshot
    pins: Pins
    member_files: Mapping[str, Mapping[str, bytes]]


class ZipFiles:
    """The files of a zip, bounded in every direction. Raises BundleRejected."""

    def __init__(self, data: bytes) -> None:
        _check_end(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise BundleRejected("not a zip") from error
        self._entries = _entries(self._zip)

    def read(self, path: str) -> bytes | None:
        """The content of ``path``, or None when it is not there. Raises BundleRejected when it is damaged."""
        entry = self._entries.get(path)
        if entry is None:
            return None
        try:
            with self._zip.open(entry) as content:
                # With a size: a bare read would unpack a bomb whole before it compares with the table.
                return content.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError) as error:
            raise BundleRejected(f"{path} is damaged") from error

    def names(self, folder: str) -> list[str]:
        """Paths below ``folder``, relative to it."""
        return [path.removeprefix(f"{folder}/") for path in self._entries if path.startswith(f"{folder}/")]


class FolderFiles:
    """The files of an unpacked bundle, or of a mirror on this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        """The content of ``path``, or None when it is not there. Raises BundleRejected when too large."""
        file = self._folder / path
        if not _PATH.fullmatch(path) or not file.is_file():
            return None
        if file.stat().st_size > MAX_ENTRY_BYTES:
            raise BundleRejected(f"{path} is too large")
        return file.read_bytes()

    def names(self, folder: str) -> list[str]:
        """Paths below ``folder``, relative to it; no more than a bundle may hold."""
        found = islice((self._folder / folder).rglob("*"), MAX_ENTRIES)
        return [str(path.relative_to(self._folder / folder)) for path in found]


def read_bundle(
    source: bytes | Path,
    trusted_root: bytes,
    reference_time: int,
    *,
    held_versions: Mapping[str, int] | None = None,
    roles: Roles | None = None,
    pins: Pins = NOTHING_SEEN,
    wait: int = CHANGE_WAIT_SECONDS,
) -> Bundle:
    """Verify a bundle: the bytes of a zip (at most 64 MiB, 256 MiB unpacked), or a folder.

    ``reference_time`` (seconds UTC) stands for now. ``held_versions``: ``TrustSnapshot.versions`` of what is
    held already; ``roles``: what was seen of each role, which is kept up to date.

    Raises BundleRejected when it is damaged, incomplete, too large, not signed as ``trusted_root`` demands, or older
    than ``held_versions``; MetadataRejected when it is whole and older than what was seen.
    """
    files = open_bundle(source)
    repository = _verified(MirrorFiles(files.read), trusted_root, roles)
    try:
        check_not_older(repository.versions, held_versions or {})
    except MetadataRejected as error:
        raise BundleRejected(error.detail) from error
    snapshot, seen = build_snapshot(repository, pins, reference_time, wait)
    return Bundle(repository, snapshot, seen, _member_files(files, snapshot))


def open_bundle(source: bytes | Path) -> ZipFiles | FolderFiles:
    """The files of a bundle, believed in nothing. Raises BundleRejected."""
    return FolderFiles(source) if isinstance(source, Path) else ZipFiles(source)


def _verified(source: MirrorFiles, trusted_root: bytes, roles: Roles | None) -> VerifiedRepository:
    try:
        return verify_repository(source, trusted_root, roles)
    except MetadataRejected as error:
        if roles is not None:
            # Whole in itself: then it is what was seen that stands against it.
            _verified(source, trusted_root, None)
            raise
        raise BundleRejected(error.detail) from error


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files by path, the same bytes for the same files.

    Raises BundleRejected for odd paths, and for more than a reader takes: what is written can be read again.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in sorted(files.items()):
            if not _PATH.fullmatch(path):
                raise BundleRejected("path that no bundle may hold")
            entry = zipfile.ZipInfo(path, _FIXED_DATE)
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    if packed.tell() > MAX_BUNDLE_BYTES:
        raise BundleRejected(f"more than {MAX_BUNDLE_BYTES} bytes")
    sizes = [len(content) for content in files.values()]
    if len(sizes) > MAX_ENTRIES or sum(sizes) > MAX_BUNDLE_CONTENT_BYTES or max(sizes, default=0) > MAX_ENTRY_BYTES:
        raise BundleRejected("too many entries, or too large when unpacked")
    return packed.getvalue()


def _member_files(files: ZipFiles | FolderFiles, snapshot: TrustSnapshot) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for member in snapshot.members:
        names = in_order(files.names(f"members/{member}"))
        contents = {name: files.read(f"members/{member}/{name}") for name in names}
        found[member] = {name: content for name, content in contents.items() if content is not None}
    return found


def _check_end(data: bytes) -> None:
    """The end record, before the zip reader makes an object for each of a million entries."""
    if len(data) > MAX_BUNDLE_BYTES:
        raise BundleRejected(f"more than {MAX_BUNDLE_BYTES} bytes")
    end = data[-_END_BYTES:]
    locator = data[-_END_BYTES - _LOCATOR_BYTES : -_END_BYTES]
    if not end.startswith(_END) or locator.startswith(_ZIP64_LOCATOR):
        raise BundleRejected("not a plain zip without comment")
    if int.from_bytes(end[12:16], "little") > MAX_DIRECTORY_BYTES:
        raise BundleRejected("too many entries")


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        _check_entry(entry)
        if entry.filename in entries:
            raise BundleRejected("the same path twice")
        entries[entry.filename] = entry
    total = sum(entry.file_size for entry in entries.values())
    if len(entries) > MAX_ENTRIES or total > MAX_BUNDLE_CONTENT_BYTES:
        raise BundleRejected("too many entries, or too large when unpacked")
    return entries


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if not _PATH.fullmatch(entry.filename):
        raise BundleRejected("path that no bundle may hold")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleRejected("encrypted, or packed in an unknown way")
    if entry.file_size > MAX_ENTRY_BYTES:
        raise BundleRejected("entry too large when unpacked")
