"""The province's log, and what it has of each decision and withdrawal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _logbook()
    op.create_table(
        "issuer_decision_record",
        sa.Column(
            "decision_id", serial, sa.ForeignKey("issuer_decision.decision_id"), primary_key=True, autoincrement=False
        ),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("region", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(64)),
        sa.Column("text", sa.Text()),
        sa.Column("leaf", sa.BigInteger()),
        sa.CheckConstraint("(sealed IS NULL) = (text IS NULL)", name="issuer_record_whole_or_deleted"),
    )
    waiting = sa.text("leaf IS NULL")
    op.create_index(
        "issuer_decision_unsealed", "issuer_decision_record", ["status", "decision_id"],
        sqlite_where=waiting, postgresql_where=waiting,
    )  # fmt: skip
    op.create_table(
        "issuer_sealed_batch",
        sa.Column("leaf", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("commitments", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "issuer_tally",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("status", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("region", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("basis", sa.String(64), primary_key=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
    )
    op.add_column("issuer_withdrawal", sa.Column("leaf", sa.BigInteger()))
    # What was withdrawn before there was a log is in none of its leaves.
    op.execute("UPDATE issuer_withdrawal SET leaf = -1")
    op.create_index(
        "issuer_withdrawal_unsealed", "issuer_withdrawal", ["serial"], sqlite_where=waiting, postgresql_where=waiting
    )


def _logbook() -> None:
    counter = op.create_table(
        "issuer_log_counter",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="issuer_log_counter_single"),
    )
    op.bulk_insert(counter, [{"id": 1, "size": 0}])
    op.create_table(
        "issuer_log_leaf",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32)),
    )
    op.create_table(
        "issuer_log_tile_hash",
        sa.Column("level", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "issuer_log_checkpoint",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="issuer_log_checkpoint_single"),
    )
