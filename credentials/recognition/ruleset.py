"""Recognition (互认): what a host member's signed rule set says about a credential.

A rule set is made by :mod:`credentials.recognition.document`, once, with its rules compiled. Three values: a
rule that fails refuses, a rule that cannot be evaluated is open, and so is a kind of evidence for which there
is no rule. It is the destination's rule set that counts, never the one of the place of
departure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, TypeVar

from credentials.foreign.facts import ForeignFacts
from credentials.model import StatusCredential
from credentials.profile.lists import EvidenceKind, Form, Status
from credentials.profile.words import Label
from credentials.recognition.card_rules import CardRule, judged
from credentials.recognition.language.certlogic import RuleState, evaluate
from credentials.recognition.language.instants import is_within
from credentials.recognition.language.operators import Rule
from credentials.recognition.language.vocabulary import foreign_rule_input, rule_input

NO_EVIDENCE = 0
"""Stands among the kinds of a rule for "the code carries no evidence"; ``none`` in the document."""
_NO_KINDS = frozenset({NO_EVIDENCE})
_UNKNOWN_KIND = None
_KIND = attrgetter("kind")
_GRAVEST_FIRST = (RuleState.FAIL, RuleState.OPEN, RuleState.PASS)


class RecognitionDenial(NamedTuple):
    """The host does not recognise ``member`` until ``expires_at`` (seconds UTC, exclusive)."""

    member: str
    reason: Label
    expires_at: int


class RecognitionRule(NamedTuple):
    """One rule. It applies when any of ``kinds`` (of evidence, or NO_EVIDENCE) is on the code.

    ``text`` says what it asks, ``needed`` what somebody whom it turns away would have needed.
    """

    id: str
    kinds: frozenset[int]
    text: Label
    needed: Label
    rule: Rule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A member's rule set. Times are seconds UTC; in force from ``valid_from`` until before ``valid_until``.

    ``rule_set`` is its number (0..23), ``digest`` the SHA-256 of the document in hex, which the next one of
    the chain names as its ``previous``.
    """

    member: str
    rule_set: int
    version: int
    sequence: int
    previous: str | None
    digest: str
    valid_from: int
    valid_until: int | None
    accepted_statuses: frozenset[Status]
    accepted_forms: frozenset[Form]
    rules: tuple[RecognitionRule, ...] = field(repr=False)
    rules_by_kind: Mapping[int, tuple[RecognitionRule, ...]] = field(repr=False)
    denials: Mapping[str, RecognitionDenial]
    card_rules: tuple[CardRule, ...] = field(default=(), repr=False)

    def in_force(self, at: int) -> bool:
        """Whether it counts at this moment: one that is for later does not, however new it is."""
        return is_within(self.valid_from, self.valid_until, at)

    def denial_of(self, member: str, at: int) -> RecognitionDenial | None:
        """The denial of recognition of this member that applies now. One that has ended does not."""
        denial = self.denials.get(member)
        return denial if denial is not None and at < denial.expires_at else None

    def judge(self, credential: StatusCredential, at: int) -> RuleResult:
        """What the rules say of the credential's evidence at this moment (seconds UTC).

        Fail as soon as an applying rule fails; else open when a rule is open, a kind of evidence has no rule,
        or the set is not in force; else pass. Denials, statuses and forms are separate checks:
        :meth:`denial_of`, ``accepted_statuses``, ``accepted_forms``.
        """
        kinds = set(map(_KIND, credential.evidence)) or _NO_KINDS
        return self._judge(kinds, rule_input(credential, at), at)

    def judge_foreign(self, facts: ForeignFacts, at: int) -> RuleResult:
        """What the rules say of a foreign card: those of its own format for its kind, where the set has some, or else
        those for a code's evidence. General rules of its format count in both cases.
        """
        if not self.card_rules or not self.in_force(at):
            return self._judge_evidence(facts, at)
        found = [self._said_of_card(rule, state) for rule, state in judged(self.card_rules, facts, at)]
        deciding = [rule for rule in self.card_rules if rule.decides_about(facts)]
        if not deciding:
            found.append(self._judge_evidence(facts, at))
        elif not any(rule.applies_to(facts, at) for rule in deciding):
            found.append(RuleResult(RuleState.OPEN, self, None, f"no rule in force for {facts.kind}"))
        return min(found, key=lambda result: _GRAVEST_FIRST.index(result.state))

    def _said_of_card(self, rule: CardRule, state: RuleState) -> RuleResult:
        return RuleResult(state, self, rule, "" if state is not RuleState.OPEN else "rule could not be evaluated")

    def _judge_evidence(self, facts: ForeignFacts, at: int) -> RuleResult:
        """What the rules for codes say of a card's evidence: the same rules, by its kinds.

        Evidence of a kind or result that no list has is of a kind without a rule, and so is a card with nothing about
        the disease; what it says of other diseases beside that is nothing to a rule.
        """
        held = {piece.kind if piece.is_known else _UNKNOWN_KIND for piece in facts.evidence if piece.is_about}
        # In the order of the list, what no list has last: it must not hang on where None lies in memory.
        known = sorted(filter(None, held))
        kinds = [*known, _UNKNOWN_KIND] if not held or _UNKNOWN_KIND in held else known
        return self._judge(kinds, foreign_rule_input(facts, at), at)

    def _judge(self, kinds: Iterable[int | None], data: dict[str, Any], at: int) -> RuleResult:
        if not self.in_force(at):
            return RuleResult(RuleState.OPEN, self, None, "rule set not in force")
        opened: RuleResult | None = None
        passed: RecognitionRule | None = None
        for kind in kinds:
            rules = self.rules_by_kind.get(kind)  # type: ignore[arg-type]
            if rules is None:
                opened = opened or RuleResult(RuleState.OPEN, self, None, f"no rule for {_label(kind)}")
                continue
            for rule in rules:
                state = evaluate(rule.rule, data)
                if state is RuleState.PASS:
                    passed = passed or rule
                elif state is RuleState.FAIL:
                    return RuleResult(state, self, rule)
                else:
                    opened = opened or RuleResult(state, self, rule, "rule could not be evaluated")
        return opened or RuleResult(RuleState.PASS, self, passed)


