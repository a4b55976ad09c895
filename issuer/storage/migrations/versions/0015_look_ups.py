"""Who of staff was shown a person is kept for that person, and counted by a leaf an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "issuer_look_up",
        sa.Column("look_up_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(256), nullable=False),
        sa.Column("leaf", sa.BigInteger()),
    )
    op.create_index("issuer_look_up_of_person", "issuer_look_up", ["subject", "look_up_id"])
    op.create_index("issuer_look_up_by_age", "issuer_look_up", ["at"])
    waiting = sa.text("leaf IS NULL")
    op.create_index("issuer_look_up_unsealed", "issuer_look_up", ["at"], sqlite_where=waiting, postgresql_where=waiting)
