"""What the reference implementation of CertLogic and another reader of Token Status Lists make of the same as ours."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.errors import RuleOpen, RuleSetInvalid
from credentials.foreign.facts import CardKind, ForeignFacts
from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.recognition.card_rules import card_input
from credentials.recognition.language.certlogic import RuleState, compile_rule, evaluate
from credentials.recognition.language.instants import DateTime
from credentials.status import bits
from credentials.status.token import deflate_list, inflate_list
from hatch_build import BuildFailed, ready_node
from tests import published
from tests.properties.test_both_readers import EXPRESSIONS, FACTS
from tests.vectors.cast import DAY, NOW
from tests.web.twin import NodeTwin

ROOT = Path(__file__).parents[2]
OPEN = "open"


@pytest.fixture(scope="module")
def peers() -> Iterator[NodeTwin]:
    """Both in one process of Node; skips where there is none."""
    try:
        node = ready_node(ROOT)
    except BuildFailed as failed:
        pytest.skip(f"NOT CHECKED: {failed}")
    twin = NodeTwin([*node, str(Path(__file__).with_name("peers.mjs"))])
    yield twin
    twin.close()


def ours(logic: Any, data: Any) -> Any:
    try:
        return _plain(compile_rule(logic)(data))
    except (RuleOpen, RuleSetInvalid):
        return OPEN


def _plain(value: Any) -> Any:
    if type(value) is list:
        return [_plain(item) for item in value]
    return {"milliseconds": int(value)} if isinstance(value, DateTime) else value


@settings(max_examples=400)
@given(EXPRESSIONS, FACTS)
def test_where_ours_decides_the_reference_decides_the_same(peers: NodeTwin, logic: Any, facts: Any) -> None:
    """A rule that was tried with certlogic-js must let pass and turn away the same people at our gates."""
    answer = ours(logic, facts)
    if answer in (True, False):
        assert peers("evaluate", logic=logic, data=facts) == {"value": answer}


NARROWER: dict[str, tuple[Any, Any]] = {
    "dates are never equal": ({"===": [{"plusTime": ["2022", 0, "day"]}, 1]}, False),
    "fractions are no conditions": ({"if": [{"var": "half"}, True, False]}, True),
    "no sum beyond 2^53 - 1": ({"<": [{"+": [2**53 - 1, 2]}, 0]}, False),
    "no year 0": ({"before": [{"plusTime": ["0000-01-01", 0, "day"]}, {"plusTime": ["2022", 0, "day"]}]}, True),
    "no more than 128 items": ({"reduce": [{"var": "many"}, {"var": "accumulator"}, True]}, True),
}


@pytest.mark.parametrize("name", NARROWER)
def test_what_is_narrower_on_purpose_is_open(peers: NodeTwin, name: str) -> None:
    """The table of the wire format: an exception for what has ceased to be one would hide the next mistake."""
    logic, value = NARROWER[name]
    data = {"half": 0.5, "many": [1] * 129}
    assert ours(logic, data) == OPEN
    assert peers("evaluate", logic=logic, data=data) == {"value": value}


TAKEN_OVER = published.as_rule_set().card_rules
DATES = st.sampled_from(["2021-01-31", "2022-02-18", "2022-11-05", "2022-11-06", "2022-11-20T12:00:00Z", "", None])
IDENTIFIERS = st.sampled_from(["URN:UVCI:01:AT:1#B", "01/AT/2#C", "URN:UVCI:V1:FR:3", "", None])
DISEASES = st.sampled_from(["840539006", "55735004", None])
COUNTS = st.integers(0, 3)
DOSE = st.fixed_dictionaries({}, optional={"tg": DISEASES, "dn": COUNTS, "sd": COUNTS, "dt": DATES, "ci": IDENTIFIERS})
KINDS, RESULTS = st.sampled_from(["LP6464-4", "LP217198-3"]), st.sampled_from(["260415000", "260373001"])
SAMPLE = st.fixed_dictionaries({}, optional={"tt": KINDS, "tr": RESULTS, "sc": DATES})
PAYLOADS = st.fixed_dictionaries(
    {"ver": st.just("1.3.0")}, optional={
        "v": st.lists(DOSE, max_size=2) | st.none(), "t": st.lists(SAMPLE, max_size=2),
        "r": st.lists(st.fixed_dictionaries({}, optional={"fr": DATES}), max_size=2),
    },
)  # fmt: skip


@settings(max_examples=400)
@given(PAYLOADS, st.sampled_from([NOW, NOW - 15 * DAY, NOW + 100 * DAY]))
def test_rules_taken_over_say_what_they_say_at_home(peers: NodeTwin, payload: Any, at: int) -> None:
    """Over the card as it is, with the value sets as they were published: what ours decides the reference decides too,
    and what ours leaves open is no answer of the reference's either, or one that it draws from a date that is none."""
    facts = ForeignFacts("eu-dcc", CardKind.TEST, "AT", "AT", NOW, NOW + DAY, "", "", ())
    sets = {"disease-agent-targeted": ["840539006"]}
    for written, rule in zip(published.ALL, TAKEN_OVER, strict=True):
        data = card_input(rule, payload, facts, at)
        theirs = peers(
            "evaluate", logic=written["Logic"], data=data | {"external": data["external"] | {"valueSets": sets}}
        )
        state = evaluate(rule.rule, data)
        if state is not RuleState.OPEN:
            assert theirs == {"value": state is RuleState.PASS}
        else:
            assert not isinstance(theirs.get("value"), bool) or _has_no_date(payload)


