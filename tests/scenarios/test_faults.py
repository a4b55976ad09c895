"""Eight processes at once, killed and started again, and the database with them: nothing lost, nothing twice.

A short run of what ``make faults`` does at full scale.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.invariants import examine
from tests.faults.record import RecordFaults
from tests.faults.run import Outcome, Scale, run
from tests.faults.scene import Scene
from tests.faults.worker import Worker
from tests.servers import PostgreSQL, new_database

SHORT = Scale(deeds=240, kill_every=60, restart_every=100)


def require_sound(outcome: Outcome) -> None:
    finding = outcome.finding
    assert (finding.lost, finding.wrong) == ([], [])
    # Without these the run would have proven nothing.
    assert outcome.kills == 3
    assert finding.acknowledged["issued"] > SHORT.deeds // 2
    assert finding.acknowledged["approved"] > 0


def test_faults_of_the_public_record_are_told_and_nothing_else(tmp_path: Path) -> None:
    """Forks, rewrites, omissions, rollbacks, replays and kills: each by its own word, and no sound log."""
    outcome = RecordFaults(tmp_path, seed=1).run(each=10)
    assert (outcome.undetected, outcome.false_alarms) == ([], [])
    assert set(outcome.injected.values()) == {10} and len(outcome.injected) == 6


def test_processes_are_killed_on_sqlite(tmp_path: Path) -> None:
    """The embedded default with many workers: what a client was told stays, however its worker ended."""
    require_sound(run(f"sqlite:///{tmp_path}/data.sqlite", tmp_path, SHORT, None))


def test_processes_and_the_server_are_killed_on_postgresql(tmp_path: Path, stoppable_postgresql: PostgreSQL) -> None:
    """A server that is restarted in the middle of transactions: the rest is asked again, and nothing is twice."""
    with new_database(stoppable_postgresql.url()) as url:
        outcome = run(url, tmp_path, SHORT, stoppable_postgresql)
    require_sound(outcome)
    assert outcome.restarts == 2


def _forget(scene: Scene, statement: str) -> None:
    with closing(sqlite3.connect(scene.url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(statement)


def _say_again(scene: Scene, deed: str, **changes: str) -> None:
    journal = scene.journals / "0-0"
    said = next(json.loads(line) for line in journal.read_bytes().splitlines() if json.loads(line)["deed"] == deed)
    with journal.open("a") as file:
        file.write(json.dumps(said | changes) + "\n")


@pytest.mark.parametrize(
    ("fault", "lost", "wrong"),
    [
        (lambda scene: None, 0, 0),
        (lambda scene: _forget(scene, "DELETE FROM issuer_idempotency"), 1, 1),
        (lambda scene: _forget(scene, "DELETE FROM issuer_withdrawal"), 1, 0),
        (lambda scene: _forget(scene, "DELETE FROM issuer_decision"), 0, 1),
        (lambda scene: _forget(scene, "DELETE FROM registry_denial"), 1, 1),
        (lambda scene: _forget(scene, "DELETE FROM registry_log_leaf WHERE number = 1"), 0, 2),
        (lambda scene: _forget(scene, "UPDATE issuer_idempotency SET serial = serial + 1"), 1, 1),
        (lambda scene: _say_again(scene, "issued", code="another"), 0, 1),
        (lambda scene: _say_again(scene, "used"), 0, 1),
    ],
)  # fmt: skip
def test_the_count_finds_what_is_wrong(tmp_path: Path, fault: Callable[[Scene], None], lost: int, wrong: int) -> None:
    """A count that cannot find anything proves nothing."""
    scene = Scene(f"sqlite:///{tmp_path}/data.sqlite", tmp_path)
    trusted_root = scene.set_up()
    with closing(Worker(scene, 0, 0)) as worker:
        for deed in (worker.issue_own, worker.withdraw_one, worker.use_assertion, worker.draft, worker.deny_key):
            deed()
    fault(scene)
    finding = examine(scene, trusted_root)
    assert (len(finding.lost), len(finding.wrong)) == (lost, wrong), finding
