"""The issuer as its commands open it, with the service's settings."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from issuer.config import DATABASE_NAME, IssuerSettings
from issuer.opening import open_service
from issuer.record.own_log import DatabaseLog
from issuer.service import IssuerService
from issuer.storage.log_storage import SqlLogStorage
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE
from service_kit.inputs import STANDARD_STREAM
from service_kit.settings import read_settings
from service_kit.storage.database import connect, require_schema


class SourceType(click.Path):
    """A file that is taken line by line, and beside which the lines that cannot be used are listed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == STANDARD_STREAM:
            self.fail(
                "- (standard input) is not taken here: name a file, beside which bad lines are listed", param, ctx
            )
        return super().convert(value, param, ctx)


SOURCE = SourceType(exists=True, dir_okay=False, path_type=Path)


def settings_of(not_listed_yet: bool = False) -> IssuerSettings:
    """The settings from the environment."""
    settings = read_settings(IssuerSettings, os.environ)
    return replace(settings, not_listed_yet=True) if not_listed_yet else settings


def own_log() -> DatabaseLog:
    """The log in the issuer's database, to be compared with what is published of it; nothing is migrated or written.

    Raises SettingInvalid, StorageUnavailable, SchemaOutdated.
    """
    settings = settings_of()
    engine = connect(settings.database(DATABASE_NAME))
    click.get_current_context().call_on_close(engine.dispose)
    require_schema(engine, MIGRATIONS, VERSION_TABLE)
    return DatabaseLog(settings.log_origin, SqlLogStorage(engine))


def opened(not_listed_yet: bool | None = None, *, leaves_leaf: bool = False) -> IssuerService:
    """The issuer; of a command that issues (``not_listed_yet`` is said) the trust list is asked for first, and of one
    whose deed leaves a leaf the mirror, whether it has more of them."""
    office = open_service(settings_of(bool(not_listed_yet)))
    click.get_current_context().call_on_close(office.engine.dispose)
    if not_listed_yet is not None:
        office.look()
    elif leaves_leaf:
        office.record.look_at_first()
    return office
