"""The story's props: requests for codes, and codes that no issuer would give out."""

from __future__ import annotations

from typing import Any

from credentials.formats import native
from credentials.model import Evidence, RuleSetReference, StatusCredential
from credentials.profile.limits import EVIDENCE_TIME_STEP_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Reason, Status
from credentials.wire import base45
from demonstration.residents import resident_id

HOUR = 3600
ZHENGZHOU = 410100


def asks(name: str, *, hours: int, form: str, now: int, result: str = "negative") -> dict[str, Any]:
    """A request to issue: somebody with a nucleic-acid test sampled ``hours`` ago."""
    number = resident_id(ZHENGZHOU + 2, "19850312", _sequence(name))
    evidence = {"kind": "nucleic-acid", "result": result, "sampled_at": now - hours * HOUR, "region": ZHENGZHOU}
    return {"name": name, "document": {"kind": "resident-id", "number": number}, "form": form, "evidence": [evidence]}


def _sequence(name: str) -> int:
    """A sequence number of 1 to 999 that is always the same for a name."""
    return sum(map(ord, name)) % 999 + 1


def tampered(text: str) -> str:
    """The text with one bit of what was signed changed, in its best disguise: all lengths still fit."""
    data = bytearray(base45.decode(text.removeprefix(native.PREFIX)))
    data[len(data) // 3] ^= 1
    return native.PREFIX + base45.encode(bytes(data))


def credential(member: str, status: Status, now: int) -> StatusCredential:
    """A paper code that somebody who holds a key can sign without asking an issuer."""
    sampled_at = (now - 10 * HOUR) // EVIDENCE_TIME_STEP_SECONDS * EVIDENCE_TIME_STEP_SECONDS
    return StatusCredential(
        issuer=member,
        issued_at=now,
        expires_at=now + HOUR,
        cti=bytes(8),
        status=status,
        reason=Reason.TEST_RECENT if status is Status.GREEN else Reason.TEST_POSITIVE,
        rule_set=RuleSetReference(1, 1),
        evaluated_before=0,
        evidence=(Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, sampled_at, ZHENGZHOU),),
        holder_name="王**",
        document_tail="002X",
        form=Form.PAPER,
        decision_reference=bytes(16) if status is not Status.GREEN else None,
    )
