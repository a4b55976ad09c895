"""Tries at secrets, counted for all processes together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "issuer_kept_count",
        sa.Column("name", sa.LargeBinary(32), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("issuer_kept_count_by_expiry", "issuer_kept_count", ["expires_at"])
