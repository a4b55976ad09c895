"""Both judges say the same of every card that no member signed, however it was changed."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import count
from typing import Any

import pytest
from cbor2 import CBORTag, dumps, undefined
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.algorithms import es256, ps256
from credentials.base64url import to_base64url
from credentials.errors import TongxingError
from credentials.foreign.document import FOREIGN_KEYS_TYPE
from credentials.profile.languages import LANGUAGES
from credentials.recognition.authoring.template import template
from credentials.recognition.document import RULES_TYPE, read_rule_set
from credentials.verdict import to_json
from credentials.wire import base45
from credentials.wire.strict_json import json_bytes
from tests import published
from tests.dcc import KID, RECOVERY, RSA_KEY, VACCINATION, certificate, claims, ps256_signature, rsa_key, sign1
from tests.properties.signed_json import VALUES, compact, with_changes, written
from tests.properties.test_both_judges import ANYTHING, SNAPSHOT, VECTORS
from tests.unit.credentials.profile.test_known_texts import SHOWN
from tests.vectors.cast import DAY, NOW, YEAR, signer
from tests.vectors.foreign import FRESH_TEST, SIGNER, card, card_of, foreign_list, listed
from tests.vectors.knowledge import GUANGDONG, HENAN, ZHEJIANG
from tests.vectors.reading import read_foreign_list, read_knowledge, read_policy, read_trust
from tests.web.twin import NodeTwin, Twin
from verifier.judging.knowledge import Knowledge
from verifier.judging.recipe import judge

EXAMPLES = settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100")))
"""Of each kind; ``make fuzz`` asks for 20,000."""
TRUST = read_trust(VECTORS["trusts"]["fresh"])
LIST = foreign_list(listed(), rsa_key())
NAMES: dict[str, Any] = {"trust": "fresh", "statuses": {HENAN: "henan", ZHEJIANG: "zhejiang"}, "rules": ["48 hours"]}
POLICY = VECTORS["policies"]["venue"]
CERTIFICATES = [certificate(t=[FRESH_TEST]), certificate(v=[VACCINATION]), certificate(r=[RECOVERY])]
SOUND = sign1(dumps(claims(CERTIFICATES[0], iat=NOW - DAY, exp=NOW + YEAR)), sign=lambda data: es256.sign(SIGNER, data))  # type: ignore[arg-type]
STAMPS = st.sampled_from(
    [
        "",
        "2022-11-20\n",
        "2022-11-20T12:00:00Z",
        "2022-11-20T12:00:00.123456789+08:00",
        "2022-11-20T12:00:00+0800",
        "2022-11-20T12:00:00",
        "2022-11-20T24:00:00Z",
        "2022-11-20T23:60:00Z",
        "2022-11-20T12:00:60Z",
        "2022-11-20T12:00:00-15:01",
        "2022-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+15:00",
        "9999-12-31T23:59:59-15",
        "2022-11-20",
        "2022-13-01",
        "2022-11-20T",
        "2022-11-20T9",
        "2022-11",
        "2022",
        "1998-02-30",
    ]
)
ODD = (
    ANYTHING
    | STAMPS
    | STAMPS.map(lambda text: CBORTag(0, text))
    | st.floats().map(lambda number: CBORTag(1, number))
    | st.sampled_from(
        [float(NOW), NOW + 0.5, 2.0, -0.0, CBORTag(1, float(NOW)), CBORTag(1, CBORTag(1, NOW)), "\x85A ", "A\ufeff"]
    )
    | st.text("AÄß<ы中 \x00\x1c\u200b\u3000\U0001f600", max_size=4)
    | st.integers(250, 260).map(lambda count: "😀" * count)
)


_NUMBERS = count()
"""Of the gates of this process: what one is taught is not what another knows."""


class Gates:
    """Ours and its twin, which know the same."""

    def __init__(self, twin: Twin, foreign_keys: str | None = LIST, rules: str = VECTORS["rules"]["48 hours"]) -> None:
        self._twin, self._name = twin, f"foreign-{next(_NUMBERS)}"
        snapshot = {**SNAPSHOT, "foreign_keys": foreign_keys, "rules": [rules]}
        self.failures = twin("learn", name=self._name, snapshot=snapshot)["failures"]
        keys = None if foreign_keys is None or self.failures else read_foreign_list(foreign_keys, TRUST)
        key = signer(GUANGDONG, "rules-1").public_key
        base = read_knowledge(VECTORS, NAMES)
        self.knowledge = Knowledge(base.trust, base.statuses, (read_rule_set(rules, key, GUANGDONG),), keys)

    def same(self, text: str, at: int = NOW, clock_in_doubt: bool = False) -> dict[str, Any]:
        """What both say."""
        ours = self.ours(text, at, clock_in_doubt)
        assert self._twin("check", **self.asked(text, at, clock_in_doubt)) == ours
        return ours

    def ours(self, text: str, at: int = NOW, clock_in_doubt: bool = False) -> dict[str, Any]:
        """What ours says."""
        return to_json(judge(text, self.knowledge, at, read_policy(POLICY), clock_in_doubt=clock_in_doubt))

    def asked(self, text: str, at: int = NOW, clock_in_doubt: bool = False) -> dict[str, Any]:
        """What its twin is asked."""
        gate = {"at": at, "policy": POLICY, "clock_in_doubt": clock_in_doubt, "challenge": None}
        return {"knowledge": self._name, "text": text, **gate}


@pytest.fixture(scope="module")
def gates(node_judge: NodeTwin) -> Gates:
    made = Gates(node_judge)
    assert made.failures == []
    return made


def signed(payload: bytes, **options: Any) -> str:
    return card_of(dumps(CBORTag(18, sign1(payload, sign=lambda data: es256.sign(SIGNER, data), **options))))  # type: ignore[arg-type]


def claimed(dcc: Any, **changed: Any) -> dict[int, Any]:
    return claims(dcc, **({"iat": NOW - DAY, "exp": NOW + YEAR} | changed))


def flips(data: bytes) -> Iterator[bytes]:
    """The data with each of its bits turned over, one at a time."""
    for at in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        yield bytes(flipped)


def test_sound_cards_reach_the_end(gates: Gates) -> None:
    """Cards that all fail at the first step would agree about nothing."""
    outcomes = [gates.same(card(dcc))["outcome"] for dcc in CERTIFICATES]
    assert outcomes[0] == "accepted"
    by_rsa = sign1(dumps(claimed(CERTIFICATES[0], iss="CH")), {1: ps256.COSE_NUMBER, 4: KID}, sign=ps256_signature)
    assert gates.same(card_of(dumps(by_rsa)))["outcome"] == "accepted"
    assert RSA_KEY.key_size == 2048


def test_every_flipped_bit_of_a_card(gates: Gates) -> None:
    """Each is refused, or shows exactly the same: what a signature does not cover must not say anything."""
    data = dumps(CBORTag(18, SOUND))
    sound = gates.same(card_of(data))
    assert sound["outcome"] == "accepted"
    for at, flipped in enumerate(flips(data)):
        found = gates.same(card_of(flipped))
        assert found["outcome"] == "refused" or {**found, "card": sound["card"]} == sound, at


def test_every_flipped_bit_of_the_deflated_stream(gates: Gates) -> None:
    """Two readers of zlib: whoever holds a symbol can change it as well as what is in it."""
    stream = zlib.compress(dumps(CBORTag(18, SOUND)), 9)
    for flipped in flips(stream):
        gates.same("HC1:" + base45.encode(flipped))


@EXAMPLES
@given(st.binary(max_size=300) | st.sampled_from([bytes(20_000), b"ab" * 9000, os.urandom(9000)]), st.data())
def test_streams_of_any_kind(gates: Gates, content: bytes, data: st.DataObject) -> None:
    """Stored, fixed and own codes; cut, and changed in one place."""
    strategy = data.draw(st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE]))
    maker = zlib.compressobj(data.draw(st.integers(0, 9)), zlib.DEFLATED, data.draw(st.integers(9, 15)), 8, strategy)
    stream = bytearray(maker.compress(content) + maker.flush())[:2600]
    if data.draw(st.booleans()):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    gates.same("HC1:" + base45.encode(bytes(stream[: data.draw(st.integers(0, len(stream)) | st.just(len(stream)))])))


@EXAMPLES
@given(st.binary(max_size=200))
def test_any_bytes_in_a_stream(gates: Gates, content: bytes) -> None:
    """Two readers of CBOR, and what is a COSE_Sign1 to both."""
    gates.same("HC1:" + base45.encode(zlib.compress(content)))
    gates.same(signed(content))


@EXAMPLES
@given(
    st.lists(ANYTHING, max_size=5) | st.tuples(ANYTHING, ANYTHING, ANYTHING, ANYTHING).map(list),
    st.sampled_from([None, 18, 61, 0]),
)
def test_any_parts_of_a_card(gates: Gates, parts: Any, tag: int | None) -> None:
    """Parts of other types, numbers and tags."""
    gates.same(card_of(dumps(parts if tag is None else CBORTag(tag, parts))))


@EXAMPLES
@given(
    st.dictionaries(
        st.sampled_from([1, 2, 4, "x", 1.0, True, 99]), ANYTHING | st.sampled_from([-7, -37, KID]), max_size=4
    ),
    st.dictionaries(st.sampled_from([1, 2, 4, "x", 99]), ANYTHING | st.sampled_from([-7, -37, KID]), max_size=4),
)
def test_any_headers(gates: Gates, protected: Any, unprotected: Any) -> None:
    """A kid and an algorithm in the one, the other or both."""
    gates.same(signed(dumps(claimed(CERTIFICATES[0])), protected=protected, unprotected=unprotected))


@EXAMPLES
@given(st.sampled_from(CERTIFICATES), st.data())
def test_any_claims_under_a_good_signature(gates: Gates, dcc: Any, data: st.DataObject) -> None:
    """What a signer gone wrong could sign: other types, times, keys and groups."""
    items = _copied(claimed(dcc))
    places = list(_maps(items))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(places))
        key = data.draw(st.sampled_from([*place, "v", "t", "r", "x", 0]))
        if data.draw(st.booleans()):
            place[key] = data.draw(ODD)
        else:
            place.pop(key, None)
    gates.same(signed(dumps(items)), at=data.draw(st.sampled_from([NOW, NOW + YEAR, NOW + YEAR + 1, NOW - DAY - 61])))


@pytest.mark.parametrize("inner", [[], {}, [1], {"a": 1}, [[]], CBORTag(1, 1), "a"], ids=repr)
def test_both_nest_equally_deep(gates: Gates, inner: Any) -> None:
    """What is empty at the last level, and what is not."""
    outcomes = []
    for levels in range(7):
        items = _copied(claimed(CERTIFICATES[0]))
        items[-260][1]["nam"]["x"] = reduce(lambda held, _: [held], range(levels), inner)
        outcomes.append(gates.same(signed(dumps(items)))["outcome"])
    assert (outcomes[0], outcomes[-1]) == ("accepted", "refused")


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "bf0102ff",
        "9f0102ff",
        "5f41aa41bbff",
        "7f61616162ff",
        "7f61c361a9ff",
        "bf01ff",
        "5f6161ff",
        "1f",
        "ff",
        "f818",
        "f820",
        "1bffffffffffffffff",
        "3bffffffffffffffff",
        "1b0020000000000000",
        "f97e00",
        "f9fc00",
        "f90001",
        "fa7f800000",
        "f7",
        "e0",
        "c06161",
        "c101",
        "c24101",
        "d8006161",
        "d9d9f700",
        "c1c1c1c100",
        "818181818100",
        "81818181818180",
        "a2010af93c000b",
        "a2010af50b",
        "a2616101616102",
        "a1810102",
        "a141aa01",
        "a1f601",
        "63eda080",
        "63efbbbf",
        "61ff",
        "5a7fffffff",
        "9bffffffffffffffff",
    ],
)
def test_items_of_cbor_that_readers_differ_about(gates: Gates, hexadecimal: str) -> None:
    """In a place that nobody asks about, so that only reading it matters: in the claims, and in a header."""
    item = bytes.fromhex(hexadecimal)
    payload = dumps(claimed(CERTIFICATES[0]))
    assert payload[0] == 0xA4
    said = gates.same(signed(b"\xa5" + payload[1:] + b"\x18\x63" + item))
    head = b"\xa3" + dumps({1: es256.COSE_NUMBER, 4: KID})[1:] + b"\x18\x63" + item
    gates.same(signed(payload, protected=head))
    assert said["outcome"] in {"accepted", "refused"}


@pytest.mark.parametrize("text", [*SHOWN, *(f" {text}\n" for text in SHOWN), "1" * 600, "https://" + "😀" * 300])
def test_texts_that_are_known_for_what_they_are(gates: Gates, text: str) -> None:
    """A boarding pass is told as one at every gate."""
    gates.same(text)


def test_a_link_to_a_certificate_inside_a_card(gates: Gates) -> None:
    """WHO's links come as an EU card does."""
    for payload in (dumps({1: "AT", -260: {5: [{"u": "shlink:/x"}]}}), b"\xa1\x39\x01\x03\xbf\x05\x01\xff"):
        gates.same(signed(payload))
        gates.same(signed(payload).replace(" ", "%20"))


