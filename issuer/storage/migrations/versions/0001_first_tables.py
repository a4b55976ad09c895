"""First tables of the issuer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "issuer_counter",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table("issuer_secret_check", sa.Column("digest", sa.LargeBinary(32), primary_key=True))
    op.create_table(
        "issuer_status_list",
        sa.Column("list_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("next_position", sa.Integer, nullable=False),
        sa.CheckConstraint("next_position BETWEEN 0 AND 1048576", name="issuer_position_in_list"),
    )
    op.create_index("issuer_status_list_by_expiry", "issuer_status_list", ["expires_at"])
    op.create_table(
        "issuer_decision",
        sa.Column("decision_id", _SERIAL, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("reason", sa.SmallInteger, nullable=False),
        sa.Column("rule_set", sa.SmallInteger, nullable=False),
        sa.Column("rule_set_version", sa.Integer, nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("evidence", sa.LargeBinary, nullable=False),
        sa.Column("unit", sa.String(64), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("approver", sa.String(64)),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("appeal_until", sa.BigInteger, nullable=False),
        sa.CheckConstraint("length(trim(basis)) > 0", name="issuer_basis_named"),
        sa.CheckConstraint("(basis = 'rule') = (approver IS NULL)", name="issuer_manual_needs_approver"),
        sa.CheckConstraint("(basis = 'rule') = (rule_set > 0)", name="issuer_rule_has_rule_set"),
        sa.CheckConstraint("substr(author, 1, length(unit) + 1) = unit || '/'", name="issuer_author_of_unit"),
        sa.CheckConstraint(
            "lower(substr(approver, 1, length(unit) + 1)) <> lower(unit) || '/'", name="issuer_approver_of_another_unit"
        ),
        sa.CheckConstraint("ends_at > starts_at", name="issuer_ends_by_itself"),
        sa.CheckConstraint("basis = 'rule' OR ends_at - starts_at <= 1209600", name="issuer_manual_ends_in_14_days"),
    )
    op.create_table(
        "issuer_credential",
        sa.Column("serial", _SERIAL, primary_key=True, autoincrement=False),
        sa.Column("handle", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("decision_id", _SERIAL, sa.ForeignKey("issuer_decision.decision_id"), nullable=False),
        sa.Column("form", sa.SmallInteger, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "issuer_withdrawal",
        sa.Column("serial", _SERIAL, sa.ForeignKey("issuer_credential.serial"), primary_key=True, autoincrement=False),
        sa.Column("withdrawn_at", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
    )
    op.create_table(
        "issuer_idempotency",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("body_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("serial", _SERIAL, sa.ForeignKey("issuer_credential.serial"), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "issuer_client",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("jwk", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "issuer_used_assertion",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("jti", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("issuer_used_assertion_by_expiry", "issuer_used_assertion", ["expires_at"])
