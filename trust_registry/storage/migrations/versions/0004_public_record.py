"""Hashes over the registry's log, and the checkpoint that was signed last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Empty where a program before this one wrote the leaf, which may still serve while this one begins: the hash
    # follows from the rest of the row.
    with op.batch_alter_table("registry_log_leaf") as table:
        table.add_column(sa.Column("hash", sa.LargeBinary(32)))
    op.create_table(
        "registry_log_tile_hash",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "registry_log_checkpoint",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="registry_log_checkpoint_single"),
    )
