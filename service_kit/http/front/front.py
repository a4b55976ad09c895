"""The front page (首页) of a role, and of a server with several: what this is, and where to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response, make_response, render_template, request
from werkzeug.exceptions import NotFound

from credentials.profile.words import Label
from service_kit.http.front.language import LANGUAGE_NAMES, asked_language
from service_kit.http.front.texts import ENVIRONMENTS, TEXTS
from service_kit.http.static import answer

EXTENSION = "tongxing_front"
_HEADERS = {
    # No script at all: nothing that a hole might put into these pages runs.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language",
}
_HERE = Path(__file__).parent
_LOOK = {
    "theme.css": _HERE.parents[1] / "browser",
    "page.css": _HERE / "look",
    "icon.svg": _HERE / "look",
}
"""The files of the look, and the folder of each."""


class Link(NamedTuple):
    """Where to go: ``place`` is relative to the role's base, as ``v1/log``. ``speaks``: the page has languages, and is
    asked for the reader's."""

    text: Label
    place: str
    speaks: bool = False


class Way(NamedTuple):
    """What somebody may want here, and the links that lead there, the most wanted first."""

    who: Label
    what: Label
    links: Sequence[Link] = ()


@dataclass(frozen=True)
class Front:
    """What a role says of itself. ``place``: of its front page. ``member`` and ``name``: whose role it
    is."""

    role: Label
    lead: Label
    ways: Sequence[Way]
    environment: str
    member: str = ""
    name: Label | None = None
    place: str = ""

    @property
    def door(self) -> Link | None:
        """What most people come for."""
        return next((link for way in self.ways for link in way.links), None)


def add_front(app: Flask, front: Front, is_ready: Callable[[], bool]) -> None:
    """Serve the front page of a service at its place, which begins without a slash."""
    app.extensions[EXTENSION] = front
    add_look(app)
    app.add_url_rule(f"/{front.place}", "front", lambda: draw("front/role.html", front=front, is_ready=is_ready()))


def add_entrance(root: Flask, roles: Sequence[tuple[str, Front, Callable[[], bool]]]) -> None:
    """Serve the page that names the roles of a server: the path of each, its front page, whether it is ready."""
    add_look(root)

    def entrance() -> Response:
        return draw("front/entrance.html", roles=[(path, front, is_ready()) for path, front, is_ready in roles])

    root.add_url_rule("/", "entrance", entrance)


def draw(template: str, **values: Any) -> Response:
    """A page in the language of the present request."""
    language = asked_language()
    page = render_template(
        template,
        base=request.script_root,
        language=language,
        languages=LANGUAGE_NAMES,
        chosen=request.args.get("lang") == language,
        say=lambda said: said.of(language),
        texts=TEXTS,
        environments=ENVIRONMENTS,
        **values,
    )
    response = make_response(page)
    response.headers.update(_HEADERS)
    response.headers["Content-Language"] = language
    return response


def add_look(app: Flask) -> None:
    """The templates and the files of the look, once for each application."""
    if "look" not in app.blueprints:
        blueprint = Blueprint("look", __name__, template_folder="templates")
        blueprint.add_url_rule("/look/<name>", "file", _look)
        app.register_blueprint(blueprint)


def _look(name: str) -> Response:
    if name not in _LOOK:
        raise NotFound
    return answer(_LOOK[name], name)
