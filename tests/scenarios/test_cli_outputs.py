"""The command as a process, before streams that fail and terminals of other encodings: its exit code opens barriers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from credentials.model import StatusReference
from tests.unit.trust_registry.published import HOUR
from tests.unit.verifier.mirrored import HOST, TODAY, MirroredRegistry, write_root

ROOT = Path(__file__).parents[2]
ACCEPTED, REFUSED, UNDETERMINED, WRONG_USAGE, OWN_FAULT = 0, 1, 2, 64, 70


class Machine:
    """A guard's machine, and the command as a process on it."""

    def __init__(self, folder: Path, registry: MirroredRegistry) -> None:
        self.registry, self.bundle = registry, folder / "bundle.zip"
        self.bundle.write_bytes(registry.bundle())
        settings = {"TRUST_ROOT": str(write_root(folder, registry)), "MEMBER": HOST, "ENVIRONMENT": "demo"}
        self.environ = {f"TONGXING_{name}": value for name, value in settings.items()}
        self.environ |= {name: value for name, value in os.environ.items() if not name.startswith(("TONGXING_", "LC_"))}
        self.environ |= {"LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])}

    def code(self, outcome: int) -> str:
        newer = self.registry.paper(status_reference=StatusReference(9, 1), issued_at=TODAY)
        return {ACCEPTED: self.registry.paper(), REFUSED: "not a code", UNDETERMINED: newer}[outcome]

    def check(self, outcome: int, *options: str, shell: str = "", **environ: str) -> subprocess.CompletedProcess[bytes]:
        given = ["verifier", "check", "-", "--trust", str(self.bundle), "--at", str(TODAY - HOUR // 6), *options]
        return self.run(*given, shell=shell, stdin=self.code(outcome), **environ)

    def run(
        self, *arguments: str, shell: str = "", stdin: str = "", **environ: str
    ) -> subprocess.CompletedProcess[bytes]:
        command = ["sh", "-c", f'"$@" {shell}', "sh", sys.executable, "-m", "cli", *arguments]
        given = {**self.environ, **environ}
        return subprocess.run(command, input=stdin.encode(), capture_output=True, env=given, timeout=120, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path, MirroredRegistry())


@pytest.mark.parametrize(
    ("encoding", "outcome"),
    [("gbk", ACCEPTED), ("ascii", REFUSED), ("latin-1", UNDETERMINED), ("ascii:strict", ACCEPTED)],
)
def test_a_terminal_of_another_encoding_changes_no_outcome(machine: Machine, outcome: int, encoding: str) -> None:
    """An accepted code once ended with 1, "refused", because a tick is not in GBK."""
    done = machine.check(outcome, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (outcome, b"")
    word = {ACCEPTED: "accepted", REFUSED: "refused", UNDETERMINED: "undetermined"}[outcome]
    assert word in done.stdout.decode(encoding.partition(":")[0])


@pytest.mark.parametrize("locale", ["zh_CN.GBK", "no_SUCH.locale"])
def test_json_is_utf_8_in_every_locale(machine: Machine, locale: str) -> None:
    """RFC 8259, section 8.1: programs that read it know of no terminal."""
    done = machine.check(ACCEPTED, "--json", LC_ALL=locale, PYTHONUTF8="0", PYTHONIOENCODING="gbk")
    assert done.returncode == ACCEPTED
    assert "王" in json.dumps(json.loads(done.stdout.decode("utf-8")), ensure_ascii=False)


@pytest.mark.parametrize(
    ("shell", "outcome", "options"),
    [
        ("> /dev/full", ACCEPTED, ()),
        ("> /dev/full", REFUSED, ("--json",)),
        (">&-", UNDETERMINED, ()),
        (">&-", REFUSED, ("--json",)),
        ("closed pipe", ACCEPTED, ()),
        ("closed pipe", REFUSED, ("--json",)),
    ],
)
def test_a_verdict_that_cannot_be_written_is_no_verdict(
    machine: Machine, outcome: int, shell: str, options: tuple[str, ...]
) -> None:
    """A full disk, a closed stream: nobody was told, so no outcome's code may say otherwise."""
    if shell == "closed pipe":
        assert _ends_before_a_closed_pipe(machine, outcome, options) == OWN_FAULT
        return
    done = machine.check(outcome, *options, shell=shell)
    assert done.returncode == OWN_FAULT
    assert b"output-unwritable" in done.stderr
    assert b"Traceback" not in done.stderr


def _ends_before_a_closed_pipe(machine: Machine, outcome: int, options: tuple[str, ...]) -> int:
    reading, writing = os.pipe()
    os.close(reading)
    given = ["verifier", "check", "-", "--trust", str(machine.bundle), "--at", str(TODAY - HOUR // 6), *options]
    with os.fdopen(writing, "wb", buffering=0) as closed:
        return subprocess.run(
            [sys.executable, "-m", "cli", *given],
            input=machine.code(outcome).encode(),
            stdout=closed,
            stderr=subprocess.DEVNULL,
            env=machine.environ,
            timeout=120,
            check=False,
            # As a shell leaves it: the signal that ends others quietly.
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
        ).returncode


@pytest.mark.parametrize(("shell", "outcome"), [("2> /dev/full", ACCEPTED), ("2>&-", REFUSED)])
def test_a_verdict_stands_though_standard_error_is_broken(machine: Machine, outcome: int, shell: str) -> None:
    """The verdict was told where verdicts are told."""
    done = machine.check(outcome, shell=shell)
    assert done.returncode == outcome
    assert done.stdout


@pytest.mark.parametrize("shell", ["2> /dev/full", "<&- >&- 2>&-"])
def test_wrong_usage_stays_wrong_usage(machine: Machine, shell: str) -> None:
    """Whether or not it can be said."""
    assert machine.run("verifier", "check", "--no-such-option", shell=shell).returncode == WRONG_USAGE


@pytest.mark.parametrize(
    ("line", "shell"),
    [
        ("--help", "> /dev/full"),
        ("--version", "> /dev/full"),
        ("registry --help", "> /dev/full"),
        ("verifier rules sign --help", "> /dev/full"),
        ("issuer bulk -h", ">&-"),
        ("--version", ">&-"),
        ("registry members", ">&-"),
    ],
)
def test_help_of_each_depth_and_the_version_that_cannot_be_written_are_told(
    machine: Machine, line: str, shell: str
) -> None:
    """Also what the library prints by itself: a full disk was once called our own fault."""
    done = machine.run(*line.split(), shell=shell)
    assert done.returncode == OWN_FAULT
    assert b"output-unwritable" in done.stderr and b"internal" not in done.stderr


def test_help_before_a_closed_pipe_is_told(machine: Machine) -> None:
    """The library ends with 1, "refused", where it meets one."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as closed:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "issuer", "--help"],
            stdout=closed,
            stderr=subprocess.PIPE,
            env=machine.environ,
            timeout=120,
            check=False,
        )
    assert (done.returncode, b"output-unwritable" in done.stderr) == (OWN_FAULT, True)


@pytest.mark.parametrize("stream", ["/dev/stdout", "/dev/stderr", "itself"])
def test_an_output_that_is_the_commands_own_stream_is_refused(machine: Machine, tmp_path: Path, stream: str) -> None:
    """Summary and result would be written over each other, and ``stdout.rejected.ndjson`` put beside a device."""
    caught = tmp_path / "caught"
    (tmp_path / "people.csv").write_text("name,document_number,form\n")
    shell = f"2> '{caught}'" if stream.endswith("err") else f"> '{caught}'"
    output = str(caught) if stream == "itself" else stream
    for line in (f"issuer bulk {tmp_path}/people.csv -o", f"registry bundle --data-dir {tmp_path} -o"):
        done = machine.run(*line.split(), output, shell=shell)
        assert done.returncode == WRONG_USAGE
        assert b"own standard output or error" in done.stderr + caught.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if "people" in path.name or "caught" in path.name) == [
        "caught",
        "people.csv",
    ]


@pytest.mark.parametrize("arguments", [("registry", "--help")])
def test_help_in_a_terminal_without_chinese(machine: Machine, arguments: tuple[str, ...]) -> None:
    """It degrades as everything does."""
    done = machine.run(*arguments, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_standard_output_is_no_place_for_files(machine: Machine, tmp_path: Path) -> None:
    """The next file that is opened gets the number of a closed one, and the result would be written into it."""
    done = machine.run("province", "init", str(tmp_path / "henan"), "--member", "CN-41", shell=">&-")
    assert done.returncode == OWN_FAULT
    for file in (tmp_path / "henan").rglob("*.pem"):
        assert file.read_bytes().startswith(b"-----BEGIN")


def test_a_closed_standard_input_is_named(machine: Machine) -> None:
    """Not an empty list of codes, and no traceback."""
    done = machine.run("verifier", "check", "-", "--trust", str(machine.bundle), shell="<&-")
    assert done.returncode == WRONG_USAGE
    assert b"standard input" in done.stderr


def test_what_nobody_foresaw_ends_with_70(machine: Machine, tmp_path: Path) -> None:
    """Python's own code for it is 1, "refused"."""
    (tmp_path / "sitecustomize.py").write_text(
        "import verifier.cli as c\ndef broken(*_): raise ZeroDivisionError('x')\nc.open_gate = broken\n"
    )
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    command = [sys.executable, "-m", "cli", "verifier", "check", "-", "--trust", str(machine.bundle)]
    done = subprocess.run(
        command, input=b"x", capture_output=True, env={**machine.environ, "PYTHONPATH": path}, timeout=120, check=False
    )
    assert done.returncode == OWN_FAULT
    assert b"ZeroDivisionError" in done.stderr
    assert b"Traceback" not in done.stderr
