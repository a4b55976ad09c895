"""Cards that no member signed: by the host's list of keys, by the host's rules, and never a colour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ForeignKey, ForeignKeys
from credentials.profile.steps import FOREIGN_STEPS, StepName
from credentials.verdict import Verdict, to_json
from tests.dcc import RECOVERY, TEST, VACCINATION, card_text, certificate, key, keys
from tests.unit.verifier.known import BORDER, VENUE, known
from tests.vectors.cast import DAY, HOUR, NOW, YEAR
from tests.vectors.codes import PAPER, issue
from verifier.judging.knowledge import NOTHING, Knowledge
from verifier.judging.recipe import judge, judge_all

KNOWN = replace(known(), foreign_keys=keys())
FRESH_TEST = TEST | {"sc": "2022-11-20T12:00:00+08:00"}
"""A day before NOW."""


def text(dcc: Any = None, **changed: Any) -> str:
    times = {"iat": NOW - DAY, "exp": NOW + YEAR}
    return card_text(certificate(t=[FRESH_TEST]) if dcc is None else dcc, **(times | changed))


def verdict(card: str, knowledge: Knowledge = KNOWN, at: int = NOW, **options: Any) -> Verdict:
    return judge(card, knowledge, at, VENUE, **options)


def with_keys(*listed: ForeignKey) -> Knowledge:
    return replace(KNOWN, foreign_keys=keys(*listed))


def codes(found: Verdict) -> list[str]:
    return [finding.code for finding in found.reasons]


def result_of(found: Verdict, name: StepName) -> str:
    return str(next(check["result"] for check in to_json(found)["checks"] if check["name"] == name))


def test_a_card_is_accepted_with_the_duty_to_compare_the_travel_document() -> None:
    """A card is a picture that anybody can pass on: the guard's eyes are all that binds it to its holder."""
    found = verdict(text())
    shown = to_json(found)
    assert (shown["outcome"], [note["code"] for note in shown["notes"]]) == ("accepted", ["compare-travel-document"])
    assert shown["holder"] == {"name": "Musterfrau-Gößinger Gabriele", "birth_date": "1998-02-26"}
    assert (shown["issuer"], shown["status"], shown["form"]) == ("AT", None, None)
    assert shown["card"] == {"format": "eu-dcc", "kind": "test", "leniences": []}
    assert (shown["evidence"][0]["kind"], shown["evidence"][0]["country"]) == ("nucleic-acid", "AT")
    assert shown["rules"]["member"] == "CN-44"
    assert "URN:UVCI" not in str(shown)


def test_steps_that_a_card_does_not_have_are_skipped() -> None:
    """Nobody has asked whether it was withdrawn: a tick beside it would say that somebody had."""
    found = verdict(text())
    results = {step: result_of(found, step) for step in StepName}
    assert {step for step, result in results.items() if result == "passed"} == FOREIGN_STEPS
    assert {result for step, result in results.items() if step not in FOREIGN_STEPS} == {"skipped"}


def test_what_is_this_places_rule_for_a_test_is_its_rule_for_a_foreign_one() -> None:
    """One model of evidence: 48 hours are 48 hours."""
    old = verdict(text(certificate(t=[FRESH_TEST | {"sc": "2022-11-18T11:59:00+08:00"}])))
    assert (codes(old), result_of(old, StepName.RULES)) == (["rule-failed"], "failed")
    positive = verdict(text(certificate(t=[FRESH_TEST | {"tr": "260373001"}])))
    assert codes(positive) == ["rule-failed"]
    assert "核酸检测阳性" in positive.reasons[0].detail.of("zh-CN")


@pytest.mark.parametrize(
    "dcc",
    [
        certificate(t=[FRESH_TEST | {"tt": "LP0"}]),
        certificate(t=[FRESH_TEST | {"tr": "NEGATIVO"}]),
        certificate(t=[FRESH_TEST | {"tg": "16541001"}]),
    ],
)
def test_what_no_rule_can_be_about_is_open(dcc: Any) -> None:
    """Neither a pass nor a refusal: check by hand."""
    found = verdict(text(dcc))
    assert (found.outcome, codes(found)) == ("undetermined", ["rule-open"])
    assert result_of(found, StepName.RULES) == "open"
    assert found.foreign is not None


def test_a_kind_without_a_rule_is_open() -> None:
    """A host that says nothing of recoveries has not said yes."""
    (rule_set,) = KNOWN.rule_sets
    silent = replace(rule_set, rules_by_kind={})
    found = verdict(text(certificate(r=[RECOVERY])), replace(KNOWN, rule_sets=(silent,)))
    assert codes(found) == ["rule-open"]


