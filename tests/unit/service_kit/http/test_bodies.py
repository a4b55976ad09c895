"""Bodies over HTTP: refused before they are read where they are too large, and read as by commands and from files."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from credentials.errors import Malformed
from credentials.wire.strict_json import read_json
from service_kit.http.bodies import MAX_BODY_BYTES, Routes, json_body, takes
from service_kit.http.web import make_app

LARGE = 3 * MAX_BODY_BYTES
JSON = "application/json"


class Thing(Schema):
    name = fields.Raw()


class Unread(io.RawIOBase):
    """A stream that fails when it is asked for a byte."""


@pytest.fixture
def app() -> Flask:
    routes = Routes("v1", __name__)

    @routes.post("/by-schema")
    @routes.arguments(Thing)
    @routes.response(200)
    def by_schema(thing: dict[str, Any]) -> dict[str, Any]:
        return thing

    @routes.post("/by-hand")
    def by_hand() -> dict[str, Any]:
        return {"name": json_body()["name"]}

    @routes.post("/large")
    @routes.arguments(Thing)
    @routes.response(200)
    @takes(LARGE)
    def large(thing: dict[str, Any]) -> dict[str, Any]:
        return thing

    return make_app("issuer", routes)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def sized(length: int) -> bytes:
    """A JSON object of exactly so many bytes."""
    frame = json.dumps({"name": ""}).encode()
    return frame[:-2] + b"x" * (length - len(frame)) + frame[-2:]


@pytest.mark.parametrize(
    ("path", "most"), [("/by-schema", MAX_BODY_BYTES), ("/by-hand", MAX_BODY_BYTES), ("/large", LARGE)]
)
def test_the_size_is_the_routes_own_and_exact(client: FlaskClient, path: str, most: int) -> None:
    """What one route needs must not be what anybody may send to every other."""
    assert client.post(path, data=sized(most), content_type=JSON).status_code == 200
    answer = client.post(path, data=sized(most + 1), content_type=JSON)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too-large")


def unread(client: FlaskClient, path: str, length: int, method: str = "POST") -> Any:
    return client.open(
        path,
        method=method,
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(length), "CONTENT_TYPE": JSON},
    )


def test_too_large_a_body_is_refused_unread(client: FlaskClient) -> None:
    """A gigabyte sent by anyone must not fill the memory."""
    assert unread(client, "/large", LARGE + 1).status_code == 413


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/nowhere", "POST", 404), ("/by-hand", "DELETE", 405), ("/healthz", "GET", 200)]
)
def test_a_body_that_no_route_takes_is_never_read(client: FlaskClient, path: str, method: str, status: int) -> None:
    """4 MiB of digits to an address that does not exist once kept the whole registry busy for 18 s."""
    assert unread(client, path, MAX_BODY_BYTES, method).status_code == status


def test_a_body_without_a_length_is_not_read(client: FlaskClient) -> None:
    """It would be cut off at the limit, and half of it be taken for the whole."""
    chunked = {"wsgi.input": Unread(), "wsgi.input_terminated": True}
    answer = client.post("/by-schema", headers={"Transfer-Encoding": "chunked"}, environ_overrides=chunked)
    assert (answer.status_code, answer.get_json()["code"]) == (411, "invalid-request")
    assert "Content-Length" in answer.get_json()["detail"]


SPELLINGS = [
    b"",
    b" \r\n",
    b"\xef\xbb\xbf",
    b"{",
    b"\xff",
    '{"name": 1}'.encode("utf-16-be"),
    b'{"name": 1}',
    b'\xef\xbb\xbf{"name": 1}',
    b'\xef\xbb\xbf\xef\xbb\xbf{"name": 1}',
    '{"name": 1}'.encode("utf-16"),
    b'{"name": 1, "name": 2}',
    b'{"name": 1, "\\u006eame": 2}',
    b'{"name": NaN}',
    b'{"name": -Infinity}',
    b'{"name": 1e999}',
    b'{"name": 01}',
    b'{"name": "\\ud800"}',
    b'{"name": "\\ud83d\\ude00"}',
    b'{"name": ' + b"1" * 4300 + b"}",
    b'{"name": ' + b"1" * 4301 + b"}",
    b'{"name": 1.0}',
    b'{"name": ' + b"[" * 63 + b"]" * 63 + b"}",
    b'{"name": ' + b"[" * 64 + b"]" * 64 + b"}",
    b'{"name": "\n"}',
    b'{"name": 1}\0',
    b'{"name": 1}{}',
]


@pytest.mark.parametrize("path", ["/by-schema", "/by-hand"])
@pytest.mark.parametrize("body", SPELLINGS)
def test_http_takes_what_commands_and_files_take_and_nothing_else(client: FlaskClient, path: str, body: bytes) -> None:
    """Two readers on one way: what one refuses, the other may pass on in another meaning."""
    answer = client.post(path, data=body, content_type=JSON)
    try:
        value = read_json(body)
    except Malformed as error:
        assert answer.status_code == 400
        assert answer.get_json()["code"] == "invalid-request"
        assert answer.get_json()["detail"] == f"body: {error.detail}"
    else:
        assert answer.json == value


@pytest.mark.parametrize("path", ["/by-schema", "/by-hand"])
@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_of_another_site_can_send_is_no_json(client: FlaskClient, path: str, kind: str | None) -> None:
    """These kinds of content a browser sends for any page without asking first."""
    answer = client.post(path, data=b'{"name": 1}', content_type=kind)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "invalid-request")
    assert "application/json" in answer.get_json()["detail"]


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_by_its_other_names(client: FlaskClient, kind: str) -> None:
    """RFC 9110 section 8.3.1: parameters and capitals say nothing else."""
    assert client.post("/by-hand", data=b'{"name": 1}', content_type=kind).json == {"name": 1}
