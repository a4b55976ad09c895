"""SMART Health Cards as their issuers write them, for tests: this house only reads them."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from credentials.algorithms import es256
from credentials.base64url import to_base64url
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ForeignKey, ForeignKeys
from credentials.formats.smart_health_card.limits import NAME
from credentials.profile.limits import MAX_TIME_SECONDS
from tests.samples import ISSUED_AT, ISSUER_KEY

ISSUER = "https://health.example.org/cards"
JWK = es256.jwk_of(ISSUER_KEY.public_key())
KID = hashlib.sha256(json.dumps(JWK, sort_keys=True, separators=(",", ":")).encode()).digest()
PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Anyperson", "given": ["John", "B."]}],
    "birthDate": "1951-01-20",
}
DOSE = {
    "resourceType": "Immunization",
    "status": "completed",
    "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "207"}]},
    "patient": {"reference": "resource:0"},
    "occurrenceDateTime": "2021-01-01",
    "performer": [{"actor": {"display": "ABC General Hospital"}}],
}
SECOND_DOSE = DOSE | {"occurrenceDateTime": "2021-01-29"}
TEST = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
    "effectiveDateTime": "2022-11-20T12:34:56Z",
    "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260415000"}]},
    "performer": [{"display": "Laboratory One"}],
}
LIPIDS = TEST | {"code": {"coding": [{"system": "http://loinc.org", "code": "24331-1"}]}}


def claims(*resources: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """``iss``, ``nbf``, ``exp``, ``rid`` and ``type`` may be given; None leaves a claim out."""
    entries = [{"fullUrl": f"resource:{number}", "resource": each} for number, each in enumerate(resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    credential = {
        "type": changed.pop("type", ["https://smarthealth.cards#health-card"]),
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle},
        "rid": changed.pop("rid", None),
    }
    found = {"iss": ISSUER, "nbf": ISSUED_AT, **changed, "vc": {k: v for k, v in credential.items() if v is not None}}
    return {name: value for name, value in found.items() if value is not None}


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def signature_by(key: Any) -> Callable[[bytes], bytes]:
    return lambda message: es256.sign(key, message)


def own_signature(message: bytes) -> bytes:
    return es256.sign(ISSUER_KEY, message)


def jws_of(
    payload: bytes, header: Mapping[str, Any] | None = None, sign: Callable[[bytes], bytes] = own_signature
) -> str:
    """A compact JWS over bytes as they are, by default with the header of a sound card."""
    head = {"zip": "DEF", "alg": "ES256", "kid": to_base64url(KID)} if header is None else header
    signed = f"{to_base64url(json.dumps(head, separators=(',', ':')).encode())}.{to_base64url(payload)}"
    return f"{signed}.{to_base64url(sign(signed.encode()))}"


def card_jws(*resources: Mapping[str, Any], **changed: Any) -> str:
    """A sound card, of a person with two doses unless ``resources`` are given. ``changed``: see :func:`claims`."""
    content = claims(*(resources or (PATIENT, DOSE, SECOND_DOSE)), **changed)
    return jws_of(deflated(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()))


def digits_of(characters: str) -> str:
    return "".join(f"{ord(character) - 45:02d}" for character in characters)


def numeric(jws: str) -> str:
    return f"shc:/{digits_of(jws)}"


def symbols(jws: str, total: int) -> list[str]:
    """The texts of ``total`` symbols."""
    size = -(-len(jws) // total)
    pieces = [jws[at : at + size] for at in range(0, len(jws), size)]
    return [f"shc:/{number}/{total}/{digits_of(piece)}" for number, piece in enumerate(pieces, 1)]


def key(
    issuer: str = ISSUER,
    not_before: int = 0,
    not_after: int = MAX_TIME_SECONDS,
    revoked: tuple[str, ...] | None = (),
    kinds: frozenset[CardKind] = frozenset(CardKind),
) -> ForeignKey:
    """The key of :func:`card_jws`."""
    return ForeignKey(NAME, issuer, KID, es256.NAME, JWK, kinds, not_before, not_after, revoked)


def keys(*listed: ForeignKey) -> ForeignKeys:
    """A list of the host's."""
    return ForeignKeys("CN-44", 1, ISSUED_AT, listed or (key(),))
