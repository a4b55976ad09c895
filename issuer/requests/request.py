"""What somebody asks the issuer for, from JSON over HTTP or a line of a bulk file: one reading for both.

::

    {"name": "王小明", "document": {"kind": "resident-id", "number": "…"}, "form": "phone",
     "evidence": [{"kind": "nucleic-acid", "result": "negative", "sampled_at": 1790000000, "region": 410100}],
     "holder_proof": "<compact JWS>",                     phone and assisted
     "guardian": "child",                                 assisted
     "lifetime": 86400,                                   seconds; the form's longest when absent
     "decision": {"text": "…", "salt": "…", "author": {…}, "approver": {…}}}   signed by two: issuer.decisions.signed
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from credentials.decisions.staff import SignedDecision
from credentials.errors import InvalidDocument, InvalidRequest, Malformed, RequestError
from credentials.identity import Document, mask_name, parse_document
from credentials.model import Evidence
from credentials.profile.forms import FORMS
from credentials.profile.limits import (
    EVIDENCE_TIME_STEP_SECONDS,
    MAX_EVIDENCE,
    MAX_NAME_CHARACTERS,
    MIN_TIME_SECONDS,
)
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian
from credentials.profile.members import is_region
from issuer.decisions.signed import read_signed, require_about
from issuer.requests.holder_proof import proven_point
from service_kit.locale import BEIJING

MAX_FIELD_CHARACTERS = 64
MIN_LIFETIME_SECONDS = 60
FUTURE_SAMPLE_SECONDS = 600
"""A sample may seem taken this long from now: laboratories' clocks."""
_OF_EVIDENCE = frozenset({"kind", "result", "sampled_at", "region"})
_FIELDS = frozenset({"name", "document", "form", "evidence", "holder_proof", "guardian", "lifetime", "decision"})


class IssueRequest(NamedTuple):
    """A request that can be carried out. The whole name went no further than here: ``holder_name`` is masked.

    ``holder_point``: 33 bytes, proven, for phone and assisted codes.
    """

    holder_name: str
    document: Document
    form: Form
    evidence: tuple[Evidence, ...]
    holder_point: bytes | None
    guardian: Guardian | None
    lifetime: int
    manual: SignedDecision | None


def read_request(fields: Mapping[str, Any], audience: str, at: int) -> IssueRequest:
    """Read and check a request made at ``at`` (seconds UTC) to the issuer at ``audience``.

    Raises InvalidRequest naming the field, InvalidDocument, InvalidName, ProofOfPossessionFailed.
    """
    point = _holder_point(fields.get("holder_proof"), _form(fields), audience, at)
    return _read(fields, at)._replace(holder_point=point)


def read_registration(fields: Mapping[str, Any], at: int) -> IssueRequest:
    """Read a request for somebody whose phone is not at hand: as :func:`read_request`, but without a proof.

    Raises InvalidRequest naming the field, InvalidDocument, InvalidName.
    """
    if not FORMS[_form(fields)].is_bound:
        raise InvalidRequest("form: phone or assisted")
    if fields.get("holder_proof") is not None:
        raise InvalidRequest("holder_proof: the phone brings it with its claim code")
    return _read(fields, at)


def faults_of(fields: Mapping[str, Any], at: int) -> list[tuple[str, RequestError]]:
    """All that is wrong with a request, by the path of the field; the proof of a holder's key is not looked at.

    For somebody with the file before them: who is told one fault at a time tries ten times.
    """
    found = [(name, InvalidRequest("no such field")) for name in fields if name not in _FIELDS]
    return [*found, *(fault for path, read in _readers(fields, at) for fault in _fault(path, read))]


def _readers(fields: Mapping[str, Any], at: int) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "name", lambda: mask_name(read_text(fields, "name", MAX_NAME_CHARACTERS))
    yield "document", lambda: read_document(fields.get("document"), at)
    yield "form", lambda: _form(fields)
    if not _fault("form", lambda: _form(fields)):
        # What is right for them depends on the form.
        yield "guardian", lambda: _guardian(fields, _form(fields))
        yield "lifetime", lambda: _lifetime(fields.get("lifetime"), _form(fields))
    pieces = fields.get("evidence", [])
    if not isinstance(pieces, list) or len(pieces) > MAX_EVIDENCE:
        yield "evidence", lambda: _evidence(pieces, at)
        pieces = []
    for number, piece in enumerate(pieces):
        yield from _readers_of_piece(f"evidence[{number}]", piece, at)
    yield "decision", lambda: _manual(fields.get("decision"))


def _readers_of_piece(path: str, piece: object, at: int) -> Iterator[tuple[str, Callable[[], object]]]:
    if not isinstance(piece, dict) or not piece.keys() <= _OF_EVIDENCE:
        yield path, lambda: read_object(piece, "evidence", _OF_EVIDENCE)
        return
    yield f"{path}.kind", lambda: read_label(EvidenceKind, piece, "kind")
    yield f"{path}.result", lambda: read_label(EvidenceResult, piece, "result")
    yield f"{path}.sampled_at", lambda: read_sampled_at(piece, at)
    yield f"{path}.region", lambda: read_region(piece)


