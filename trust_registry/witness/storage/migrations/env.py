"""Run by Alembic."""

from __future__ import annotations

from alembic import context

from service_kit.storage.migration import run_migrations
from trust_registry.witness.storage.sql import metadata

run_migrations(context.config, metadata)
