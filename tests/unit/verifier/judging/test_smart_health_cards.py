"""SMART Health Cards at a gate: whose they are, whether they were withdrawn, and by the host's rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ForeignKey
from credentials.profile.steps import StepName
from credentials.verdict import Verdict, to_json
from tests.shc import DOSE, ISSUER, LIPIDS, PATIENT, SECOND_DOSE, TEST, card_jws, key, keys, numeric, symbols
from tests.unit.verifier.known import VENUE, known
from tests.vectors.cast import DAY, HOUR, NOW
from verifier.judging.knowledge import Knowledge
from verifier.judging.recipe import judge

FRESH_TEST = TEST | {"effectiveDateTime": "2022-11-20T12:00:00+08:00"}
"""A day before NOW."""
RID = "MKyCxh7p6uQ"


def with_keys(*listed: ForeignKey) -> Knowledge:
    return replace(known(), foreign_keys=keys(*listed))


KNOWN = with_keys()


def card(*resources: Any, **changed: Any) -> str:
    return card_jws(*(resources or (PATIENT, FRESH_TEST)), **({"nbf": NOW - DAY} | changed))


def forged() -> str:
    """A card with the signature of another one."""
    return card().rpartition(".")[0] + "." + card(nbf=NOW).rpartition(".")[2]


def verdict(text: str, knowledge: Knowledge = KNOWN, at: int = NOW) -> Verdict:
    return judge(text, knowledge, at, VENUE)


def codes(found: Verdict) -> list[str]:
    return [finding.code for finding in found.reasons]


def test_a_test_of_yesterday_passes_with_the_duty_to_compare_the_travel_document() -> None:
    """By the same rule as everybody's test."""
    found = verdict(numeric(card()))
    shown = to_json(found)
    assert (shown["outcome"], [note["code"] for note in shown["notes"]]) == ("accepted", ["compare-travel-document"])
    assert shown["card"] == {"format": "smart-health-card", "kind": "test", "leniences": []}
    assert (shown["issuer"], shown["expires_at"]) == (ISSUER, None)
    assert shown["holder"] == {"name": "Anyperson John B.", "birth_date": "1951-01-20"}
    assert shown["evidence"][0]["country"] is None


def test_a_vaccination_is_judged_by_its_own_rule() -> None:
    """Here it does not replace a test."""
    found = verdict(card(PATIENT, DOSE, SECOND_DOSE))
    assert (codes(found), found.rules and found.rules.rule) == (["rule-failed"], "vaccination")


