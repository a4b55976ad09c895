"""Settings come from the environment, with the prefix ``TONGXING_``, into one frozen dataclass for each service.

A misspelt setting is an error and not a default in disguise; no secret has a default; secrets come as paths of files.
``docs/configuration.md`` lists them all.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from credentials.errors import SettingInvalid
from service_kit.cache import redis_client
from service_kit.clock import SystemClock
from service_kit.fetch import TOTAL_SECONDS, Fetcher, require_authorities

PREFIX = "TONGXING_"
ENVIRONMENTS = ("production", "test", "demo")
MAX_CLOCK_OFFSET_SECONDS = 400 * 24 * 3600
MAX_PROXIES = 8
CALLER_HEADER = "X-Forwarded-For"
NOT_OF_A_SERVICE = frozenset({"TONGXING_ROLES", "TONGXING_VECTORS"})
"""Variables that the roof and the tests read."""
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """What every service has. ``data_dir``: the folder that is the service's own; made when missing."""

    data_dir: Path
    # Both may hold a password, so they do not show in the dataclass's repr.
    database_url: str = field(default="", repr=False)
    """Empty: SQLite in ``data_dir``."""
    redis_url: str = field(default="", repr=False)
    """Empty: the cache is in the process."""
    ca_file: Path | None = None
    """PEM certificates of the only authorities that are believed where something is fetched."""
    environment: str = "production"
    clock_offset_seconds: int = 0
    log_level: str = "INFO"
    trusted_proxies: int = 0
    """How many proxies in front of us are ours, and believed on where a request came from."""
    caller_header: str = CALLER_HEADER
    """The header in which they write it."""

    def __post_init__(self) -> None:
        if self.environment not in ENVIRONMENTS:
            raise SettingInvalid(f"TONGXING_ENVIRONMENT: one of {', '.join(ENVIRONMENTS)}")
        if self.clock_offset_seconds and self.environment != "demo":
            raise SettingInvalid("TONGXING_CLOCK_OFFSET_SECONDS: only where TONGXING_ENVIRONMENT=demo")
        if abs(self.clock_offset_seconds) > MAX_CLOCK_OFFSET_SECONDS:
            raise SettingInvalid("TONGXING_CLOCK_OFFSET_SECONDS: more than 400 days")
        if self.redis_url:
            redis_client.connect(self.redis_url)
        if not 0 <= self.trusted_proxies <= MAX_PROXIES:
            raise SettingInvalid(f"TONGXING_TRUSTED_PROXIES: 0 to {MAX_PROXIES}")
        if not _HEADER.fullmatch(self.caller_header):
            raise SettingInvalid("TONGXING_CALLER_HEADER: a header's name, of letters, digits and hyphens")
        if self.ca_file is not None:
            require_authorities(self.ca_file)
        if self.log_level.upper() not in logging.getLevelNamesMapping():
            raise SettingInvalid("TONGXING_LOG_LEVEL: one of DEBUG, INFO, WARNING, ERROR")

    def fetcher(self, total_seconds: float = TOTAL_SECONDS) -> Fetcher:
        """What fetches for this service, each request for so long at most: the one place where one is made, so that no
        setting misses any. Raises SettingInvalid."""
        return Fetcher(total_seconds, ca_file=self.ca_file)

    def clock(self) -> SystemClock:
        """The clock that this service goes by."""
        return SystemClock(self.clock_offset_seconds)

    def database(self, name: str) -> str:
        """The URL of the database: the setting, or ``name``.sqlite in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / name}.sqlite"


Settings = TypeVar("Settings", bound=ServiceSettings)


def read_settings(cls: type[Settings], environ: Mapping[str, str]) -> Settings:
    """One service's settings: fields of type str, int, bool or Path, or one of these ``| None``.

    An empty variable counts as not set. Raises SettingInvalid, naming every variable that is missing or wrong, and
    never a value.
    """
    require_readable(environ, cls)
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for setting in dataclasses.fields(cls):
        name = variable(setting.name)
        text = environ.get(name, "")
        if text:
            values[setting.name] = _converted(name, text, hints[setting.name])
    return cls(**values)


def require_readable(environ: Mapping[str, str], *classes: type[ServiceSettings]) -> None:
    """Raise SettingInvalid for all variables of ``classes`` at once that are missing, or of another type."""
    faults = dict.fromkeys(fault for cls in classes for fault in _faults(cls, environ))
    if faults:
        raise SettingInvalid(f"{'; '.join(faults)} (what each means: docs/configuration.md)")


def _faults(cls: type[ServiceSettings], environ: Mapping[str, str]) -> Iterator[str]:
    hints = typing.get_type_hints(cls)
    for setting in dataclasses.fields(cls):
        name = variable(setting.name)
        text = environ.get(name, "")
        if not text and setting.default is dataclasses.MISSING and setting.default_factory is dataclasses.MISSING:
            yield f"{name}: missing"
        try:
            _converted(name, text or "0", hints[setting.name])
        except SettingInvalid as error:
            yield error.detail


def refuse_unknown(environ: Mapping[str, str], *classes: type[ServiceSettings]) -> None:
    """Raise SettingInvalid for a variable with our prefix that is a setting of none of ``classes``."""
    known = NOT_OF_A_SERVICE | {variable(setting.name) for cls in classes for setting in dataclasses.fields(cls)}
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingInvalid("; ".join(f"{name}: no such setting{_meant(name, known)}" for name in unknown))


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, 1, 0.8)
    return f", did you mean {close[0]}?" if close else ""


def variable(setting: str) -> str:
    """The environment's name of a field."""
    return PREFIX + setting.upper()


def _converted(name: str, text: str, hint: Any) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    kind = next(kind for kind in kinds if kind is not type(None))
    if kind is bool and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if kind is int and _INTEGER.fullmatch(text):
        return int(text)
    if kind in (bool, int):
        # Python's own int() would take "1_000" and digits of other scripts.
        raise SettingInvalid(f"{name}: not a valid {kind.__name__}")
    return kind(text)