_ASKED = [f"payload.{name}" for name in ("status", "reason", "form", "issuedAt")]


@pytest.mark.parametrize(
    "name", [*_ASKED, "payload.evidence", "payload.evidence.0.region", "payload.latest.nucleic-acid.kind"]
)
def test_rules_about_what_a_card_does_not_say(node_judge: NodeTwin, name: str) -> None:
    """Open for both, whatever a rule does with it; what a card does say decides for both alike."""
    var: Any = {"var": name}
    for logic in (
        var, {"!": [var]}, {"===": [var, None]}, {"===": [var, "AT"]}, {"===": [var, var]}, {"in": [var, ["AT"]]},
        {"in": ["x", var]}, {"if": [var, True, False]}, {"and": [var, True]}, {"<": [var, 1]}, {"+": [var, 1]},
        {"after": [{"plusTime": [var, 0, "day"]}, {"plusTime": ["2020-01-01", 0, "day"]}]},
        {"reduce": [var, True, True]}, {"reduce": [[1], var, True]}, {"extractFromUVCI": [var, 0]},
    ):  # fmt: skip
        gates = Gates(node_judge, rules=_rules(logic))
        for text in (card(), card(certificate(t=[FRESH_TEST, FRESH_TEST | {"tr": "260373001"}])), card(iat=None)):
            gates.same(text)


