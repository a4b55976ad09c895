"""The story must end at the first outcome that is not the expected one."""

from __future__ import annotations

import pytest

from demonstration.telling import Difference, Telling

REFUSED = {"outcome": "refused", "reasons": [{"code": "expired", "text_zh": "健康码已过期。"}], "notes": []}
ACCEPTED = {"outcome": "accepted", "reasons": [], "notes": []}


def test_an_expected_verdict_stands_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The table is what a visitor remembers: it must hold what was shown."""
    telling = Telling()
    telling.chapter("一")
    telling.expect("an old code", "河南", REFUSED, "refused", "expired")
    telling.expect("a good code", "河南", ACCEPTED, "accepted")
    telling.table()
    printed = capsys.readouterr().out
    assert "健康码已过期" in printed
    assert printed.count("an old code") == 2


@pytest.mark.parametrize(("outcome", "code"), [("accepted", None), ("refused", "withdrawn")])
def test_another_verdict_ends_the_story(outcome: str, code: str | None) -> None:
    """A demonstration that cannot fail shows nothing."""
    with pytest.raises(Difference, match="refused \\(expired\\)"):
        Telling().expect("an old code", "河南", REFUSED, outcome, code)
