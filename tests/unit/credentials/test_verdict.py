"""What a gate says: outcomes, their order, and the words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from credentials.errors import CannotTell, CredentialError, KeyRejected
from credentials.profile.lists import Status
from credentials.profile.reasons import CHECK_DOCUMENT, REASONS, Outcome, ReasonText
from credentials.profile.steps import ALL_STEPS, StepName
from credentials.profile.words import Label
from credentials.verdict import Contact, DecidingRules, Finding, KnowledgeAges, Verdict, outcome_of, to_json
from tests.samples import ISSUED_AT, typical

NOTES = {code for code, text in REASONS.items() if text.outcome is None}


def leaves(root: type[CredentialError]) -> set[type[CredentialError]]:
    return {found for child in root.__subclasses__() for found in leaves(child)} or {root}


def verdict(**changed: Any) -> Verdict:
    accepted = Verdict(
        Outcome.ACCEPTED, (), (), typical(), None, KnowledgeAges(30, 5), ALL_STEPS, StepName.SIGNATURE, (), None
    )
    return accepted._replace(**changed)


def test_every_error_of_a_check_has_its_reason() -> None:
    """An error without a row would crash the gate; keys are refused at enrolment and never at a gate."""
    assert {each.code for each in leaves(CredentialError) - {KeyRejected}} <= REASONS.keys() - NOTES


def test_every_reason_is_found_at_a_step() -> None:
    """One that no step gives is dead; a note belongs to none."""
    assert {row.code for row in REASONS.values() if not row.steps} == NOTES


def test_what_cannot_be_told_is_undetermined() -> None:
    """Never accepted, and never refused: no data of this gate is no fault of the holder's."""
    for each in leaves(CredentialError) - {KeyRejected}:
        expected = Outcome.UNDETERMINED if issubclass(each, CannotTell) else Outcome.REFUSED
        assert REASONS[each.code].outcome is expected, each.code


def test_the_most_important_come_first() -> None:
    """Refusals, then what is open, then notes: the first line is the one that the guard reads."""
    order = [Outcome.REFUSED, Outcome.UNDETERMINED, None]
    ranks = [order.index(text.outcome) for text in REASONS.values()]
    assert ranks == sorted(ranks)
    assert list(REASONS)[:4] == ["not-a-credential", "challenge-shown", "too-large", "malformed"]


def test_every_reason_has_words_of_its_own() -> None:
    """ "Invalid" for expired, withdrawn and unknown alike helps nobody (dcc-qa #219, DIVOC)."""
    assert len({text.whole.of("zh-CN") for text in REASONS.values()}) == len(REASONS)
    assert len({text.whole.of("en") for text in REASONS.values()}) == len(REASONS)
    for code, text in REASONS.items():
        assert text.code == code
        assert re.search(r"[一-鿿].*。$", text.whole.of("zh-CN")), code
        assert re.fullmatch(r"[A-Z][ -~]+\.", text.whole.of("en")), code


def test_every_reason_says_what_is_wrong_and_then_one_plain_action() -> None:
    """A guard with ten people waiting does one thing: it stands by itself, and screens put it first."""
    for code in REASONS.keys() - NOTES:
        what, advice = REASONS[code].what, REASONS[code].advice
        assert not re.match("[请請]", what.of("zh-CN") + what.of("zh-HK")), code
        assert re.match("请", advice.of("zh-CN")), code
        assert re.match("請", advice.of("zh-HK")), code
        assert re.match("Ask|Use|Check|Call|Show|Compare", advice.of("en")), code


@pytest.mark.parametrize("row", REASONS.values(), ids=REASONS)
def test_the_parts_of_a_reason_stand_in_all_languages_or_in_none(row: ReasonText) -> None:
    """A guard in Hong Kong reads as much as one in Henan, and a table can list what is wrong without cutting it out."""
    for part in (row.what, row.advice, row.more):
        assert all(part) or not any(part)
        part.of("zh-HK").encode("big5hkscs")
    for advice in (row.advice, row.more):
        assert all(text.endswith(stop) for text, stop in zip(advice, "。。.", strict=True) if text)
    assert not any(text.endswith(("。", ".")) for text in row.what)
    assert row.whole.of("zh-CN") == "".join((row.what.of("zh-CN"), "。", row.advice.of("zh-CN"), row.more.of("zh-CN")))