def _fault(path: str, read: Callable[[], object]) -> list[tuple[str, RequestError]]:
    try:
        read()
    except RequestError as error:
        return [(path, error)]
    return []


def _form(fields: Mapping[str, Any]) -> Form:
    return read_label(Form, fields, "form")  # type: ignore[no-any-return]


def _read(fields: Mapping[str, Any], at: int) -> IssueRequest:
    if not fields.keys() <= _FIELDS:
        raise InvalidRequest("unknown field")
    form, name = _form(fields), mask_name(read_text(fields, "name", MAX_NAME_CHARACTERS))
    document = read_document(fields.get("document"), at)
    return IssueRequest(
        name,
        document,
        form,
        _evidence(fields.get("evidence", []), at),
        None,
        _guardian(fields, form),
        _lifetime(fields.get("lifetime"), form),
        _manual(fields.get("decision"), document),
    )


def read_text(fields: Mapping[str, Any], name: str, most: int) -> str:
    """A text of 1 to ``most`` characters. Raises InvalidRequest naming the field, as all of these do."""
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise InvalidRequest(f"{name}: text of 1 to {most} characters")
    return value


def _whole(fields: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = fields.get(name)
    if type(value) is not int or not least <= value <= most:
        raise InvalidRequest(f"{name}: whole number from {least} to {most}")
    return value


def read_label(kind: type[Any], fields: Mapping[str, Any], name: str) -> Any:
    """An entry of a closed list by its label."""
    try:
        return kind.from_label(fields.get(name))
    except Malformed as error:
        raise InvalidRequest(f"{name}: one of {', '.join(member.label for member in kind)}") from error


def read_object(value: object, name: str, known: frozenset[str]) -> dict[str, Any]:
    """An object with no other fields than these."""
    if not isinstance(value, dict) or not value.keys() <= known:
        raise InvalidRequest(f"{name}: object with {', '.join(sorted(known))}")
    return value


def read_document(value: object, at: int) -> Document:
    """An identity document. Raises InvalidDocument as well."""
    fields = read_object(value, "document", frozenset({"kind", "number"}))
    kind = fields.get("kind")
    if kind is not None and not isinstance(kind, str):
        raise InvalidRequest("document.kind: text")
    document = parse_document(kind, read_text(fields, "number", MAX_FIELD_CHARACTERS))
    if document.born is not None and document.born > datetime.fromtimestamp(at, BEIJING).date():
        raise InvalidDocument("birth date lies in the future")
    return document


def _evidence(value: object, at: int) -> tuple[Evidence, ...]:
    if not isinstance(value, list) or len(value) > MAX_EVIDENCE:
        raise InvalidRequest(f"evidence: list of at most {MAX_EVIDENCE}")
    return tuple(_piece(item, at) for item in value)


def _piece(value: object, at: int) -> Evidence:
    fields = read_object(value, "evidence", _OF_EVIDENCE)
    sampled_at, region = read_sampled_at(fields, at), read_region(fields)
    return Evidence(
        read_label(EvidenceKind, fields, "kind"),
        read_label(EvidenceResult, fields, "result"),
        # Rounded down: a code shall not seem fresher than its sample, nor tell the minute it was taken.
        sampled_at - sampled_at % EVIDENCE_TIME_STEP_SECONDS,
        region,
    )


def read_sampled_at(fields: Mapping[str, Any], at: int) -> int:
    """When a sample was taken; none of tomorrow."""
    return _whole(fields, "sampled_at", MIN_TIME_SECONDS, at + FUTURE_SAMPLE_SECONDS)


def read_region(fields: Mapping[str, Any]) -> int:
    """A region of GB/T 2260."""
    region = fields.get("region")
    if type(region) is not int or not is_region(region):
        raise InvalidRequest("region: six-digit code of GB/T 2260")
    return region


def _holder_point(proof: object, form: Form, audience: str, at: int) -> bytes | None:
    if not FORMS[form].is_bound:
        if proof is not None:
            raise InvalidRequest("holder_proof: not for paper")
        return None
    if not isinstance(proof, str):
        raise InvalidRequest("holder_proof: needed for phone and assisted codes")
    return proven_point(proof, audience, at)


def _guardian(fields: Mapping[str, Any], form: Form) -> Guardian | None:
    if FORMS[form].has_guardian:
        return read_label(Guardian, fields, "guardian")  # type: ignore[no-any-return]
    if fields.get("guardian") is not None:
        raise InvalidRequest("guardian: for assisted codes only")
    return None


def _lifetime(value: object, form: Form) -> int:
    if value is None:
        return FORMS[form].max_lifetime_seconds
    return _whole({"lifetime": value}, "lifetime", MIN_LIFETIME_SECONDS, FORMS[form].max_lifetime_seconds)


def _manual(value: object, document: Document | None = None) -> SignedDecision | None:
    """Raises DecisionRejected as well, for a decision about somebody else."""
    if value is None:
        return None
    signed = read_signed(value)
    if document is not None:
        require_about(signed, document.identity)
    return signed
