"""What is decided about somebody before anything is signed."""

from __future__ import annotations

from typing import NamedTuple

from issuer.decisions import Decision, ManualDecision, decide_by_hand, decide_by_rule
from issuer.storage.holder_ports import HolderFacts
from issuer.storage.ports import Standing


class Ready(NamedTuple):
    """What was decided about somebody, and when their code will expire. ``standing``: see Made."""

    facts: HolderFacts
    holder_point: bytes | None
    decision: Decision
    expires_at: int
    standing: int | None = None

    def under(self, standing: Standing | None) -> Ready:
        """The same under a decision that stands."""
        if standing is None:
            return self
        decision_id, decision = standing
        expires_at = min(self.expires_at, decision.ends_at)
        return self._replace(decision=decision, expires_at=expires_at, standing=decision_id)


def get_ready(facts: HolderFacts, point: bytes | None, manual: ManualDecision | None, unit: str, at: int) -> Ready:
    """Decide: by rule in the name of ``unit``, or as ``manual`` says. The code expires with its lifetime, or with a
    decision by hand if sooner. Raises DecisionRejected."""
    expires_at = at + facts.lifetime
    if manual is None:
        decision = decide_by_rule(facts.subject, unit, facts.evidence, at, expires_at)
    else:
        decision = decide_by_hand(
            facts.subject,
            manual.status,
            manual.reason,
            basis=manual.basis,
            author=manual.author,
            approver=manual.approver,
            evidence=facts.evidence,
            at=at,
            ends_at=manual.ends_at,
        )
    return Ready(facts, point, decision, min(expires_at, decision.ends_at))
