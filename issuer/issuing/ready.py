"""What is decided about somebody before anything is signed."""

from __future__ import annotations

from typing import NamedTuple

from issuer.decisions.deciding import Decision, ManualDecision, decide_by_hand, decide_by_rule
from issuer.issuing.consequences import PersonInForce, standing_facts
from issuer.storage.holder_ports import HolderFacts


class Ready(NamedTuple):
    """What was decided about somebody, and when their code will expire. ``standing``: see Made."""

    facts: HolderFacts
    holder_point: bytes | None
    decision: Decision
    expires_at: int
    standing: int | None = None

    def under(self, known: PersonInForce, at: int) -> Ready:
        """The same, decided by rule, under what is in force by now: a decision by hand binds, and facts that a decision
        by rule rests on are not replaced by older ones or none."""
        if known.by_hand is not None:
            decision_id, decision = known.by_hand
            expires_at = min(self.expires_at, decision.ends_at)
            return self._replace(decision=decision, expires_at=expires_at, standing=decision_id)
        facts = standing_facts(known, self.facts.evidence)
        if facts is None:
            return self
        return get_ready(self.facts._replace(evidence=facts), self.holder_point, None, self.decision.unit, at)


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
