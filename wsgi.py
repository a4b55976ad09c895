"""The roof for WSGI servers: the roles that ``TONGXING_ROLES`` names, under ``/registry``, ``/issuer``, ``/verifier``.

``application`` is made on first use, so that importing this module reads no setting.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from credentials.errors import SettingInvalid
from issuer.config import IssuerSettings
from service_kit import logs
from service_kit.settings import ServiceSettings, read_settings, refuse_unknown
from trust_registry.config import RegistrySettings
from verifier.config import VerifierSettings

SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "registry": RegistrySettings,
    "issuer": IssuerSettings,
    "verifier": VerifierSettings,
}
PACKAGES = {"registry": "trust_registry", "issuer": "issuer", "verifier": "verifier"}
ROLES = tuple(SETTINGS)


def read_roles(environ: Mapping[str, str]) -> dict[str, ServiceSettings]:
    """The settings of each role named by ``TONGXING_ROLES`` (separated by commas). Raises SettingInvalid."""
    roles = [role.strip() for role in environ.get("TONGXING_ROLES", "").split(",") if role.strip()]
    if not roles or not set(roles) <= set(ROLES):
        raise SettingInvalid(f"TONGXING_ROLES: some of {', '.join(ROLES)}")
    refuse_unknown(environ, *SETTINGS.values())
    return {role: read_settings(SETTINGS[role], environ) for role in roles}


def make_application(environ: Mapping[str, str]) -> DispatcherMiddleware:
    """The roles that the environment names, mounted. Raises SettingInvalid."""
    from service_kit.web import combine

    settings = read_roles(environ)
    logs.configure(next(iter(settings.values())).log_level)
    # Only the services that are asked for are imported.
    apps: dict[str, Any] = {
        f"/{role}": import_module(f"{PACKAGES[role]}.app").create_app(own) for role, own in settings.items()
    }
    return DispatcherMiddleware(combine(list(apps.values())), apps)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The WSGI entry point."""
    return _made()(environ, start_response)


def _made() -> DispatcherMiddleware:
    with _making:
        if not _application:
            _application.append(make_application(os.environ))
    return _application[0]


_making = threading.Lock()
_application: list[DispatcherMiddleware] = []
