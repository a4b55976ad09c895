"""Files and standard input of commands: named, bounded, and JSON with the line of what is wrong."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from credentials.errors import InvalidRequest
from service_kit import inputs
from service_kit.commands import Command
from service_kit.durable import write_atomic
from service_kit.inputs import INPUT, OUTPUT, Input, OutputType, open_to_read


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


@click.command(cls=Command)
@click.option("-o", "output", type=OUTPUT, required=True)
@click.option("--log", type=OUTPUT)
@click.option("--draft", type=OutputType(exists=True))
def put(output: Path, log: Path | None, draft: Path | None) -> None:
    """Write a file, and say where."""
    write_atomic(output, b"new")
    click.echo(f"{output} {log} {draft}")


def written(*arguments: str) -> Result:
    return CliRunner().invoke(put, arguments)


def _device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 7))
    except PermissionError:
        pytest.skip("only root makes devices")


def _socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


@pytest.mark.parametrize("make", [os.mkfifo, _socket, _device, os.mkdir])
@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_pipe_socket_device_or_folder_is_never_written_over(
    tmp_path: Path, make: Callable[[Path], None], through_a_link: bool
) -> None:
    """The rename once put a plain file where root's /dev/full stood."""
    there = tmp_path / "there"
    make(there)
    before = there.stat()
    (tmp_path / "link").symlink_to(there)
    shown = written("-o", str(tmp_path / ("link" if through_a_link else "there")))
    assert (shown.exit_code, "not a regular file" in shown.output) == (2, True)
    assert os.path.samestat(before, there.stat())
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("content", [b"old", None])
def test_of_a_link_the_file_it_leads_to_is_written_also_one_not_made_yet(tmp_path: Path, content: bytes | None) -> None:
    """The link stays what it is."""
    target, link, second = tmp_path / "target", tmp_path / "link", tmp_path / "second"
    if content is not None:
        target.write_bytes(content)
    link.symlink_to("target")
    second.symlink_to(link)
    assert written("-o", str(second)).exit_code == 0
    assert (link.is_symlink(), second.is_symlink(), target.read_bytes()) == (True, True, b"new")


@pytest.mark.parametrize("name", ["-", "", "loop", "file/below", "a" * 300, "nul\0"])
def test_what_is_no_name_of_a_file_is_refused_before_anything_is_done(tmp_path: Path, name: str) -> None:
    """A dash, nothing, a link to itself, a folder that is none, too long a name, a NUL."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    shown = written("-o", name if name in {"-", ""} else f"{tmp_path}/{name}")
    assert (shown.exit_code, "Invalid value for '-o'" in shown.output) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]
    assert not Path("-").exists()


def test_a_dash_is_standard_output_where_that_is_the_default(tmp_path: Path) -> None:
    """And ``./-`` is a file of that name."""
    shown = written("-o", str(tmp_path / "-"), "--log", "-")
    assert shown.output == f"{tmp_path / '-'} None None\n"
    assert (tmp_path / "-").read_bytes() == b"new"


def test_a_file_to_be_rewritten_must_be_there(tmp_path: Path) -> None:
    """A draft that is signed in its place; a new file is none."""
    (tmp_path / "there").write_text("")
    assert written("-o", str(tmp_path / "there"), "--draft", str(tmp_path / "there")).exit_code == 0
    shown = written("-o", str(tmp_path / "there"), "--draft", str(tmp_path / "gone"))
    assert (shown.exit_code, "gone: no such file" in shown.output) == (2, True)


@pytest.mark.parametrize("kind", ["pipe", "device", "link to a device", "folder", "socket", "loop", "nothing"])
def test_what_is_read_is_a_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Nobody may ever write into a pipe with a name, and a device may never end: the command would say nothing more."""
    monkeypatch.setattr(inputs, "PIPE_SECONDS", 0.01)
    path = Path("/dev/zero") if kind == "device" else tmp_path / "results.csv"
    with socket.socket(socket.AF_UNIX) as listener:
        {
            "pipe": lambda: os.mkfifo(path),
            "device": lambda: None,
            "link to a device": lambda: path.symlink_to("/dev/zero"),
            "folder": lambda: path.mkdir(),
            "socket": lambda: listener.bind(str(path)),
            "loop": lambda: path.symlink_to(path),
            "nothing": lambda: None,
        }[kind]()
        with pytest.raises(OSError, match=r"regular file|nobody writes|directory|No such|symbolic"):
            open_to_read(path)


def test_the_pipe_of_a_shell_is_read_to_its_end(tmp_path: Path) -> None:
    """``<(command)`` is a pipe without a name; a file and a link to one are files."""
    reads, writes = os.pipe()
    os.write(writes, b"from a command")
    os.close(writes)
    with open_to_read(Path(f"/dev/fd/{reads}")) as file:
        assert file.read() == b"from a command"
    os.close(reads)
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with open_to_read(tmp_path / "link") as file:
        assert file.read() == b"x"
