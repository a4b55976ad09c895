"""The SMART Health Cards Framework's own examples, and what its tools say that a verifier must refuse."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from credentials.base64url import from_base64url
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ForeignKey, ForeignKeys
from credentials.formats import smart_health_card
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.verdict import Verdict
from tests.unit.verifier.known import VENUE, known
from tests.vectors.cast import NOW
from verifier.judging.knowledge import Knowledge
from verifier.judging.recipe import judge

REPOSITORY = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("TONGXING_VECTORS") or REPOSITORY.parent / "shared" / "vectors")
FOLDER = VECTORS / "smart-health-cards"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"NOT CHECKED: no example cards at {FOLDER} (set TONGXING_VECTORS)"
)
ISSUER = "https://spec.smarthealth.cards/examples/issuer"
REFUSED = sorted(path.name for path in FOLDER.glob("refuse/*"))
AT = 1_687_450_765
"""A second after the examples were issued."""


def text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def listed() -> ForeignKeys:
    """The issuer's keys, and what it has withdrawn of cards by them."""
    revoked = {path["kid"]: tuple(path["rids"]) for path in map(json.loads, map(Path.read_text, FOLDER.glob("crl-*")))}
    found = [
        ForeignKey(
            "smart-health-card", ISSUER, from_base64url(jwk["kid"]), "ES256",
            {name: jwk[name] for name in ("kty", "crv", "x", "y")},
            frozenset(CardKind), 0, MAX_TIME_SECONDS, revoked.get(jwk["kid"], ()),
        )
        for jwk in json.loads(text("issuer-jwks.json"))["keys"]
    ]  # fmt: skip
    return ForeignKeys("CN-44", 1, NOW, tuple(found))


@cache
def knowledge() -> Knowledge:
    return replace(known(), foreign_keys=listed())


def verdict(card: str, at: int = AT) -> Verdict:
    return judge(card, knowledge(), at, VENUE)


def of_example(number: int) -> list[str]:
    """An example in each of its forms."""
    (file,) = FOLDER.glob(f"example-{number:02d}-e-file*")
    symbols = sorted(FOLDER.glob(f"example-{number:02d}-f-*"))
    return [
        text(f"example-{number:02d}-d-jws.txt"),
        *smart_health_card.cards_in_file(file.read_bytes()),
        "\n".join(path.read_text() for path in symbols),
        "\n".join(path.read_text() for path in reversed(symbols)),
    ]


@pytest.mark.parametrize(
    ("number", "kind", "pieces", "withdrawn"),
    [
        (0, CardKind.VACCINATION, 3, False),
        (1, CardKind.VACCINATION, 3, False),
        (2, CardKind.OTHER, 0, False),
        (3, CardKind.VACCINATION, 2, True),
    ],
)
def test_example(number: int, kind: CardKind, pieces: int, withdrawn: bool) -> None:
    """Each is read alike from its JWS, its file and its symbols; the third was withdrawn on purpose."""
    found = [verdict(card) for card in of_example(number)]
    assert len({repr(each.foreign) for each in found}) == 1
    for each in found:
        assert each.foreign is not None
        assert (each.foreign.kind, len(each.foreign.evidence), each.foreign.issuer) == (kind, pieces, ISSUER)
        assert ("withdrawn" in {finding.code for finding in each.reasons}) is withdrawn


def test_a_single_symbol_of_three() -> None:
    """It asks for the others."""
    found = verdict(text("example-02-f-qr-code-numeric-value-1.txt"))
    assert [finding.code for finding in found.reasons] == ["parts-missing"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_verifier_must_refuse(name: str) -> None:
    """Each by name, and none after its facts were shown."""
    found = verdict(text(f"refuse/{name}"))
    assert (found.outcome, found.foreign) == ("refused", None)


def test_each_refusal_has_its_own_name() -> None:
    """What is wrong with a signature is not damage, and the reverse."""
    found = {
        name.removeprefix("test-example-00-").removesuffix(".txt"): verdict(text(f"refuse/{name}")) for name in REFUSED
    }
    codes = {name: each.reasons[0].code for name, each in found.items()}
    assert codes == {
        "d-jws-der-signature": "wrong-signature",
        "d-jws-der-signature-r-neg": "wrong-signature",
        "d-jws-invalid-signature": "wrong-signature",
        "d-jws-no_deflate": "malformed",
        "d-jws-no_jws_header_alg": "malformed",
        "d-jws-no_jws_header_kid": "malformed",
        "d-jws-utf8_bom_prefix": codes["d-jws-utf8_bom_prefix"],
        "f-qr-code-numeric-value-0-number-too-big": "malformed",
        "f-qr-code-numeric-value-0-odd-count": "malformed",
        "f-qr-code-numeric-value-0-wrong_qr_header": "not-a-credential",
    }
    assert codes["d-jws-utf8_bom_prefix"] in {"malformed", "wrong-signature"}


def test_every_flipped_character_of_the_examples() -> None:
    """Refused, or the same facts: what a signature does not cover must not say anything."""
    for number in (0, 3):
        card = of_example(number)[0].strip()
        sound = verdict(card).foreign
        for at in range(len(card)):
            for other in ("A", "_"):
                changed = verdict(card[:at] + (other if card[at] != other else "B") + card[at + 1 :])
                assert changed.foreign in (None, sound), at


@pytest.mark.parametrize("form", [0, 2], ids=["jws", "symbol"])
def test_a_text_that_is_cut(form: int) -> None:
    """At every length it ends by name, and none of its facts is shown."""
    card = of_example(0)[form].strip()
    for length in range(len(card)):
        cut = verdict(card[:length])
        assert (cut.outcome, cut.foreign) == ("refused", None), length
