"""The codes of the vectors: a paper code and a phone code, shown, altered, and signed by the wrong hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from credentials.formats import native, presentation
from credentials.formats.native import claims
from credentials.formats.presentation.challenge import Challenge
from credentials.keys import compressed_point
from credentials.model import Evidence, RuleSetReference, Source, StatusCredential, StatusReference
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Reason, Status
from credentials.wire import base45, cose
from tests.vectors.cast import DAY, HOUR, NOW, SeededKey, signer
from tests.vectors.knowledge import GOOD_INDEX, HENAN, LIST, ZHEJIANG

HOLDER, THIEF = SeededKey("holder"), SeededKey("thief")
DECISION = bytes(range(16))
ASKED = Challenge("广东 3", bytes.fromhex("00112233445566778899aabbccddeeff"))
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
TEST = Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, NOW - 20 * HOUR, 410_102)
PAPER = StatusCredential(
    issuer=HENAN,
    issued_at=NOW - HOUR,
    expires_at=NOW + DAY,
    cti=bytes.fromhex("0123456789abcdef"),
    status=Status.GREEN,
    reason=Reason.TEST_RECENT,
    rule_set=RuleSetReference(0, 1),
    evaluated_before=60,
    evidence=(TEST,),
    holder_name="王**",
    document_tail="123X",
    form=Form.PAPER,
    status_reference=StatusReference(LIST, GOOD_INDEX),
)
PHONE = PAPER._replace(
    form=Form.PHONE,
    expires_at=NOW + 22 * HOUR,
    holder_key=compressed_point(HOLDER.public_key()),
)
CONVERTED = PAPER._replace(
    issuer=ZHEJIANG,
    reason=Reason.CONVERTED,
    evaluated_before=0,
    source=Source(HENAN, signer(HENAN, "credential-1").kid, LIST, GOOD_INDEX, NOW + DAY),
)


def issue(credential: StatusCredential, label: str = "credential-1", by: str | None = None) -> str:
    """The code as its issuer, or member ``by``, signs it."""
    return native.issue_text(credential, signer(by or credential.issuer, label))


def show(credential: StatusCredential, at: int = NOW, key: SeededKey = HOLDER, **nonce: Any) -> str:
    """The live code."""
    return presentation.present(issue(credential), key, at, **nonce)  # type: ignore[arg-type]


def signed(payload: bytes) -> str:
    """Any payload, signed as a code: what an issuer gone wrong could send out."""
    return native.PREFIX + base45.encode(cose.seal(payload, signer(HENAN, "credential-1")))


def altered(text: str, alter: Callable[[bytearray], None]) -> str:
    """A code whose bytes were changed after signing."""
    data = bytearray(base45.decode(text.removeprefix(native.PREFIX)))
    alter(data)
    return native.PREFIX + base45.encode(bytes(data))


def cnf() -> dict[int, Any]:
    """A holder's key as a claim."""
    point = compressed_point(HOLDER.public_key())
    return {claims.CNF: {1: {1: 2, -1: 1, -2: point[1:], -3: point[0] == 3}}}


def other_s(data: bytearray) -> None:
    """The signature's twin: (r, n-s) verifies as well."""
    data[-32:] = (ORDER - int.from_bytes(data[-32:], "big")).to_bytes(32, "big")


def other_algorithm(data: bytearray) -> None:
    """ES384 in the protected header."""
    data[data.index(b"\x01\x26") + 1] = 0x27


def flip_payload(data: bytearray) -> None:
    """One bit of the claims."""
    data[60] ^= 1


def zero_signature(data: bytearray) -> None:
    """r and s of zero (dcc-qa #159)."""
    data[-64:] = bytes(64)