_PUBLISHED = published.as_document(valid_from=NOW - 30 * DAY)
_STRETCHED = [entry | {"valid_from": NOW - YEAR, "valid_until": NOW + 2 * YEAR} for entry in _PUBLISHED["card_rules"]]


def _taken_over(rules: list[dict[str, Any]]) -> str:
    return _compact(_PUBLISHED | {"card_rules": rules}, RULES_TYPE)


@pytest.fixture(scope="module")
def european(node_judge: NodeTwin) -> Gates:
    """Gates of a host that has taken over other countries' rules."""
    return Gates(node_judge, rules=_taken_over(_STRETCHED))


def test_cards_by_the_rules_of_other_countries(european: Gates) -> None:
    """One that passes all of them, one that does not, and one too old for them: at both gates by the same rule."""
    good, old = VACCINATION | {"dt": "2022-02-18"}, VACCINATION | {"dt": "2021-02-18"}
    said = [european.same(card(certificate(v=[dose]))) for dose in (good, old, good | {"dn": 1})]
    assert [each["outcome"] for each in said] == ["accepted", "refused", "refused"]
    assert [each["rules"]["rule"] for each in said[1:]] == ["VR-DE-0002", "VR-DE-0001"]
    assert european.same(card(certificate(v=[good], ver="2.0.0")))["outcome"] == "undetermined"


