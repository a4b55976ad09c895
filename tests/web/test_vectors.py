"""The browser's judge says what the Python judge says: in Node, and in Chromium with the WebCrypto that gates have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cbor2 import CBORTag, dumps

from credentials.profile.steps import StepName
from credentials.recognition.language.certlogic import compile_rule
from credentials.recognition.words import age_in_words
from credentials.verdict import to_json
from tests.outside import test_dcc
from tests.properties.test_both_foreign import LIST, SOUND, Gates, flips
from tests.shc import card_jws, key
from tests.vectors.foreign import card_of, foreign_list
from tests.vectors.knowledge import GUANGDONG
from tests.vectors.reading import read_challenge, read_knowledge, read_policy, read_vectors
from tests.vectors.test_outside_certlogic import Assertion, answer, national_rules, suite
from tests.web.twin import PageTwin, Twin
from verifier.judging.recipe import judge

VECTORS = read_vectors()
SAMPLES = {sample["name"]: sample for sample in VECTORS["samples"]}


@pytest.fixture(scope="module", params=["node_judge", "page_judge"])
def twin(request: pytest.FixtureRequest) -> Any:
    """One and the other."""
    return request.getfixturevalue(request.param)


def snapshot_of(sample: dict[str, Any]) -> dict[str, Any]:
    """What the sample's gate knows, as ``docs/snapshot.md`` has it."""
    names = sample["knowledge"]
    return {
        "member": GUANGDONG,
        "gate": "",
        "policy": VECTORS["policies"][sample["policy"]],
        "trust": None if names["trust"] is None else VECTORS["trusts"][names["trust"]],
        "statuses": {member: VECTORS["statuses"][name] for member, name in names["statuses"].items()},
        "segments": {},
        "rules": [VECTORS["rules"][name] for name in names["rules"]],
        "foreign_keys": VECTORS["foreign_keys"].get(names.get("foreign_keys")),
        "reasons": VECTORS["reasons"],
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_both_judges_say_the_same(twin: Twin, name: str) -> None:
    """Two judges that disagree on one code leave a person standing between two gates."""
    sample = SAMPLES[name]
    policy = VECTORS["policies"][sample["policy"]]
    ours = judge(
        sample["text"],
        read_knowledge(VECTORS, sample["knowledge"]),
        sample["at"],
        read_policy(policy),
        clock_in_doubt=sample["clock_in_doubt"],
        challenge=read_challenge(sample["challenge"]),
    )
    told = {key: sample[key] for key in ("text", "at", "clock_in_doubt", "challenge")}
    assert twin("learn", name="", snapshot=snapshot_of(sample))["failures"] == []
    assert twin("check", knowledge="", policy=policy, **told) == to_json(ours)


@pytest.mark.parametrize("assertion", suite(), ids=lambda assertion: assertion.name)
def test_conformance(twin: Twin, assertion: Assertion) -> None:
    """A rule means the same to both, and where ours answers otherwise than the suite on purpose, so does its twin."""
    ours = answer(assertion.logic, assertion.data)
    theirs = twin("decide", logic=assertion.logic, data=assertion.data)
    assert theirs == ({"code": "rule-open"} if ours == "open" else {"value": json.loads(json.dumps(ours))})


@pytest.mark.parametrize("name", national_rules())
def test_national_rules(twin: Twin, name: str) -> None:
    """What six countries decided in 2021, decided again by both."""
    entry = national_rules()[name]
    rule = compile_rule(entry["rule"]["Logic"])
    for test in entry["tests"]:
        data = {"payload": test["payload"], "external": test["external"]}
        assert twin("decide", logic=entry["rule"]["Logic"], data=data) == {"value": rule(data)}, test.get("name")


@pytest.mark.skipif(not test_dcc.VECTORS, reason="NOT CHECKED: no EU test cards (set TONGXING_VECTORS)")
def test_some_of_the_eu_s_own_cards_in_chromium(page_judge: PageTwin) -> None:
    """By the WebCrypto that gates have: elliptic curves and RSA."""
    assert test_dcc.differently_judged(page_judge, list(test_dcc.VECTORS)[::12]) == []


def _european() -> tuple[str, list[str], str]:
    data = dumps(CBORTag(18, SOUND))
    return card_of(data), [card_of(flipped) for flipped in flips(data)], LIST


def _smart_health_card() -> tuple[str, list[str], str]:
    text = card_jws()
    return text, [flipped.decode("latin-1") for flipped in flips(text.encode())], foreign_list(key())


@pytest.mark.parametrize("kind", [_european, _smart_health_card])
def test_every_flipped_bit_of_a_card_from_abroad_in_chromium(
    page_judge: PageTwin, kind: Callable[[], tuple[str, list[str], str]]
) -> None:
    """Each is refused, or shows exactly the same, as in Node (tests/properties): no bit means another thing here."""
    text, flipped, listed = kind()
    gates = Gates(page_judge, listed)
    assert gates.failures == []
    sound = gates.same(text)
    assert sound["card"] is not None
    found = page_judge.all("check", [gates.asked(each) for each in flipped])
    assert found == [gates.ours(each) for each in flipped]
    shown = [each for each in found if each["outcome"] != "refused"]
    # How a card is wrapped is no fact.
    assert all({**each, "card": sound["card"]} == sound for each in shown)


def test_steps_and_ages_are_said_alike(twin: Twin) -> None:
    """Two gates that name a step, or an age, differently cannot be compared."""
    theirs = twin("words")
    assert theirs["steps"] == [*StepName]
    assert theirs["ages"] == [[*age_in_words(seconds)] for seconds in (-1, 0, 3599, 86_399, 604_800)]
