"""What the next file of a member is judged by stands beside the name of the last one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("registry_statement") as table:
        table.add_column(sa.Column("vouched", sa.Boolean))
    # All may be empty: a program before this one may go on writing rows until it is stopped.
    with op.batch_alter_table("registry_member_file") as table:
        table.add_column(sa.Column("kid", sa.String(16)))
        table.add_column(sa.Column("as_of", sa.BigInteger))
        table.add_column(sa.Column("head", sa.String(64)))
        table.add_column(sa.Column("valid_from", sa.BigInteger))
        table.add_column(sa.Column("valid_until", sa.BigInteger))
        table.create_index("registry_member_file_order", ["member", "sequence"])
