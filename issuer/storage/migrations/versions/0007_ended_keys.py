"""Idempotency keys by their end, so that those whose codes have expired are found and forgotten."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("issuer_idempotency_by_expiry", "issuer_idempotency", ["expires_at"])
