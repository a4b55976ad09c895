"""The mirror (镜像): static files that any web server or CDN can carry, written so that none is ever half.

::

    metadata/N.root.json … timestamp.json        the TUF repository
    targets/<sha256>.trust-list.json …           what it names
    members/CN-41/status.cose, segments/N.cose, rules.jws, rules/N.jws, token-status-lists/N.jwt
    news.json                                    what of it is new, unsigned: a hint what to ask for
    log/checkpoint, lists/7.tlog-proof, tile/…   the registry's log

The SQL database is the truth of the repository; :meth:`Mirror.release` brings the mirror up to it and may be
repeated at any time. Members' files stand here alone. What keeps the files is behind a port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from credentials.errors import CredentialError
from credentials.log.checkpoint import read_checkpoint
from credentials.log.note import read_note
from credentials.log.tiles import tiles_between
from credentials.profile.members import is_member_id
from trust_registry.client.members.news import NEWS, MemberNews, read_news_if_sound, write_news
from trust_registry.client.trust.bundle import pack
from trust_registry.client.trust.repository import metadata_path, version_of
from trust_registry.metadata.file_names import in_order, parse_name
from trust_registry.metadata.list_proof import LOG_CHECKPOINT, LOG_FOLDER, proof_path
from trust_registry.metadata.trust_list import read_trust_list
from trust_registry.mirror.ports import FileStore
from trust_registry.repository.files import Repository, load_repository

MAX_BUNDLED_TILES = 1_024
"""Tiles of the log's hashes in a bundle, 8 MB: those of the last quarter of a million leaves, and all above them."""
_MEMBERS = "members"
_TOKEN_LIST = re.compile(r"token-status-lists/(?:0|[1-9][0-9]{0,4})\.jwt")


class Mirror:
    """What stands where among ``files``, and in which order it is written."""

    def __init__(self, files: FileStore) -> None:
        self.files = files

    def read(self, path: str) -> bytes | None:
        """The file at ``path`` (relative, with slashes), or None. Raises StorageUnavailable."""
        return self.files.read(path)

    def release(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Write what differs, in the order given: a repository's own order ends with the timestamp.

        Call it under the registry's write lock, or an older timestamp could be written over a newer one.
        """
        for path, content in files:
            if self.read(path) != content:
                self.files.put(path, content)

    def put_member_file(self, member: str, name: str, content: bytes) -> None:
        """Replace one of a member's files."""
        self.files.put(_path(member, name), content)

    def size_of(self, member: str, name: str) -> int | None:
        """How many bytes one of a member's files has, or None where there is none. Raises StorageUnavailable."""
        return self.files.size_of(_path(member, name))

    def drop_member_file(self, member: str, name: str) -> None:
        """Remove one of a member's files that nobody needs any more. Raises StorageUnavailable."""
        self.files.drop(_path(member, name))

    def put_news(self, member: str, news: MemberNews) -> None:
        """Say what is new of one member. Call it under the registry's write lock, and after the files."""
        known = self.news()
        if known.get(member) != news:
            self.replace_news({**known, member: news})

    def news(self) -> dict[str, MemberNews]:
        """What the gates are told; nothing where that cannot be read."""
        return read_news_if_sound(self.read(NEWS))

    def replace_news(self, news: Mapping[str, MemberNews]) -> None:
        """Say what there is of every member. Call it under the registry's write lock."""
        self.files.put(NEWS, write_news(news))

    def members(self) -> list[str]:
        """Who has files here."""
        return sorted(name for name in self.files.folders_in(_MEMBERS) if is_member_id(name))

    def names_of(self, member: str) -> Iterator[str]:
        """What lies in a member's folder under a name of a member's file, token lists included."""
        for name in self.files.files_in(f"{_MEMBERS}/{member}"):
            if in_order([name]) or _TOKEN_LIST.fullmatch(name):
                yield name

    def read_member_file(self, member: str, name: str) -> bytes | None:
        """One of a member's files, or None."""
        return self.read(_path(member, name))

    def repository(self) -> Repository:
        """The repository that clients see now. Raises MetadataRejected when it is not whole."""
        return load_repository(self.read)

    def member_files(self) -> Iterator[tuple[str, str, bytes]]:
        """Every file for gates that a member brought: member id, name and content, in a fixed order."""
        for member in self.members():
            for name in in_order(self.names_of(member)):
                content = self.read_member_file(member, name)
                if content is not None:
                    yield member, name, content

    def bundle(self) -> bytes:
        """All that a gate needs, as one zip to be carried to where there is no network (离线包).

        Only what is in force, and the chain of roots. The same mirror gives the same bytes.
        """
        return pack(dict(self._bundled()))

    def _bundled(self) -> Iterator[tuple[str, bytes]]:
        repository = self.repository()
        for version in range(1, version_of(repository.root)):
            path = metadata_path("root", version)
            yield path, self.read(path) or b""
        yield from repository.files()
        yield from self._record_of(repository)
        news = self.news()
        for member, name, content in self.member_files():
            if not _is_in_snapshot(name, news.get(member, MemberNews())):
                yield _path(member, name), content

    def _record_of(self, repository: Repository) -> Iterator[tuple[str, bytes]]:
        """The list's proof, the newest checkpoint, and hash tiles, so that gates without network can compare."""
        version = read_trust_list(repository.trust_list).version
        size = _size_of(self.read(LOG_CHECKPOINT))
        tiles = [f"{LOG_FOLDER}/{tile.path}" for tile in tiles_between(0, size) if tile.level is not None]
        # The newest of the lowest level stand before those above them, which are few.
        for path in (proof_path(version), LOG_CHECKPOINT, *tiles[-MAX_BUNDLED_TILES:]):
            content = self.read(path)
            if content is not None:
                yield path, content


def _size_of(checkpoint: bytes | None) -> int:
    """Leaves of the log; 0 where its checkpoint is missing or damaged: a bundle goes without then."""
    try:
        return read_checkpoint(read_note(checkpoint or b"")).size
    except CredentialError:
        return 0


def _path(member: str, name: str) -> str:
    return f"{_MEMBERS}/{member}/{name}"


def _is_in_snapshot(name: str, news: MemberNews) -> bool:
    parsed = parse_name(name)
    return parsed.is_segment and (parsed.number or 0) <= news.snapshot
