"""Look-ups on SQL, one code path for SQLite and PostgreSQL: rows within the transaction in which somebody was shown."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from credentials.decisions.look_ups import look_up_text
from issuer.storage import tables
from issuer.storage.ports.log import KeptLookUp
from issuer.storage.ports.staff import AuditRow, Shown

_row = tables.look_up.c
_KEPT = (_row.look_up_id, _row.text, _row.leaf)


def insert_look_ups(connection: Connection, did: AuditRow, shown: Shown) -> None:
    """Keep for each of these persons that somebody of staff was shown them."""
    text = look_up_text(shown.member, did.staff, did.act, did.at)
    rows = [{"subject": subject, "at": did.at, "text": text} for subject in shown.subjects]
    if rows:
        connection.execute(insert(tables.look_up), rows)


def first_unsealed(connection: Connection, before: int) -> int | None:
    """When the oldest was of those that no leaf counts and that were before this moment (seconds UTC)."""
    waiting = select(func.min(_row.at)).where(_row.leaf.is_(None), _row.at < before)
    oldest: int | None = connection.execute(waiting).scalar_one()
    return oldest


def seal_look_ups(connection: Connection, leaf: int, before: int, most: int) -> Sequence[KeptLookUp]:
    """Take at most so many that were before this moment, and that no leaf counts, as counted by this one."""
    waiting = select(_row.look_up_id).where(_row.leaf.is_(None), _row.at < before).order_by(_row.at, _row.look_up_id)
    these = _row.look_up_id.in_(waiting.limit(most).scalar_subquery())
    taken = update(tables.look_up).where(these).values(leaf=leaf).returning(*_KEPT)
    return sorted(KeptLookUp(*each) for each in connection.execute(taken))


def look_ups_of(connection: Connection, subject: bytes, most: int) -> Sequence[tuple[KeptLookUp, bytes]]:
    """The newest of a person, each with the commitments below the root in its leaf; empty before there is one."""
    batch = tables.sealed_batch
    theirs = select(*_KEPT, batch.c.commitments).outerjoin_from(tables.look_up, batch, batch.c.leaf == _row.leaf)
    found = connection.execute(theirs.where(_row.subject == subject).order_by(_row.look_up_id.desc()).limit(most))
    return [(KeptLookUp(*kept), bytes(commitments or b"")) for *kept, commitments in found]


def drop_look_ups(connection: Connection, before: int, most: int) -> int:
    """Delete at most so many that were before this moment and that a leaf counts; how many."""
    old = select(_row.look_up_id).where(_row.at < before, _row.leaf.is_not(None)).limit(most)
    dropped = delete(tables.look_up).where(_row.look_up_id.in_(old.scalar_subquery()))
    return connection.execute(dropped).rowcount
