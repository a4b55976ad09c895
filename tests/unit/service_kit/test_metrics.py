"""Numbers that are right: whoever is scraped, whoever has died, and when the database says nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import StorageUnavailable
from service_kit.metrics import HouseCollector, Metrics, StateCollector, gauge, gauges
from service_kit.process.upkeep import Upkeep
from service_kit.process.workers import Slot, counting_folder, counting_together

ROOT = Path(__file__).parents[3]


class Worker:
    """One of several processes of a server."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.service_kit.counting"],
            cwd=ROOT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def tell(self, order: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return str(json.loads(self.process.stdout.readline()))

    def healthy(self) -> float:
        """How many requests for its health the service has answered, by all workers."""
        found = re.findall(r'requests_total{method="GET",route="/healthz".*} (\S+)', self.tell("scrape"))
        assert len(found) == 1
        return float(found[0])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.process.communicate(timeout=60)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as ending:

        def start() -> Worker:
            worker = Worker(tmp_path)
            ending.callback(worker.close)
            return worker

        yield start


def test_any_worker_answers_for_all(workers: Any) -> None:
    """A load balancer picks one at each scrape: counts that jump back and forth look like restarts."""
    first, second = workers(), workers()
    first.tell("count 3")
    second.tell("count 4")
    assert (first.healthy(), second.healthy()) == (7, 7)
    scrape = second.tell("scrape")
    assert 'tongxing_request_seconds_count{route="/healthz",service="issuer"} 7.0' in scrape
    assert 'service="verifier"' not in scrape


def test_a_dead_worker_is_not_forgotten_and_its_place_is_taken(workers: Any, tmp_path: Path) -> None:
    """What it counted has happened; and files of a year of dead workers would make each scrape slower."""
    first, second = workers(), workers()
    first.tell("count 3")
    second.tell("count 4")
    files = sorted(path.name for path in tmp_path.glob("*.db"))
    first.kill()
    assert second.healthy() == 7
    third = workers()
    third.tell("count 5")
    assert (second.healthy(), third.healthy()) == (12, 12)
    assert sorted(path.name for path in tmp_path.glob("*.db")) == files


def test_a_slot_is_the_lowest_that_is_free(tmp_path: Path) -> None:
    """So there are never more files than workers, whatever their process ids are."""
    first, second = Slot(tmp_path), Slot(tmp_path)
    assert (first(), second(), first()) == (0, 1, 0)
    child = os.fork()
    if not child:
        os._exit(first())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert Slot(tmp_path)() == 2


def test_one_process_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded default stays simple; a folder that the operator names is theirs to empty."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    with counting_together(1):
        assert counting_folder() is None
    with counting_together(2):
        folder = counting_folder()
        assert folder is not None
        assert list(folder.iterdir()) == []
        with counting_together(2):
            assert counting_folder() == folder
    assert not folder.exists()
    assert counting_folder() is None


def test_a_database_that_is_gone_is_a_number_and_no_fault() -> None:
    """The alert is made from it; all other numbers of the scrape are still there."""
    answers: list[int | Exception] = [StorageUnavailable("gone"), 7]

    def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    collector = StateCollector(ask, lambda found: [gauge("tongxing_found", "", found)])
    values = [[(sample.name, sample.value) for each in collector.collect() for sample in each.samples] for _ in "12"]
    assert values == [[("tongxing_database_up", 0)], [("tongxing_database_up", 1), ("tongxing_found", 7)]]


def test_what_is_not_known_has_no_sample() -> None:
    """0 would mean: just now."""
    assert gauge("tongxing_age", "", None).samples == []
    assert gauges("tongxing_age", "", ("member",), []).samples == []
    (sample,) = gauges("tongxing_age", "", ("member",), [(("CN-41",), 3)]).samples
    assert (sample.labels, sample.value) == ({"member": "CN-41"}, 3)


def test_what_a_service_stands_on(tmp_path: Path) -> None:
    """A disk that fills and a deed that fails again and again are seen before anybody is turned away."""

    def fail() -> None:
        raise StorageUnavailable("gone")

    metrics, upkeep = Metrics("issuer"), Upkeep("publication", fail, 60)
    metrics.registry.register(HouseCollector(tmp_path, upkeep))
    upkeep.run_once()
    upkeep.run_once()
    text = metrics.exposition().decode()
    assert 'tongxing_upkeep_failures{work="publication"} 2.0' in text
    assert 0 <= float(text.partition("\ntongxing_disk_free_share ")[2].partition("\n")[0]) <= 1


def test_a_disk_that_is_not_there_has_no_number(tmp_path: Path) -> None:
    """0 would ring the alarm of a full one."""
    metrics = Metrics("verifier")
    metrics.registry.register(HouseCollector(tmp_path / "missing"))
    assert "\ntongxing_disk_free_share " not in metrics.exposition().decode()
