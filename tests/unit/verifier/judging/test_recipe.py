"""The judge. What each reason needs is in the vectors; here is what holds for all codes, and what a verdict shows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.model import StatusReference
from credentials.profile.lists import EvidenceKind, Form, Status
from credentials.profile.reasons import REASONS, Outcome
from credentials.verdict import to_json
from tests.unit.verifier.known import VENUE, known
from tests.vectors.cast import DAY, NOW
from tests.vectors.codes import CONVERTED, DECISION, PAPER, PHONE, TEST, altered, flip_payload, issue, show
from tests.vectors.knowledge import GUANGDONG, HENAN, LIST, WITHDRAWN_INDEX, ZHEJIANG
from tests.vectors.reading import read_knowledge, read_vectors
from verifier.judging.knowledge import NOTHING, Knowledge
from verifier.judging.recipe import judge, judge_all

KNOWN = known()


def verdict(text: str, knowledge: Knowledge = KNOWN, at: int = NOW) -> dict[str, Any]:
    return to_json(judge(text, knowledge, at, VENUE))


def results(shown: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["result"] for check in shown["checks"]}


def test_an_accepted_code_has_passed_every_step() -> None:
    """What the guard relies on is that nothing was left out; replay is the gate's, which alone remembers."""
    shown = verdict(show(PHONE))
    assert shown["outcome"] == "accepted"
    assert set(results(shown).values()) == {"passed", "skipped"}
    assert [name for name, result in results(shown).items() if result == "skipped"] == ["replay"]


def test_a_verdict_says_what_the_issuer_signed_and_how_old_the_knowledge_is() -> None:
    """The guard compares name and document tail; somebody who complains needs the rest."""
    shown = verdict(issue(PAPER))
    assert (shown["issuer"], shown["status"], shown["form"]) == (HENAN, "green", "paper")
    assert shown["holder"] == {"name": "王**", "document_tail": "123X"}
    assert (shown["issued_at"], shown["expires_at"]) == (PAPER.issued_at, PAPER.expires_at)
    assert shown["evidence"][0]["kind"] == "nucleic-acid"
    assert shown["freshness"] == {"trust": 60, "status": 60}
    assert shown["rules"] == {"member": GUANGDONG, "rule_set": 0, "version": 1, "rule": None}


def test_a_refusal_ends_the_check_and_says_where() -> None:
    """ "Invalid" for everything helps nobody: the step that failed is named, later ones were not taken."""
    shown = verdict(issue(PAPER._replace(status_reference=StatusReference(LIST, WITHDRAWN_INDEX))))
    assert results(shown)["holder"] == "passed"
    assert results(shown)["withdrawal"] == "failed"
    assert results(shown)["rules"] == "skipped"


def test_what_cannot_be_decided_is_open_and_the_check_goes_on() -> None:
    """A refusal further down is worth more to the guard than "check by hand"."""
    old = PAPER._replace(evidence=(TEST._replace(sampled_at=NOW - 3 * DAY),))
    shown = verdict(issue(old), known("four days old"))
    assert results(shown)["trust"] == "open"
    assert results(shown)["rules"] == "failed"
    assert shown["outcome"] == "refused"


@pytest.mark.parametrize(
    ("text", "knowledge", "step"),
    [
        (issue(PAPER), NOTHING, "trust"),
        (issue(PAPER), known("with a changed member"), "issuer"),
        (issue(PAPER._replace(status=Status.RED)), KNOWN, "decision"),
    ],
)
def test_steps_without_which_nothing_can_be_believed_end_it(text: str, knowledge: Knowledge, step: str) -> None:
    """Nothing that stands on doubtful ground may look as if it had been checked."""
    shown = verdict(text, knowledge)
    assert shown["outcome"] == "undetermined"
    assert results(shown)[step] == "open"
    assert set(list(results(shown).values())[list(results(shown)).index(step) + 1 :]) == {"skipped"}


