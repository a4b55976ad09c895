"""The story must end at the first outcome that is not the expected one, and be told in its reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from credentials.profile.words import Label, translated
from demonstration.cli import demo
from demonstration.telling import Difference, Telling

REFUSED = {
    "outcome": "refused",
    "reasons": [{"code": "expired", "text_zh": "健康码已过期。", "text_en": "The code has expired."}],
    "notes": [],
}
ACCEPTED = {"outcome": "accepted", "reasons": [], "notes": []}


def said(zh: str, en: str) -> Label:
    return translated({"zh-CN": zh, "en": en})


OLD, GATE = said("旧码", "an old code"), said("河南", "Henan")


def tell(*languages: str) -> None:
    telling = Telling(languages)
    telling.chapter(said("一", "One"))
    telling.done(said("做了", "done"))
    telling.expect(OLD, GATE, REFUSED, "refused", "expired")
    telling.expect(said("好码", "a good code"), GATE, ACCEPTED, "accepted")
    telling.table()


def test_an_expected_verdict_stands_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The table is what a visitor remembers: it must hold what was shown."""
    tell("zh-CN", "en")
    printed = capsys.readouterr().out
    for words in ("旧码", "an old code", "健康码已过期", "The code has expired", "1 一 · One"):
        assert words in printed
    assert printed.count("an old code") == printed.count("旧码") == 2
    assert "不通过" in printed


def test_one_language_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    """A visitor who reads one language must not meet the other in the middle of a line."""
    tell("en")
    assert not re.search("[一-鿿]", capsys.readouterr().out)
    tell("zh-CN")
    assert not re.findall("[A-Za-z]{2,}", capsys.readouterr().out.replace("expired", ""))


@pytest.mark.parametrize(("outcome", "code"), [("accepted", None), ("refused", "withdrawn")])
def test_another_verdict_ends_the_story(outcome: str, code: str | None) -> None:
    """A demonstration that cannot fail shows nothing."""
    with pytest.raises(Difference, match="refused \\(expired\\)"):
        Telling().expect(OLD, GATE, REFUSED, outcome, code)


def test_a_folder_that_is_not_empty_is_refused_at_once(tmp_path: Path) -> None:
    """Half a minute later, in the middle of the story, nobody understands why."""
    (tmp_path / "mine.txt").write_text("x")
    done = CliRunner().invoke(demo, ["--folder", str(tmp_path)])
    assert done.exit_code == 2
    assert "not empty" in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt"]
