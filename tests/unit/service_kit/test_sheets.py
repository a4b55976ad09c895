"""What a browser is shown where a program gets JSON: a page to read, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credentials import errors
from credentials.profile.languages import LANGUAGES
from credentials.profile.words import Label
from service_kit.http.bodies import Routes
from service_kit.http.front.sheet import Sheet, Table, how_long, show, wants_page
from service_kit.http.front.texts import NO_PAGE, NOT_NOW, OUR_FAULT
from service_kit.http.web import closed, combine, make_app

BROWSERS = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html, application/xhtml+xml, image/jxr, */*",
    "TEXT/HTML",
    "application/json;q=0.5, text/html",
]
PROGRAMS = [
    None,
    "",
    "*/*",
    "application/json",
    "application/problem+json, */*",
    "text/*",
    "text/html;q=0",
    "application/json, text/html;q=0.9",
    "text/html, application/json",
    "image/png",
    "text/htmlx",
    "garbage;;,",
]
WORD = Label(("第一行", "第一行", "first row"))


@pytest.fixture
def client() -> FlaskClient:
    routes = Routes("v1", __name__)

    @routes.get("/state")
    def state() -> Any:
        table = Table(WORD, [WORD, WORD], [[1, None], ["<b>", WORD]])
        return show(Sheet(WORD, WORD, [table, Table(WORD, [WORD], [])])) if wants_page() else {"state": 1}

    @routes.get("/abort/<int:status>")
    def stop(status: int) -> str:
        abort(status)

    @routes.get("/limited")
    def limited() -> str:
        raise errors.RateLimited("more than 1 an hour", retry_after=77)

    app: Flask = make_app("issuer", routes)
    return app.test_client()


def ask(client: FlaskClient, path: str, accept: str | None = BROWSERS[0], language: str = "en") -> TestResponse:
    headers = {"Accept-Language": language} | ({} if accept is None else {"Accept": accept})
    return client.get(path, headers=headers)


@pytest.mark.parametrize("accept", BROWSERS)
def test_a_browser_gets_a_page(client: FlaskClient, accept: str) -> None:
    """A link on a front page that ends in raw JSON is a dead end to a person."""
    for path, status in (("/state", 200), ("/nowhere", 404)):
        answer = ask(client, path, accept)
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
        assert "Accept" in answer.vary


@pytest.mark.parametrize("accept", PROGRAMS)
def test_a_program_gets_json(client: FlaskClient, accept: str | None) -> None:
    """As before: curl, requests and monitors name no text/html, or JSON as well."""
    assert ask(client, "/state", accept).json == {"state": 1}
    assert ask(client, "/nowhere", accept).mimetype == "application/problem+json"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mistyped_address_is_said_in_the_readers_language(client: FlaskClient, language: str) -> None:
    """With a way home, and the number under which the log has it."""
    answer = ask(client, "/nowhere", language=language)
    assert NO_PAGE[0].of(language) in answer.text
    assert NO_PAGE[1].of(language) in answer.text
    assert 'href="/"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_page_of_a_refusal_keeps_status_and_headers(client: FlaskClient) -> None:
    """What a monitor or a cache goes by is the same for both."""
    assert ask(client, "/limited").headers["Retry-After"] == "77"
    for status in (400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503):
        answer = ask(client, f"/abort/{status}")
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert OUR_FAULT[0].of("en") in ask(client, "/abort/500").text


def test_nothing_of_a_request_stands_in_a_page(client: FlaskClient) -> None:
    """Whoever makes a link could else put words into our mouth, and somebody's number into a screenshot."""
    answer = ask(client, "/<b>110105194912310021?name=110105194912310021")
    assert "110105194912310021" not in answer.text
    assert "<b>" not in answer.text


def test_a_table_shows_what_it_is_given_as_text(client: FlaskClient) -> None:
    """An entry of the log is what somebody else wrote."""
    page = ask(client, "/state").text
    assert "&lt;b&gt;" in page
    assert "–" in page
    assert "Nothing at present." in page


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (86_400 * 9, "9 d")]
)
def test_how_long(seconds: int, said: str) -> None:
    """In the unit that a person would use."""
    assert how_long(seconds).of("en") == said


def test_the_root_and_a_closed_service_speak_as_well() -> None:
    """A mistyped address is typed at the root, and a service that cannot be opened has visitors too."""
    assert NO_PAGE[0].of("en") in ask(combine([]).test_client(), "/nowhere").text
    away = ask(closed(errors.StorageUnavailable("gone")).test_client(), "/issuer/wallet/")
    assert away.status_code == 503
    assert NOT_NOW[0].of("en") in away.text
