"""The text of a decision by rule (赋码决定书), byte for byte: what a person is told of why they have a status.

One canonical JSON text (sorted names, no spaces)::

    {"type": "decision-by-rule", "member": "CN-41", "unit": "health-commission",
     "rules": {"rule_set": 1, "version": 2, "entry": "test-positive"},
     "status": "red", "reason": "test-positive",
     "evidence": [{"kind": "nucleic-acid", "result": "positive", "sampled_at": s, "region": 410105}],
     "starts_at": s, "ends_at": s, "appeal_until": s}

``evidence`` are the facts that may leave the issuer; a fact that may not is named by the entry of the rules alone. No
name and no document: whose it is says the code whose reference it makes.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from credentials.errors import Malformed
from credentials.model import Evidence, RuleSetReference
from credentials.profile.limits import MAX_EVIDENCE, MAX_TIME_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from credentials.profile.members import is_member_id
from credentials.wire.strict_json import json_bytes, parse_json

TYPE: Final = "decision-by-rule"
MAX_TEXT_BYTES = 2_048
MAX_UNIT_CHARACTERS = 64
MAX_ENTRY_CHARACTERS = 40


class RuleText(NamedTuple):
    """What a text says. ``entry``: the id of the entry of the rules that decided; times in seconds UTC."""

    member: str
    unit: str
    rules: RuleSetReference
    entry: str
    status: Status
    reason: Reason
    evidence: tuple[Evidence, ...]
    starts_at: int
    ends_at: int
    appeal_until: int

    def to_bytes(self) -> bytes:
        """The canonical text."""
        return json_bytes(
            {
                "type": TYPE,
                "member": self.member,
                "unit": self.unit,
                "rules": {"rule_set": self.rules.rule_set, "version": self.rules.version, "entry": self.entry},
                "status": self.status.label,
                "reason": self.reason.label,
                "evidence": [_told(piece) for piece in self.evidence],
                "starts_at": self.starts_at,
                "ends_at": self.ends_at,
                "appeal_until": self.appeal_until,
            }
        )


def read_rule_text(text: bytes) -> RuleText:
    """Read a text. Raises Malformed for what is not the one canonical spelling of a decision by rule."""
    fields: Any = parse_json(text) if len(text) <= MAX_TEXT_BYTES else None
    try:
        read = _read(fields)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Malformed("no decision by rule") from error
    if not _is_sound(read) or read.to_bytes() != text:
        raise Malformed("decision by rule: not its canonical spelling")
    return read


def _read(fields: Any) -> RuleText:
    rules = fields["rules"]
    return RuleText(
        fields["member"],
        fields["unit"],
        RuleSetReference(rules["rule_set"], rules["version"]),
        rules["entry"],
        Status.from_label(fields["status"]),
        Reason.from_label(fields["reason"]),
        tuple(_piece(each) for each in fields["evidence"]),
        fields["starts_at"],
        fields["ends_at"],
        fields["appeal_until"],
    )


def _is_sound(read: RuleText) -> bool:
    moments = (read.starts_at, read.ends_at, read.appeal_until)
    of_pieces = (each for piece in read.evidence for each in (piece.sampled_at, piece.region))
    return (
        all(type(each) is int and 0 <= each <= MAX_TIME_SECONDS for each in (*read.rules, *moments, *of_pieces))
        and is_member_id(read.member)
        and _is_text(read.unit, MAX_UNIT_CHARACTERS)
        and _is_text(read.entry, MAX_ENTRY_CHARACTERS)
        and len(read.evidence) <= MAX_EVIDENCE
        and read.starts_at < read.ends_at
    )


def _is_text(value: object, most: int) -> bool:
    return type(value) is str and 0 < len(value) <= most


def _told(piece: Evidence) -> dict[str, Any]:
    said = {"kind": piece.kind.label, "result": piece.result.label}
    return said | {"sampled_at": piece.sampled_at, "region": piece.region}


def _piece(fields: Any) -> Evidence:
    kind, result = EvidenceKind.from_label(fields["kind"]), EvidenceResult.from_label(fields["result"])
    return Evidence(kind, result, fields["sampled_at"], fields["region"])
