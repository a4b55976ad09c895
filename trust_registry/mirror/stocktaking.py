"""Stocktaking: members' files on the mirror against what the database knows of them.

Either may have been lost, restored from a backup or damaged without the other. What a file says of itself, signed, is
written down; what is known and not there whole is named, with what to do; and where the chain of segments has a hole,
its end is dropped, so that the member's next segment is answered by ``segment-missing`` and its issuer brings a
snapshot by itself. A row stays when its file is gone: nobody can bring an older one in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from credentials.errors import TongxingError, Untrusted
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import FOREIGN_KEYS, RULES, STATUS, rules_name
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.offered import RULES_FOLDER, SEGMENT_FOLDER, kind_of, open_offered
from trust_registry.mirror.shelf import Shelf
from trust_registry.storage.ports import MemberFileRecord, Records, Storage

NOBODY = ""
"""Stands as the kid of a file that cannot be read: it counts for nothing."""
WHAT_TO_DO = {
    "status": "its issuer brings it within five minutes, or at once by `tongxing issuer publish` there",
    "segment": "nothing: its issuer brings a snapshot with its next segment, or at once by `tongxing issuer publish`",
    "rules": "that member brings it again: `tongxing issuer publish --rules rules.jws`",
    "foreign-keys": "that member brings it again: `tongxing issuer publish --foreign-keys foreign-keys.jws`",
    "status-rules": "that member brings them again: `tongxing issuer rules publish`",
    "token-list": "its issuer brings it within half a day",
}
"""By kind of file; for the member whose file it is."""


class Damage(NamedTuple):
    """A member's file that is not there as it came."""

    member: str
    name: str
    detail: str

    @property
    def advice(self) -> str:
        """What to do, in English."""
        return WHAT_TO_DO[kind_of(self.name)]


def take_stock(storage: Storage, mirror: Mirror, trust: TrustSnapshot, now: int, *, deep: bool) -> list[Damage]:
    """Compare, write down and mend, member by member; what could not be mended here.

    ``deep``: also look into the newest snapshot and rule set of each, whatever their sizes: at the start, when either
    side may have been restored. Raises StorageUnavailable, StorageFull.
    """
    with storage.reading() as records:
        members = {record.member for record in records.member_files.all()}
    found: list[Damage] = []
    for member in sorted(members | set(mirror.members())):
        found += _MemberStock(storage, mirror, trust, member).take_stock(now, deep=deep)
    _mend_news(storage, mirror, trust)
    return found


def _mend_news(storage: Storage, mirror: Mirror, trust: TrustSnapshot) -> None:
    with storage.reading() as records:
        news = {each: Shelf(records, mirror, each, trust).news() for each in mirror.members()}
    if mirror.news() != news:
        with storage.writing() as records:
            mirror.replace_news({each: Shelf(records, mirror, each, trust).news() for each in mirror.members()})


def complete(storage: Storage, mirror: Mirror, trust: TrustSnapshot, member: str) -> None:
    """Write down what the files say that a program before 0003 has taken, and did not write down."""
    with storage.reading() as records:
        rows = records.member_files.without_kid(member)
    _MemberStock(storage, mirror, trust, member).write_down([row.name for row in rows], {row.name: row for row in rows})


class _MemberStock:
    """The stock of one member."""

    def __init__(self, storage: Storage, mirror: Mirror, trust: TrustSnapshot, member: str) -> None:
        self._storage, self._mirror, self._trust, self._member = storage, mirror, trust, member

    def take_stock(self, now: int, *, deep: bool) -> list[Damage]:
        rows = self._rows()
        there = set(self._mirror.names_of(self._member))
        unknown = [name for name in there if name not in rows or rows[name].kid is None]
        damage = self.write_down([*unknown, *(there & {STATUS, RULES, FOREIGN_KEYS} if deep else ())], rows, now)
        if all(self._mirror.size_of(self._member, row.name) == row.size for row in self._rows().values()):
            # No lock is taken for a look that finds nothing.
            return damage
        with self._storage.writing() as records:
            return damage + self._mend(records)

    def write_down(self, names: list[str], rows: dict[str, MemberFileRecord], now: int = 0) -> list[Damage]:
        """Write down what these files say of themselves, where that is news; those that cannot be read."""
        read, damage = [], []
        for name in sorted(set(names)):
            content = self._mirror.read_member_file(self._member, name)
            row = rows.get(name)
            try:
                record = open_offered(name, content or b"", self._member, self._trust).record
            except Untrusted:
                # A stranger's, or of a key that was denied: it stands for nothing, and may stay until it is replaced.
                record = None
            except TongxingError as error:
                damage.append(Damage(self._member, name, str(error)))
                record = None
            if record and content is not None:
                read.append(record._replace(size=len(content), received_at=row.received_at if row else now))
            elif row and row.kid is None:
                read.append(row._replace(kid=NOBODY))
        self._write(read, rows)
        return damage

    def _write(self, read: list[MemberFileRecord], rows: dict[str, MemberFileRecord]) -> None:
        news = [record for record in read if _is_news(record, rows.get(record.name))]
        if not news:
            return
        with self._storage.writing() as records:
            for record in news:
                # Unless the member has brought another one since.
                if records.member_files.get(self._member, record.name) == rows.get(record.name):
                    records.member_files.put(record)

    def _mend(self, records: Records) -> list[Damage]:
        """Under the write lock: nothing is read but what is copied from a twin."""
        shelf = Shelf(records, self._mirror, self._member, self._trust)
        rows = {row.name: row for row in records.member_files.of_member(self._member)}
        damaged = [row for row in rows.values() if not shelf.is_whole(row)]
        self._drop_broken_chain(shelf, damaged, rows.get(STATUS))
        shelf.clear_away()
        return [
            Damage(self._member, row.name, "missing, or not as long as it was")
            for row in damaged
            if not self._copy_rules(row, rows)
        ]

    def _drop_broken_chain(
        self, shelf: Shelf, damaged: list[MemberFileRecord], status: MemberFileRecord | None
    ) -> None:
        segments = [row for row in damaged if row.name.startswith(SEGMENT_FOLDER)]
        newest = status.sequence if status else 0
        shelf.drop(row.name for row in segments if row.sequence <= newest)
        if after := [row.sequence for row in segments if row.sequence > newest]:
            shelf.drop_segments_above(min(after) - 1)

    def _copy_rules(self, row: MemberFileRecord, rows: dict[str, MemberFileRecord]) -> bool:
        """The newest rule set stands twice on the mirror: one heals the other."""
        if kind_of(row.name) != "rules":
            return False
        twin = rows.get(RULES if row.name.startswith(RULES_FOLDER) else rules_name(row.sequence))
        content = self._mirror.read_member_file(self._member, twin.name) if twin else None
        if twin is None or content is None or (twin.sha256, len(content)) != (row.sha256, row.size):
            return False
        self._mirror.put_member_file(self._member, row.name, content)
        return True

    def _rows(self) -> dict[str, MemberFileRecord]:
        with self._storage.reading() as records:
            return {row.name: row for row in records.member_files.of_member(self._member)}


def _is_news(record: MemberFileRecord, row: MemberFileRecord | None) -> bool:
    if row is None or row.kid is None:
        return True
    # A backup of the database was restored: the mirror has moved on.
    return record.sequence > row.sequence


def advice(damage: list[Damage]) -> Iterator[str]:
    """A line for each, for people."""
    for each in damage:
        yield f"{each.member}/{each.name}: {each.detail}; {each.advice}"
