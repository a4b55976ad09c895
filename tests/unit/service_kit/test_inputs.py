"""Files and standard input of commands: named, bounded, and JSON with the line of what is wrong."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from credentials.errors import InvalidRequest
from service_kit import inputs
from service_kit.commands import Command
from service_kit.inputs import INPUT, Input


@click.command(cls=Command)
@click.argument("given", type=INPUT)
@click.option("--number", type=int, envvar="TONGXING_NUMBER", required=True)
def echo(given: Input, number: int) -> None:
    """Say what was read."""
    click.echo(f"{number} {given.name} {given.data!r}")


def read(*arguments: str, stdin: bytes = b"", number: str = "1") -> Result:
    return CliRunner(env={"TONGXING_NUMBER": number}).invoke(echo, arguments, input=stdin)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_and_standard_input_are_the_same(tmp_path: Path, mark: bytes) -> None:
    """Editors on Windows put a byte order mark before what they save."""
    (tmp_path / "a.json").write_bytes(mark + b"{}")
    assert read(str(tmp_path / "a.json")).output == f"1 {tmp_path / 'a.json'} b'{{}}'\n"
    assert read("-", stdin=mark + b"{}").output == "1 standard input b'{}'\n"


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And other faults of the call with it."""
    shown = read(str(tmp_path), number="many")
    assert shown.exit_code == 2
    assert f"{tmp_path}: cannot be read: Is a directory" in shown.output
    assert "'many' is not a valid integer. (from TONGXING_NUMBER)" in shown.output
    assert "give it, or set TONGXING_NUMBER" in read(str(tmp_path / "gone"), number="").output
    assert "cannot be read" in read("a\0b").output
    monkeypatch.setattr(inputs, "MAX_INPUT_BYTES", 2)
    assert "more than" in read("-", stdin=b"abc").output


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"a": 1,\n}', "x.json:2:1: not JSON"),
        (b'{"a": 1', "x.json:1:8: not JSON"),
        (b'{"a": 1, "a": 2}', "duplicate name"),
        (b"[NaN]", "NaN"),
        (b"[" * 5000, "nested too deeply"),
        (b" \n", "empty"),
        (b'{\n"a": "\xff"}', "x.json:2: not UTF-8"),
        ("{}".encode("utf-16"), "in UTF-16"),
        (b"[]", "not a JSON object"),
    ],
)
def test_json_that_is_none_is_told_by_line(data: bytes, told: str) -> None:
    """ "Not JSON" alone sends somebody through a file of a thousand lines."""
    with pytest.raises(InvalidRequest, match=r"x\.json") as caught:
        Input("x.json", data).json_object()
    assert told in caught.value.detail


def test_faults_stand_at_their_members_or_the_nearest_around() -> None:
    """As an editor counts lines; brackets and commas within texts are no brackets and commas."""
    text = '{"a": [1, "]},",\n {"b": {},\n "c": []}],\n "d\\"e": {"f": null}}'
    found = [("a[1]", "x"), ("a[2].b", "x"), ("a[2].c", "x"), ("a[2].gone", "x"), ('d"e.f', "x"), ("gone", "x")]
    lines = [told.split(":")[1] for told in Input("x.json", text.encode()).faults(found).detail.split("; ")]
    assert lines == ["1", "2", "3", "2", "4", "1"]
