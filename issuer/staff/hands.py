"""What two people of staff have signed becomes a decision, or is refused with what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from credentials.decisions.staff import SignedDecision
from credentials.errors import DecisionRejected
from credentials.model import Evidence
from issuer.decisions.deciding import Decision
from issuer.decisions.signed import decision_of, require_in_time
from issuer.staff.keys import StaffKeys


@dataclass(frozen=True, slots=True)
class Hands:
    """Who decides by hand for one member. Safe to call from several threads and processes at once."""

    keys: StaffKeys
    used: Callable[[Sequence[bytes]], set[bytes]]
    """Which of these numbers have been used; the database has the last word of it."""
    people_a_day: int
    """How many people one approver decides about within a day of UTC."""

    def decide(self, subject: bytes, signed: SignedDecision, evidence: tuple[Evidence, ...], at: int) -> Decision:
        """The decision about one person, which these two may make at ``at``. Raises DecisionRejected."""
        require_in_time(signed.said, self.keys.member, at)
        by = self.keys.signatories(signed, at)
        if self.used([signed.said.number]):
            raise DecisionRejected("this decision was used before: its number counts once; propose another one")
        return decision_of(subject, signed, by, evidence, at)
