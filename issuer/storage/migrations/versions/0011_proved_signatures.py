"""What a file that proves a decision by hand is made from is found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    of_staff, kept = sa.text("kind IN ('staff-key', 'staff-key-ended')"), sa.text("sealed IS NOT NULL")
    op.create_index(
        "issuer_log_of_staff", "issuer_log_leaf", ["number"], sqlite_where=of_staff, postgresql_where=of_staff
    )
    op.create_index(
        "issuer_decision_by_commitment",
        "issuer_decision_record",
        ["commitment"],
        sqlite_where=kept,
        postgresql_where=kept,
    )
