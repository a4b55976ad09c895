"""The document: strict on the way in, signed by the host."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.errors import IssuerMismatch, Malformed, RuleSetInvalid, TooLarge, WrongSignature
from credentials.keys import kid_of, new_private_key
from credentials.recognition.authoring.template import template
from credentials.recognition.document import RULES_TYPE, parse_rule_set, read_rule_set, sign_rule_set
from credentials.recognition.reading import (
    MAX_COMMENT_CHARACTERS,
    MAX_FAULTS_TOLD,
    MAX_PARAMETERS,
    MAX_RULES,
    MAX_TEXT_CHARACTERS,
    MAX_VALUE_SET_ITEMS,
    digest_of,
)
from credentials.signing import PemSigner
from credentials.wire import jws

KEY = new_private_key()
SIGNER = PemSigner(KEY, kid_of("CN-44", KEY.public_key()))
TEXT = {"zh": "理由", "en": "reason"}


def document(**changes: Any) -> dict[str, Any]:
    return template("CN-44", 48) | changes


def with_rule(**changes: Any) -> dict[str, Any]:
    return document(rules=[template("CN-44", 48)["rules"][0] | changes])


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Whoever wrote it mends it once, and not once for each slip."""
    wrong = document()
    wrong |= {"member": "cn-44", "version": -1, "accepted_forms": ["fax"], "denials": 1}
    wrong["rules"][0] |= {"id": "two words"}
    wrong["rules"].append({"id": "nothing"})
    with pytest.raises(RuleSetInvalid) as told:
        parse_rule_set(wrong)
    parts = ["member: not", "version: not", "accepted_forms: ", "denials: not", "rule 1 of the list: bad id"]
    for part in [*parts, f"rule {len(wrong['rules'])} of the list: kinds, logic, needed, text missing"]:
        assert part in told.value.detail, part
    many = document() | {"rules": [{"id": f"rule-{number}", "more": 1} for number in range(40)]}
    with pytest.raises(RuleSetInvalid, match=f"and {40 - MAX_FAULTS_TOLD} more"):
        parse_rule_set(many)


def test_signed_and_read_again() -> None:
    """What the host signs is what the gate loads."""
    rules = read_rule_set(sign_rule_set(document(), SIGNER), KEY.public_key(), "CN-44")
    assert (rules.member, rules.sequence, rules.previous) == ("CN-44", 1, None)
    assert rules.digest == digest_of(document())


def test_the_chain() -> None:
    """Each document names the one before, so that a member cannot show two histories."""
    first = parse_rule_set(document())
    second = parse_rule_set(template("CN-44", 24, sequence=2, previous=first.digest))
    assert second.previous == first.digest == digest_of(document())
    assert second.digest != first.digest


def test_a_rule_set_by_another_member() -> None:
    """The departure's rules must not be taken for the destination's."""
    with pytest.raises(IssuerMismatch):
        read_rule_set(sign_rule_set(document(), SIGNER), KEY.public_key(), "CN-33")


def test_a_rule_set_by_another_key() -> None:
    """A rule set signed by somebody else is nobody's."""
    with pytest.raises(WrongSignature):
        read_rule_set(sign_rule_set(document(), SIGNER), new_private_key().public_key(), "CN-44")


def test_another_kind_of_signed_object() -> None:
    """Nothing else that the key has signed may pass for rules (RFC 8725 section 3.11)."""
    with pytest.raises(Malformed):
        read_rule_set(jws.sign(document(), SIGNER, "tongxing-statement+jws"), KEY.public_key(), "CN-44")


def test_signed_but_wrong() -> None:
    """A good signature does not make good rules."""
    compact = jws.sign(document(version=-1), SIGNER, RULES_TYPE)
    with pytest.raises(RuleSetInvalid):
        read_rule_set(compact, KEY.public_key(), "CN-44")


def test_nothing_wrong_is_signed() -> None:
    """The author hears of a mistake before the country does."""
    with pytest.raises(RuleSetInvalid):
        sign_rule_set(document(member="cn-44"), SIGNER)


def test_nothing_too_large_is_signed() -> None:
    """A set that gates cut off unread would leave every gate of the province undetermined."""
    items = ["x" * 300] * MAX_VALUE_SET_ITEMS
    with pytest.raises(TooLarge):
        sign_rule_set(document(value_sets={"risk_regions": items}), SIGNER)


@pytest.mark.parametrize("field", sorted(document().keys() - {"comment"}))
def test_a_missing_field(field: str) -> None:
    """Nothing is filled in by guess."""
    fields = document()
    del fields[field]
    with pytest.raises(RuleSetInvalid, match="missing"):
        parse_rule_set(fields)


def test_a_comment_is_signed_and_changes_nothing_else() -> None:
    """Why a number is what it is must come to whoever edits the set next, from the set itself."""
    bare = document()
    del bare["comment"]
    said = document(comment="检测有效小时数 hours", denials=[])
    assert parse_rule_set(said).digest != parse_rule_set(bare).digest
    assert parse_rule_set(with_rule(comment="c" * MAX_COMMENT_CHARACTERS)).rules[0].id == "nucleic-acid"


@pytest.mark.parametrize("comment", [None, 7, ["x"], "a\nb", "x\u202ey", "c" * (MAX_COMMENT_CHARACTERS + 1)])
def test_a_bad_comment(comment: object) -> None:
    """A comment is shown on the author's terminal, and paid for by every gate that fetches it."""
    for fields in (document(comment=comment), with_rule(comment=comment)):
        with pytest.raises(RuleSetInvalid, match="comment"):
            parse_rule_set(fields)


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_no_object(value: object) -> None:
    """Anything else that is JSON ends by name."""
    with pytest.raises(RuleSetInvalid):
        parse_rule_set(value)


