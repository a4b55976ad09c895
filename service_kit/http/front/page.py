"""The frame of all pages that a service draws itself: one look, the reader's language, no script.

A new page is a folder in ``<service>/http/pages/``, and is served because it is there:

- ``view.py``: ``PLACE``, its address below the role's base, and ``values()``, what it is given at each request;
- ``page.html``: how that looks, within ``front/layout.html``. ``say(text('…'))`` is a text of the catalogues in the
  reader's language, ``texts`` those that all pages share, ``base`` the role's base.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template, request
from werkzeug.exceptions import NotFound

from credentials.profile.words import label
from service_kit.http.front.language import LANGUAGE_NAMES, asked_language
from service_kit.http.front.texts import ENVIRONMENTS, TEXTS
from service_kit.http.static import answer

SHARED_PAGES = "service_kit.http.front.pages"
"""The package of the pages that every service has."""
PAGE = "page.html"
"""The template in a page's folder."""
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


def add_pages_of(app: Flask, package: str) -> None:
    """Serve the pages whose folders stand in ``package``; nothing where there is no such package."""
    found = find_spec(package)
    for room in found.submodule_search_locations or () if found else ():
        for template in sorted(Path(room).glob(f"*/{PAGE}")):
            folder = template.parent
            _add_page(app, folder, import_module(f"{package}.{folder.name}.view"))


def _add_page(app: Flask, folder: Path, view: ModuleType) -> None:
    # The folder's name stands before the template's, so that no page's is taken for another's.
    app.register_blueprint(Blueprint(folder.name, view.__name__, template_folder=folder.parent))
    app.add_url_rule(f"/{view.PLACE}", folder.name, lambda: draw(f"{folder.name}/{PAGE}", **view.values()))


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
        text=label,
        texts=TEXTS,
        environments=ENVIRONMENTS,
        **values,
    )
    response = make_response(page)
    response.headers.update(_HEADERS)
    response.headers["Content-Language"] = language
    return response


def add_look(app: Flask) -> None:
    """The shared templates and the files of the look, once for each application."""
    if "look" not in app.blueprints:
        blueprint = Blueprint("look", __name__, template_folder="templates")
        blueprint.add_url_rule("/look/<name>", "file", _look)
        app.register_blueprint(blueprint)


def _look(name: str) -> Response:
    if name not in _LOOK:
        raise NotFound
    return answer(_LOOK[name], name)
