"""One report about a person, from JSON over HTTP, a line of a file or a laboratory's signed attestation: one reading.

::

    {"reference": "lab-7/2026-11-20/0815", "document": {"kind": "resident-id", "number": "…"},
     "kind": "nucleic-acid", "result": "negative", "sampled_at": 1790000000, "region": 410100}
    {"reference": "lab-7/2026-11-20/0815", "taken_back": true}
    {"attestation": "<compact JWS>"}

``reference`` is the reporter's own name for this report; the same one with another content corrects it. Without one the
digest of the content stands for it, and such a report can be repeated but not corrected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from credentials.errors import InvalidRequest
from credentials.identity import Document
from credentials.profile.characters import is_shown
from credentials.profile.facts import RESULTS_OF, Fact, FactKind, FactResult
from credentials.profile.limits import EVIDENCE_TIME_STEP_SECONDS
from credentials.wire.strict_json import json_bytes
from issuer.requests.request import read_document, read_label, read_object, read_region, read_sampled_at, read_text

MAX_REFERENCE_CHARACTERS = 64
_FIELDS = frozenset({"reference", "document", "kind", "result", "sampled_at", "region", "taken_back"})


class EvidenceRecord(NamedTuple):
    """A report that can be carried out. ``document``, ``fact``: None of one that takes back what stands under its
    reference. ``made_at``: when a laboratory signed it (seconds UTC); 0: nobody did."""

    reference: str
    document: Document | None
    fact: Fact | None
    made_at: int = 0


def read_record(fields: Mapping[str, Any], at: int) -> EvidenceRecord:
    """Read and check a report that came at ``at`` (seconds UTC). Raises InvalidRequest naming the field and what it
    must be, InvalidDocument."""
    told = read_object(dict(fields), "record", _FIELDS)
    if told.get("taken_back") is True:
        if told.keys() != {"reference", "taken_back"}:
            raise InvalidRequest("taken_back: beside it only the reference of what is taken back")
        return EvidenceRecord(_reference(told), None, None)
    if "taken_back" in told:
        raise InvalidRequest("taken_back: true, or left out")
    document = read_document(told.get("document"), at)
    reference = _reference(told) if "reference" in told else hashlib.sha256(json_bytes(told)).hexdigest()
    return EvidenceRecord(reference, document, _fact(told, at))


def _reference(fields: Mapping[str, Any]) -> str:
    reference = read_text(fields, "reference", MAX_REFERENCE_CHARACTERS)
    if not is_shown(reference):
        raise InvalidRequest("reference: characters that people see")
    return reference


def _fact(fields: Mapping[str, Any], at: int) -> Fact:
    kind: FactKind = read_label(FactKind, fields, "kind")
    result: FactResult = read_label(FactResult, fields, "result")
    if result not in RESULTS_OF[kind]:
        raise InvalidRequest(f"result: of {kind.label} one of {', '.join(each.label for each in RESULTS_OF[kind])}")
    sampled_at = read_sampled_at(fields, at)
    # Rounded as on a code: nobody needs the minute.
    return Fact(kind, result, sampled_at - sampled_at % EVIDENCE_TIME_STEP_SECONDS, read_region(fields))
