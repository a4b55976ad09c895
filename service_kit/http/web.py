"""The HTTP edge that all services share: limits, health, request ids, one log line a request, security headers."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, jsonify, request
from werkzeug.routing import RequestRedirect

from credentials.errors import TongxingError, Unavailable
from service_kit.http import problems
from service_kit.http.bodies import Routes, require_size
from service_kit.http.caller import CALLER_HEADER, TRUSTED_PROXIES
from service_kit.http.front.page import SHARED_PAGES, add_look, add_pages_of
from service_kit.http.front.pages.reference.view import add_reference
from service_kit.http.front.sheet import PROBLEM, in_words, wants_page
from service_kit.http.openapi import describe
from service_kit.metrics import Metrics
from service_kit.process.inquiry import Inquiry
from service_kit.process.waiting_room import REFUSAL

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Set unless the view has set its own."""
_log = structlog.get_logger("http")


def make_app(name: str, *blueprints: Routes, trusted_proxies: int = 0, caller_header: str = "X-Forwarded-For") -> Flask:
    """A Flask application around one service's blueprints.

    With ``/healthz``, ``/readyz``, ``/metrics``, ``/openapi.json`` and ``/docs``. Bodies that are larger than their
    route takes, or without a length, are refused before they are read; every error is a problem document.
    ``trusted_proxies``: how many of the last hops that ``caller_header`` names are believed.
    """
    app = _bare(name)
    app.config[TRUSTED_PROXIES], app.config[CALLER_HEADER] = trusted_proxies, caller_header
    api = describe(app, name)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    add_reference(app, api)
    # A service's own stand beside its views.
    rooms = {each.import_name.rpartition(".")[0] for each in blueprints}
    for package in (SHARED_PAGES, *(f"{room}.pages" for room in sorted(rooms))):
        add_pages_of(app, package)
    app.add_url_rule("/readyz", "readyz", lambda: _ready([app]))
    app.add_url_rule("/metrics", "metrics", lambda: _exposition(app))
    problems.install(app)
    return app


def combine(apps: Sequence[Flask]) -> Flask:
    """What stands at the root when several services are mounted: health and readiness of all of them."""
    root = _bare("root")
    root.add_url_rule("/readyz", "readyz", lambda: _ready(apps))
    problems.install(root)
    return root


def closed(error: TongxingError) -> Flask:
    """What stands in a service's place while ``error`` keeps it from being opened: alive, not ready, 503 for the rest.

    The cause is logged; a caller can do nothing with it.
    """

    def refuse() -> None:
        if request.path not in ("/healthz", "/readyz"):
            raise Unavailable("not open yet") from error

    def probe() -> None:
        raise error

    app = _bare("closed")
    app.before_request(refuse)
    add_probe(app, probe)
    app.add_url_rule("/readyz", "readyz", lambda: _ready([app]))
    problems.install(app)
    return app


def add_probe(app: Flask, probe: Callable[[], None]) -> None:
    """Have ``/readyz`` call ``probe``, which raises a TongxingError while the service cannot do its work.

    One that hangs counts as failed after :data:`service_kit.process.inquiry.PATIENCE_SECONDS`.
    """
    app.extensions["tongxing_probes"].append(Inquiry(probe))


def metrics_of(app: Flask) -> Metrics:
    """The metrics of an application."""
    metrics: Metrics = app.extensions["tongxing_metrics"]
    return metrics


def _bare(name: str) -> Flask:
    app = Flask(name, static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["tongxing_probes"] = []
    app.extensions["tongxing_metrics"] = Metrics(name)
    app.add_url_rule("/healthz", "healthz", lambda: jsonify(status="ok"))
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)
    add_look(app)
    return app


def is_ready(*apps: Flask) -> bool:
    """Whether these applications can do their work, by their probes."""
    return _hindrance(apps) is None


def _ready(apps: Sequence[Flask]) -> tuple[Response, int]:
    error = _hindrance(apps)
    if error:
        return jsonify(status="not ready", code=error.code), 503
    return jsonify(status="ready"), 200


def _hindrance(apps: Sequence[Flask]) -> TongxingError | None:
    for probe in [probe for app in apps for probe in app.extensions["tongxing_probes"]]:
        try:
            probe.answer()
        except TongxingError as error:
            _log.warning("not ready", code=error.code, detail=error.detail)
            return error
    return None


def _exposition(app: Flask) -> Response:
    metrics = metrics_of(app)
    return Response(metrics.exposition(), content_type=metrics.content_type)


def _begin() -> None:
    offered = request.headers.get("X-Request-Id", "")
    g.request_id = offered if _REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)
    g.began = time.monotonic()
    structlog.contextvars.bind_contextvars(service=current_app.name, request_id=g.request_id)
    if refusal := request.environ.get(REFUSAL):
        raise refusal
    require_size()


def _on_this_server(address: str) -> str:
    """Path and query alone: the name and the scheme in ``address`` are what a caller wrote into the Host header, and a
    shared cache would send others there."""
    path, query = urlsplit(address)[2:4]
    return "/" + path.lstrip("/") + (f"?{query}" if query else "")


def _forget(_error: BaseException | None) -> None:
    # Threads are used again, and what they log or fetch next is not of this request.
    structlog.contextvars.clear_contextvars()


def _end(response: Response) -> Response:
    if isinstance(request.routing_exception, RequestRedirect):
        response.location = _on_this_server(request.routing_exception.new_url)
    if response.mimetype == PROBLEM and wants_page():
        response = in_words(response)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.request_id
    seconds = time.monotonic() - g.began
    # The route's template, never the path: a handle in a path would lead to a person. The method is any text that a
    # caller likes.
    route = str(request.url_rule) if request.url_rule else "(none)"
    method = request.method if request.method in _METHODS else "(other)"
    metrics_of(current_app).count(route, method, response.status_code, seconds)
    milliseconds = round(seconds * 1000, 1)
    _log.info("request", method=method, route=route, status=response.status_code, milliseconds=milliseconds)
    return response
