"""Withdrawals that gates have seen, of codes that this database does not know any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "issuer_seen_withdrawal",
        sa.Column(
            "serial", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("segment", sa.BigInteger, nullable=False),
    )