def test_nothing_is_called_forged_and_nothing_has_a_colour() -> None:
    """Somebody from a province that this gate has not heard of is no forger (shc-covid19-decoder #14)."""
    for text in REASONS.values():
        assert not re.search("伪造|造假|假冒|绿码|黄码|红码", text.whole.of("zh-CN"))
        assert not re.search(r"\b(forged|fake|fraud|green|yellow|red)\b", text.whole.of("en"), re.IGNORECASE)


def test_no_finding_is_accepted() -> None:
    """And only that is."""
    assert outcome_of([]) == (Outcome.ACCEPTED, ())


@pytest.mark.parametrize("code", sorted(REASONS.keys() - NOTES))
def test_one_reason_decides(code: str) -> None:
    """Each by itself leads where the table says."""
    assert outcome_of([Finding(code)]) == (REASONS[code].outcome, (Finding(code),))


def test_a_refusal_outweighs_what_is_open() -> None:
    """An old trust list does not make a withdrawn code something to look into."""
    found = [Finding("trust-stale"), Finding("rule-open"), Finding("withdrawn"), Finding("expired")]
    outcome, ordered = outcome_of(found)
    assert outcome is Outcome.REFUSED
    assert [finding.code for finding in ordered] == ["expired", "withdrawn", "trust-stale", "rule-open"]
    assert outcome_of(found[:2])[0] is Outcome.UNDETERMINED


def test_words_of_a_rule_are_added() -> None:
    """The person must see which rule of which member."""
    plain = Finding("rule-failed").to_dict()
    needed = Label(("需48小时核酸。", "需48小時核酸。", "Needs a test within 48 hours."))
    more = Finding("rule-failed", needed).to_dict()
    assert plain == {
        "code": "rule-failed",
        "text_zh": REASONS["rule-failed"].whole.of("zh-CN"),
        "text_zh_hk": REASONS["rule-failed"].whole.of("zh-HK"),
        "text_en": REASONS["rule-failed"].whole.of("en"),
        "call": [],
    }
    assert more["text_zh"] == plain["text_zh"] + " 需48小时核酸。"
    assert more["text_zh_hk"] == plain["text_zh_hk"] + " 需48小時核酸。"
    assert more["text_en"] == plain["text_en"] + " Needs a test within 48 hours."


def test_whom_to_call_is_said_and_given_as_values() -> None:
    """A telephone link is made of a number, never of a sentence that happens to hold one."""
    henan = Contact("CN-41", Label(("河南", "河南", "Henan")), "0371-12320")
    guangdong = Contact("CN-44", Label(("广东", "廣東", "Guangdong")), "020-12320")
    said = Finding("rule-open", call=(guangdong, henan)).to_dict()
    assert said["call"] == [
        {"member": "CN-44", "hotline": "020-12320"},
        {"member": "CN-41", "hotline": "0371-12320"},
    ]
    assert said["text_zh"].endswith(" 广东热线 020-12320，河南热线 0371-12320。")
    assert said["text_zh_hk"].endswith(" 廣東熱線 020-12320，河南熱線 0371-12320。")
    assert said["text_en"].endswith(" Guangdong hotline 020-12320, Henan hotline 0371-12320.")


