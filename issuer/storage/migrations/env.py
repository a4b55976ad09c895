"""Run by Alembic."""

from __future__ import annotations

from alembic import context

from issuer.storage.tables import metadata
from service_kit.storage.migration import run_migrations

run_migrations(context.config, metadata)
