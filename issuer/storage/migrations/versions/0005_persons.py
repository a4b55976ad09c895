"""Which codes are a person's, however they were had, and whose a handle is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("issuer_decision_of_person", "issuer_decision", ["subject", "ends_at"])
    op.create_index("issuer_credential_by_decision", "issuer_credential", ["decision_id"])
    op.add_column("issuer_credential", sa.Column("client_id", sa.String(64)))
    # What is still kept under an idempotency key is its client's, what a phone was given is that phone's.
    op.execute(
        "UPDATE issuer_credential SET client_id = (SELECT client_id FROM issuer_idempotency"
        " WHERE issuer_idempotency.serial = issuer_credential.serial)"
    )
    op.execute(
        "UPDATE issuer_credential SET client_id = 'wallet:' WHERE client_id IS NULL"
        " AND serial IN (SELECT serial FROM issuer_device_code)"
    )
