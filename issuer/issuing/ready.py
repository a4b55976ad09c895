"""What is decided about somebody before anything is signed."""

from __future__ import annotations

from typing import NamedTuple

from credentials.decisions.rules.status_rules import StatusRules
from credentials.model import Evidence
from issuer.decisions.deciding import (
    Decision,
    decide_by_rule,
    facts_of,
    pieces_for_a_code,
)
from issuer.issuing.consequences import PersonInForce, standing_facts
from issuer.storage.ports.holders import HolderFacts


class Ready(NamedTuple):
    """What was decided about somebody, and when their code will expire.

    ``shown``: the evidence that stands on the code; ``standing``, ``seen``: see Made; ``open_entry``: the id of the
    entry of the rules that could not be evaluated, or empty.
    """

    facts: HolderFacts
    holder_point: bytes | None
    decision: Decision
    expires_at: int
    shown: tuple[Evidence, ...]
    standing: int | None = None
    seen: int = 0
    open_entry: str = ""


class Wanted(NamedTuple):
    """Somebody who shall have a code. ``by_hand``: what people decided about them, or None: the rules decide."""

    facts: HolderFacts
    holder_point: bytes | None
    by_hand: Decision | None

    def under(self, known: PersonInForce, rules: StatusRules, unit: str, at: int) -> Ready:
        """Decided under what is in force and known by now: a decision by hand binds, and facts that a decision by rule
        rests on are not replaced by older ones or none. Where the rules cannot tell, what stands goes on to its end."""
        facts, standing = self.facts, None
        decision, open_entry = self.by_hand or known.decided_by_hand, ""
        if self.by_hand is None and known.by_hand is not None:
            standing = known.by_hand.decision_id
        if decision is None:
            facts = facts._replace(evidence=standing_facts(known, facts.evidence) or facts.evidence)
        everything = [*facts_of(facts.evidence), *known.timeline.facts]
        if decision is None:
            ends_at = at + facts.lifetime
            decision, open_entry = decide_by_rule(facts.subject, unit, rules, everything, at, ends_at)
            if open_entry and known.by_rule is not None:
                standing, decision = known.by_rule
        expires_at = min(at + facts.lifetime, decision.ends_at)
        shown = pieces_for_a_code(everything)
        return Ready(facts, self.holder_point, decision, expires_at, shown, standing, known.timeline.number, open_entry)
