"""The judge in Python and the one in browsers say the same of every code, however it was changed.

Vectors show what somebody thought of; here both are asked about what nobody did: characters and bytes that were
changed, claims of any value under a good signature, live codes of any time, at gates of every profile and clock.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from cbor2 import dumps
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.formats import presentation
from credentials.formats.native import claims
from credentials.formats.presentation import challenge
from credentials.model import Evidence
from credentials.profile.characters import HIDDEN, is_shown
from credentials.profile.limits import MAX_CREDENTIAL_BYTES, MAX_TIME_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Status
from credentials.verdict import to_json
from credentials.wire import base45, cbor
from tests.properties.naive import BASE45
from tests.vectors.cast import DAY, HOUR, NOW
from tests.vectors.codes import ASKED, CONVERTED, DECISION, HOLDER, PAPER, PHONE, TEST, THIEF, issue, show, signed
from tests.vectors.knowledge import GUANGDONG, HENAN, ZHEJIANG
from tests.vectors.reading import read_challenge, read_knowledge, read_policy, read_vectors
from tests.web.twin import NodeTwin
from verifier.judging.recipe import judge

EXAMPLES = settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100")))
"""Of each kind; ``make fuzz`` asks for 20,000."""
VECTORS = read_vectors()
NAMES: dict[str, Any] = {"trust": "fresh", "statuses": {HENAN: "henan", ZHEJIANG: "zhejiang"}, "rules": ["48 hours"]}
KNOWLEDGE = read_knowledge(VECTORS, NAMES)
SNAPSHOT = {
    "member": GUANGDONG,
    "gate": "",
    "trust": VECTORS["trusts"]["fresh"],
    "statuses": {member: VECTORS["statuses"][name] for member, name in NAMES["statuses"].items()},
    "segments": {},
    "rules": [VECTORS["rules"]["48 hours"]],
    "reasons": VECTORS["reasons"],
}
VACCINATION = Evidence(EvidenceKind.VACCINATION, EvidenceResult.COMPLETED, NOW - 40 * DAY, 410_000)
ASSISTED = PHONE._replace(form=Form.ASSISTED, guardian=Guardian.CHILD, evidence=(VACCINATION, TEST))
RED = PAPER._replace(status=Status.RED, decision_reference=DECISION)
CODES = [PAPER, PHONE, ASSISTED, CONVERTED, RED]
TEXTS = [
    *map(issue, CODES),
    show(PHONE),
    show(ASSISTED),
    show(PHONE, nonce=ASKED.nonce, gate=ASKED.gate),
    challenge.draw(ASKED),
]
LETTERS = st.characters() | st.sampled_from(BASE45 + "\t\n\x1c\x85\xa0\u2003\u3000\ufeff%20")
NUMBERS = st.integers(-1, 24) | st.integers(-(2**65), 2**65) | st.integers(NOW - 9 * DAY, NOW + 9 * DAY)
ODD = NUMBERS | st.none() | st.booleans() | st.floats() | st.text(max_size=12) | st.binary(max_size=33)
ANYTHING = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.integers(-4, 12), inner, max_size=4)
)
TIMES = st.integers(NOW - 10 * DAY, NOW + 10 * DAY) | st.integers(NOW - 100, NOW + 100)


@pytest.fixture(scope="module")
def twin(node_judge: NodeTwin) -> NodeTwin:
    """The browser's judge, which knows what ours knows."""
    assert node_judge("learn", name="both", snapshot=SNAPSHOT)["failures"] == []
    return node_judge


gates = st.fixed_dictionaries(
    {
        "at": TIMES,
        "policy": st.sampled_from(list(VECTORS["policies"].values())),
        "clock_in_doubt": st.booleans(),
        "challenge": st.sampled_from([None, {"gate": ASKED.gate, "nonce": ASKED.nonce.hex()}]),
    }
)
GATE: dict[str, Any] = {"at": NOW, "policy": VECTORS["policies"]["venue"], "clock_in_doubt": False, "challenge": None}


