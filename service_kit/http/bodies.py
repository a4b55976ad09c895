"""Bodies of requests: how large one may be, by its route, and how JSON in it is read.

A body is refused by its announced length before anything of it is read, and costs nothing where no route takes it.
JSON is read by :mod:`credentials.wire.strict_json`, as it is from a file or by a command: what one way refuses, the
others refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import abort, current_app, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from webargs.flaskparser import FlaskParser

from credentials.errors import InvalidRequest, Malformed
from credentials.wire.strict_json import read_json

MAX_BODY_BYTES = 16_384
"""Of a route that says nothing else: a form's worth of JSON."""
_MARK = "max_body_bytes"
_View = TypeVar("_View", bound=Callable[..., Any])


class _Parser(FlaskParser):
    def load_json(self, req: Any, schema: Any) -> Any:
        return json_body()


class Routes(Blueprint):  # type: ignore[misc]
    """flask-smorest's blueprint, whose JSON bodies are read by :func:`json_body`."""

    ARGUMENTS_PARSER = _Parser()


def takes(most: int) -> Callable[[_View], _View]:
    """Mark a view: bodies of up to ``most`` bytes, in place of :data:`MAX_BODY_BYTES`. Stands next to the function."""

    def mark(view: _View) -> _View:
        setattr(view, _MARK, most)
        return view

    return mark


def require_size() -> None:
    """Refuse a body that is larger than its route takes, or whose length is not told, before it is read."""
    if "Transfer-Encoding" in request.headers:
        # Werkzeug cuts a body without a length off at the limit and hands it on as if it were whole.
        abort(411)
    view = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = getattr(view, _MARK, MAX_BODY_BYTES)
    if view and (request.content_length or 0) > request.max_content_length:
        abort(413)


def json_body() -> Any:
    """The JSON in the body of the present request. Raises InvalidRequest for what is not strict JSON; ends the request
    with 415 where another kind of content is announced, so that no form of another site's page is taken for one."""
    if not request.is_json:
        abort(415)
    try:
        return read_json(request.get_data())
    except Malformed as error:
        raise InvalidRequest(f"body: {error.detail}") from error
