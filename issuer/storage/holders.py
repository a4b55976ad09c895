"""Persons, their phones and claim codes on SQL, one code path for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine, select

from credentials.profile.lists import Form, Status
from issuer.storage import tables
from issuer.storage.deeds import SqlPersonDeed, read_decisions
from issuer.storage.evidence import read_reported, read_timelines
from issuer.storage.ports.evidence import Report, Timeline
from issuer.storage.ports.holders import ClaimCodeRow, Device, Holder
from issuer.storage.ports.issuing import StandingDecision
from issuer.storage.ports.staff import Scrutinises
from issuer.storage.rows import ISSUED, issued, read_holder
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

_holder, _device, _claim = tables.holder.c, tables.device.c, tables.claim_code.c
_PRESENT = tuple(column.label("shown_as") if column.name == "form" else column for column in ISSUED)


class SqlPersonStore:
    """See :class:`issuer.storage.ports.holders.PersonStore`."""

    def __init__(self, engine: Engine, scrutiny: Scrutinises | None = None) -> None:
        """``scrutiny``: which decisions by hand count; None: all that stand there, for a store of which nothing is
        issued."""
        self._engine, self._scrutiny = engine, scrutiny

    @contextmanager
    def deed(self, subjects: Iterable[bytes]) -> Iterator[SqlPersonDeed]:
        with transaction(self._engine) as connection:
            yield SqlPersonDeed(connection, subjects, self._scrutiny)

    @retried
    def decisions(self, subjects: Collection[bytes], ending_after: int) -> Mapping[bytes, Sequence[StandingDecision]]:
        with reading(self._engine) as connection:
            return read_decisions(connection, subjects, ending_after, self._scrutiny)

    @retried
    def timelines(self, subjects: Collection[bytes]) -> Mapping[bytes, Timeline]:
        with reading(self._engine) as connection:
            return read_timelines(connection, subjects)

    @retried
    def reported(self, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Report]:
        with reading(self._engine) as connection:
            return read_reported(connection, keys)

    @retried
    def holders(self, subjects: Collection[bytes]) -> Sequence[Holder]:
        with reading(self._engine) as connection:
            found = connection.execute(select(tables.holder).where(_holder.subject.in_(subjects)))
            return [read_holder(row) for row in found]

    @retried
    def find_holder(self, subject: bytes, form: Form) -> Holder | None:
        whole = select(tables.holder).where(_holder.subject == subject, _holder.form == form)
        with reading(self._engine) as connection:
            found = connection.execute(whole).first()
        return None if found is None else read_holder(found)

    @retried
    def find_claim_code(self, digest: bytes) -> tuple[ClaimCodeRow, Holder] | None:
        both = select(tables.claim_code, tables.holder).join_from(tables.claim_code, tables.holder)
        with reading(self._engine) as connection:
            found = connection.execute(both.where(_claim.digest == digest)).first()
        if found is None:
            return None
        return ClaimCodeRow(found.digest, found.author, found.expires_at, found.point), read_holder(found)

    @retried
    def find_device(self, point: bytes) -> Device | None:
        decided, withdrawn = tables.decision, tables.withdrawal
        whole = (
            select(tables.holder, *_PRESENT, decided.c.status, withdrawn.c.serial.label("withdrawn"),
                   _device.device_id, _device.version.label("known"), _device.paper_proved_at, _device.ended_as)
            .join_from(tables.device, tables.holder)
            .join(tables.credential, tables.credential.c.serial == _device.serial)
            .join(decided, decided.c.decision_id == tables.credential.c.decision_id)
            .outerjoin(withdrawn, withdrawn.c.serial == _device.serial)
        )  # fmt: skip
        with reading(self._engine) as connection:
            row = connection.execute(whole.where(_device.point == point)).first()
        if row is None:
            return None
        present = issued(row.serial, row.handle, row.shown_as, row.issued_at, row.expires_at, row.text)
        return Device(
            row.device_id,
            read_holder(row),
            present,
            Status(row.status),
            row.known,
            row.paper_proved_at,
            row.withdrawn is not None,
            row.ended_as,
        )
