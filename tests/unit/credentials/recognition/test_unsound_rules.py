"""A rule signed with a mistake in it: that one rule is open where the mistake is reached, and no set is lost."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.errors import RuleOpen, RuleSetInvalid
from credentials.keys import kid_of, new_private_key
from credentials.model import Evidence, RuleSetReference, StatusCredential
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Reason, Status
from credentials.profile.words import Label
from credentials.recognition.authoring.template import template
from credentials.recognition.document import RULES_TYPE, parse_rule_set, read_rule_set, sign_rule_set
from credentials.recognition.language.certlogic import (
    MAX_DEPTH,
    MAX_NODES,
    RuleState,
    compile_rule,
    compile_sound_parts,
)
from credentials.signing import PemSigner
from credentials.wire import jws

KEY = new_private_key()
SIGNER = PemSigner(KEY, kid_of("CN-44", KEY.public_key()))
AT = 1_700_000_400
TEST = Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, AT - 7200, 410_000)
JOURNEY = Evidence(EvidenceKind.TRAVEL, EvidenceResult.NEGATIVE, AT - 7200, 410_000)
CODE = StatusCredential(
    "CN-41", AT - 3600, AT + 3600, bytes(8), Status.GREEN, Reason.TEST_RECENT, RuleSetReference(1, 1), 0, (TEST,),
    "王**", "123X", Form.PAPER,
)  # fmt: skip
GREEN = {"===": [{"var": "payload.status"}, "green"]}
RED = {"===": [{"var": "payload.status"}, "red"]}
BAD = {"or": [True]}
ITEM = {"var": "payload.evidence"}


def document(logic: Any) -> dict[str, Any]:
    """One rule for tests with this logic, beside the sound ones for everything else."""
    sound = template("CN-44", 48)
    rules = [rule | {"logic": logic} if rule["id"] == "nucleic-acid" else rule for rule in sound["rules"]]
    return sound | {"rules": rules}


def in_force(logic: Any) -> Any:
    compact = jws.read(jws.sign(document(logic), SIGNER, RULES_TYPE)).compact
    return read_rule_set(compact, KEY.public_key(), "CN-44")


NOT_REACHED: list[tuple[Any, RuleState]] = [
    ({"if": [GREEN, True, BAD]}, RuleState.PASS),
    ({"if": [RED, BAD, False]}, RuleState.FAIL),
    ({"and": [RED, BAD]}, RuleState.FAIL),
    ({"and": [GREEN, RED, BAD]}, RuleState.FAIL),
    ({"reduce": [{"if": [RED, ITEM, []]}, BAD, True]}, RuleState.PASS),
    ({"if": [GREEN, {"if": [RED, BAD, True]}, BAD]}, RuleState.PASS),
    ({"if": [GREEN, True, {"===": [{"var": "payload.colour"}, "red"]}]}, RuleState.PASS),
    ({"if": [GREEN, True, 0.5]}, RuleState.PASS),
    ({"if": [GREEN, True, None]}, RuleState.PASS),
    ({"and": [RED, {"plusTime": ["2022-13-01", 1, "day"]}]}, RuleState.FAIL),
    ({"if": [GREEN, True, {"var": "a..b"}]}, RuleState.PASS),
    ({"if": [GREEN, True, {"!": [1, 2]}]}, RuleState.PASS),
    ({"if": [GREEN, True, 2**53]}, RuleState.PASS),
]
REACHED: list[Any] = [
    BAD,
    None,
    0.5,
    2**53,
    {"if": [GREEN, BAD, True]},
    {"if": [BAD, True, True]},
    {"and": [GREEN, BAD]},
    {"and": [BAD, RED]},
    {"!": [BAD]},
    {"===": [RED, BAD]},
    {"in": [BAD, []]},
    {"reduce": [ITEM, BAD, True]},
    {"reduce": [[], True, BAD]},
    {"if": [GREEN, True]},
    {"var": "payload.colour"},
    {"!": [{"var": "external.parameters.nothing"}]},
    {"!": [GREEN], "and": []},
    {"and": [True] * MAX_NODES},
]


@pytest.mark.parametrize(("logic", "state"), NOT_REACHED)
def test_a_bad_branch_that_is_never_reached_spoils_nothing(logic: Any, state: RuleState) -> None:
    """An evaluator that reads a rule while it runs never sees it either: the rule was tried so, and works elsewhere."""
    assert in_force(logic).judge(CODE, AT).state is state


@pytest.mark.parametrize("logic", REACHED)
def test_a_bad_part_that_is_reached_leaves_the_rule_open(logic: Any) -> None:
    """Nobody is let pass and nobody turned away by what cannot be evaluated."""
    result = in_force(logic).judge(CODE, AT)
    assert (result.state, result.rule and result.rule.id) == (RuleState.OPEN, "nucleic-acid")


@pytest.mark.parametrize("logic", [BAD, {"if": [GREEN, True, BAD]}, 0.5, {"var": "payload.colour"}])
def test_all_other_rules_of_the_set_go_on(logic: Any) -> None:
    """One slip of an author must not leave every gate of a province without its rules."""
    failing = CODE._replace(evidence=(TEST, JOURNEY._replace(result=EvidenceResult.POSITIVE)))
    result = in_force(logic).judge(failing, AT)
    assert (result.state, result.rule and result.rule.id) == (RuleState.FAIL, "travel")


def test_a_rule_deeper_than_the_bound_is_one_rule_left_open() -> None:
    """What a rule may cost is no reason to lose the others."""
    logic: Any = True
    for _ in range(MAX_DEPTH + 1):
        logic = {"!": [logic]}
    assert in_force(logic).judge(CODE, AT).state is RuleState.OPEN


@pytest.mark.parametrize("logic", [logic for logic, _ in NOT_REACHED] + REACHED)
def test_its_author_is_told_of_every_bad_part(logic: Any) -> None:
    """Before it is signed it costs nothing to mend, reached or not."""
    for refuse in (lambda: parse_rule_set(document(logic)), lambda: sign_rule_set(document(logic), SIGNER)):
        with pytest.raises(RuleSetInvalid, match="rule nucleic-acid"):
            refuse()


def test_sound_logic_is_the_same_both_ways() -> None:
    """Gates and authors must not have two languages."""
    for rule in template("CN-44", 48)["rules"]:
        assert in_force(rule["logic"]).rules
    assert compile_sound_parts({"+": [1, 2]})({}) == compile_rule({"+": [1, 2]})({}) == 3


def test_a_bad_part_says_what_is_wrong() -> None:
    """Whoever looks for the reason of an open rule finds it in the error."""
    with pytest.raises(RuleOpen, match="unknown operator"):
        compile_sound_parts(BAD)({})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"), (False, "false"), (0, "0"), (-48, "-48"), (2**53 - 1, "9007199254740991"), ("", ""),
        ("True", "True"), ("2022-11-21T12:00:00+08:00", "2022-11-21T12:00:00+08:00"), ("{x}", "{x}"), ("字", "字"),
    ],
)  # fmt: skip
def test_each_kind_of_parameter_in_a_text(value: object, shown: str) -> None:
    """A guard reads the same at a service's gate and at one in a browser: truth values as JSON writes them."""
    text = {"zh": "甲{hours}乙", "en": "a{hours}b"}
    rule = template("CN-44", 48)["rules"][0] | {"logic": True, "text": text, "needed": text}
    (read,) = parse_rule_set(template("CN-44", 48) | {"parameters": {"hours": value}, "rules": [rule]}).rules
    assert read.text == read.needed == Label((f"甲{shown}乙", f"甲{shown}乙", f"a{shown}b"))


@pytest.mark.parametrize("value", [None, [], [1], {}, 0.5, 2**53])
def test_what_is_no_parameter_is_refused(value: object) -> None:
    """Null, lists and fractions have no one way to be written in a text."""
    with pytest.raises(RuleSetInvalid, match="parameters"):
        parse_rule_set(template("CN-44", 48) | {"parameters": {"x": value}})
