"""Decisions by hand are tied to their persons by a key that is not in the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # What people have decided until now gets its bond in the same transaction: issuer/opening.py.
    op.add_column("issuer_decision", sa.Column("bond", sa.LargeBinary()))