def _has_no_date(payload: Any) -> bool:
    """certlogic-js calls a moment that is none (an Invalid Date) neither before nor after any other."""
    dates = {"dt", "sc", "fr"}
    entries = [entry for group in "vtr" for entry in payload.get(group) or ()]
    return any(not entry.get(name) for entry in entries for name in dates)


INDICES = [0, 1, 7, 8, 9, 1000, 65_535, 524_288, STATUS_LIST_SIZE - 1]


def test_they_read_our_status_lists(peers: NodeTwin) -> None:
    """Outsiders read withdrawals by such libraries; one bit off by one would withdraw a neighbour."""
    lst = deflate_list(bits.to_bits(array("I", INDICES)))
    asked = sorted(
        {near for index in INDICES for near in (index - 1, index, index + 1) if 0 <= near < STATUS_LIST_SIZE}
    )
    answer = peers("read", lst=lst, bits=1, indices=asked)
    assert answer == {"value": [int(index in INDICES) for index in asked]}


def test_we_read_their_status_lists(peers: NodeTwin) -> None:
    """The same bits from the other side."""
    statuses = [0] * STATUS_LIST_SIZE
    for index in INDICES:
        statuses[index] = 1
    lst = peers("make", statuses=statuses, bits=1)["value"]
    assert list(bits.from_bits(inflate_list(lst))) == INDICES


SPECIFICATION = (0, 3, 4, 5, 7, 8, 9, 13, 15)
"""draft-ietf-oauth-status-list, section 4.1, "Status List in JSON Format": sixteen statuses of one bit, in which these
are set; the bytes are b9 a3, and ``lst`` is the text below."""
LST = "eNrbuRgAAhcBXQ"


def test_the_example_of_the_specification(peers: NodeTwin) -> None:
    """The order of bits in a byte is the one thing that everybody gets wrong at first."""
    assert inflate_list(LST) == bytes.fromhex("b9a3")
    assert tuple(bits.from_bits(inflate_list(LST))) == SPECIFICATION
    assert peers("read", lst=LST, bits=1, indices=list(range(16))) == {
        "value": [int(i in SPECIFICATION) for i in range(16)]
    }


LONG_SPECIFICATION = (0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345)
"""The same draft's test vectors for the encoding, "1 bit Status List": these of 2^20 are set."""
LONG_LST = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogE"
    "AAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAA"
    "A7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAA"
    "ACAZC8L2AEb"
)


def test_the_long_example_of_the_specification(peers: NodeTwin) -> None:
    """As large as a list of ours: the bytes of all of it, and the peer's answer at and beside each bit."""
    assert inflate_list(LONG_LST) == bits.to_bits(LONG_SPECIFICATION)
    indices = sorted({max(each + step, 0) for each in LONG_SPECIFICATION for step in (-1, 0, 1)})
    assert peers("read", lst=LONG_LST, bits=1, indices=indices) == {
        "value": [int(each in LONG_SPECIFICATION) for each in indices]
    }
