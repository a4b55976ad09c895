"""Keys, and the typical and the largest legal credential of each form. The keys are fixed and protect nothing."""

from __future__ import annotations

from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from credentials.foreign.envelope import ForeignEnvelope
from credentials.formats import native, presentation, table
from credentials.formats.native import claims
from credentials.formats.presentation import Presentation
from credentials.keys import VerificationKey, compressed_point, kid_of
from credentials.model import Evidence, RuleSetReference, Source, StatusCredential, StatusReference
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from credentials.signing import PemSigner
from credentials.wire import base45, cose
from credentials.wire.cose import Envelope, VerifiedPayload

MEMBER = "CN-41"
ISSUED_AT = 1_790_000_400
SHOWN_AT = ISSUED_AT + 3600
HOUR, DAY = 3600, 86_400

ISSUER_KEY = ec.derive_private_key(0x1D5A, ec.SECP256R1())
HOLDER_KEY = ec.derive_private_key(0x401DE5, ec.SECP256R1())
STRANGER_KEY = ec.derive_private_key(0xBAD, ec.SECP256R1())
HOLDER_POINT = compressed_point(HOLDER_KEY.public_key())

KEY = VerificationKey(
    kid=kid_of(MEMBER, ISSUER_KEY.public_key()),
    member=MEMBER,
    algorithm="ES256",
    use="credential",
    not_before=ISSUED_AT - 30 * DAY,
    not_after=ISSUED_AT + 30 * DAY,
    public_key=ISSUER_KEY.public_key(),
)
SIGNER = PemSigner(ISSUER_KEY, KEY.kid)


def typical(form: Form = Form.PAPER) -> StatusCredential:
    """What most people carry: green after one negative test, with a status reference."""
    phone = form is not Form.PAPER
    return StatusCredential(
        issuer=MEMBER,
        issued_at=ISSUED_AT,
        expires_at=ISSUED_AT + DAY,
        cti=bytes.fromhex("5f0e8d3b21c6a974"),
        status=Status.GREEN,
        reason=Reason.TEST_RECENT,
        rule_set=RuleSetReference(1, 12),
        evaluated_before=30,
        evidence=(
            Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, ISSUED_AT - 20 * HOUR, 410_102),
            Evidence(EvidenceKind.VACCINATION, EvidenceResult.COMPLETED, ISSUED_AT - 90 * DAY, 410_102),
        ),
        holder_name="王*明",
        document_tail="123X",
        form=form,
        status_reference=StatusReference(7, 678_705),
        guardian=Guardian.PARENT if form is Form.ASSISTED else None,
        holder_key=HOLDER_POINT if phone else None,
    )


def largest(form: Form, *, converted: bool = False) -> StatusCredential:
    """Every field at the value that takes the most bytes, as far as the form lets them stand together."""
    evidence = Evidence(EvidenceKind.TRAVEL, EvidenceResult.COMPLETED, MAX_TIME_SECONDS // 600 * 600, 829_999)
    credential = typical(form)._replace(
        issuer="CN-XPCC",
        issued_at=MAX_TIME_SECONDS - 1,
        expires_at=MAX_TIME_SECONDS,
        status=Status.RED,
        reason=Reason.CONVERTED,
        rule_set=RuleSetReference(23, 65_535),
        evaluated_before=65_535,
        evidence=(evidence, evidence),
        holder_name="欧阳" + "*" * 18,
        document_tail="9999",
        status_reference=StatusReference(65_535, 2**20 - 1),
        decision_reference=bytes(range(16)),
        guardian=Guardian.SCHOOL if form is Form.ASSISTED else None,
    )
    if not converted:
        return credential
    return credential._replace(
        status=Status.GREEN,
        evaluated_before=0,
        evidence=(evidence,),
        decision_reference=None,
        source=Source("CN-XPCC", bytes(range(8)), 65_535, 2**20 - 1, MAX_TIME_SECONDS),
    )


def smallest() -> StatusCredential:
    """Every optional part left out, every number at its least."""
    return typical()._replace(
        issued_at=MIN_TIME_SECONDS,
        expires_at=MIN_TIME_SECONDS + 1,
        reason=Reason.NO_FINDING,
        rule_set=RuleSetReference(0, 0),
        evaluated_before=0,
        evidence=(),
        holder_name="*",
        status_reference=None,
    )


def text_of(credential: StatusCredential) -> str:
    """The credential as ``TX1:`` text, signed."""
    return native.issue_text(credential, SIGNER)


def live_text(credential: StatusCredential, at: int = SHOWN_AT) -> str:
    """The credential shown by its holder at ``at``, in time mode."""
    return presentation.present(text_of(credential), HOLDER_KEY, at)


def verified(payload: bytes) -> VerifiedPayload:
    """A payload as if its signature had just been checked."""
    return VerifiedPayload(payload, KEY)


def claims_map(credential: StatusCredential) -> dict[Any, Any]:
    """The claims as a map, for tests that put something wrong into it."""
    mapping: dict[Any, Any] = cbor2.loads(claims.encode(credential))
    return mapping


def decode_map(mapping: dict[Any, Any]) -> StatusCredential:
    """Read claims that whoever holds the issuer's key may have written."""
    return claims.decode(verified(cbor2.dumps(mapping)))


def signed_text(payload: bytes) -> str:
    """Whatever bytes under the issuer's good signature, as text."""
    return native.PREFIX + base45.encode(cose.seal(payload, SIGNER))


def read(text: str) -> StatusCredential:
    """All that a gate checks of a text before it needs to know anything but the issuer's one key. Raises our errors."""
    _, unwrapped = table.unwrap(text)
    assert not isinstance(unwrapped, ForeignEnvelope)
    envelope: Envelope = unwrapped.envelope if isinstance(unwrapped, Presentation) else unwrapped
    credential = claims.decode(cose.verify(envelope, KEY))
    if isinstance(unwrapped, Presentation):
        presentation.verify(unwrapped, claims.holder_public_key(credential))
    return credential
