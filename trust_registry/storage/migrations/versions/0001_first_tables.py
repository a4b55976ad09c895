"""First tables of the registry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    lock = op.create_table(
        "registry_write_lock",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="registry_write_lock_single"),
    )
    op.bulk_insert(lock, [{"id": 1, "taken": 0}])
    op.create_table(
        "registry_statement",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("member", sa.String(16), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("compact", sa.Text, nullable=False),
        sa.Column("proofs", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.UniqueConstraint("member", "digest", name="registry_statement_once"),
    )
    op.create_table(
        "registry_draft",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("base", sa.BigInteger, nullable=False),
        sa.Column("trust_list", sa.LargeBinary, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("statement_ids", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_table(
        "registry_approval",
        sa.Column("draft", sa.String(32), sa.ForeignKey("registry_draft.id"), primary_key=True),
        sa.Column("keyid", sa.String(64), primary_key=True),
        sa.Column("signature", sa.String(256), nullable=False),
        sa.Column("approved_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "registry_denial",
        sa.Column("kid", sa.String(16), primary_key=True),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "registry_repository_file",
        sa.Column("path", sa.String(128), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "registry_member_file",
        sa.Column("member", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "registry_request_id",
        sa.Column("client", sa.String(64), primary_key=True),
        sa.Column("jti", sa.String(128), primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    )
