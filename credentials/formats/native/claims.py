"""The claims of a native credential: a CWT claims set (RFC 8392) with one private claim of ours.

==========  ======  =====================================================================================
claim       key     value
==========  ======  =====================================================================================
iss         1       member id
exp, iat    4, 6    integer seconds
cti         7       8 random bytes
cnf         8       {1: COSE_Key} with compressed y (RFC 8747 section 3.2, RFC 9053 section 7.1.1)
ours        -65537  map with the keys below
==========  ======  =====================================================================================

Ours: 0 status · 1 reason · 2 [rule set, version] · 3 evaluated-at, seconds before iat · 4 evidence, up to two of
[kind, result, sampled-at, region] · 5 masked name · 6 last four of the document · 7 form · 8 [list, index] ·
9 decision reference · 10 source [iss, kid, list, index, exp] · 11 guardian. 9, 10, 11, 8 and cnf may be absent.

``decode`` takes only a :class:`~credentials.wire.cose.VerifiedPayload`: nothing is parsed that is not signed.
The normative text is ``docs/wire-format.md``.
"""

from __future__ import annotations

from typing import Any

from credentials.algorithms.table import NATIVE, PublicKey
from credentials.errors import KeyRejected, Malformed
from credentials.keys import key_from_point
from credentials.model import Evidence, RuleSetReference, Source, StatusCredential, StatusReference
from credentials.profile.characters import is_shown
from credentials.profile.forms import FORMS
from credentials.profile.limits import (
    CTI_BYTES,
    DECISION_REFERENCE_BYTES,
    DOCUMENT_TAIL_CHARACTERS,
    EVIDENCE_TIME_STEP_SECONDS,
    KID_BYTES,
    MAX_CREDENTIAL_BYTES,
    MAX_EVALUATED_BEFORE_SECONDS,
    MAX_EVIDENCE,
    MAX_EVIDENCE_CONVERTED,
    MAX_HOLDER_NAME_BYTES,
    MAX_RULE_SET,
    MAX_RULE_SET_VERSION,
    MAX_STATUS_LIST,
    MAX_TIME_SECONDS,
    MIN_TIME_SECONDS,
    STATUS_LIST_SIZE,
)
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from credentials.profile.members import MEMBERS, is_member_id, is_region
from credentials.wire import cbor
from credentials.wire.cose import VerifiedPayload

ISS, EXP, IAT, CTI, CNF, OURS = 1, 4, 6, 7, 8, -65537
(
    STATUS,
    REASON,
    RULE_SET,
    EVALUATED_BEFORE,
    EVIDENCE,
    HOLDER_NAME,
    DOCUMENT_TAIL,
    FORM,
    STATUS_REFERENCE,
    DECISION_REFERENCE,
    SOURCE,
    GUARDIAN,
) = range(12)
_OUTER = frozenset({ISS, EXP, IAT, CTI, OURS})
_OUTER_WITH_KEY = _OUTER | {CNF}
_REQUIRED = frozenset(range(STATUS, STATUS_REFERENCE))
_KNOWN = frozenset(range(GUARDIAN + 1))
_WHOLE_NUMBERS = {int}
# Wire numbers to members of the closed lists, as plain dictionaries: this is the gates' hot path.
_STATUSES = {int(member): member for member in Status}
_REASONS = {int(member): member for member in Reason}
_FORMS = {int(member): member for member in Form}
_KINDS = {int(member): member for member in EvidenceKind}
_RESULTS = {int(member): member for member in EvidenceResult}


def encode(credential: StatusCredential) -> bytes:
    """The claims as deterministic CBOR (RFC 8949 section 4.2.1), unchecked: an issuer decodes its own output.

    Raises Malformed when they are too large for any form.
    """
    payload = cbor.dumps(_claims_of(credential))
    if len(payload) > MAX_CREDENTIAL_BYTES:
        raise Malformed("claims too large")
    return payload


