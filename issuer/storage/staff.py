"""Staff on SQL, one code path for SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from credentials.decisions.leaves import Leaf, staff_key, staff_key_ended
from credentials.errors import Conflict, NotFound
from issuer.storage import tables
from issuer.storage.log import SqlProvinceLog, end_staff_key
from issuer.storage.look_ups import insert_look_ups
from issuer.storage.ports.staff import NOBODY_SHOWN, AuditRow, Invitation, SessionRow, Shown, StaffKeyRow
from issuer.storage.rows import insert_into
from service_kit.clock import DAY_SECONDS
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

_key, _link, _session = tables.staff_key.c, tables.staff_invitation.c, tables.staff_session.c
_challenge, _audit = tables.staff_challenge.c, tables.staff_audit.c
_KEY = (
    _key.kid, _key.text, _key.vouchers, _key.credential_id, _key.asked_at, _key.vouched_at, _key.in_force_at,
    _key.revoked_at,
)  # fmt: skip


class SqlStaffStore:
    """See :class:`issuer.storage.ports.staff.StaffStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def all_keys(self) -> Sequence[StaffKeyRow]:
        ordered = select(*_KEY).order_by(_key.vouched_at.is_(None), _key.vouched_at, _key.leaf, _key.kid)
        with reading(self._engine) as connection:
            return [_key_row(row) for row in connection.execute(ordered)]

    @retried
    def add_key(self, row: StaffKeyRow, did: AuditRow) -> None:
        with transaction(self._engine) as connection:
            _insert_key(connection, row)
            insert_audit(connection, did)

    @retried
    def keep_vouchers(
        self, row: StaffKeyRow, vouchers: Sequence[Mapping[str, str]], done: tuple[int, int] | None, did: AuditRow
    ) -> bool:
        waits = (_key.kid == row.kid, _key.vouched_at.is_(None))
        with transaction(self._engine) as connection:
            held = select(_key.vouchers).where(*waits).with_for_update()
            found = connection.execute(held).scalar_one_or_none()
            if found is None or json.loads(found) != list(row.vouchers):
                return False
            values: dict[str, Any] = {"vouchers": json.dumps(list(vouchers))}
            if done is not None:
                values |= {"vouched_at": done[0], "in_force_at": done[1]}
                values["leaf"] = _leaf_of_key(connection, row.text, vouchers, *done)
            connection.execute(update(tables.staff_key).where(*waits).values(values))
            insert_audit(connection, did)
        return True

    @retried
    def revoke_key(self, kid: bytes, at: int, revocation: Mapping[str, Any], did: AuditRow) -> None:
        with transaction(self._engine) as connection:
            if not end_staff_key(connection, kid, at, revocation):
                raise NotFound("no active key of this kid")
            insert_audit(connection, did)
            SqlProvinceLog(connection).append(staff_key_ended(kid, revocation["text"], revocation["signature"]), at)

    @retried
    def invite(self, invitation: Invitation) -> None:
        with transaction(self._engine) as connection:
            connection.execute(insert(tables.staff_invitation).values(**invitation._asdict()))

    @retried
    def invitation(self, digest: bytes, at: int) -> Invitation | None:
        query = select(_link.digest, _link.pseudonym, _link.unit, _link.roles, _link.expires_at)
        with reading(self._engine) as connection:
            found = connection.execute(query.where(_link.digest == digest, _link.expires_at > at)).first()
        return None if found is None else Invitation(*found)

    @retried
    def enrol(self, digest: bytes, row: StaffKeyRow, did: AuditRow) -> None:
        used = delete(tables.staff_invitation).where(_link.digest == digest, _link.expires_at > did.at)
        with transaction(self._engine) as connection:
            if not connection.execute(used).rowcount:
                raise Conflict("this link was used, or has ended; ask for another one")
            _insert_key(connection, row)
            insert_audit(connection, did)

    @retried
    def use_challenge(self, digest: bytes, expires_at: int, at: int) -> bool:
        with transaction(self._engine) as connection:
            # Kept for a day longer than it is good: a clock that goes back must bring none back.
            connection.execute(delete(tables.staff_challenge).where(_challenge.expires_at <= at - DAY_SECONDS))
            used = insert_into(connection, tables.staff_challenge).values(digest=digest, expires_at=expires_at)
            return bool(connection.execute(used.on_conflict_do_nothing()).rowcount)

    @retried
    def begin_session(self, row: SessionRow, did: AuditRow) -> None:
        with transaction(self._engine) as connection:
            connection.execute(insert(tables.staff_session).values(**row._asdict()))
            insert_audit(connection, did)

    @retried
    def session(self, digest: bytes, began_after: int, seen_after: int, at: int) -> SessionRow | None:
        live = (_session.digest == digest, _session.began_at > began_after, _session.seen_at > seen_after)
        with transaction(self._engine) as connection:
            seen = update(tables.staff_session).where(*live).values(seen_at=at)
            found = connection.execute(seen.returning(*_session)).first()
            ended = (_session.seen_at <= seen_after) | (_session.began_at <= began_after)
            connection.execute(delete(tables.staff_session).where(ended))
        return None if found is None else SessionRow(**found._asdict())

    @retried
    def end_session(self, digest: bytes, did: AuditRow) -> None:
        with transaction(self._engine) as connection:
            connection.execute(delete(tables.staff_session).where(_session.digest == digest))
            insert_audit(connection, did)

    @retried
    def note(self, row: AuditRow, leaf: Leaf | None = None, shown: Shown = NOBODY_SHOWN) -> None:
        with transaction(self._engine) as connection:
            insert_audit(connection, row)
            insert_look_ups(connection, row, shown)
            if leaf is not None:
                SqlProvinceLog(connection).append(leaf, row.at)

    @retried
    def did(self, staff: str | None, most: int) -> Sequence[AuditRow]:
        query = select(_audit.at, _audit.staff, _audit.act, _audit.number).order_by(_audit.audit_id.desc()).limit(most)
        with reading(self._engine) as connection:
            found = connection.execute(query if staff is None else query.where(_audit.staff == staff))
            return [AuditRow(*row) for row in found]


def insert_audit(connection: Connection, row: AuditRow) -> None:
    """Keep what somebody did, in the transaction in which they did it."""
    connection.execute(insert(tables.staff_audit).values(**row._asdict()))


def _insert_key(connection: Connection, row: StaffKeyRow) -> None:
    values = row._asdict() | {"vouchers": json.dumps(list(row.vouchers)), "leaf": None}
    if row.vouched_at is not None and row.in_force_at is not None:
        values["leaf"] = _leaf_of_key(connection, row.text, row.vouchers, row.vouched_at, row.in_force_at)
    connection.execute(insert(tables.staff_key).values(values))


def _leaf_of_key(connection: Connection, text: str, vouchers: Sequence[Any], at: int, in_force_at: int) -> int:
    return SqlProvinceLog(connection).append(staff_key(text, vouchers, in_force_at), at)


def _key_row(row: Any) -> StaffKeyRow:
    return StaffKeyRow(*row)._replace(vouchers=tuple(json.loads(row.vouchers)))
