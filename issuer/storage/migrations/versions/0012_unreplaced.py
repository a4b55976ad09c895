"""Withdrawals are looked at once more when the time for another code is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("issuer_withdrawal", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false()))
    # What was withdrawn before was promised no such count.
    op.execute(sa.update(sa.table("issuer_withdrawal", sa.column("settled", sa.Boolean()))).values(settled=True))
    waiting = sa.text("NOT settled")
    op.create_index(
        "issuer_withdrawal_unsettled",
        "issuer_withdrawal",
        ["withdrawn_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