def test_an_accepted_verdict_as_json() -> None:
    """The interface of every gate application: names, types and units are frozen."""
    shown = to_json(verdict(notes=(Finding(CHECK_DOCUMENT),)))
    assert shown == {
        "outcome": "accepted",
        "reasons": [],
        "notes": [Finding(CHECK_DOCUMENT).to_dict()],
        "issuer": "CN-41",
        "status": "green",
        "form": "paper",
        "holder": {"name": "王*明", "document_tail": "123X"},
        "issued_at": ISSUED_AT,
        "expires_at": ISSUED_AT + 86_400,
        "evidence": [
            {"kind": "nucleic-acid", "result": "negative", "sampled_at": ISSUED_AT - 72_000, "region": 410_102},
            {"kind": "vaccination", "result": "completed", "sampled_at": ISSUED_AT - 7_776_000, "region": 410_102},
        ],
        "freshness": {"trust": 30, "status": 5},
        "checks": [
            {"step": 1, "name": "form", "result": "passed"},
            {"step": 2, "name": "trust", "result": "passed"},
            {"step": 3, "name": "key", "result": "passed"},
            {"step": 4, "name": "signature", "result": "passed"},
            *({"step": step, "name": name, "result": "skipped"} for step, name in [*enumerate(StepName, 1)][4:]),
        ],
        "rules": None,
    }


def results(**changed: Any) -> list[str]:
    return [check["result"] for check in to_json(verdict(**changed))["checks"]][:4]


def test_each_step_says_how_it_ended() -> None:
    """A guard's supervisor asks where it ended, and what was not looked at any more."""
    refused = {"outcome": Outcome.REFUSED, "reasons": (Finding("unknown-key"),), "credential": None}
    assert results(**refused, last_step=StepName.KEY) == ["passed", "passed", "failed", "skipped"]
    assert results(**refused, last_step=StepName.KEY, open_steps=(StepName.TRUST,)) == [
        "passed",
        "open",
        "failed",
        "skipped",
    ]
    unclear = {"outcome": Outcome.UNDETERMINED, "reasons": (Finding("status-stale"),)}
    assert results(**unclear, last_step=StepName.SIGNATURE, open_steps=(StepName.TRUST, StepName.SIGNATURE)) == [
        "passed",
        "open",
        "passed",
        "open",
    ]


def test_a_step_that_a_format_does_not_have_is_skipped_and_never_passed() -> None:
    """Nobody has asked whether a foreign card was withdrawn here: a tick beside it would say that somebody had."""
    steps = ALL_STEPS - {StepName.TRUST}
    assert results(steps=steps, last_step=StepName.SIGNATURE) == ["passed", "skipped", "passed", "passed"]


def test_nothing_is_shown_of_what_nobody_signed() -> None:
    """Before the signature holds there is no name, no colour and no issuer, though the text has all three."""
    shown = to_json(verdict(outcome=Outcome.REFUSED, reasons=(Finding("wrong-signature"),), credential=None))
    for name in ("issuer", "status", "form", "holder", "issued_at", "expires_at", "evidence"):
        assert shown[name] is None


@pytest.mark.parametrize("status", [Status.YELLOW, Status.RED, Status.PENDING])
def test_a_status_without_a_decision_is_no_colour(status: Status) -> None:
    """1,317 people were red without a decision (Zhengzhou 2022): a gate does not even show it."""
    undecided = typical()._replace(status=status)
    for outcome, code in ((Outcome.UNDETERMINED, "no-decision"), (Outcome.REFUSED, "expired")):
        shown = to_json(verdict(outcome=outcome, reasons=(Finding(code),), credential=undecided))
        assert (shown["status"], shown["issuer"]) == (None, "CN-41")
    decided = undecided._replace(decision_reference=bytes(16))
    assert to_json(verdict(credential=decided))["status"] == status.label


def test_the_rules_that_decided_are_named() -> None:
    """Whose rules, in which version, and which of them."""
    rules = DecidingRules("CN-42", 1, 7, "test-48h")
    shown = to_json(verdict(rules=rules))["rules"]
    assert shown == {"member": "CN-42", "rule_set": 1, "version": 7, "rule": "test-48h"}


def test_one_verdict_leaves_no_trace_in_the_next() -> None:
    """The empty fields are shared: what one person's check puts there the next would see."""
    before = to_json(verdict(credential=None))
    to_json(verdict(credential=typical()._replace(status=Status.RED)))
    assert to_json(verdict(credential=None)) == before
