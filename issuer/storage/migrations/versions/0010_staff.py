"""Who signs decisions by hand, what they signed, and what they did."""

from __future__ import annotations

from typing import Any

import cbor2
import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
PAGE = 2_000
"""People placed at once."""


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "issuer_staff_key",
        sa.Column("kid", sa.LargeBinary(8), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("vouchers", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), unique=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("vouched_at", sa.BigInteger()),
        sa.Column("in_force_at", sa.BigInteger()),
        sa.Column("leaf", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("revocation", sa.Text()),
        sa.CheckConstraint("(vouched_at IS NULL) = (in_force_at IS NULL)", name="issuer_staff_key_vouched_whole"),
    )
    op.create_table(
        "issuer_staff_invitation",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("pseudonym", sa.String(16), nullable=False),
        sa.Column("unit", sa.String(48), nullable=False),
        sa.Column("roles", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "issuer_staff_challenge",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "issuer_staff_session",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("kid", sa.LargeBinary(8), sa.ForeignKey("issuer_staff_key.kid"), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "issuer_staff_audit",
        sa.Column("audit_id", serial, primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.String(64), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("number", sa.LargeBinary(16)),
    )
    op.create_index("issuer_staff_audit_of_person", "issuer_staff_audit", ["staff", "audit_id"])
    _decisions()
    op.add_column("issuer_holder", sa.Column("region", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("issuer_holder_by_region", "issuer_holder", ["region"])
    _place(op.get_bind())


def _place(connection: sa.Connection) -> None:
    """Where those are who are on file already. Facts stand as CBOR: [kind, result, sampled_at, region] each."""
    holder = sa.table("issuer_holder", sa.column("holder_id"), sa.column("evidence"), sa.column("region"))
    after = 0
    while page := connection.execute(
        sa.select(holder.c.holder_id, holder.c.evidence)
        .where(holder.c.holder_id > after)
        .order_by("holder_id")
        .limit(PAGE)
    ).all():
        after = page[-1].holder_id
        placed = [{"holder": number, "where": newest[3]} for number, newest in map(_newest, page) if newest]
        if placed:
            same = holder.c.holder_id == sa.bindparam("holder")
            connection.execute(sa.update(holder).where(same).values(region=sa.bindparam("where")), placed)


def _newest(row: Any) -> tuple[int, list[int] | None]:
    pieces: list[list[int]] = cbor2.loads(bytes(row.evidence))
    return row.holder_id, max(pieces, key=lambda piece: piece[2], default=None)


def _decisions() -> None:
    op.create_table(
        "issuer_by_hand",
        sa.Column("number", sa.LargeBinary(16), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("author_signature", sa.Text()),
        sa.Column("approver", sa.String(64)),
        sa.Column("approver_signature", sa.Text()),
        sa.Column("releaser", sa.String(64)),
        sa.Column("releaser_signature", sa.Text()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.CheckConstraint(
            "state <> 'decided' OR (author_signature IS NOT NULL AND approver_signature IS NOT NULL)",
            name="issuer_by_hand_signed_by_two",
        ),
        sa.CheckConstraint("author <> approver", name="issuer_by_hand_of_two"),
    )
    op.create_index("issuer_by_hand_waiting", "issuer_by_hand", ["state", "proposed_at"])
    op.create_table(
        "issuer_by_hand_person",
        sa.Column("number", sa.LargeBinary(16), sa.ForeignKey("issuer_by_hand.number"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("person", sa.LargeBinary(32), nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("tail", sa.String(4), nullable=False),
        sa.Column("outcome", sa.String(32)),
    )
    op.create_table(
        "issuer_approvals",
        sa.Column("approver", sa.String(64), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
    )