def decode(verified: VerifiedPayload) -> StatusCredential:
    """Read the claims of a payload whose signature holds.

    Raises Malformed for a missing or unknown key, a wrong type (floats, texts and booleans are no times: dgc-testdata
    #86), a value outside its bound or closed list, and a combination that no form allows.
    """
    claims = cbor.loads(verified.payload, MAX_CREDENTIAL_BYTES)
    if type(claims) is not dict or type(ours := claims.get(OURS)) is not dict:
        raise Malformed("claims are not the map of the profile")
    _require_keys(claims, ours)
    issuer, cti, name, tail = claims[ISS], claims[CTI], ours[HOLDER_NAME], ours[DOCUMENT_TAIL]
    issued_at, expires_at, evaluated_before = claims[IAT], claims[EXP], ours[EVALUATED_BEFORE]
    status, reason, form = ours[STATUS], ours[REASON], ours[FORM]
    if not (type(status) is type(reason) is type(form) is int):
        raise Malformed("a closed list's number is of another type")
    if type(issuer) is not str or issuer not in MEMBERS:
        raise Malformed("unknown member id")
    if not (
        type(issued_at) is type(expires_at) is type(evaluated_before) is int
        and MIN_TIME_SECONDS <= issued_at < expires_at <= MAX_TIME_SECONDS
        and 0 <= evaluated_before <= MAX_EVALUATED_BEFORE_SECONDS
    ):
        raise Malformed("a time is missing, of another type or out of bounds")
    if type(cti) is not bytes or len(cti) != CTI_BYTES:
        raise Malformed("cti is not 8 bytes")
    if type(name) is not str or not is_shown(name) or not 0 < len(name.encode()) <= MAX_HOLDER_NAME_BYTES:
        raise Malformed("name missing, too long, or with a character that nobody sees")
    if type(tail) is not str or len(tail) != DOCUMENT_TAIL_CHARACTERS or not (tail.isascii() and tail.isalnum()):
        raise Malformed("document tail is not four letters or digits")
    if status not in _STATUSES or reason not in _REASONS or form not in _FORMS:
        raise Malformed("not in a closed list")
    credential = StatusCredential(
        issuer,
        issued_at,
        expires_at,
        cti,
        _STATUSES[status],
        _REASONS[reason],
        _rule_set(ours[RULE_SET]),
        evaluated_before,
        _evidence(ours[EVIDENCE]),
        name,
        tail,
        _FORMS[form],
        _status_reference(ours[STATUS_REFERENCE]) if STATUS_REFERENCE in ours else None,
        _exactly(ours[DECISION_REFERENCE], DECISION_REFERENCE_BYTES) if DECISION_REFERENCE in ours else None,
        _source(ours[SOURCE]) if SOURCE in ours else None,
        Guardian.from_number(ours[GUARDIAN]) if GUARDIAN in ours else None,
        _confirmation(claims[CNF]) if CNF in claims else None,
    )
    _require_consistent(credential)
    return credential


def _require_keys(claims: dict[Any, Any], ours: dict[Any, Any]) -> None:
    """All keys that must be there, none that is unknown. True and 1.0 are no keys, though Python finds 1 by them."""
    if claims.keys() != _OUTER and claims.keys() != _OUTER_WITH_KEY:
        raise Malformed("missing or unknown claim")
    if not _REQUIRED <= ours.keys() <= _KNOWN:
        raise Malformed("missing or unknown key in our claim")
    if {*map(type, claims), *map(type, ours)} != _WHOLE_NUMBERS:
        raise Malformed("a claim key is not an integer")


def _require_consistent(credential: StatusCredential) -> None:
    """What no single field shows. Raises Malformed."""
    form = FORMS[credential.form]
    if form.is_bound is not (credential.holder_key is not None):
        raise Malformed("cnf belongs to phone and assisted codes, and to no other")
    if form.has_guardian is not (credential.guardian is not None):
        raise Malformed("guardian belongs to assisted codes, and to no other")
    if credential.source is not None and (
        credential.status is not Status.GREEN
        or credential.decision_reference is not None
        or len(credential.evidence) > MAX_EVIDENCE_CONVERTED
        or credential.evaluated_before
    ):
        raise Malformed("a converted code is green, evaluated when issued, with one piece of evidence, no decision")


