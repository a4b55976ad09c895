"""People on file, their phones and claim codes on SQL, one code path for SQLite and PostgreSQL.

Codes are signed without any lock. What was signed is recorded only if the person, the claim code and the phone are
still as they were read: the person's row is locked and its version compared, the claim code and the phone are changed
on the condition that nobody else did.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, update

from credentials.errors import Conflict
from credentials.model import Form, Guardian, Status
from issuer.causes import DEVICE_REPLACED, WALLET
from issuer.storage import tables
from issuer.storage.consequences import end_device, withdraw_contradicted
from issuer.storage.holder_ports import ClaimCodeRow, Device, Holder, HolderFacts
from issuer.storage.ports import Made, Standing
from issuer.storage.rows import (
    ISSUED,
    evidence_bytes,
    insert_decisions,
    insert_into,
    insert_made,
    issued,
    read_evidence,
)
from service_kit.clock import DAY_SECONDS
from service_kit.database import reading, transaction
from service_kit.retrying import retried

KEEP_CLAIM_CODE_SECONDS = 7 * DAY_SECONDS
"""So long after its end a claim code can still be named expired or used; then it is unknown."""
_holder, _device, _code, _claim = tables.holder.c, tables.device.c, tables.device_code.c, tables.claim_code.c


_PRESENT = tuple(column.label("shown_as") if column.name == "form" else column for column in ISSUED)


class SqlHolderStore:
    """See :class:`issuer.storage.holder_ports.HolderStore` and :class:`issuer.storage.holder_ports.DeviceStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def keep_holder(self, facts: HolderFacts, decided: Standing | None, author: str, at: int) -> int:
        known = _holder_row(facts)
        fresh = known | {"version": _holder.version + 1}
        if not facts.evidence:
            del fresh["evidence"]
        with transaction(self._engine) as connection:
            kept = insert_into(connection, tables.holder).values(**known, version=1)
            kept = kept.on_conflict_do_update(index_elements=["subject", "form"], set_=fresh)
            holder_id = int(connection.execute(kept.returning(_holder.holder_id)).scalar_one())
            if decided is not None:
                insert_decisions(connection, [decided])
                withdraw_contradicted(connection, decided.decision, author, at)
        return holder_id

    @retried
    def find_holder(self, subject: bytes, form: Form) -> Holder | None:
        whole = select(tables.holder).where(_holder.subject == subject, _holder.form == form)
        with reading(self._engine) as connection:
            found = connection.execute(whole).first()
        return None if found is None else _read_holder(found)

    @retried
    def keep_claim_code(self, holder_id: int, row: ClaimCodeRow, at: int) -> None:
        unused = and_(_claim.holder_id == holder_id, _claim.point.is_(None))
        old = _claim.expires_at <= at - KEEP_CLAIM_CODE_SECONDS
        with transaction(self._engine) as connection:
            _lock(connection, holder_id)
            connection.execute(delete(tables.claim_code).where(or_(unused, old)))
            connection.execute(insert(tables.claim_code).values(holder_id=holder_id, **row._asdict()))

    @retried
    def find_claim_code(self, digest: bytes) -> tuple[ClaimCodeRow, Holder] | None:
        both = select(tables.claim_code, tables.holder).join_from(tables.claim_code, tables.holder)
        with reading(self._engine) as connection:
            found = connection.execute(both.where(_claim.digest == digest)).first()
        if found is None:
            return None
        return ClaimCodeRow(found.digest, found.author, found.expires_at, found.point), _read_holder(found)

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
            _read_holder(row),
            present,
            Status(row.status),
            row.known,
            row.paper_proved_at,
            row.withdrawn is not None,
            row.ended_as,
        )

    @retried
    def record_claim(self, digest: bytes, holder: Holder, point: bytes, made: Made) -> None:
        at = made.issued.issued_at
        unused = update(tables.claim_code).where(_claim.digest == digest, _claim.point.is_(None))
        with transaction(self._engine) as connection:
            _require_version(connection, holder)
            _require_one(connection.execute(unused.values(point=point)).rowcount)
            others = select(_device.device_id).where(_device.holder_id == holder.holder_id, _device.point != point)
            for device_id in connection.execute(others.where(_device.ended_at.is_(None))).scalars().all():
                end_device(connection, device_id, at, DEVICE_REPLACED, WALLET)
            insert_made(connection, [made])
            _keep_code(connection, _activate(connection, holder, point, made), made)

    @retried
    def record_renewal(self, device: Device, made: Made) -> None:
        present = _device.serial == device.present.place.serial
        same = and_(_device.device_id == device.device_id, _device.ended_at.is_(None), present)
        renewed = update(tables.device).where(same)
        with transaction(self._engine) as connection:
            _require_version(connection, device.holder)
            insert_made(connection, [made])
            values = {"serial": made.issued.place.serial, "version": device.holder.version}
            _require_one(connection.execute(renewed.values(values)).rowcount)
            _keep_code(connection, device.device_id, made)

    @retried
    def record_paper(self, device: Device, made: Made, proved_at: int, most: int) -> bool:
        active = and_(_device.device_id == device.device_id, _device.ended_at.is_(None))
        proved = update(tables.device).where(active, _device.paper_proved_at < proved_at)
        papers = select(func.count()).where(_code.device_id == device.device_id, _code.form == Form.PAPER)
        since = _code.issued_at > made.issued.issued_at - DAY_SECONDS
        with transaction(self._engine) as connection:
            _require_version(connection, device.holder)
            _require_one(connection.execute(proved.values(paper_proved_at=proved_at)).rowcount)
            if connection.execute(papers.where(since)).scalar_one() >= most:
                connection.rollback()
                return False
            insert_made(connection, [made])
            _keep_code(connection, device.device_id, made)
            return True

    @retried
    def end(self, device: Device, at: int, cause: str, author: str) -> bool:
        with transaction(self._engine) as connection:
            _lock(connection, device.holder.holder_id)
            return end_device(connection, device.device_id, at, cause, author)


def _lock(connection: Connection, holder_id: int) -> int:
    """Hold the person's row until the transaction ends; what is known of them has this version."""
    row = select(_holder.version).where(_holder.holder_id == holder_id).with_for_update()
    return int(connection.execute(row).scalar_one())


def _require_version(connection: Connection, holder: Holder) -> None:
    if _lock(connection, holder.holder_id) != holder.version:
        raise Conflict("more became known of this person in the meantime")


def _require_one(rows: int) -> None:
    if rows != 1:
        raise Conflict("overtaken by somebody else")


def _activate(connection: Connection, holder: Holder, point: bytes, made: Made) -> int:
    """The phone with this key, as the active one of its holder. Raises Conflict for a key that holds another's code."""
    at = made.issued.issued_at
    values = {
        "holder_id": holder.holder_id,
        "point": point,
        "serial": made.issued.place.serial,
        "version": holder.version,
        "claimed_at": at,
        "paper_proved_at": 0,
        "ended_at": None,
        "ended_as": None,
    }
    active = insert_into(connection, tables.device).values(values)
    mine = _device.holder_id == holder.holder_id
    active = active.on_conflict_do_update(index_elements=["point"], set_=values, where=mine)
    device_id = connection.execute(active.returning(_device.device_id)).scalar_one_or_none()
    if device_id is None:
        raise Conflict("this key holds a code of another person or form")
    return int(device_id)


def _keep_code(connection: Connection, device_id: int, made: Made) -> None:
    """What the phone was given, in place of what it need not be asked for any more."""
    row = made.issued
    old = and_(_code.device_id == device_id, _code.expires_at <= row.issued_at - DAY_SECONDS)
    connection.execute(delete(tables.device_code).where(old))
    kept = insert(tables.device_code).values(
        serial=row.place.serial,
        device_id=device_id,
        form=row.form,
        status=int(made.decision.status),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )
    connection.execute(kept)
    withdraw_contradicted(connection, made.decision, WALLET, row.issued_at)


def _holder_row(facts: HolderFacts) -> dict[str, Any]:
    guardian = None if facts.guardian is None else int(facts.guardian)
    evidence = evidence_bytes(facts.evidence)
    return facts._asdict() | {"form": int(facts.form), "guardian": guardian, "evidence": evidence}


def _read_holder(row: Any) -> Holder:
    guardian = None if row.guardian is None else Guardian(row.guardian)
    evidence = read_evidence(row.evidence)
    form = Form(row.form)
    facts = HolderFacts(row.subject, row.name, row.document_tail, form, guardian, row.lifetime, evidence)
    return Holder(row.holder_id, row.version, facts)