def test_no_colour_without_a_decision() -> None:
    """1,317 people turned red without a basis (Zhengzhou, 2022): such a red is shown to nobody."""
    shown = verdict(issue(PAPER._replace(status=Status.RED)))
    assert shown["status"] is None
    assert shown["issuer"] == HENAN
    assert verdict(issue(PAPER._replace(status=Status.RED, decision_reference=DECISION)))["status"] == "red"


def test_what_a_member_may_not_say_is_not_shown() -> None:
    """A red by a member that may issue green only is no colour, and its holder's name is nobody's business."""
    shown = verdict(issue(PAPER._replace(issuer=ZHEJIANG, status=Status.RED, decision_reference=DECISION)))
    assert shown["reasons"][0]["code"] == "not-permitted"
    assert {shown[name] for name in ("issuer", "status", "form", "holder", "evidence")} == {None}


def test_the_traveller_sees_whose_rule_and_whom_to_call() -> None:
    """A green code refused because the neighbour maps differently."""
    old = PAPER._replace(evidence=(TEST._replace(sampled_at=NOW - 60 * 3600),))
    shown = verdict(issue(old))
    assert shown["rules"] == {"member": GUANGDONG, "rule_set": 0, "version": 1, "rule": "nucleic-acid"}
    (reason,) = shown["reasons"]
    assert "所需：48 小时内采样的核酸检测阴性证明。此码：核酸检测阴性，60 小时前。" in reason["text_zh"]
    assert "广东热线 0440-12320" in reason["text_zh"]
    assert "此碼：核酸檢測陰性，60 小時前。 廣東熱線 0440-12320。" in reason["text_zh_hk"]
    assert reason["call"] == [{"member": GUANGDONG, "hotline": "0440-12320"}]
    assert "48 hours. This code: nucleic-acid test, negative, 60 h ago." in reason["text_en"]


def test_where_there_is_no_rule_the_traveller_sees_what_the_code_has() -> None:
    """ "Cannot tell" must not leave the guard guessing what it is about."""
    untold = known(rules=("no rule but for tests",))
    journey = PAPER._replace(evidence=(TEST._replace(kind=EvidenceKind.TRAVEL),))
    (reason,) = verdict(issue(journey), untold)["reasons"]
    assert reason["code"] == "rule-open"
    assert "此码：行程阴性，20 小时前。" in reason["text_zh"]


def test_a_withdrawn_code_names_the_issuers_hotline_not_the_hosts() -> None:
    """The host cannot say why another member withdrew a code."""
    (reason,) = verdict(issue(PAPER._replace(status_reference=StatusReference(LIST, WITHDRAWN_INDEX))))["reasons"]
    assert reason["text_en"].endswith(" Henan hotline 0410-12320.")


@pytest.mark.parametrize(
    ("text", "members"),
    [
        (issue(PAPER, "credential-3"), ["Henan"]),
        (issue(PAPER, "status-1"), ["Henan"]),
        (issue(PAPER._replace(expires_at=NOW)), ["Henan"]),
        (issue(PHONE), ["Henan"]),
        (issue(PAPER._replace(issuer=ZHEJIANG, status=Status.RED, decision_reference=DECISION)), ["Zhejiang"]),
        (issue(PAPER._replace(status=Status.RED, decision_reference=DECISION)), ["Guangdong", "Henan"]),
        (issue(CONVERTED._replace(source=replace(CONVERTED.source, index=WITHDRAWN_INDEX))), ["Henan"]),  # type: ignore[type-var]
        (altered(issue(PAPER), flip_payload), []),
        ("https://example.org/", []),
    ],
)
def test_whoever_can_mend_it_is_named_with_a_number(text: str, members: list[str]) -> None:
    """Somebody of 75 at a gate far from home: whom do I call? Whoever answers for the code, and nobody else."""
    (reason,) = verdict(text)["reasons"]
    assert re.findall(r"(\w+) hotline", reason["text_en"]) == members
    assert (
        reason["text_zh"].count("热线 ") == reason["text_zh_hk"].count("熱線 ") == len(reason["call"]) == len(members)
    )


