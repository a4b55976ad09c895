"""Both judges say the same of every SMART Health Card, however it was changed."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.base64url import from_base64url
from credentials.foreign.keys import ForeignKey
from credentials.formats.smart_health_card.codes import CVX, LOINC, SNOMED
from tests.outside import test_smart_health_cards as outside
from tests.properties.signed_json import VALUES, with_changes, written
from tests.properties.test_both_foreign import Gates, flips
from tests.shc import (
    DOSE,
    ISSUER,
    PATIENT,
    SECOND_DOSE,
    card_jws,
    claims,
    deflated,
    jws_of,
    key,
    numeric,
    symbols,
)
from tests.vectors.cast import DAY, NOW
from tests.vectors.foreign import foreign_list
from tests.web.twin import NodeTwin

EXAMPLES = settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100")))
"""Of each kind; ``make fuzz`` asks for 20,000."""
TEST = {
    "resourceType": "Observation", "status": "final", "effectiveDateTime": "2022-11-20",
    "code": {"coding": [{"system": LOINC, "code": "94500-6"}]},
    "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "260415000"}]},
}  # fmt: skip
CLAIMS = [claims(PATIENT, DOSE, SECOND_DOSE), claims(PATIENT, TEST), claims(PATIENT, TEST, DOSE), claims(DOSE)]
WORDS = st.sampled_from(
    [
        "completed",
        "final",
        CVX,
        LOINC,
        "207",
        "94558-4",
        "2022",
        "2022-11",
        "2022-11-20T12:00:00",
        "2022-02-30",
        "Patient",
        "Observation",
        "Immunization",
        " \x85",
        "A\u200b",
        "😀" * 300,
        "a.b",
        NOW + 0.5,
        float(NOW),
    ]
)
SOUND = card_jws()


@pytest.fixture(scope="module")
def gates(node_judge: NodeTwin) -> Gates:
    """They list the issuer's key, with a card withdrawn."""
    made = Gates(node_judge, foreign_list(key(revoked=("abc", f"def.{NOW}"))))
    assert made.failures == []
    return made


def signed(content: str) -> str:
    return jws_of(deflated(content.encode()))


def test_each_spelling_of_a_card(gates: Gates) -> None:
    """The JWS, one symbol, and several in any order, once and twice; short of one, mixed, and with something else."""
    parts, others = symbols(SOUND, 3), symbols(card_jws(nbf=NOW - 2 * DAY), 3)
    shown = [gates.same(text) for text in (SOUND, numeric(SOUND), "\n".join(parts), " ".join(reversed(parts)))]
    assert len({each["outcome"] for each in shown}) == 1
    assert shown[0]["card"]["kind"] == "vaccination"
    for text in ("\n".join(parts[:2]), "\n".join([*parts, parts[0]]), "\n".join([*parts[:2], others[2]])):
        gates.same(text)
    for text in ("\n".join([*parts, "HC1:A"]), numeric(SOUND).replace("shc:/", "shc:/1/1/"), parts[0] * 40, "shc:/"):
        gates.same(text)
    assert [each["code"] for each in gates.same(parts[0])["reasons"]] == ["parts-missing"]
    assert [each["code"] for each in gates.same("\n".join([*parts[:2], others[2]]))["reasons"]] == ["parts-mixed"]


@pytest.mark.parametrize("rid", ["abc", "def", "ghi", "", "a" * 25, 7])
def test_withdrawn_cards(node_judge: NodeTwin, gates: Gates, rid: Any) -> None:
    """Whole, before a time, and by a key of which nobody has asked."""
    for nbf in (NOW - 1, NOW):
        gates.same(card_jws(rid=rid, nbf=nbf))
    Gates(node_judge, foreign_list(key(revoked=None))).same(card_jws(rid=rid))


def test_a_key_that_is_listed_for_many_issuers(node_judge: NodeTwin) -> None:
    """It is tried once, and counts as the one that the card names."""
    listed = [key(issuer=f"https://issuer.example/{number}") for number in range(12)]
    for issuer in ("https://issuer.example/7", "https://nobody.example/", ISSUER):
        Gates(node_judge, foreign_list(*listed)).same(card_jws(iss=issuer))


def test_every_flipped_bit(gates: Gates) -> None:
    """Each is refused, or shows exactly the same."""
    data = SOUND.encode()
    sound = gates.same(SOUND)
    for at, flipped in enumerate(flips(data)):
        found = gates.same(flipped.decode("latin-1"))
        assert found["outcome"] == "refused" or found == sound, at


@EXAMPLES
@given(st.sampled_from(CLAIMS), st.data())
def test_any_claims_under_a_good_signature(gates: Gates, content: Any, data: st.DataObject) -> None:
    """What an issuer gone wrong could sign."""
    gates.same(signed(written(with_changes(data.draw, content, VALUES | WORDS))))


@EXAMPLES
@given(st.data())
def test_any_header(gates: Gates, data: st.DataObject) -> None:
    """Under a good signature, as far as that can be."""
    header = {"zip": "DEF", "alg": "ES256", "kid": json.loads(_header_of(SOUND))["kid"]}
    changed = with_changes(data.draw, header, VALUES)
    if type(changed) is dict:
        try:
            gates.same(jws_of(deflated(json.dumps(CLAIMS[0]).encode()), changed))
        except (TypeError, ValueError):
            return


@pytest.mark.skipif(not outside.FOLDER.is_dir(), reason="NOT CHECKED: no example cards (set TONGXING_VECTORS)")
def test_the_framework_s_own_examples(node_judge: NodeTwin) -> None:
    """Each form of each, at its own time, and what a verifier must refuse."""
    listed: tuple[ForeignKey, ...] = outside.listed().keys
    gates = Gates(node_judge, foreign_list(*listed))
    for number in range(4):
        for text in outside.of_example(number):
            gates.same(text, at=outside.AT)
    for name in outside.REFUSED:
        gates.same(outside.text(f"refuse/{name}"), at=outside.AT)


def _header_of(jws: str) -> bytes:
    return from_base64url(jws.split(".")[0])