def _claims_of(credential: StatusCredential) -> dict[int, Any]:
    """The nested map, its keys already in deterministic order: ascending below 24, then the negative one."""
    ours: dict[int, Any] = {
        STATUS: int(credential.status),
        REASON: int(credential.reason),
        RULE_SET: list(credential.rule_set),
        EVALUATED_BEFORE: credential.evaluated_before,
        EVIDENCE: [[int(e.kind), int(e.result), e.sampled_at, e.region] for e in credential.evidence],
        HOLDER_NAME: credential.holder_name,
        DOCUMENT_TAIL: credential.document_tail,
        FORM: int(credential.form),
    }
    if credential.status_reference is not None:
        ours[STATUS_REFERENCE] = [credential.status_reference.list, credential.status_reference.index]
    if credential.decision_reference is not None:
        ours[DECISION_REFERENCE] = credential.decision_reference
    if credential.source is not None:
        source = credential.source
        ours[SOURCE] = [source.issuer, source.kid, source.list, source.index, source.expires_at]
    if credential.guardian is not None:
        ours[GUARDIAN] = int(credential.guardian)
    claims: dict[int, Any] = {
        ISS: credential.issuer,
        EXP: credential.expires_at,
        IAT: credential.issued_at,
        CTI: credential.cti,
    }
    if credential.holder_key is not None:
        claims[CNF] = {1: NATIVE.cose_key_of(credential.holder_key)}
    claims[OURS] = ours
    return claims


def _member(value: object) -> str:
    if not is_member_id(value):
        raise Malformed("unknown member id")
    return value  # type: ignore[return-value]


def _whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Malformed("number missing or out of bounds")
    return value


def _exactly(value: object, length: int) -> bytes:
    if type(value) is not bytes or len(value) != length:
        raise Malformed("byte string of the wrong length")
    return value


def _items(value: object, count: int) -> list[Any]:
    if type(value) is not list or len(value) != count:
        raise Malformed(f"not an array of {count}")
    return value


def _rule_set(value: object) -> RuleSetReference:
    number, version = _items(value, 2)
    if not (
        type(number) is type(version) is int and 0 <= number <= MAX_RULE_SET and 0 <= version <= MAX_RULE_SET_VERSION
    ):
        raise Malformed("rule set out of bounds")
    return RuleSetReference(number, version)


def _status_reference(value: object) -> StatusReference:
    number, index = _items(value, 2)
    if not (type(number) is type(index) is int and 0 <= number <= MAX_STATUS_LIST and 0 <= index < STATUS_LIST_SIZE):
        raise Malformed("status reference out of bounds")
    return StatusReference(number, index)


def _evidence(value: object) -> tuple[Evidence, ...]:
    if type(value) is not list or len(value) > MAX_EVIDENCE:
        raise Malformed("more evidence than the profile allows")
    return tuple([_piece_of_evidence(item) for item in value])


def _piece_of_evidence(value: object) -> Evidence:
    kind, result, sampled_at, region = _items(value, 4)
    if not (type(kind) is type(result) is type(sampled_at) is int and kind in _KINDS and result in _RESULTS):
        raise Malformed("evidence of another type, or not in a closed list")
    if not MIN_TIME_SECONDS <= sampled_at <= MAX_TIME_SECONDS or sampled_at % EVIDENCE_TIME_STEP_SECONDS:
        raise Malformed("sampling time out of bounds, or not rounded to ten minutes")
    if not is_region(region):
        raise Malformed("unknown region")
    return Evidence(_KINDS[kind], _RESULTS[result], sampled_at, region)


def _source(value: object) -> Source:
    issuer, kid, number, index, expires_at = _items(value, 5)
    reference = _status_reference([number, index])
    expires_at = _whole(expires_at, MIN_TIME_SECONDS, MAX_TIME_SECONDS)
    return Source(_member(issuer), _exactly(kid, KID_BYTES), reference.list, reference.index, expires_at)


def _confirmation(value: Any) -> bytes:
    """The compressed point of a cnf claim. The curve equation is checked when the key is used or issued to."""
    if type(value) is not dict or value.keys() != {1} or {*map(type, value)} != _WHOLE_NUMBERS:
        raise Malformed("cnf is not one COSE_Key")
    return NATIVE.point_of_cose_key(value[1])


def holder_public_key(credential: StatusCredential) -> PublicKey:
    """The holder's key, ready to verify with. Raises Malformed when the point is not on the curve or is absent."""
    try:
        return key_from_point(credential.holder_key or b"")
    except KeyRejected as error:
        raise Malformed("holder key is not on the curve") from error
