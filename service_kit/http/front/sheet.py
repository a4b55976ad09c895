"""Sheets (公开页): what a service says of itself in public, and what it refuses, for a person with a browser.

At the same addresses programs get JSON as before: a page is only for who names ``text/html`` before it
(RFC 9110 section 12.5.1), as browsers do and programs do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response, g, request

from credentials.profile.words import Label, label
from service_kit.http.front.front import Link
from service_kit.http.front.page import draw
from service_kit.http.front.texts import NO_ENTRY, NO_PAGE, NOT_NOW, OUR_FAULT, TOO_OFTEN, WRONG_REQUEST

Cell = Label | str | int | None
_JSON, _HTML = "application/json", "text/html"
PROBLEM = "application/problem+json"
_UNITS = (
    (24 * 3600, label("unit.day")),
    (3600, label("unit.hour")),
    (60, label("unit.minute")),
    (1, label("unit.second")),
)
_REFUSALS = {401: NO_ENTRY, 403: NO_ENTRY, 404: NO_PAGE, 429: TOO_OFTEN, 503: NOT_NOW}


class Table(NamedTuple):
    """Rows under headings. A cell of None shows as a dash."""

    heading: Label
    columns: Sequence[Label]
    rows: Sequence[Sequence[Cell]]


class Sheet(NamedTuple):
    """A page: its title, what it is about, tables, and where to go on. Links are relative to the role's base."""

    title: Label
    lead: Label
    tables: Sequence[Table] = ()
    links: Sequence[Link] = ()


def wants_page() -> bool:
    """Whether the present request asks for something to read in a browser, rather than for JSON."""
    accepted = request.accept_mimetypes
    html = max((quality for kind, quality in accepted if kind.lower() == _HTML), default=0)
    json = max((quality for kind, quality in accepted if kind.lower() in (_JSON, PROBLEM)), default=0)
    return html > json


def show(sheet: Sheet) -> Response:
    """The page, in the language of the present request."""
    response = draw("front/sheet.html", sheet=sheet)
    response.vary.add("Accept")
    return response


def in_words(refusal: Response) -> Response:
    """A problem document as a page, with its status, its headers, and the id under which the log has it."""
    title, advice = _REFUSALS.get(refusal.status_code, OUR_FAULT if refusal.status_code >= 500 else WRONG_REQUEST)
    page = draw("front/refusal.html", title=title, advice=advice, request_id=g.get("request_id", ""))
    page.status_code = refusal.status_code
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in refusal.headers:
            page.headers[name] = refusal.headers[name]
    page.vary.add("Accept")
    return page


def how_long(seconds: float) -> Label:
    """An age or a time that is left, in its largest whole unit."""
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return label("unit.count", count=int(seconds // size), unit=unit)
