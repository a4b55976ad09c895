"""Holders on file, their phones, and one-time claim codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    by_hand = sa.text("approver IS NOT NULL")
    op.create_index(
        "issuer_decision_by_hand", "issuer_decision", ["subject"], sqlite_where=by_hand, postgresql_where=by_hand
    )
    op.create_table(
        "issuer_holder",
        sa.Column("holder_id", _SERIAL, primary_key=True),
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("form", sa.SmallInteger, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("document_tail", sa.String(4), nullable=False),
        sa.Column("guardian", sa.SmallInteger),
        sa.Column("lifetime", sa.Integer, nullable=False),
        sa.Column("evidence", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("subject", "form", name="issuer_holder_once"),
        sa.CheckConstraint("form IN (1, 2)", name="issuer_holder_has_a_phone"),
    )
    op.create_table(
        "issuer_device",
        sa.Column("device_id", _SERIAL, primary_key=True),
        sa.Column("holder_id", _SERIAL, sa.ForeignKey("issuer_holder.holder_id"), nullable=False),
        sa.Column("point", sa.LargeBinary(33), nullable=False, unique=True),
        sa.Column("serial", _SERIAL, sa.ForeignKey("issuer_credential.serial"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("claimed_at", sa.BigInteger, nullable=False),
        sa.Column("paper_proved_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_as", sa.String(32)),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name="issuer_device_ended_for_a_cause"),
    )
    op.create_index("issuer_device_by_holder", "issuer_device", ["holder_id"])
    active = sa.text("ended_at IS NULL")
    op.create_index(
        "issuer_device_active",
        "issuer_device",
        ["holder_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_table(
        "issuer_device_code",
        sa.Column("serial", _SERIAL, sa.ForeignKey("issuer_credential.serial"), primary_key=True, autoincrement=False),
        sa.Column("device_id", _SERIAL, sa.ForeignKey("issuer_device.device_id"), nullable=False),
        sa.Column("form", sa.SmallInteger, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("issuer_device_code_by_device", "issuer_device_code", ["device_id"])
    op.create_table(
        "issuer_claim_code",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("holder_id", _SERIAL, sa.ForeignKey("issuer_holder.holder_id"), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("point", sa.LargeBinary(33)),
    )
    op.create_index("issuer_claim_code_by_holder", "issuer_claim_code", ["holder_id"])
    op.create_index("issuer_claim_code_by_expiry", "issuer_claim_code", ["expires_at"])