def test_what_no_rule_is_about_is_open_and_never_accepted() -> None:
    """A card of blood values has nothing that could fail: that is no pass."""
    assert codes(verdict(card(LIPIDS))) == ["rule-open"]
    assert codes(verdict(card(PATIENT))) == ["rule-open"]
    flu = DOSE | {"vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "140"}]}}
    assert codes(verdict(card(PATIENT, flu))) == ["rule-open"]


def test_another_disease_beside_the_one_that_rules_are_about_is_nothing_to_them() -> None:
    """Cards in use have all that a person was ever given."""
    flu = DOSE | {"vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "140"}]}}
    assert verdict(card(PATIENT, FRESH_TEST, flu)).outcome == "accepted"


def test_a_card_in_several_symbols() -> None:
    """Whole it is a card; in part it asks for the rest; of two cards it is no forgery."""
    first, second = symbols(card(), 2)
    other = symbols(card(nbf=NOW - DAY + 1), 2)[1]
    assert verdict(f"{second}\n{first}").outcome == "accepted"
    part = verdict(first)
    assert (part.outcome, codes(part), part.last_step) == ("undetermined", ["parts-missing"], StepName.FORM)
    # Cut in the middle of the payload, so that the header is whole and the signature is the second card's.
    mixed = verdict(f"{first}\n{other}")
    assert (mixed.outcome, codes(mixed)) == ("refused", ["parts-mixed"])
    assert codes(verdict(f"{first}\n{first}\n{second}")) == []


def test_a_withdrawn_card_and_one_issued_after_its_withdrawal() -> None:
    """A rid is a person's: with a time behind it only the cards before it are taken back."""
    text = card(rid=RID)
    assert verdict(text).outcome == "accepted"
    assert codes(verdict(text, with_keys(key(revoked=(RID,))))) == ["withdrawn"]
    assert codes(verdict(text, with_keys(key(revoked=(f"{RID}.{NOW}",))))) == ["withdrawn"]
    assert codes(verdict(text, with_keys(key(revoked=(f"{RID}.{NOW}", f"{RID}.{NOW - 9 * DAY}"))))) == ["withdrawn"]
    assert codes(verdict(text, with_keys(key(revoked=(f"{RID}.{NOW - DAY}", "other"))))) == []
    assert codes(verdict(card(), with_keys(key(revoked=(RID,))))) == []


def test_a_card_that_could_be_withdrawn_by_a_key_of_which_nobody_has_asked_is_open() -> None:
    """No data treated as "not revoked" let the withdrawn ones pass (the EU's reference verifier)."""
    found = verdict(card(rid=RID), with_keys(key(revoked=None)))
    assert (found.outcome, codes(found), found.open_steps) == (
        "undetermined", ["status-missing"], (StepName.WITHDRAWAL,),
    )  # fmt: skip
    assert verdict(card(), with_keys(key(revoked=None))).outcome == "accepted"


@pytest.mark.parametrize(
    ("knowledge", "text", "code", "step"),
    [
        (with_keys(replace(key(), kid=b"other")), card(), "unknown-key", StepName.KEY),
        (with_keys(replace(key(), format="eu-dcc")), card(), "unknown-key", StepName.KEY),
        (KNOWN, forged(), "wrong-signature", StepName.SIGNATURE),
        (KNOWN, card(type=[]), "malformed", StepName.CLAIMS),
        (KNOWN, card(iss="https://other.example"), "issuer-mismatch", StepName.ISSUER),
        (KNOWN, card(iss=f"{ISSUER}/"), "issuer-mismatch", StepName.ISSUER),
        (with_keys(key(kinds=frozenset({CardKind.VACCINATION}))), card(), "key-use-mismatch", StepName.PERMISSION),
        (with_keys(key(not_before=NOW - HOUR)), card(), "key-not-active", StepName.PERMISSION),
        (KNOWN, card(exp=NOW - 1), "expired", StepName.TIME),
        (KNOWN, card(exp=NOW), "expired", StepName.TIME),
    ],
)
def test_each_refusal_says_where(knowledge: Knowledge, text: str, code: str, step: StepName) -> None:
    """ "Invalid" for everything helps nobody; and a fault of trust is no withdrawal."""
    found = verdict(text, knowledge)
    assert (found.outcome, codes(found), found.last_step) == ("refused", [code], step)


def test_the_end_and_the_beginning_of_a_card() -> None:
    """The second of its end does not count (RFC 7519), unlike an EU card's; before it begins our clock is in doubt."""
    assert verdict(card(exp=NOW + 1)).outcome == "accepted"
    assert verdict(card(exp=NOW + 0.5)).outcome == "accepted"
    assert codes(verdict(card(nbf=NOW + HOUR))) == ["clock-in-doubt"]


def test_a_key_that_is_listed_for_two_issuers() -> None:
    """46 keys of the public directory are: a card is of the issuer that it names, and of no third one."""
    shared = with_keys(key("https://first.example"), key(), key("https://third.example"))
    assert verdict(card(), shared).foreign == verdict(card()).foreign
    assert codes(verdict(card(iss="https://other.example"), shared)) == ["issuer-mismatch"]
    withdrawn_elsewhere = with_keys(key("https://first.example", revoked=(RID,)), key())
    assert verdict(card(rid=RID), withdrawn_elsewhere).outcome == "accepted"
