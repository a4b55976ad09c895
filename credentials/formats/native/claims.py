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

from operator import itemgetter
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
from credentials.profile.members import MEMBERS, is_region
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
_KNOWN, _OUR_KNOWN = frozenset({ISS, EXP, IAT, CTI, CNF, OURS}), frozenset(range(GUARDIAN + 1))
_WHOLE_NUMBERS = {int}
_FIELDS = itemgetter(ISS, EXP, IAT, CTI)
_OUR_FIELDS = itemgetter(*range(STATUS, STATUS_REFERENCE))
_TYPES = [str, int, int, bytes, int, int, list, int, list, str, str, int]
"""Of these fields, which must be there, in their order. Exact ones: True and 1.0 are no numbers, though equal to 1."""
_TWO_NUMBERS: list[type] = [int] * 2
_FOUR_NUMBERS: list[type] = [int] * 4
_TYPES_OF_SOURCE = [str, bytes, int, int, int]
_LAST_STATUS = MAX_STATUS_LIST, STATUS_LIST_SIZE - 1
"""List and index of the last withdrawal bit that there can be."""
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
    _require_known_keys(claims, ours)
    try:
        said = (*_FIELDS(claims), *_OUR_FIELDS(ours))
    except KeyError as error:
        raise Malformed("a claim is missing") from error
    if [*map(type, said)] != _TYPES:
        raise Malformed("a claim is of another type")
    issuer, expires_at, issued_at, cti, status, reason, rule_set, evaluated_before, evidence, name, tail, form = said
    if issuer not in MEMBERS:
        raise Malformed("unknown member id")
    if (
        not MIN_TIME_SECONDS <= issued_at < expires_at <= MAX_TIME_SECONDS
        or not 0 <= evaluated_before <= MAX_EVALUATED_BEFORE_SECONDS
    ):
        raise Malformed("a time is out of bounds")
    if len(cti) != CTI_BYTES:
        raise Malformed("cti is not 8 bytes")
    if not is_shown(name) or not 0 < len(name.encode()) <= MAX_HOLDER_NAME_BYTES:
        raise Malformed("name missing, too long, or with a character that nobody sees")
    if len(tail) != DOCUMENT_TAIL_CHARACTERS or not (tail.isascii() and tail.isalnum()):
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
        RuleSetReference(*_pair(rule_set, MAX_RULE_SET, MAX_RULE_SET_VERSION)),
        evaluated_before,
        _evidence(evidence),
        name,
        tail,
        _FORMS[form],
        StatusReference(*_pair(ours[STATUS_REFERENCE], *_LAST_STATUS)) if STATUS_REFERENCE in ours else None,
        _exactly(ours[DECISION_REFERENCE], DECISION_REFERENCE_BYTES) if DECISION_REFERENCE in ours else None,
        _source(ours[SOURCE]) if SOURCE in ours else None,
        Guardian.from_number(ours[GUARDIAN]) if GUARDIAN in ours else None,
        _confirmation(claims[CNF]) if CNF in claims else None,
    )
    _require_consistent(credential)
    return credential


def _require_known_keys(claims: dict[Any, Any], ours: dict[Any, Any]) -> None:
    """No key that is unknown. True and 1.0 are no keys, though Python finds 1 by them."""
    if not (_KNOWN.issuperset(claims) and _OUR_KNOWN.issuperset(ours)):
        raise Malformed("unknown claim")
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


def _exactly(value: object, length: int) -> bytes:
    if type(value) is not bytes or len(value) != length:
        raise Malformed("byte string of the wrong length")
    return value


def _items(value: object, types: list[type]) -> list[Any]:
    if type(value) is not list or [*map(type, value)] != types:
        raise Malformed(f"not an array of {', '.join(each.__name__ for each in types)}")
    return value


def _pair(value: object, most: int, most_of_second: int) -> tuple[int, int]:
    """Two numbers from 0 to their bounds, inclusive."""
    first, second = _items(value, _TWO_NUMBERS)
    if not (0 <= first <= most and 0 <= second <= most_of_second):
        raise Malformed("a rule set or status reference out of bounds")
    return first, second


def _evidence(value: list[object]) -> tuple[Evidence, ...]:
    if len(value) > MAX_EVIDENCE:
        raise Malformed("more evidence than the profile allows")
    return tuple(map(_piece_of_evidence, value))


def _piece_of_evidence(value: object) -> Evidence:
    kind, result, sampled_at, region = _items(value, _FOUR_NUMBERS)
    if kind not in _KINDS or result not in _RESULTS:
        raise Malformed("evidence is not in a closed list")
    if not MIN_TIME_SECONDS <= sampled_at <= MAX_TIME_SECONDS or sampled_at % EVIDENCE_TIME_STEP_SECONDS:
        raise Malformed("sampling time out of bounds, or not rounded to ten minutes")
    if not is_region(region):
        raise Malformed("unknown region")
    return Evidence(_KINDS[kind], _RESULTS[result], sampled_at, region)


def _source(value: object) -> Source:
    issuer, kid, number, index, expires_at = _items(value, _TYPES_OF_SOURCE)
    if issuer not in MEMBERS or len(kid) != KID_BYTES or not MIN_TIME_SECONDS <= expires_at <= MAX_TIME_SECONDS:
        raise Malformed("a source's member, kid or end out of bounds")
    return Source(issuer, kid, *_pair([number, index], *_LAST_STATUS), expires_at)


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
