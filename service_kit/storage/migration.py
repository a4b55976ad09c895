"""Migrations by Alembic: what ``service_kit.storage.database.migrate`` does when there is something to do."""

from __future__ import annotations

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData

from credentials.errors import SchemaOutdated


def upgrade(connection: Connection, scripts: Path, version_table: str) -> None:
    """Bring the schema to the newest version, within the connection's transaction.

    Raises SchemaOutdated when the database is of a version that this program does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("version_table", version_table)
    config.attributes["connection"] = connection
    try:
        _require_known(connection, config, version_table)
        command.upgrade(config, "head")
    except CommandError as error:
        raise SchemaOutdated("the migrations of this program cannot be run") from error


def _require_known(connection: Connection, config: Config, version_table: str) -> None:
    current = MigrationContext.configure(connection, opts={"version_table": version_table}).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaOutdated("the database is of a later version than this program")


def run_migrations(config: Config, metadata: MetaData) -> None:
    """What each service's ``env.py`` calls."""
    context.configure(
        connection=config.attributes["connection"],
        target_metadata=metadata,
        version_table=config.get_main_option("version_table"),
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()
