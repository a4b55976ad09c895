"""The `tongxing` command: what a script that calls it may rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import cli
from credentials.errors import ApprovalRejected, InvalidRequest, NotFound, SettingInvalid, StorageFull, TongxingError
from demonstration.world import free_port
from tests.doubles.writers import write_plainly
from trust_registry.root.founding import found


def _exit(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_every_group_is_listed_and_can_be_asked_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Groups are imported when they are asked for: a misspelt module would be found by the user only."""
    assert _exit(["--help"]) == 0
    listed = capsys.readouterr().out
    for group in cli.GROUPS:
        assert group in listed
        assert _exit([group, "--help"]) == 0


def test_what_needs_no_database_and_serves_nothing_loads_neither() -> None:
    """Two fifths of the time of every command that an officer, a province or a gate types went into them."""
    looked = "import sys, trust_registry.cli, verifier.cli, wsgi; print({'sqlalchemy', 'flask'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_command_has_an_example() -> None:
    """Whoever types --help at night wants a line to copy."""
    context = click.Context(cli.tongxing)
    for name in cli.tongxing.list_commands(context):
        _require_example(name, cli.tongxing.get_command(context, name))


def _require_example(path: str, command: click.Command | None) -> None:
    assert command is not None
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            _require_example(f"{path} {name}", inner)
    else:
        assert "Example" in (command.help or ""), path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ApprovalRejected("x"), 1),
        (NotFound("x"), 1),
        (InvalidRequest("x"), 64),
        (SettingInvalid("x"), 64),
        (StorageFull("x"), 70),
    ],
)
def test_errors_end_with_the_code_of_their_kind(
    error: TongxingError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Timers and scripts act on the exit code: refused, wrong usage and our own fault are different things."""
    monkeypatch.setitem(cli.GROUPS, "failing", "failing")

    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli, "import_module", lambda name: type("module", (), {"failing": failing}))
    assert _exit(["failing"]) == code
    assert error.code in capsys.readouterr().err


def test_wrong_usage_ends_with_64() -> None:
    """0, 1 and 2 are verdicts: a typing error must be none of them."""
    assert _exit(["verifier", "check"]) == 64
    assert _exit(["no-such-command"]) == 64


def test_an_interrupted_command_says_so_in_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a long run is no success."""

    @click.command()
    def stopping() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.GROUPS, "stopping", "stopping")
    monkeypatch.setattr(cli, "import_module", lambda name: type("module", (), {"stopping": stopping}))
    assert _exit(["stopping"]) == 130


def test_serve_tells_a_wrong_setting_before_it_starts_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A server that dies in a loop because of a typing error tells nobody what is wrong."""
    monkeypatch.setenv("TONGXING_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TONGXING_MEMBRE", "CN-41")
    assert _exit(["serve", "issuer"]) == 64
    assert "TONGXING_MEMBRE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["issuer", "init"], ["issuer", "client", "list"], ["registry", "timestamp"], ["verifier", "sync"]],
)
def test_commands_refuse_an_unknown_setting_as_serve_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """`issuer init` was content, and the server then did not start."""
    monkeypatch.setenv("TONGXING_MEMBRE", "CN-41")
    assert cli._outcome(arguments) == 64
    assert "TONGXING_MEMBRE: no such setting, did you mean TONGXING_MEMBER?" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["issuer", "--help"], ["issuer", "init", "--help"], ["--version"]])
def test_help_is_given_whatever_the_settings_are(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """It is what somebody with a wrong setting asks for."""
    monkeypatch.setenv("TONGXING_MEMBRE", "CN-41")
    assert cli._outcome(arguments) == 0


def test_serve_hands_no_http_variables_to_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """granian turns HTTP_* of its environment into request headers: HTTP_AUTHORIZATION would log everybody in."""
    root = found(tmp_path / "registry", write_plainly, None, 1_790_000_000).trust_root
    settings = {"DATA_DIR": str(tmp_path), "MEMBER": "CN-44", "TRUST_ROOT": str(root)}
    for name, value in settings.items():
        monkeypatch.setenv(f"TONGXING_{name}", value)
    monkeypatch.setenv("HTTP_AUTHORIZATION", "Bearer x")
    seen: dict[str, object] = {}

    class Server:
        interrupt_signal = True

        def __init__(self, _start: object, _target: str, **options: object) -> None:
            seen.update(options, leaked="HTTP_AUTHORIZATION" in os.environ)

        def serve(self, **_options: object) -> None:
            seen["served"] = True

    monkeypatch.setattr("service_kit.process.server._Parent", Server)
    port = free_port()
    assert _exit(["serve", "verifier", "--port", str(port), "--workers", "3"]) == 0
    assert (seen["workers"], seen["port"], seen["leaked"], seen["served"]) == (3, port, False, True)


def test_json_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What prints a result prints it for programs as well."""
    assert _exit(["province", "init", str(tmp_path / "henan"), "--member", "CN-41", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["member"] == "CN-41"
