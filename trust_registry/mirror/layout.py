"""The mirror (镜像): static files that any web server or CDN can carry, written so that none is ever half.

::

    metadata/N.root.json … timestamp.json        the TUF repository
    targets/<sha256>.trust-list.json …           what it names
    members/CN-41/status.cose, segments/N.cose, rules.jws, rules/N.jws, token-status-lists/N.jwt
    news.json                                    what of it is new, unsigned: a hint what to ask for

The SQL database is the truth of the repository; :meth:`Mirror.release` brings the mirror up to it and may be
repeated at any time. Members' files stand here alone. What keeps the files is behind a port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from credentials.profile.members import is_member_id
from trust_registry.client.members.news import NEWS, MemberNews, read_news_if_sound, write_news
from trust_registry.client.trust.bundle import pack
from trust_registry.client.trust.repository import metadata_path, version_of
from trust_registry.metadata.file_names import in_order, parse_name
from trust_registry.mirror.ports import FileStore
from trust_registry.repository.files import Repository, load_repository

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
        news = self.news()
        for member, name, content in self.member_files():
            if not _is_in_snapshot(name, news.get(member, MemberNews())):
                yield _path(member, name), content


def _path(member: str, name: str) -> str:
    return f"{_MEMBERS}/{member}/{name}"


def _is_in_snapshot(name: str, news: MemberNews) -> bool:
    parsed = parse_name(name)
    return parsed.is_segment and (parsed.number or 0) <= news.snapshot
