"""The roof for WSGI servers: the roles that ``TONGXING_ROLES`` names, each under its name, as ``/registry``.

The services are opened on first use, or by :func:`open_now`, in the process that serves: importing this module reads no
setting and starts no thread, so that a server may import it before it forks.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from credentials.errors import SettingInvalid, TongxingError
from issuer.config import IssuerSettings
from service_kit import logs
from service_kit.settings import ServiceSettings, read_settings, refuse_unknown, require_readable
from trust_registry.config import RegistrySettings
from trust_registry.witness.config import WitnessSettings
from verifier.config import VerifierSettings

if TYPE_CHECKING:
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "registry": RegistrySettings,
    "issuer": IssuerSettings,
    "verifier": VerifierSettings,
    "witness": WitnessSettings,
}
PACKAGES = {
    "registry": "trust_registry",
    "issuer": "issuer",
    "verifier": "verifier",
    "witness": "trust_registry.witness",
}
ROLES = tuple(SETTINGS)
AGAIN_SECONDS = 5.0
"""How soon services that could not be opened are tried again."""


def read_roles(environ: Mapping[str, str]) -> dict[str, ServiceSettings]:
    """The settings of each role named by ``TONGXING_ROLES`` (separated by commas). Raises SettingInvalid."""
    roles = [role.strip() for role in environ.get("TONGXING_ROLES", "").split(",") if role.strip()]
    if not roles or not set(roles) <= set(ROLES):
        raise SettingInvalid(f"TONGXING_ROLES: some of {', '.join(ROLES)}")
    refuse_unknown(environ, *SETTINGS.values())
    require_readable(environ, *(SETTINGS[role] for role in roles))
    return {role: read_settings(SETTINGS[role], environ) for role in roles}


def make_application(environ: Mapping[str, str]) -> DispatcherMiddleware:
    """The roles that the environment names, mounted. Raises SettingInvalid."""
    # Every command imports this module for the settings; most serve nothing.
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    from service_kit.http.front.front import EXTENSION, add_entrance
    from service_kit.http.web import combine, is_ready

    settings = read_roles(environ)
    logs.configure(next(iter(settings.values())).log_level)
    # Only the services that are asked for are imported.
    apps: dict[str, Any] = {
        f"/{role}": import_module(f"{PACKAGES[role]}.app").create_app(own) for role, own in settings.items()
    }
    root = combine(list(apps.values()))
    add_entrance(root, [(path, app.extensions[EXTENSION], partial(is_ready, app)) for path, app in apps.items()])
    return DispatcherMiddleware(root, apps)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The WSGI entry point. Opens the services on first use; while they cannot be opened it answers 503."""
    return _opening().use(environ, start_response)


def open_now() -> None:
    """Open the services of this process before the first request. Raises what :func:`make_application` raises."""
    _opening().open()


class Opening:
    """The application of one process: opened once, and tried again now and then where that failed."""

    def __init__(self) -> None:
        self._application: DispatcherMiddleware | None = None
        self._failure: TongxingError | None = None
        self._failed_at = 0.0
        self._one_at_a_time = threading.Lock()

    def open(self) -> None:
        """Open it unless it is open. Raises TongxingError."""
        with self._one_at_a_time:
            if self._application is not None:
                return
            try:
                self._application = make_application(os.environ)
            except TongxingError as error:
                self._failure, self._failed_at = error, time.monotonic()
                raise

    def use(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request with the application, or with what keeps it closed."""
        try:
            if self._application is None:
                self._open_again()
        except TongxingError as error:
            from service_kit.http.web import closed

            return closed(error)(environ, start_response)
        assert self._application is not None
        return self._application(environ, start_response)

    def _open_again(self) -> None:
        # Whoever else asks meanwhile is not kept waiting for the same failure.
        is_recent = time.monotonic() - self._failed_at < AGAIN_SECONDS
        if self._failure and (is_recent or self._one_at_a_time.locked()):
            # Each time that one exception is raised its traceback grows, and holds what that request brought.
            raise self._failure.with_traceback(None)
        self.open()


def _opening() -> Opening:
    # A fork of a process that has opened already opens for itself: threads do not survive a fork, and two processes on
    # one connection would mix their answers up. What belongs to the other process is kept, or it would be closed.
    process = os.getpid()
    return _openings.get(process) or _openings.setdefault(process, Opening())


_openings: dict[int, Opening] = {}