def same(twin: NodeTwin, text: str, gate: dict[str, Any] = GATE) -> None:
    ours = judge(
        text, KNOWLEDGE, gate["at"], read_policy(gate["policy"]),
        clock_in_doubt=gate["clock_in_doubt"], challenge=read_challenge(gate["challenge"]),
    )  # fmt: skip
    assert twin("check", knowledge="both", text=text, **gate) == to_json(ours)


@EXAMPLES
@given(st.sampled_from(TEXTS), gates)
def test_sound_codes_at_any_gate(twin: NodeTwin, text: str, gate: dict[str, Any]) -> None:
    """Every boundary of time is a place at which two judges can part."""
    same(twin, text, gate)


@EXAMPLES
@given(st.sampled_from(TEXTS), st.data())
def test_changed_characters(twin: NodeTwin, text: str, data: st.DataObject) -> None:
    """White space, escapes, half of a pair of surrogates: what a scanner or a clipboard makes of a code."""
    start = data.draw(st.integers(0, len(text)))
    end = start + data.draw(st.sampled_from([0, 0, 1, 3, len(text)]))
    same(twin, text[:start] + data.draw(st.text(LETTERS, max_size=6)) + text[end:])


@EXAMPLES
@given(st.sampled_from(TEXTS[:-1]), st.data())
def test_changed_bytes(twin: NodeTwin, text: str, data: st.DataObject) -> None:
    """Layout, lengths, kid, mode and both signatures."""
    prefix, _, body = text.partition(":")
    raw = bytearray(base45.decode(body))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(raw), len(raw) - 1, 70]))
    same(twin, f"{prefix}:{base45.encode(bytes(raw[:cut]))}")


@EXAMPLES
@given(st.sampled_from(CODES), st.data(), gates)
def test_any_claims_under_a_good_signature(
    twin: NodeTwin, code: Any, data: st.DataObject, gate: dict[str, Any]
) -> None:
    """What an issuer gone wrong could sign: other types, bounds, keys and combinations."""
    items = cbor.loads(claims.encode(code), MAX_CREDENTIAL_BYTES)
    for _ in range(data.draw(st.integers(1, 2))):
        place = items if data.draw(st.booleans()) else items.get(claims.OURS)
        if type(place) is dict:
            key = data.draw(st.sampled_from([*place, 9, 20, None]))
            if key is None:
                # The change before this one may have left it empty.
                place.pop(data.draw(st.sampled_from([*place, None])), None)
            else:
                place[key] = data.draw(_nearby(place.get(key)) | ANYTHING)
    payload = dumps(items)
    if 24 <= len(payload) <= MAX_CREDENTIAL_BYTES - 90:
        same(twin, signed(payload), gate)


@EXAMPLES
@given(st.binary(min_size=24, max_size=120))
def test_garbage_under_a_good_signature(twin: NodeTwin, payload: bytes) -> None:
    """Two CBOR readers, one in each language."""
    same(twin, signed(payload))


@EXAMPLES
@given(
    st.sampled_from([PHONE, ASSISTED, PHONE._replace(holder_key=b"\x02" + bytes(32)), PAPER]),
    st.integers(0, MAX_TIME_SECONDS) | st.integers(NOW - 100, NOW + 100),
    st.sampled_from([HOLDER, THIEF]),
    st.sampled_from([None, ASKED.nonce, bytes(16)]),
    gates,
)
def test_live_codes_of_any_time(
    twin: NodeTwin, code: Any, time: int, key: Any, nonce: bytes | None, gate: dict[str, Any]
) -> None:
    """By the right phone and by another, on time and not, as an answer and not."""
    text = presentation.present(issue(code), key, time, nonce, None if nonce is None else ASKED.gate)
    same(twin, text, gate)


