"""The province's log on SQL, one code path for SQLite and PostgreSQL."""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from credentials.decisions.leaves import SALT_BYTES, Leaf, commitment, decided_by_hand, hour_of
from credentials.profile.lists import Status
from issuer.decisions.deciding import Decision, sealed_by
from issuer.storage import tables
from issuer.storage.log_ports import Cell, Unsealed, UnsealedWithdrawal
from issuer.storage.ports import StandingDecision
from service_kit.storage.logbook import SqlLogbook

_record, _withdrawal = tables.decision_record.c, tables.withdrawal.c
_tally = tables.tally.c


class SqlProvinceLog:
    """See :class:`issuer.storage.log_ports.ProvinceLog`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.book = SqlLogbook(connection, tables.log)

    def append(self, leaf: Leaf, at: int, cells: Mapping[Cell, int] | None = None) -> int:
        number = self.book.append(leaf.kind, leaf.content.get("hour", at), leaf.content)
        for cell, count in sorted((cells or {}).items()):
            self._count(leaf, cell, count)
        return number

    def enter(self, decided: Sequence[StandingDecision]) -> None:
        entered = [(number, sealed_by(decision, secrets.token_bytes(SALT_BYTES))) for number, decision in decided]
        leaves = self._append_by_hand([decision for _, decision in entered if decision.approver is not None])
        rows = [_row(number, decision, leaves.get(decision.sealed)) for number, decision in entered]
        self._connection.execute(insert(tables.decision_record), rows)

    def seal_decisions(self, status: Status, most: int) -> Sequence[Unsealed]:
        number = self.book.lock()
        waiting = select(_record.decision_id).where(_record.status == int(status), _record.leaf.is_(None))
        these = _record.decision_id.in_(waiting.order_by(_record.decision_id).limit(most).scalar_subquery())
        columns = (_record.decision_id, _record.commitment, _record.region, _record.basis)
        # No code names a green decision, so nothing of it is kept beside its leaf.
        taken: Any = (
            delete(tables.decision_record).where(these)
            if status is Status.GREEN
            else update(tables.decision_record).where(these).values(leaf=number)
        )
        found = self._connection.execute(taken.returning(*columns))
        return sorted(Unsealed(each, bytes(made), Cell(region, basis)) for each, made, region, basis in found)

    def seal_withdrawals(self, status: Status, most: int) -> Sequence[UnsealedWithdrawal]:
        number = self.book.lock()
        these = _withdrawal.serial.in_(_unsealed_withdrawals(status).limit(most).scalar_subquery())
        taken = update(tables.withdrawal).where(these).values(leaf=number)
        columns = (_withdrawal.serial, _withdrawal.withdrawn_at, _withdrawal.cause)
        return sorted(UnsealedWithdrawal(*row) for row in self._connection.execute(taken.returning(*columns)))

    def keep_batch(self, leaf: int, commitments: Sequence[bytes]) -> None:
        self._connection.execute(insert(tables.sealed_batch).values(leaf=leaf, commitments=b"".join(commitments)))

    def _append_by_hand(self, decided: Sequence[Decision]) -> dict[bytes, int]:
        """A leaf for each text; its number by what seals it."""
        texts: dict[bytes, list[Decision]] = defaultdict(list)
        for decision in decided:
            texts[decision.sealed].append(decision)
        return {sealed: self._append_text(sealed, about) for sealed, about in texts.items()}

    def _append_text(self, sealed: bytes, about: Sequence[Decision]) -> int:
        first = about[0]
        leaf = decided_by_hand(first.status, hour_of(first.starts_at), len(about), commitment(sealed))
        return self.append(leaf, first.starts_at, Counter(Cell(each.region, each.basis) for each in about))

    def _count(self, leaf: Leaf, cell: Cell, count: int) -> None:
        key = {"kind": leaf.kind, "status": int(Status.from_label(leaf.content["status"])), **cell._asdict()}
        same = (_tally[name] == value for name, value in key.items())
        # Whoever counts holds the log's counter, so nobody else does.
        grown = update(tables.tally).where(*same).values(count=_tally["count"] + count)
        if not self._connection.execute(grown).rowcount:
            self._connection.execute(insert(tables.tally).values(**key, count=count))


def _unsealed_withdrawals(status: Status) -> Select[Any]:
    credential, decision = tables.credential, tables.decision
    of_status = (
        select(_withdrawal.serial)
        .join_from(tables.withdrawal, credential, credential.c.serial == _withdrawal.serial)
        .join(decision, decision.c.decision_id == credential.c.decision_id)
        .where(_withdrawal.leaf.is_(None), decision.c.status == int(status))
    )
    return of_status.order_by(_withdrawal.serial)


def _row(decision_id: int, decision: Decision, leaf: int | None) -> dict[str, Any]:
    is_shown = decision.status is not Status.GREEN or leaf is not None
    return {
        "decision_id": decision_id,
        "status": int(decision.status),
        "region": decision.region,
        "basis": decision.basis,
        "commitment": commitment(decision.sealed),
        "sealed": decision.sealed if is_shown else None,
        "text": decision.text if is_shown else None,
        "leaf": leaf,
    }
