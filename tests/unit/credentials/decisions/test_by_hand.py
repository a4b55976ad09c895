"""The text of a decision by hand: one spelling, and nothing in it that people may not decide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.decisions.by_hand import (
    BASES,
    Basis,
    bases_at,
    person_digest,
    read_decision,
    require_sound,
)
from credentials.errors import DecisionRejected, Malformed, TooLarge
from tests.staff import DAY, LEFT_OUT, NOW, SALT, changed, decision

TEXT = decision().to_bytes()


def test_a_text_is_read_back_and_has_one_spelling() -> None:
    """Two people sign bytes: what is read must write the same ones, or they signed something else."""
    assert read_decision(TEXT) == decision()
    assert read_decision(TEXT).to_bytes() == TEXT
    until = decision(basis=Basis("x", NOW, NOW + 1))
    assert read_decision(until.to_bytes()) == until
    for other in (json.dumps(json.loads(TEXT)).encode(), TEXT + b"\n", b" " + TEXT):
        with pytest.raises(Malformed, match="canonical"):
            read_decision(other)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "staff-key"}, {"type": LEFT_OUT}, {"colour": "red"}, {"member": "CN-00"}, {"member": 1},
        {"number": "00"}, {"number": "A" * 32}, {"number": 5}, {"number": "g" * 32}, {"people": []},
        {"people": {"count": 0, "root": "00" * 32}}, {"people": {"count": 1001, "root": "00" * 32}},
        {"people": {"count": True, "root": "00" * 32}}, {"people": {"count": 1, "root": "00" * 31}},
        {"before": []}, {"before": {}}, {"before": {"green": 2}}, {"before": {"blue": 1}}, {"before": {"green": "1"}},
        {"before": {"green": 1, "red": 0}}, {"before": {"green": 2, "red": -1}},
        {"status": "blue"}, {"reason": "because"}, {"basis": "law"}, {"basis": {"article": "x", "since": NOW}},
        {"basis": {"article": "", "since": NOW, "until": None}}, {"basis": {"article": "x", "since": 1, "until": None}},
        {"basis": {"article": "x", "since": NOW, "until": "x"}}, {"author_unit": "a/b"}, {"author_unit": " cdc"},
        {"author_unit": ""}, {"approver_unit": "x" * 49}, {"approver_unit": "x\u200b"}, {"starts_at": 0},
        {"ends_at": 1.5}, {"appeal_until": None},
    ],
)  # fmt: skip
def test_what_is_no_decision_is_not_read(change: dict[str, Any]) -> None:
    """Every field has its form; a reader that guesses lets two people sign what neither meant."""
    with pytest.raises(Malformed):
        read_decision(changed(TEXT, change))


def test_a_text_without_end_is_not_looked_at() -> None:
    """Bytes come from strangers."""
    with pytest.raises(TooLarge):
        read_decision(b" " * 3000)


def test_a_decision_without_basis_end_or_appeal_is_refused() -> None:
    """Zhengzhou 2022: reds without a basis, without an end, without a way to appeal."""
    require_sound(decision())
    basis = BASES["infectious-diseases-law-39"]
    for change, match in (
        ({"basis": Basis("because", NOW)}, "published list"),
        ({"basis": basis._replace(until=NOW + DAY)}, "published list"),
        ({"starts_at": basis.since - 1, "ends_at": basis.since + 1}, "at this time"),
        ({"ends_at": NOW}, "14 days"),
        ({"ends_at": NOW + 14 * DAY + 1}, "14 days"),
        ({"appeal_until": NOW + 60 * DAY - 1}, "appeal"),
    ):
        with pytest.raises(DecisionRejected, match=match):
            require_sound(decision(**change))


def test_an_article_that_was_renumbered_bears_what_was_decided_by_it_and_nothing_after() -> None:
    """The border law's revision of 2025: old decisions stay proved, also those signed before its end was known."""
    old, new = BASES["border-quarantine-law-4"], BASES["border-quarantine-law-9"]
    assert old.until == new.since
    for basis, starts_at, is_sound in (
        (old, new.since - 1, True),
        (old._replace(until=None), new.since - 1, True),
        (old, new.since, False),
        (old._replace(until=None), new.since, False),
        (old._replace(until=new.since + 1), new.since - 1, False),
        (new, new.since, True),
        (new, new.since - 1, False),
    ):
        ends_at, appeal_until = starts_at + DAY, starts_at + 60 * DAY
        made = decision(basis=basis, starts_at=starts_at, ends_at=ends_at, appeal_until=appeal_until)
        if is_sound:
            require_sound(made)
        else:
            with pytest.raises(DecisionRejected, match="published list"):
                require_sound(made)
    assert {old.article, new.article} & {*bases_at(new.since - 1)} == {old.article}
    assert {old.article, new.article} & {*bases_at(new.since)} == {new.article}


def test_a_person_is_in_a_decision_by_their_own_salt_alone() -> None:
    """Who holds one person's file must not find out about the others."""
    assert person_digest(SALT, "CN:1") != person_digest(bytes(32), "CN:1")