@EXAMPLES
@given(
    st.lists(
        st.builds(
            Evidence,
            st.sampled_from(EvidenceKind),
            st.sampled_from(EvidenceResult),
            st.integers((NOW - 200 * DAY) // 600, (NOW + DAY) // 600).map(lambda count: count * 600),
            st.sampled_from([410_102, 440_000]),
        ),
        max_size=2,
    ),
    st.integers(NOW - HOUR, NOW + DAY),
)
def test_any_evidence(twin: NodeTwin, evidence: list[Evidence], at: int) -> None:
    """Which rule decides, and in which words it is told what the code carries."""
    same(twin, issue(PAPER._replace(evidence=tuple(evidence))), {**GATE, "at": at})


def _nearby(value: Any) -> st.SearchStrategy[Any]:
    """The value, or one beside it: most of what is sound lies next to a bound."""
    if type(value) is int:
        return st.integers(value - 2, value + 2)
    if type(value) is list and value:
        return st.integers(0, len(value) - 1).flatmap(
            lambda at: _nearby(value[at]).map(lambda new: [*value[:at], new, *value[at + 1 :]])
        )
    return st.just(value)


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code.form.label} {code.status.label} {code.issuer}")
def test_each_claim_beside_its_bounds(twin: NodeTwin, code: Any) -> None:
    """One place after the other, with every other value as its issuer wrote it."""
    items = cbor.loads(claims.encode(code), MAX_CREDENTIAL_BYTES)
    for path in _places(items):
        value = items
        for key in path:
            value = value[key]
        beside = [value - 1, value + 1, 2**16, 2**20, 2**32] if type(value) is int else []
        others: list[Any] = [*beside, -1, 0, 24, None, True, 1.0, "CN-41", b"x" * 8, [], {}]
        for other in others:
            same(twin, signed(dumps(_with(items, path, other))))


def _places(value: Any) -> list[list[Any]]:
    """The way to each value, innermost and on the way."""
    inner = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    return [[key, *way] for key, each in inner for way in [[], *_places(each)]]


def _with(value: Any, path: list[Any], other: Any) -> Any:
    if not path:
        return other
    changed = dict(value) if type(value) is dict else list(value)
    changed[path[0]] = _with(changed[path[0]], path[1:], other)
    return changed


def test_white_space_of_both_languages(twin: NodeTwin) -> None:
    """What Python takes off the ends of a text, JavaScript does not quite, and the other way round."""
    for space in [*filter(str.isspace, map(chr, range(0x3100))), "\ufeff", "\u180e", "\u200b"]:
        same(twin, f"{space}{TEXTS[0]}{space}")
        same(twin, f"{space * 4097}{TEXTS[0]}")


@pytest.mark.parametrize("around", ["]Q1{}\t", "\ufeff]Q6{}\r\n", " ]Q0{}", "]Q7{}", "]C1{}", "]Q1]Q1{}", "]Q1 {}"])
def test_what_hand_scanners_send_around_a_code(twin: NodeTwin, around: str) -> None:
    """The same gate has a command, a server and an app."""
    same(twin, around.format(TEXTS[0]))


def test_names_at_each_end_of_what_may_stand(twin: NodeTwin) -> None:
    """Ideographs of every year and private use pass both; what nobody sees passes neither, whatever runtime asks."""
    for first, last in [*HIDDEN, (0x2EBF0, 0x2EE5D), (0x31350, 0x323AF), (0x0378, 0x0379), (0xE000, 0xF8FF)]:
        for code in {first - 1, first, last, last + 1} - {-1, *range(0xD800, 0xE000), 0x110000}:
            same(twin, issue(PAPER._replace(holder_name=f"王{chr(code)}*")))
            same(twin, challenge.draw(ASKED._replace(gate=chr(code))) if is_shown(chr(code)) else "")


def test_the_texts_reach_far(twin: NodeTwin) -> None:
    """Codes that all fail at the first step would agree about nothing."""
    ended = {twin("check", knowledge="both", text=text, **GATE)["outcome"] for text in TEXTS}
    assert ended == {"accepted", "refused"}
