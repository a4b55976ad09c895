"""The feed's figures: what gates and their lines can bear."""

from __future__ import annotations

from tests.benchmarks.feed import Figure, report, sizes


def test_sizes_keep_their_budgets() -> None:
    """34 provinces on a phone's data plan and in its memory; bytes do not depend on the machine."""
    figures = sizes()
    assert [figure.name for figure in figures if not figure.is_met and figure.unit != "V"] == []
    assert len({figure.name for figure in figures}) == len(figures)


def test_report_names_what_was_measured() -> None:
    """Whoever reads the page must see tries and budgets, also one that was missed."""
    page = report([Figure("a", 3.0, "s", 2.0), Figure("b", 0.004, "V")], [10.2, 70.8], [5.0])
    assert "| a | 3.00 s | 2.00 |" in page
    assert "2 tries: 10, 71." in page
    assert not Figure("a", 3.0, "s", 2.0).is_met
    assert Figure("a", 3.0, "frames/s", 2.0, is_least=True).is_met
    assert not Figure("a", 1.0, "frames/s", 2.0, is_least=True).is_met