class RuleResult(NamedTuple):
    """What a rule set says, and everything that the person at the gate should see of it.

    ``rule`` is the one that decided; None when the result is open for want of a rule, as ``detail`` says.
    """

    state: RuleState
    rule_set: RuleSet
    rule: RecognitionRule | CardRule | None
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The deciding set and rule for a verdict or a report, as JSON values."""
        decided: dict[str, Any] = {
            "member": self.rule_set.member,
            "rule_set": self.rule_set.rule_set,
            "version": self.rule_set.version,
            "state": self.state.value,
        }
        if self.rule is not None:
            decided |= {
                "rule": self.rule.id,
                **self.rule.text.fields("text_"),
                **self.rule.needed.fields("needed_"),
            }
        return decided


class Timed(Protocol):
    """What comes into force and ends: a rule set, or what is known of one. Times are seconds UTC."""

    @property
    def sequence(self) -> int: ...

    @property
    def valid_from(self) -> int | None: ...

    @property
    def valid_until(self) -> int | None: ...

    def in_force(self, at: int) -> bool: ...


_T = TypeVar("_T", bound=Timed)


def in_force_at(rule_sets: Iterable[_T], at: int) -> _T | None:
    """The one that decides at ``at`` (seconds UTC): of those in force the one with the highest sequence, or None."""
    return max((each for each in rule_sets if each.in_force(at)), key=lambda each: each.sequence, default=None)


def deciding_from(rule_sets: Iterable[_T], at: int) -> tuple[_T, ...]:
    """Those that decide at ``at`` or at any time after it, by sequence: what a gate must hold."""
    known = list(rule_sets)
    moments = {at, *(each.valid_from or at for each in known), *(each.valid_until or at for each in known)}
    found = (in_force_at(known, moment) for moment in moments if moment >= at)
    deciding = {each.sequence: each for each in found if each is not None}
    return tuple(deciding[sequence] for sequence in sorted(deciding))


def _label(kind: int | None) -> str:
    if kind is _UNKNOWN_KIND:
        return "evidence that no list has"
    return EvidenceKind(kind).label if kind else "none"