def test_a_vaccination_is_judged_by_its_own_rule() -> None:
    """Here it does not replace a test."""
    found = verdict(text(certificate(v=[VACCINATION])))
    assert (codes(found), found.rules and found.rules.rule) == (["rule-failed"], "vaccination")


def test_without_a_list_nothing_can_be_told() -> None:
    """A gate whose host reads no foreign cards does not call them forged."""
    assert codes(verdict(text(), known())) == ["foreign-keys-missing"]
    assert codes(verdict(text(), NOTHING)) == ["trust-missing"]


@pytest.mark.parametrize(
    ("knowledge", "card", "code", "step"),
    [
        (with_keys(replace(key(), kid=b"other")), text(), "unknown-key", StepName.KEY),
        (KNOWN, text()[:-20], "malformed", StepName.FORM),
        (with_keys(replace(key(), jwk={"kty": "EC"})), text(), "wrong-signature", StepName.SIGNATURE),
        (KNOWN, text(certificate()), "malformed", StepName.CLAIMS),
        (KNOWN, text(iss="DE"), "issuer-mismatch", StepName.ISSUER),
        (with_keys(key(kinds=frozenset({CardKind.VACCINATION}))), text(), "key-use-mismatch", StepName.PERMISSION),
        (with_keys(key(not_before=NOW - HOUR)), text(), "key-not-active", StepName.PERMISSION),
        (with_keys(key(not_after=NOW - DAY)), text(), "key-not-active", StepName.PERMISSION),
        (KNOWN, text(exp=NOW - 1), "expired", StepName.TIME),
    ],
)
def test_each_refusal_says_where(knowledge: Knowledge, card: str, code: str, step: StepName) -> None:
    """ "Invalid" for everything helps nobody."""
    found = verdict(card, knowledge)
    assert (found.outcome, codes(found), found.last_step) == ("refused", [code], step)
    assert result_of(found, step) == "failed"
    # What a key had no right to sign is nobody's name.
    assert (found.foreign is not None) is (step is StepName.TIME)


def test_an_old_list_cannot_say_that_a_key_is_unknown() -> None:
    """Perhaps the newest one has it."""
    stranger = keys(replace(key(), kid=b"other"))
    assert codes(verdict(text(), replace(known("four days old"), foreign_keys=stranger)))[-1] == "unknown-key-old-list"


def test_the_last_second_of_a_card_still_counts() -> None:
    """As its format says; of native codes it is the first that does not."""
    assert verdict(text(exp=NOW)).outcome == "accepted"


def test_a_country_that_the_eu_calls_otherwise_and_a_key_without_one() -> None:
    """Greece signs as EL and as GR. A key that names no country may sign for any, which its lister was told."""
    assert verdict(text(iss="EL"), with_keys(key("GR"))).outcome == "accepted"
    assert verdict(text(iss=None)).outcome == "accepted"
    assert verdict(text(iss="DE"), with_keys(key("XX"))).outcome == "accepted"


def test_a_card_from_the_future_puts_the_clock_in_doubt() -> None:
    """We believe its issuer: then it is the gate's clock that is slow."""
    for found in (verdict(text(iat=NOW + HOUR)), verdict(text(), clock_in_doubt=True)):
        assert (found.outcome, codes(found)) == ("undetermined", ["clock-in-doubt"])
    assert verdict(text(iat=None)).outcome == "accepted"


def test_without_rules_of_this_place_a_card_is_open() -> None:
    """Reading is not admitting."""
    found = verdict(text(), replace(KNOWN, rule_sets=()))
    assert (codes(found), result_of(found, StepName.RULES)) == (["rules-missing"], "skipped")


def test_a_border_takes_cards_that_no_phone_signs() -> None:
    """What it asks of codes, to be bound to a phone, no foreign card can be."""
    assert judge(text(), KNOWN, NOW, BORDER).outcome == "accepted"


def test_an_aging_trust_list_is_noted() -> None:
    """The same warning as for every code."""
    found = verdict(text(), replace(known("two days old"), foreign_keys=keys()))
    assert [note.code for note in found.notes] == ["trust-aging", "compare-travel-document"]


def test_cards_and_codes_in_one_batch() -> None:
    """Many at once come to the same as each alone."""
    texts = [text(), issue(PAPER), text(exp=NOW - 1), "HC1:x"]
    assert judge_all(texts, KNOWN, NOW, VENUE) == [verdict(each) for each in texts]


def test_the_list_is_looked_up_by_kid() -> None:
    """A thousand keys cost a gate what one does."""
    many = [replace(key(), kid=number.to_bytes(8, "big")) for number in range(1, 1000)]
    listed = ForeignKeys("CN-44", 1, NOW, (*many, key()))
    assert verdict(text(), replace(KNOWN, foreign_keys=listed)).outcome == "accepted"
