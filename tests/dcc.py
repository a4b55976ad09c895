"""EU cards as their issuers write them, for tests: this house only reads them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

from cbor2 import CBORTag, dumps
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from credentials.algorithms import es256, ps256
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ALL_KINDS, ForeignKey, ForeignKeys
from credentials.formats import eu_dcc
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.wire import base45
from tests.samples import ISSUED_AT, ISSUER_KEY

KID = bytes.fromhex("d919375fc1e7b6b2")
COVID = "840539006"
NAME = {"fn": "Musterfrau-Gößinger", "gn": "Gabriele", "fnt": "MUSTERFRAU<GOESSINGER", "gnt": "GABRIELE"}
ORIGIN = {"tg": COVID, "co": "AT", "is": "Ministry of Health, Austria", "ci": "URN:UVCI:01:AT:10807843F94AEE0EE5093#B"}
VACCINATION = {
    **ORIGIN, "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2, "dt": "2022-02-18",
}  # fmt: skip
TEST = {**ORIGIN, "tt": "LP6464-4", "nm": "qPCR", "sc": "2022-11-20T12:34:56Z", "tr": "260415000", "tc": "Vienna 1"}
RECOVERY = {**ORIGIN, "fr": "2022-08-20", "df": "2022-09-04", "du": "2023-02-20"}
RSA_KEY = rsa.generate_private_key(65537, 2048)


def certificate(**groups: Any) -> dict[str, Any]:
    """A DCC: ``v=[VACCINATION]`` and the like, or ``nam``, ``dob`` in place of the usual ones."""
    return {"ver": "1.3.0", "nam": NAME, "dob": "1998-02-26", **groups}


def claims(dcc: Any, **changed: Any) -> dict[int, Any]:
    """The CWT around it. ``iss``, ``exp``, ``iat`` may be given; None leaves a claim out."""
    found = {1: "AT", 4: ISSUED_AT + 86_400, 6: ISSUED_AT, -260: {1: dcc}}
    found |= {{"iss": 1, "exp": 4, "iat": 6}[name]: value for name, value in changed.items()}
    return {label: value for label, value in found.items() if value is not None}


def es256_signature(message: bytes) -> bytes:
    return es256.sign(ISSUER_KEY, message)


def ps256_signature(message: bytes) -> bytes:
    return RSA_KEY.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def sign1(
    payload: bytes,
    protected: Mapping[int, Any] | bytes | None = None,
    unprotected: Mapping[int, Any] | None = None,
    sign: Callable[[bytes], bytes] = es256_signature,
) -> list[Any]:
    """The four parts of a COSE_Sign1, by default with algorithm and kid in the protected header."""
    header = {1: es256.COSE_NUMBER, 4: KID} if protected is None else protected
    head = header if isinstance(header, bytes) else dumps(header)
    return [head, dict(unprotected or {}), payload, sign(dumps(["Signature1", head, b"", payload]))]


def text_of_bytes(data: bytes) -> str:
    return eu_dcc.PREFIX + base45.encode(zlib.compress(data, 9))


def text_of_parts(parts: Any) -> str:
    return text_of_bytes(dumps(CBORTag(18, parts)))


def card_text(dcc: Any = None, **changed: Any) -> str:
    """A sound card: of a vaccination unless ``dcc`` is given. ``changed``: see :func:`claims`."""
    return text_of_parts(sign1(dumps(claims(certificate(v=[VACCINATION]) if dcc is None else dcc, **changed))))


def key(
    issuer: str = "AT", kinds: frozenset[CardKind] = ALL_KINDS, not_before: int = 0, not_after: int = MAX_TIME_SECONDS
) -> ForeignKey:
    """The key of :func:`card_text`."""
    jwk = es256.jwk_of(ISSUER_KEY.public_key())
    return ForeignKey(eu_dcc.NAME, issuer, KID, es256.NAME, jwk, kinds, not_before, not_after)


def rsa_key() -> ForeignKey:
    """The key of :func:`ps256_signature`."""
    jwk = ps256.jwk_of(RSA_KEY.public_key())
    return ForeignKey(eu_dcc.NAME, "CH", KID, ps256.NAME, jwk, ALL_KINDS, 0, MAX_TIME_SECONDS)


def keys(*listed: ForeignKey) -> ForeignKeys:
    """A list of the host's."""
    return ForeignKeys("CN-44", 1, ISSUED_AT, listed or (key(),))
