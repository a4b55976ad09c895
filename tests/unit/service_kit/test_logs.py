"""Logs: one JSON object a line, and nobody in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask, Response, request
from marshmallow import Schema, fields, validate

from credentials.errors import StorageUnavailable
from service_kit import logs
from service_kit.http.bodies import Routes
from service_kit.http.web import make_app
from service_kit.logs import STRUCK


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    handlers = list(logging.root.handlers)
    yield
    logging.root.handlers[:] = handlers


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_a_line_is_one_json_object_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to commands' results; a line feed in a value must not make a second line."""
    logs.configure()
    structlog.get_logger().info("request", status=200, note="a\nb 通行")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["status"], line["note"]) == ("request", "info", 200, "a\nb 通行")
    assert str(line["timestamp"]).endswith("Z")


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """A busy gate logs warnings only."""
    logs.configure("warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


@pytest.mark.parametrize(
    "value",
    [
        "read TX1:NCFOXN%TS3DH3ZSUZK+.V0 from",
        "TXP1:NCFOXN%TS3DH",
        "number 11010519491231002X refused",
        "Bearer eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln",
        {"inner": "110105194912310021"},
        {"110105194912310021": "inner"},
        110105194912310021,
        ["x", ("110105194912310021",)],
        b"110105194912310021",
        ValueError("110105194912310021"),
    ],
)
def test_codes_and_documents_are_struck_out(capsys: pytest.CaptureFixture[str], value: object) -> None:
    """The second lock, for the day when somebody logs an input."""
    logs.configure()
    structlog.get_logger().warning("odd", value=value)
    (line,) = lines(capsys)
    text = json.dumps(line)
    assert "1101051949" not in text
    assert "NCFOXN" not in text
    assert "eyJhb" not in text


def test_telling_names_are_struck_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A name or a passphrase has no shape by which to know it."""
    logs.configure()
    structlog.get_logger().warning("odd", holder="张三", person={"name": "张三"}, passphrase="hush", member="CN-41")
    (line,) = lines(capsys)
    assert (line["holder"], line["person"], line["passphrase"]) == (STRUCK, {"name": STRUCK}, STRUCK)
    assert line["member"] == "CN-41"


def test_libraries_log_in_the_same_shape_and_without_their_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Flask puts the path into its words for a fault, urllib3 the address: a handle or a person."""
    logs.configure()
    logs.configure()
    try:
        raise ValueError("about 张三")
    except ValueError:
        logging.getLogger("issuer").exception("Exception on /v1/credentials/张三 [GET]")
    logging.getLogger("some.library").warning("Retrying after %s", "/张三")
    logging.getLogger("some.library").info("Starting new connection")
    fault, retry = lines(capsys)
    assert (fault["level"], fault["library"], fault["error"]) == ("error", "issuer", "ValueError")
    assert (retry["level"], retry["library"], retry["error"]) == ("warning", "some.library", None)
    assert str(retry["place"]).startswith("test_logs.py:")
    assert "张三" not in str([fault, retry])


class BodySchema(Schema):
    name = fields.String(required=True, validate=validate.Length(max=1))
    document = fields.String(required=True)


def make_leaky_app() -> Flask:
    """Views that go wrong in every way with what they were given."""
    blueprint = Routes("v1", __name__, url_prefix="/v1")

    @blueprint.post("/codes/<handle>")
    def fail(handle: str) -> str:
        raise ValueError(f"{handle} {request.get_data(as_text=True)}")

    @blueprint.put("/codes/<handle>")
    @blueprint.arguments(BodySchema)
    def check(body: dict[str, str], handle: str) -> str:
        raise AssertionError(body, handle)

    @blueprint.get("/codes/<handle>")
    def refuse(handle: str) -> str:
        raise StorageUnavailable("locked") from RuntimeError(handle)

    app = make_app("issuer", blueprint)

    @app.after_request
    def fail_late(response: Response) -> Response:
        if "Fail-Late" in request.headers:
            raise ValueError(request.get_data(as_text=True))
        return response

    return app


SECRETS = ("张三丰", "110105194912310021", "E12345678", "TX1:6BF", "eyJhbGciOiJFUzI1NiJ9", "203.0.113.7")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "张三丰"])
@pytest.mark.parametrize("late", [{}, {"Fail-Late": "1"}])
def test_nobody_is_in_the_log_of_a_request(
    capfd: pytest.CaptureFixture[str], method: str, late: dict[str, str]
) -> None:
    """Whatever goes wrong, what a caller sent stays out of everything that the process writes."""
    logs.configure("debug")
    name, document, passport, code, token, address = SECRETS
    answer = (
        make_leaky_app()
        .test_client()
        .open(
            f"/v1/codes/{passport}?name={name}&number={document}",
            method=method,
            json={"name": name, "document": document, passport: [code]},
            headers={
                "Authorization": f"Bearer {token}.e30.e30",
                "User-Agent": passport,
                "X-Request-Id": document,
                **late,
            },
            environ_overrides={"REMOTE_ADDR": address},
        )
    )
    assert answer.status_code >= 400
    captured = capfd.readouterr()
    assert captured.out == ""
    written = [json.loads(line) for line in captured.err.splitlines()]
    assert written
    assert [secret for secret in SECRETS if secret in str(written)] == []