@EXAMPLES
@given(st.sampled_from(CERTIFICATES), st.data())
def test_any_card_by_the_rules_of_other_countries(european: Gates, dcc: Any, data: st.DataObject) -> None:
    """The card itself is what they look at: whatever a signer may write into it, both read it alike."""
    items = _copied(claimed(dcc))
    places = list(_maps(items))[1:]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places))
        key = data.draw(st.sampled_from([*place, "v", "t", "r", "x", "ver", 0]))
        place[key] = data.draw(ODD | st.sampled_from(["1.0.0", "1.3.0", "1.10.0", [], {}, [1], "840539006", 2**53]))
    european.same(signed(dumps(items)), at=data.draw(st.sampled_from([NOW, NOW - 360 * DAY, NOW + YEAR])))


_LOOKED_AT = ["payload", "payload.v", "payload.v.0", "payload.v.0.x", "payload.dob", "payload.nam.fn", "payload.v.0.dn"]
_LOOKED_AT += [f"external.{name}" for name in ("validationClock", "countryCode", "issuerCountryCode", "iat", "region")]


_ODD_VALUES: list[Any] = [b"x", 1.5, 2**60, 2.0, {}, undefined, None]


@pytest.mark.parametrize("name", _LOOKED_AT)
def test_rules_over_any_part_of_a_card(node_judge: NodeTwin, name: str) -> None:
    """Objects, lists, texts, numbers, what is not there, and what JSON has no value for."""
    var: Any = {"var": name}
    for logic in (
        {"!": [var]}, {"===": [var, None]}, {"===": [var, ""]}, {"===": [var, "AT"]}, {"in": [var, ["AT", "DE", 2]]},
        {"in": [2, var]}, {"if": [var, True, False]}, {"<": [var, 3]}, {"reduce": [var, True, True]},
        {"after": [{"plusTime": [var, 0, "day"]}, {"plusTime": ["2020-01-01", 0, "day"]}]},
        {"===": [{"extractFromUVCI": [var, 0]}, "AT"]},
    ):  # fmt: skip
        gates = Gates(node_judge, rules=_taken_over([_STRETCHED[1] | {"logic": logic}]))
        for odd in _ODD_VALUES:
            gates.same(card(certificate(v=[VACCINATION | {"x": odd}]), iat=None))


