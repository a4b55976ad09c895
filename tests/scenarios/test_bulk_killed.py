"""A bulk run is killed at random moments, or its disk fills up, and is run again: nothing is lost, nothing is twice."""

from __future__ import annotations

import json
import random
import resource
import signal
import time
from pathlib import Path

import pytest

from demonstration.residents import residents, to_csv
from tests.scenarios.provinces import ProvinceInProcesses

PEOPLE = 3000
KILLS = 6
SEED = 41


@pytest.fixture
def province(tmp_path: Path) -> ProvinceInProcesses:
    return ProvinceInProcesses(tmp_path)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(to_csv(residents(PEOPLE, int(time.time()))), encoding="utf-8")
    return path


@pytest.fixture
def keys(people: Path) -> set[str]:
    return {line.split(",")[0] for line in people.read_text("utf-8").splitlines()[1:]}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _kill_beyond(province: ProvinceInProcesses, people: Path, output: Path, watched: Path, size: int) -> bool:
    """Run the command, and kill it as the system does once ``watched`` has ``size`` bytes; whether it was in time."""
    with province.start("issuer", "bulk", str(people), "-o", str(output)) as process:
        while process.poll() is None and _size(watched) < size:
            time.sleep(0.001)
        process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL


def _whole_lines(output: Path) -> bytes:
    content = output.read_bytes() if output.exists() else b""
    return content[: content.rfind(b"\n") + 1]


def test_killed_at_random_moments(province: ProvinceInProcesses, people: Path, keys: set[str]) -> None:
    """What was acknowledged stays to the byte, no line twice, no index twice, nothing half."""
    output, chance, killed = people.with_name("codes.ndjson"), random.Random(SEED), 0
    wal = people.with_name("data") / "issuer.sqlite-wal"
    for number in range(KILLS):
        acknowledged = _whole_lines(output)
        # By turns after an output was written, and in the middle of a transaction: the log grows before the commit.
        watched, size = (wal, chance.randrange(1, 150_000)) if number % 2 else (output, len(acknowledged) + 1)
        if not number % 2:
            size += chance.randrange(300_000)
        killed += _kill_beyond(province, people, output, watched, size)
        assert output.read_bytes().startswith(acknowledged)
        for line in _whole_lines(output).splitlines():
            assert province.read(json.loads(line)["text"])
        credentials, decisions = (province.rows(f"SELECT count(*) FROM issuer_{t}") for t in ("credential", "decision"))
        assert credentials == decisions
    assert killed >= KILLS // 2
    done = province.run("issuer", "bulk", str(people), "-o", str(output), "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["issued"] + counts["present"], counts["rejected"]) == (PEOPLE, 0)
    province.require_whole(output, keys)


def test_two_runs_at_once_over_the_same_people(province: ProvinceInProcesses, people: Path, keys: set[str]) -> None:
    """Two operators start the same file with outputs of their own: both get the same codes, each issued once."""
    outputs = [people.with_name(f"codes-{number}.ndjson") for number in (1, 2)]
    runs = [province.start("issuer", "bulk", str(people), "-o", str(output)) for output in outputs]
    for run in runs:
        _, stderr = run.communicate(timeout=120)
        assert run.returncode == 0, stderr
    for output in outputs:
        province.require_whole(output, keys)


def test_disk_full(province: ProvinceInProcesses, people: Path, keys: set[str]) -> None:
    """It ends with 70, says so in words and without a person, and goes on when there is room again."""
    output = people.with_name("codes.ndjson")
    limit = 400_000

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    done = province.run("issuer", "bulk", str(people), "-o", str(output), preexec_fn=little_room)
    assert done.returncode == 70, done.stderr
    assert "Traceback" not in done.stderr
    name = people.read_text("utf-8").splitlines()[1].split(",")[1]
    assert name not in done.stdout + done.stderr
    assert _size(output) <= limit
    assert province.run("issuer", "bulk", str(people), "-o", str(output)).returncode == 0
    province.require_whole(output, keys)
