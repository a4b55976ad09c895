"""The chain of status segments, what was brought to the mirror, and who is at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("issuer_status_list", sa.Column("opened_in", sa.BigInteger))
    op.add_column("issuer_status_list", sa.Column("changed_in", sa.BigInteger))
    op.add_column("issuer_withdrawal", sa.Column("segment", sa.BigInteger))
    waiting = sa.text("segment IS NULL")
    op.create_index(
        "issuer_withdrawal_waiting", "issuer_withdrawal", ["serial"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "issuer_segment",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("delivered", sa.Boolean, nullable=False),
    )
    op.create_table(
        "issuer_delivery",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("segment", sa.BigInteger, nullable=False),
        sa.Column("kid", sa.LargeBinary(8), nullable=False),
        sa.Column("delivered_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "issuer_claim",
        sa.Column("work", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