BAD_FIELDS: list[dict[str, Any]] = [
    {"extra": 1},
    {"member": "cn-44"},
    {"member": "CN-44 "},
    {"member": ["CN-44"]},
    {"member": "CN-99"},
    {"rule_set": 24},
    {"rule_set": True},
    {"version": -1},
    {"version": 65_536},
    {"version": 1.0},
    {"sequence": 0},
    {"sequence": "1"},
    {"sequence": 2},
    {"sequence": 2, "previous": "A" * 64},
    {"previous": "0" * 64},
    {"valid_from": 1_668_916_800_000},
    {"valid_from": "2022-11-20"},
    {"valid_until": 5},
    {"valid_until": None},
    {"valid_until": document()["valid_from"]},
    {"parameters": []},
    {"parameters": {"hours": None}},
    {"parameters": {"hours": [1]}},
    {"parameters": {"hours": 1.5}},
    {"parameters": {"Hours": 1}},
    {"parameters": {f"p{number}": 1 for number in range(MAX_PARAMETERS + 1)}},
    {"value_sets": {"a": "b"}},
    {"value_sets": {"a": [None]}},
    {"value_sets": {"a": [1] * (MAX_VALUE_SET_ITEMS + 1)}},
    {"accepted_statuses": []},
    {"accepted_statuses": ["blue"]},
    {"accepted_statuses": ["Green"]},
    {"accepted_statuses": "green"},
    {"accepted_statuses": [1]},
    {"accepted_forms": []},
    {"accepted_forms": None},
    {"rules": []},
    {"rules": {}},
    {"rules": [1]},
    {"rules": document()["rules"] * 2},
    {"rules": [document()["rules"][0]] * (MAX_RULES + 1)},
    {"denials": {}},
    {"denials": [{"member": "CN-33", "reason": TEXT}]},
    {"denials": [{"member": "cn-33", "reason": TEXT, "expires_at": 1_668_916_800}]},
    {"denials": [{"member": "CN-33", "reason": TEXT, "expires_at": None}]},
    {"denials": [{"member": "CN-33", "reason": {"zh": "理由"}, "expires_at": 1_668_916_800}]},
    {"denials": [{"member": "CN-33", "reason": TEXT, "expires_at": 1_668_916_800}] * 2},
]


@pytest.mark.parametrize("changes", BAD_FIELDS, ids=[str(number) for number in range(len(BAD_FIELDS))])
def test_a_bad_field(changes: dict[str, Any]) -> None:
    """What could be read in two ways is refused, with the field's name."""
    with pytest.raises(RuleSetInvalid) as caught:
        parse_rule_set(document(**changes))
    assert caught.value.detail


BAD_RULES: list[dict[str, Any]] = [
    {"extra": 1},
    {"id": ""},
    {"id": "a b"},
    {"id": 1},
    {"kinds": []},
    {"kinds": ["pcr"]},
    {"kinds": "none"},
    {"kinds": ["none", "None"]},
    {"logic": None},
    {"logic": {"or": [True]}},
    {"logic": {"var": "payload.issuer"}},
    {"logic": {"var": "external.parameters.days"}},
    {"text": "text"},
    {"text": {"zh": "", "en": "x"}},
    {"text": {"zh": "x", "en": "x" * (MAX_TEXT_CHARACTERS + 1)}},
    {"text": {"zh": "x", "en": "x\u202ey"}},
    {"text": {"zh": "x", "en": "x\ny"}},
    {"text": {"zh": "x", "en": 1}},
    {"needed": {"zh": "{days} 天", "en": "x"}},
    {"needed": {"zh": "{}", "en": "x"}},
    {"needed": None},
    {"needed": {"zh": "x", "en": "x", "de": "x"}},
]


@pytest.mark.parametrize("changes", BAD_RULES, ids=[str(number) for number in range(len(BAD_RULES))])
def test_a_bad_rule(changes: dict[str, Any]) -> None:
    """One bad rule refuses the set: half a set of rules would pass people whom the other half stops."""
    with pytest.raises(RuleSetInvalid) as caught:
        parse_rule_set(with_rule(**changes))
    assert caught.value.detail


def test_the_bad_rule_is_named() -> None:
    """An author with sixty rules must find the one."""
    with pytest.raises(RuleSetInvalid, match="rule nucleic-acid: unknown operator"):
        parse_rule_set(with_rule(logic={"or": [True]}))


@pytest.mark.parametrize("value", ["\ud800", float("nan"), {1, 2}])
def test_what_is_no_json(value: object) -> None:
    """Values that only Python knows, from a script that builds rules."""
    with pytest.raises(RuleSetInvalid):
        parse_rule_set(document(value_sets={"a": [value]}))


def test_texts_follow_the_parameters() -> None:
    """Forty-eight hours changed to twenty-four must not go on saying forty-eight."""
    (rule, *_) = parse_rule_set(document(parameters={"nucleic_acid_hours": 24, "antigen_hours": 1})).rules
    assert rule.needed.of("en") == "a negative nucleic-acid test sampled within the last 24 hours"
    assert rule.needed.of("zh-CN") == "24 小时内采样的核酸检测阴性证明"


def test_a_parameter_cannot_smuggle_anything_into_a_text() -> None:
    """The text is checked as people will read it."""
    with pytest.raises(RuleSetInvalid, match="shown"):
        parse_rule_set(document(parameters={"nucleic_acid_hours": "\u202e84", "antigen_hours": 1}))
