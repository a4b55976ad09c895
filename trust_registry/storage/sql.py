"""The registry's stores in SQL: SQLite embedded, PostgreSQL by URL, one code path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from service_kit.storage.database import connect, migrate, reading, transaction
from service_kit.storage.logbook import SqlLogbook
from trust_registry.storage import tables
from trust_registry.storage.ports import (
    DenialRecord,
    DraftFilter,
    DraftHead,
    DraftRecord,
    MemberFileRecord,
    Records,
    StatementRecord,
)

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "registry_schema_version"


def open_storage(url: str) -> SqlStorage:
    """Connect to the database at ``url`` and bring its schema up to date."""
    engine = connect(url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    return SqlStorage(engine)


class SqlStorage:
    """The registry's storage. Raises StorageUnavailable or StorageFull for what the database refuses."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def reading(self) -> Iterator[Records]:
        with reading(self.engine) as connection:
            yield _records(connection)

    @contextmanager
    def writing(self) -> Iterator[Records]:
        with transaction(self.engine) as connection:
            _take_lock(connection)
            yield _records(connection)


def _take_lock(connection: Connection) -> None:
    """Hold the one row of the lock until the transaction ends. The migration made it."""
    lock = tables.write_lock
    connection.execute(update(lock).values(taken=lock.c.taken + 1))


def _records(connection: Connection) -> Records:
    return Records(
        statements=SqlStatements(connection),
        drafts=SqlDrafts(connection),
        denials=SqlDenials(connection),
        repository=SqlRepositoryFiles(connection),
        member_files=SqlMemberFiles(connection),
        log=SqlLogbook(connection, tables.log),
        log_tree=SqlLogbook(connection, tables.log),
    )


class SqlStatements:
    """Submitted statements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: StatementRecord) -> None:
        values = {**record._asdict(), "proofs": json.dumps(record.proofs)}
        self._connection.execute(insert(tables.statement).values(values))

    def get(self, id: str) -> StatementRecord | None:
        row = self._connection.execute(select(tables.statement).filter_by(id=id)).one_or_none()
        return _statement(row) if row else None

    def named(self, ids: Sequence[str]) -> list[StatementRecord]:
        query = select(tables.statement).where(tables.statement.c.id.in_(ids))
        return [_statement(row) for row in self._connection.execute(query)]

    def find(self, member: str, digest: str) -> StatementRecord | None:
        query = select(tables.statement).filter_by(member=member, digest=digest)
        row = self._connection.execute(query).one_or_none()
        return _statement(row) if row else None

    def close(self, id: str, state: str) -> None:
        self._connection.execute(update(tables.statement).filter_by(id=id).values(state=state))

    def in_states(self, states: Sequence[str]) -> list[StatementRecord]:
        row = tables.statement.c
        query = select(tables.statement).where(row.state.in_(states)).order_by(row.received_at, row.id)
        return [_statement(row) for row in self._connection.execute(query)]

    def count(self, member: str, states: Sequence[str]) -> Mapping[bool | None, int]:
        row = tables.statement.c
        query = select(row.vouched, func.count()).where(row.member == member, row.state.in_(states))
        return {vouched: int(count) for vouched, count in self._connection.execute(query.group_by(row.vouched))}

    def drop(self, id: str) -> None:
        self._connection.execute(delete(tables.statement).filter_by(id=id))

    def drop_received_before(self, moment: int, state: str) -> None:
        row = tables.statement.c
        self._connection.execute(delete(tables.statement).where(row.state == state, row.received_at < moment))


class SqlDrafts:
    """Drafts and approvals."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: DraftRecord) -> None:
        values = {**record._asdict(), "statement_ids": json.dumps(record.statement_ids)}
        self._connection.execute(insert(tables.draft).values(values))

    def get(self, id: str) -> DraftRecord | None:
        row = self._connection.execute(select(tables.draft).filter_by(id=id)).one_or_none()
        if row is None:
            return None
        values = row._asdict()
        return DraftRecord(**{**values, "statement_ids": tuple(json.loads(values["statement_ids"]))})

    def approve(self, id: str, keyid: str, signature: str, at: int) -> None:
        values = {"draft": id, "keyid": keyid, "signature": signature, "approved_at": at}
        self._connection.execute(insert(tables.approval).values(values))

    def approvals(self, id: str) -> dict[str, str]:
        query = select(tables.approval.c.keyid, tables.approval.c.signature).filter_by(draft=id)
        return {row.keyid: row.signature for row in self._connection.execute(query)}

    def close(self, id: str, state: str) -> None:
        self._connection.execute(update(tables.draft).filter_by(id=id).values(state=state))

    def count(self, wanted: DraftFilter) -> int:
        return self._connection.execute(select(func.count()).where(_fits(wanted))).scalar_one()

    def find(self, wanted: DraftFilter, most: int) -> list[DraftHead]:
        row = tables.draft.c
        query = select(row.id, row.statement_ids, row.created_at, row.created_by).where(_fits(wanted))
        found = self._connection.execute(query.order_by(row.created_at, row.id).limit(most))
        return [DraftHead(each.id, tuple(json.loads(each.statement_ids)), *each[2:]) for each in found]


