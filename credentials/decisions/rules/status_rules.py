"""What a province's signed rules decide about somebody of whom certain facts are known.

Made by :mod:`credentials.decisions.rules.document`, once, with the entries compiled. The entries are asked in order,
and the first that is true decides. One that cannot be evaluated is open: nothing behind it is looked at, for it may
have been the one that decides, and nobody turns red or green by a slip in a rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from credentials.decisions.rules.vocabulary import decision_input
from credentials.model import RuleSetReference
from credentials.profile.facts import Fact
from credentials.profile.lists import Reason, Status
from credentials.profile.words import Label
from credentials.recognition.language.certlogic import RuleState, evaluate
from credentials.recognition.language.instants import is_within
from credentials.recognition.language.operators import Rule


class StatusEntry(NamedTuple):
    """One entry: when it is true of a person, they have ``status`` for ``reason``, and are decided about anew after
    ``hours`` at the latest. ``text``: what it says, for the person."""

    id: str
    when: Rule
    status: Status
    reason: Reason
    hours: int
    text: Label


class Ruling(NamedTuple):
    """``entry``: the one that decides or, where ``is_open``, the one that could not be evaluated."""

    entry: StatusEntry
    is_open: bool


@dataclass(frozen=True, slots=True)
class StatusRules:
    """A province's status rules. Times are seconds UTC; in force from ``valid_from`` until before ``valid_until``.

    ``digest``: the SHA-256 of the document in hex, which the next one of the chain names as its ``previous``. The last
    entry is true of everybody.
    """

    member: str
    rule_set: int
    version: int
    sequence: int
    previous: str | None
    digest: str
    valid_from: int
    valid_until: int | None
    entries: tuple[StatusEntry, ...] = field(repr=False)

    @property
    def reference(self) -> RuleSetReference:
        """What codes name as the rules that decided."""
        return RuleSetReference(self.rule_set, self.version)

    def in_force(self, at: int) -> bool:
        """Whether it counts at this moment."""
        return is_within(self.valid_from, self.valid_until, at)

    def decide(self, facts: Iterable[Fact], at: int) -> Ruling:
        """What they say at ``at`` (seconds UTC) of somebody of whom these facts are known."""
        return self.ruling(decision_input(facts, at))

    def ruling(self, data: dict[str, Any]) -> Ruling:
        """As :meth:`decide`, on data that :func:`~credentials.decisions.rules.vocabulary.decision_input` made."""
        for entry in self.entries[:-1]:
            state = evaluate(entry.when, data)
            if state is not RuleState.FAIL:
                return Ruling(entry, state is RuleState.OPEN)
        return Ruling(self.entries[-1], is_open=False)
