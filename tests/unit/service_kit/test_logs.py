"""Logs: one JSON object a line, and nobody in them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog

from service_kit import logs
from service_kit.logs import STRUCK


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    yield
    structlog.reset_defaults()


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
        ["x", ("110105194912310021",)],
        b"110105194912310021",
        ValueError("110105194912310021"),
    ],
)
def test_codes_and_documents_are_struck_out(capsys: pytest.CaptureFixture[str], value: object) -> None:
    """Edge case 48: the second lock, for the day when somebody logs an input."""
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
