"""What is known of people, by whom it was reported, and the signed rules that decide by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "issuer_status_rules",
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "issuer_rule_fault",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("entry", sa.String(40), primary_key=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "issuer_evidence",
        sa.Column("evidence_id", serial, primary_key=True),
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.SmallInteger()),
        sa.Column("result", sa.SmallInteger()),
        sa.Column("sampled_at", sa.BigInteger()),
        sa.Column("region", sa.Integer()),
        sa.Column("reporter", sa.String(80), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
        sa.CheckConstraint(
            "(kind IS NULL) = (result IS NULL) AND (kind IS NULL) = (sampled_at IS NULL)"
            " AND (kind IS NULL) = (region IS NULL)",
            name="issuer_evidence_whole_or_taken_back",
        ),
    )
    standing = sa.text("replaced_at IS NULL")
    op.create_index("issuer_evidence_of_person", "issuer_evidence", ["subject", "evidence_id"])
    op.create_index(
        "issuer_evidence_once", "issuer_evidence", ["reporter", "reference"], unique=True,
        sqlite_where=standing, postgresql_where=standing,
    )  # fmt: skip
    op.create_table(
        "issuer_laboratory",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("kid", sa.LargeBinary(8), nullable=False, unique=True),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("member", sa.String(16), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
    )
