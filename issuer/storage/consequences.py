"""What follows, in the same transaction, from a withdrawal, from the end of a phone, and from what becomes known.

Whoever changes something about a person's phones locks their row in ``issuer_holder`` first, then phones, then bits: of
two that lock in different orders each would wait for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Select, select, update

from credentials.model import Form
from issuer.causes import ISSUED_IN_ERROR, LOST_DEVICE, STATUS_CHANGED
from issuer.decisions import Decision
from issuer.storage import tables
from issuer.storage.ports import Entry
from issuer.storage.rows import evidence_bytes, insert_into

_PAPER_TOO = frozenset({LOST_DEVICE, ISSUED_IN_ERROR})
"""Whoever has the phone may have had it print; on another phone, or none, its holder's own paper stays good."""
_code, _device, _holder = tables.device_code.c, tables.device.c, tables.holder.c


def set_bits(connection: Connection, serials: Iterable[int], at: int, cause: str, author: str) -> list[int]:
    """Withdraw codes; which of them were not withdrawn before."""
    values = [
        {"serial": serial, "withdrawn_at": at, "cause": cause, "author": author} for serial in sorted(set(serials))
    ]
    if not values:
        return []
    withdrawn = insert_into(connection, tables.withdrawal).values(values).on_conflict_do_nothing()
    return list(connection.execute(withdrawn.returning(tables.withdrawal.c.serial)).scalars())


def end_device_of(connection: Connection, serial: int, at: int, cause: str, author: str) -> None:
    """End the phone that the code was given to, if it was given to one that is active; a lost paper ends none."""
    owner = select(_code.device_id).where(_code.serial == serial, _code.form != Form.PAPER)
    device_id = connection.execute(owner).scalar_one_or_none()
    if device_id is not None:
        end_device(connection, device_id, at, cause, author)


def end_device(connection: Connection, device_id: int, at: int, cause: str, author: str) -> bool:
    """End a phone and withdraw what it has. False when it had ended before."""
    active = update(tables.device).where(_device.device_id == device_id, _device.ended_at.is_(None))
    if not connection.execute(active.values(ended_at=at, ended_as=cause)).rowcount:
        return False
    alive = select(_code.serial).where(_code.device_id == device_id, _code.expires_at > at)
    if cause not in _PAPER_TOO:
        alive = alive.where(_code.form != Form.PAPER)
    set_bits(connection, connection.execute(alive).scalars(), at, cause, author)
    return True


def learn(connection: Connection, entries: Sequence[Entry], author: str, at: int) -> None:
    """What was issued says something new of those who are on file: keep it, and withdraw what says otherwise."""
    newest = {entry.decision.subject: entry for entry in entries}
    columns = (_holder.holder_id, _holder.subject, _holder.evidence)
    on_file = select(*columns).where(_holder.subject.in_(newest)).order_by(_holder.holder_id).with_for_update()
    for holder_id, subject, known in connection.execute(on_file).all():
        entry = newest[subject]
        evidence = evidence_bytes(entry.evidence) if entry.evidence else known
        if evidence != known or entry.decision.approver is not None:
            facts = {"version": _holder.version + 1, "evidence": evidence}
            connection.execute(update(tables.holder).where(_holder.holder_id == holder_id).values(facts))
        withdraw_contradicted(connection, entry.decision, author, at)


def withdraw_contradicted(connection: Connection, decision: Decision, author: str, at: int) -> None:
    """Withdraw what the person's phones were given and says another status than was just decided."""
    otherwise = _codes_of(decision.subject).where(_code.expires_at > at, _code.status != decision.status)
    set_bits(connection, connection.execute(otherwise).scalars(), at, STATUS_CHANGED, author)


def _codes_of(subject: bytes) -> Select[int]:
    return (
        select(_code.serial)
        .join_from(tables.device_code, tables.device, _code.device_id == _device.device_id)
        .join(tables.holder, _holder.holder_id == _device.holder_id)
        .where(_holder.subject == subject)
    )
