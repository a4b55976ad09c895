"""The systemd units of the operations manual, as somebody copies them out of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.serving import ROOT

PLACE = Path("etc/systemd/system")
UNIT = re.compile(r"^```\n# /etc/systemd/system/(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The root of a machine that has these units, and the targets that want them."""
    if not shutil.which("systemd-analyze") or not shutil.which("systemctl"):
        pytest.skip("NOT CHECKED: no systemd on this machine")
    units = dict(UNIT.findall((ROOT / "docs" / "operations.md").read_text()))
    assert {name.rpartition(".")[2] for name in units} == {"service", "timer"}
    (tmp_path / PLACE).mkdir(parents=True)
    for name, content in units.items():
        (tmp_path / PLACE / name).write_text(content.replace("/opt/tongxing/bin/tongxing", sys.executable))
    return tmp_path


def test_systemd_finds_no_fault_with_them(house: Path) -> None:
    """A misspelt setting is passed over in silence when the unit is started."""
    units = sorted(map(str, (house / PLACE).iterdir()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "tongxing" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_what_is_to_start_by_itself_can_be_enabled(house: Path) -> None:
    """Without [Install] the service runs until the next start of the machine, and nobody hears of it."""
    names = [path.name for path in (house / PLACE).iterdir() if path.name != "tongxing-timestamp.service"]
    done = subprocess.run(
        ["systemctl", f"--root={house}", "enable", *names], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len([*(house / PLACE).glob("*.wants/*")]) == len(names) == 2
