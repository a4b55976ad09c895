"""Decisions (赋码决定): every status has one, with a basis, an author, an end and a way to appeal.

In Zhengzhou, in June 2022, 1,317 people turned red without a basis because three people said so. Here a status comes
from the province's rule set, applied to evidence, or from a manual decision that names its legal basis and a second
approver of another unit. Nothing else makes one, and the database refuses a credential without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from credentials.decisions.by_hand import APPEAL_DAYS
from credentials.decisions.leaves import reference, sealed
from credentials.decisions.rules.rule_text import RuleText
from credentials.decisions.rules.status_rules import StatusRules
from credentials.decisions.staff import SignedDecision
from credentials.errors import DecisionRejected
from credentials.model import Evidence, RuleSetReference
from credentials.profile.characters import is_shown
from credentials.profile.facts import RESULTS_OF, Fact, FactKind, FactResult, may_leave
from credentials.profile.limits import MAX_EVIDENCE
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from service_kit.clock import DAY_SECONDS, HOUR_SECONDS

MAX_STAFF_CHARACTERS = 64
"""Of ``unit/person``."""
MANUAL: Final = RuleSetReference(0, 0)

BASIS_BY_RULE = "rule"
_BY_RULE = "/rule-set"
"""Stands where a manual decision names the person of the unit."""
_GOOD_RESULTS = frozenset({EvidenceResult.NEGATIVE, EvidenceResult.COMPLETED})
_NEEDED_FIRST = tuple(RESULTS_OF)


class Decision(NamedTuple):
    """One decision about one resident. Times in seconds UTC; ``ends_at`` is when it lapses by itself.

    ``subject`` is the keyed digest of the identity document, never the document. ``author`` and ``approver`` are
    ``unit/person`` labels of staff; a decision by rule has neither an approver nor a person as author. ``entry``: the
    one of the rules of ``member`` that decided. ``text``: what the person is shown, and ``sealed``: its salt and
    digest; both are empty until :func:`sealed_by`, and where they have been deleted. ``signed``: a
    decision by hand as it was handed in, until it is kept.
    """

    subject: bytes
    status: Status
    reason: Reason
    rule_set: RuleSetReference
    basis: str
    evidence: tuple[Evidence, ...]
    unit: str
    author: str
    approver: str | None
    starts_at: int
    ends_at: int
    appeal_until: int
    member: str = ""
    entry: str = ""
    text: str = ""
    sealed: bytes = b""
    signed: SignedDecision | None = None

    def reference(self, cti: bytes) -> bytes:
        """What a code carries of it, different in every code: see :func:`credentials.decisions.leaves.reference`."""
        return reference(self.sealed, cti)

    @property
    def region(self) -> int:
        """Where the newest of its facts was found; 0 for none."""
        return max(self.evidence, key=lambda piece: piece.sampled_at).region if self.evidence else 0


def sealed_by(decision: Decision, salt: bytes) -> Decision:
    """The decision with its text, sealed by a salt of its own (32 random bytes); as it is, where that was done."""
    if decision.sealed:
        return decision
    text = decision.text or _text_of(decision).to_bytes().decode()
    return decision._replace(text=text, sealed=sealed(salt, text.encode()))


def _text_of(decision: Decision) -> RuleText:
    return RuleText(
        decision.member, decision.unit, decision.rule_set, decision.entry or decision.basis, decision.status,
        decision.reason, decision.evidence, decision.starts_at, decision.ends_at, decision.appeal_until,
    )  # fmt: skip


def gravity(status: Status) -> int:
    """How grave a status is, from 0 for green to 3 for red."""
    return (Status.GREEN, Status.PENDING, Status.YELLOW, Status.RED).index(status)


def is_unit(unit: str) -> bool:
    """Whether decisions by rule can be made in the name of ``unit``."""
    staff = f"{unit}{_BY_RULE}"
    return "/" not in unit and bool(unit.strip()) and len(staff) <= MAX_STAFF_CHARACTERS and is_shown(staff)


def decide_by_rule(
    subject: bytes, unit: str, rules: StatusRules, facts: Collection[Fact], at: int, ends_at: int
) -> tuple[Decision, str]:
    """What the rules say at ``at`` of somebody of whom ``facts`` are known; it ends at ``ends_at``, or sooner where the
    entry says so. Beside it the id of the entry that could not be evaluated, or empty.

    Then nothing is decided: pending, for whoever has no status that goes on.
    """
    entry, is_open = rules.decide(facts, at)
    status, reason = (Status.PENDING, Reason.REVIEW_OPEN) if is_open else (entry.status, entry.reason)
    made = Decision(
        subject, status, reason, rules.reference, BASIS_BY_RULE, pieces_for_a_code(facts), unit,
        f"{unit}{_BY_RULE}", None, at, min(ends_at, at + entry.hours * HOUR_SECONDS), at + APPEAL_DAYS * DAY_SECONDS,
        rules.member, entry.id,
    )  # fmt: skip
    return made, entry.id if is_open else ""


def pieces_for_a_code(facts: Collection[Fact]) -> tuple[Evidence, ...]:
    """Of all that is known at most MAX_EVIDENCE pieces, those that hosts need: the newest of all that may leave the
    issuer, and the newest of another kind, tests before the rest. No more than fit are left in their order."""
    pieces = pieces_of(dict.fromkeys(facts))
    if len(pieces) <= MAX_EVIDENCE:
        return tuple(pieces)
    newest: dict[EvidenceKind, Evidence] = {}
    for piece in sorted(pieces, key=lambda each: (-each.sampled_at, each.result in _GOOD_RESULTS)):
        newest.setdefault(piece.kind, piece)
    first, *others = newest.values()
    others.sort(key=lambda piece: _NEEDED_FIRST.index(FactKind(piece.kind)))
    return (first, *others[: MAX_EVIDENCE - 1])


def pieces_of(facts: Iterable[Fact]) -> list[Evidence]:
    """Those facts that may leave the issuer, as they stand on a code."""
    return [
        Evidence(EvidenceKind(kind), EvidenceResult(result), at, region)
        for kind, result, at, region in filter(may_leave, facts)
    ]


def facts_of(evidence: Iterable[Evidence]) -> list[Fact]:
    """Evidence as it came with a request, as facts."""
    return [Fact(FactKind(kind), FactResult(result), at, region) for kind, result, at, region in evidence]


def unit_of(staff: str) -> str:
    """The unit of ``unit/person``. Raises DecisionRejected for anything else."""
    parts = staff.split("/")
    # With a second slash nobody could say where the unit ends: a/b and a/c must not pass for two units, or for one.
    if len(parts) != 2 or not all(map(str.strip, parts)) or len(staff) > MAX_STAFF_CHARACTERS or not is_shown(staff):
        raise DecisionRejected("author and approver are written unit/person, with one slash")
    return parts[0]