def _fits(wanted: DraftFilter) -> ColumnElement[bool]:
    row = tables.draft.c
    return and_(row.state == wanted.state, row.base == wanted.base, row.created_at >= wanted.since)


class SqlDenials:
    """Requests for denials."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: DenialRecord) -> None:
        self._connection.execute(insert(tables.denial).values(record._asdict()))

    def get(self, kid: str) -> DenialRecord | None:
        row = self._connection.execute(select(tables.denial).filter_by(kid=kid)).one_or_none()
        return DenialRecord(**row._asdict()) if row else None


class SqlRepositoryFiles:
    """The TUF repository's files."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, path: str) -> bytes | None:
        query = select(tables.repository_file.c.content).filter_by(path=path)
        return self._connection.execute(query).scalar_one_or_none()

    def write(self, files: Sequence[tuple[str, bytes]]) -> None:
        table = tables.repository_file
        self._connection.execute(delete(table).where(table.c.path.in_([path for path, _ in files])))
        self._connection.execute(insert(table), [{"path": path, "content": data} for path, data in files])


class SqlMemberFiles:
    """What is known of members' files."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, member: str, name: str) -> MemberFileRecord | None:
        query = select(tables.member_file).filter_by(member=member, name=name)
        row = self._connection.execute(query).one_or_none()
        return MemberFileRecord(**row._asdict()) if row else None

    def put(self, record: MemberFileRecord) -> None:
        table = tables.member_file
        self._connection.execute(delete(table).filter_by(member=record.member, name=record.name))
        self._connection.execute(insert(table).values(record._asdict()))

    def drop(self, member: str, name: str) -> None:
        self._connection.execute(delete(tables.member_file).filter_by(member=member, name=name))

    def of_member(self, member: str, folder: str = "") -> list[MemberFileRecord]:
        row = tables.member_file.c
        query = _in_folder(member, folder).order_by(row.sequence, row.name)
        return [MemberFileRecord(**found._asdict()) for found in self._connection.execute(query)]

    def last_up_to(self, member: str, folder: str, sequence: int) -> MemberFileRecord | None:
        order = tables.member_file.c.sequence
        return self._first(_in_folder(member, folder).where(order <= sequence).order_by(order.desc()))

    def first_above(self, member: str, folder: str, sequence: int) -> MemberFileRecord | None:
        order = tables.member_file.c.sequence
        return self._first(_in_folder(member, folder).where(order > sequence).order_by(order))

    def names_up_to(self, member: str, folder: str, sequence: int) -> list[str]:
        row = tables.member_file.c
        query = _in_folder(member, folder).where(row.sequence <= sequence).with_only_columns(row.name)
        return [str(name) for name in self._connection.execute(query).scalars()]

    def count_others(self, member: str, name: str) -> tuple[int, int]:
        row = tables.member_file.c
        others = select(func.count(), func.coalesce(func.sum(row.size), 0)).where(row.member == member)
        count, size = self._connection.execute(others.where(row.name != name)).one()
        return int(count), int(size)

    def without_kid(self, member: str) -> list[MemberFileRecord]:
        query = _in_folder(member, "").where(tables.member_file.c.kid.is_(None))
        return [MemberFileRecord(**row._asdict()) for row in self._connection.execute(query)]

    def _first(self, query: Select[Any]) -> MemberFileRecord | None:
        row = self._connection.execute(query.limit(1)).one_or_none()
        return MemberFileRecord(**row._asdict()) if row else None

    def all(self) -> list[MemberFileRecord]:
        query = select(tables.member_file).order_by(tables.member_file.c.member, tables.member_file.c.name)
        return [MemberFileRecord(**row._asdict()) for row in self._connection.execute(query)]


def _in_folder(member: str, folder: str) -> Select[Any]:
    row = tables.member_file.c
    return select(tables.member_file).where(row.member == member, row.name.startswith(folder, autoescape=True))


def _statement(row: Row[tuple[object, ...]]) -> StatementRecord:
    values = row._asdict()
    return StatementRecord(**{**values, "proofs": tuple(json.loads(values["proofs"]))})
