"""What no file of the tree may hold."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Folders of one machine. Written so that this file does not find itself.
ONE_MACHINE = re.compile(r"""(?:^|[\s"'`(=:/])/(?:work|root|home|Users|tmp/venv)/""", re.MULTILINE)
SECRET = re.compile("-----BEGIN (?:EC |RSA |ENCRYPTED )?PRIVATE " + "KEY-----")
VAGUE_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "misc",
    "common",
    "core",
    "manager",
    "handler",
    "handlers",
}
NOT_OURS = {"LICENSE"}


def texts() -> list[tuple[str, str]]:
    """Path and text of every file under version control that is text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True)
    if listing.returncode:
        pytest.skip("not a git clone")
    found = []
    for name in listing.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file() and name not in NOT_OURS:
            data = path.read_bytes()
            if b"\0" not in data:
                found.append((name, data.decode("utf-8")))
    return found


def test_no_file_names_a_folder_of_one_machine() -> None:
    """What works only where it was written fails in the first other clone."""
    assert [name for name, text in texts() if ONE_MACHINE.search(text)] == []


def test_no_private_key_is_committed() -> None:
    """A key in a public history is lost for good, whatever the next commit says."""
    assert [name for name, text in texts() if SECRET.search(text)] == []


def test_every_name_says_what_it_holds() -> None:
    """A module named for nothing collects everything."""
    names = [name for name, _ in texts() if name.endswith((".py", ".ts"))]
    assert [name for name in names if VAGUE_NAMES & set(re.split(r"[/._]", name))] == []
