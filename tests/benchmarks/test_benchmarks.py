"""The benchmark itself: it runs, and it measures what it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.benchmarks import abroad, apps
from tests.benchmarks.batch import batch_over_http
from tests.benchmarks.database import into_postgresql
from tests.benchmarks.measuring import Row, measure
from tests.benchmarks.rows import issuing, steps, verifying
from tests.servers import NoServer, PostgreSQL


@pytest.mark.parametrize("rows", [verifying, issuing, steps])
def test_every_row_runs(rows: object) -> None:
    """A benchmark that nobody runs for a month no longer runs at all; each row checks what it measures."""
    results = measure(rows(), rounds=1)  # type: ignore[operator]
    names = [result.row.name for result in results]
    assert len(set(names)) == len(names)
    assert {result.row.unit for result in results} <= set(names)


def test_a_batch_is_judged_by_a_real_server() -> None:
    """It starts a process of its own: what was renamed since must not end the measuring half way."""
    result = batch_over_http(rounds=1)
    assert result.ratio > 0


def test_the_rows_with_a_database_run(postgresql_server: PostgreSQL) -> None:
    """The same for those that need a server; without one they are skipped by name. Once each: one call is a batch of
    codes already, and none depends on its number."""
    with into_postgresql(postgresql_server) as rows:
        results = measure(rows, rounds=1, calls=1)
    assert [result.row.name.startswith("issue into PostgreSQL") for result in results] == [False, True, True]


def test_the_rows_of_foreign_cards_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours always; a peer that is not installed is named and stops nothing."""
    monkeypatch.setattr(abroad, "ROUNDS", 1)
    figures = abroad.figures()
    assert [figure.name for figure in figures[:2]] == ["an EU card to its verdict", "a SMART Health Card"]
    assert all(figure.value > 0 for figure in figures)


def test_the_rows_of_the_gate_app_run() -> None:
    """The same for those that need a browser; the size of the scripts is no matter of the machine, so it must hold."""
    try:
        # Playwright runs once in a thread, and the tests of pages keep theirs.
        with ThreadPoolExecutor(1) as other:
            figures = [*apps.sizes(), *other.submit(apps.times, rounds=1).result()]
    except NoServer as missing:
        pytest.skip(f"NOT CHECKED: {missing}")
    assert figures[0].is_met, figures[0]
    assert all(figure.value > 0 for figure in figures)


def test_ratios_and_budgets() -> None:
    """A budget that is missed must be named, and one that is kept must not."""

    def spin(times: int) -> None:
        for _ in range(times):
            pass

    rows = [
        Row("V", lambda _: spin(2_000)),
        Row("ten times V", lambda _: spin(20_000), 5.0),
        Row("half of V", lambda _: spin(1_000), 5.0),
    ]
    unit, dear, cheap = measure(rows, rounds=9)
    assert unit.ratio == 1
    assert (dear.is_met, cheap.is_met) == (False, True)
