"""Cards of the vectors that no member signed, and the host's lists of the keys behind them."""

from __future__ import annotations

import zlib
from typing import Any

from cbor2 import dumps

from credentials.algorithms import es256
from credentials.foreign.document import document_of, sign_foreign_keys
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ALL_KINDS, ForeignKey
from credentials.formats import eu_dcc
from credentials.wire import base45
from tests.dcc import KID, TEST, VACCINATION, certificate, claims, sign1
from tests.vectors.cast import DAY, HOUR, NOW, YEAR, SeededKey, signer

HOST = "CN-44"
SIGNER, STRANGER = SeededKey("AT card signer"), SeededKey("nobody's card signer")
FRESH_TEST = TEST | {"sc": "2022-11-20T12:00:00+08:00"}
"""A day before NOW."""
VACCINATED = certificate(v=[VACCINATION])


def card(dcc: Any = None, key: SeededKey = SIGNER, **changed: Any) -> str:
    """An EU card of a test, unless ``dcc`` says otherwise. ``changed``: see :func:`tests.dcc.claims`."""
    times = {"iat": NOW - DAY, "exp": NOW + YEAR}
    payload = dumps(claims(certificate(t=[FRESH_TEST]) if dcc is None else dcc, **(times | changed)))
    return card_of(dumps(sign1(payload, sign=lambda message: es256.sign(key, message))))  # type: ignore[arg-type]


def card_of(data: bytes) -> str:
    """The text of a COSE_Sign1. Stored and not deflated, so that every zlib writes the same."""
    return eu_dcc.PREFIX + base45.encode(zlib.compress(data, 0))


def listed(**changed: Any) -> ForeignKey:
    """The signer's key as a list has it."""
    fields: dict[str, Any] = {
        "format": eu_dcc.NAME,
        "issuer": "AT",
        "kid": KID,
        "algorithm": es256.NAME,
        "jwk": es256.jwk_of(SIGNER.public_key()),
        "kinds": ALL_KINDS,
        "not_before": NOW - YEAR,
        "not_after": NOW + YEAR,
    }
    return ForeignKey(**(fields | changed))


def foreign_list(*keys: ForeignKey, sequence: int = 1) -> str:
    """A list of the host's, signed."""
    return sign_foreign_keys(document_of(HOST, sequence, NOW - HOUR, keys), signer(HOST, "rules-1"))


def foreign_lists(sequence: int = 1) -> dict[str, str]:
    """The lists by name."""
    other = es256.jwk_of(STRANGER.public_key())
    variants: dict[str, list[ForeignKey]] = {
        "austria": [listed()],
        "austria, two keys of one kid": [listed(jwk=other), listed()],
        "austria, for vaccinations": [listed(kinds=frozenset({CardKind.VACCINATION}))],
        "austria, until yesterday": [listed(not_after=NOW - DAY)],
        "germany, by the same kid": [listed(issuer="DE")],
        "another kid": [listed(kid=b"other")],
    }
    return {name: foreign_list(*keys, sequence=sequence) for name, keys in variants.items()}