@pytest.mark.parametrize("code", [code for code, row in REASONS.items() if row.outcome is not None])
def test_every_reason_says_what_to_do_now(code: str) -> None:
    """A reason without advice leaves two people looking at each other."""
    assert re.search("请", REASONS[code].whole.of("zh-CN"))
    assert re.search(r"\b(Ask|Use|Check|Compare|Convert|Get|Show|use|check|needs|call)\b", REASONS[code].whole.of("en"))


@pytest.mark.parametrize(("text", "note"), [(show(PHONE), "compare-holder"), (issue(PAPER), "check-document")])
def test_the_guard_is_always_told_to_compare(text: str, note: str) -> None:
    """A live relay, or a code signed ahead for a friend, passes every step: what is left is the guard's look."""
    assert [found["code"] for found in verdict(text)["notes"]] == [note]


def test_a_profile_may_take_fewer_forms_than_the_rules() -> None:
    """A gate without staff cannot check documents, so it takes no paper."""
    policy = replace(VENUE, forms=frozenset({Form.PHONE}))
    assert [finding.code for finding in judge(issue(PAPER), KNOWN, NOW, policy).reasons] == ["form-not-accepted"]
    assert judge(show(PHONE), KNOWN, NOW, policy).outcome is Outcome.ACCEPTED


def test_a_host_that_is_not_in_the_list_has_no_hotline() -> None:
    """A gate may hold rules of a member that was taken off the list; it still answers."""
    trust = KNOWN.trust
    assert trust is not None
    without = {member: entry for member, entry in trust.members.items() if member != GUANGDONG}
    changed = type(trust)(**{name: getattr(trust, name) for name in trust.__slots__} | {"members": without})
    old = PAPER._replace(evidence=(TEST._replace(sampled_at=NOW - 60 * 3600),))
    shown = verdict(issue(old), Knowledge(changed, KNOWN.statuses, KNOWN.rule_sets))
    assert "hotline" not in shown["reasons"][0]["text_en"]


@given(st.text(max_size=5000) | st.text(alphabet="0123456789ABCDEF $%*+-./:", max_size=600).map("TX1:".__add__))
@settings(max_examples=200)
def test_any_text_gets_a_verdict(text: str) -> None:
    """The gate faces whatever somebody draws on paper: it must neither fall over nor let it pass."""
    assert judge(text, KNOWN, NOW, VENUE).outcome is Outcome.REFUSED


@given(st.integers(0, 10_000), st.integers(1, 255), st.sampled_from([issue(PAPER), issue(CONVERTED)]))
@settings(max_examples=200)
def test_no_changed_byte_passes(position: int, mask: int, text: str) -> None:
    """Tampering at any place is refused, whichever step notices it."""

    def flip(data: bytearray) -> None:
        data[position % len(data)] ^= mask

    assert judge(altered(text, flip), KNOWN, NOW, VENUE).outcome is Outcome.REFUSED


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=200)
def test_every_moment_has_a_verdict(at: int, doubt: bool) -> None:
    """Clocks of gates stand in 1970 and in 2106; the reasons given are always known ones."""
    found = judge(show(PHONE), KNOWN, at, VENUE, clock_in_doubt=doubt)
    assert all(finding.code in REASONS for finding in found.reasons)
    assert found.outcome is not Outcome.ACCEPTED or PHONE.issued_at - 60 <= at < PHONE.expires_at


def test_many_codes_at_once_get_the_verdicts_that_each_gets_alone() -> None:
    """A bus at a border: one broken code among a thousand stops none, and moves nobody's verdict to a neighbour."""
    vectors = read_vectors()
    for name in {sample["knowledge"]["trust"] for sample in vectors["samples"]}:
        samples = [sample for sample in vectors["samples"] if sample["knowledge"]["trust"] == name]
        knowledge = read_knowledge(vectors, samples[0]["knowledge"])
        texts = [sample["text"] for sample in samples]
        for doubt in (False, True):
            alone = [judge(text, knowledge, NOW, VENUE, clock_in_doubt=doubt) for text in texts]
            assert judge_all(texts, knowledge, NOW, VENUE, clock_in_doubt=doubt) == alone
    assert judge_all([], KNOWN, NOW, VENUE) == []