@EXAMPLES
@given(st.data())
def test_lists_of_any_kind(node_judge: NodeTwin, data: st.DataObject) -> None:
    """Both take one or neither does, whatever the host has signed; a card is then judged by it."""
    document = with_changes(data.draw, _document(), VALUES)
    _same_list(node_judge, document)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 1.0}, {"sequence": 0}, {"sequence": True}, {"issued_at": 1},
        {"keys": []}, {"keys": "x"}, {"member": "CN-41"},
        {"member": "toString"}, {"extra": 1},
    ],
)  # fmt: skip
def test_lists_beside_their_bounds(node_judge: NodeTwin, change: dict[str, Any]) -> None:
    """One field after the other."""
    _same_list(node_judge, _document() | change)


@pytest.mark.parametrize("count", [8, 9])
def test_a_kid_with_too_many_keys(node_judge: NodeTwin, count: int) -> None:
    """Each may cost a signature."""
    entry = _document()["keys"][0]
    _same_list(node_judge, _document() | {"keys": [entry] * count})


@pytest.mark.parametrize(
    "coordinate", [lambda raw: b"\0" + raw, lambda raw: raw[1:], lambda raw: raw + b"\0", lambda raw: b""]
)
def test_coordinates_of_other_lengths(node_judge: NodeTwin, coordinate: Any) -> None:
    """257 of 368 keys of a published list had 33 bytes."""
    document = _document()
    jwk = document["keys"][0]["jwk"]
    numbers = SIGNER.public_key().public_numbers()
    jwk["x"] = to_base64url(coordinate(numbers.x.to_bytes(32, "big")))
    _same_list(node_judge, document)


def _same_list(twin: NodeTwin, document: Any) -> None:
    text = _compact(document)
    gates = Gates(twin, text)
    if gates.failures:
        with pytest.raises(TongxingError) as raised:
            read_foreign_list(text, TRUST)
        assert [failure["code"] for failure in gates.failures] == [raised.value.code]
    gates.same(card())


def _document() -> dict[str, Any]:
    key = listed()
    return {
        "member": GUANGDONG,
        "sequence": 7,
        "issued_at": NOW,
        "keys": [
            {
                "format": key.format, "issuer": key.issuer, "kid": to_base64url(key.kid), "alg": key.algorithm,
                "jwk": dict(key.jwk), "kinds": ["recovery", "test"],
                "not_before": key.not_before, "not_after": key.not_after,
            }
        ],
    }  # fmt: skip


def _compact(document: Any, typ: str = FOREIGN_KEYS_TYPE) -> str:
    """Signed as it is, whatever it is."""
    key = signer(GUANGDONG, "rules-1")
    header = json_bytes({"alg": "ES256", "kid": key.kid.hex(), "typ": typ})
    return compact(header, written(document).encode(), key)


def _rules(logic: Any) -> str:
    base = template(GUANGDONG, 48, valid_from=NOW - 30 * DAY)
    said = dict.fromkeys(LANGUAGES, "x")
    rule = {"id": "asks", "kinds": ["nucleic-acid"], "logic": logic, "text": said, "needed": said}
    return _compact(base | {"rules": [rule]}, RULES_TYPE)


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if type(value) is list else value


def _maps(value: Any) -> Iterable[dict[Any, Any]]:
    if type(value) is dict:
        yield value
        value = list(value.values())
    for each in value if type(value) is list else ():
        yield from _maps(each)
