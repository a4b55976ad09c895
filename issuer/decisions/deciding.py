"""Decisions (赋码决定): every status has one, with a basis, an author, an end and a way to appeal.

In Zhengzhou, in June 2022, 1,317 people turned red without a basis because three people said so. Here a status comes
from the province's rule set, applied to evidence, or from a manual decision that names its legal basis and a second
approver of another unit. Nothing else makes one, and the database refuses a credential without it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from credentials.decisions.status_rules import StatusRules
from credentials.errors import DecisionRejected
from credentials.model import Evidence, RuleSetReference
from credentials.profile.characters import is_shown
from credentials.profile.facts import RESULTS_OF, Fact, FactKind, FactResult, may_leave
from credentials.profile.limits import DECISION_REFERENCE_BYTES, MAX_EVIDENCE
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from credentials.wire.cbor import dumps
from service_kit.clock import DAY_SECONDS, HOUR_SECONDS

MAX_MANUAL_DAYS = 14
APPEAL_DAYS = 60
"""Administrative review may be asked for within 60 days (Administrative Reconsideration Law, article 20)."""
MAX_STAFF_CHARACTERS = 64
"""Of ``unit/person``."""
MANUAL: Final = RuleSetReference(0, 0)

BASIS_BY_RULE = "rule"
_BY_RULE = "/rule-set"
"""Stands where a manual decision names the person of the unit."""
BASES: Final[dict[str, str]] = {
    BASIS_BY_RULE: "规则集自动判定 · decided by the published rule set",
    "infectious-diseases-law-39": "传染病防治法第三十九条 · Infectious Diseases Law, article 39",
    "infectious-diseases-law-41": "传染病防治法第四十一条 · Infectious Diseases Law, article 41",
    "emergency-regulation-33": "突发公共卫生事件应急条例第三十三条 · Public Health Emergency Regulation, article 33",
    "border-quarantine-law-4": "国境卫生检疫法第四条 · Frontier Health and Quarantine Law, article 4",
}
"""The published list: a basis that is not in it is none."""
_GOOD_RESULTS = frozenset({EvidenceResult.NEGATIVE, EvidenceResult.COMPLETED})
_NEEDED_FIRST = tuple(RESULTS_OF)


class ManualDecision(NamedTuple):
    """A decision that people made; checked by :func:`decide_by_hand`."""

    status: Status
    reason: Reason
    basis: str
    author: str
    approver: str
    ends_at: int


class Decision(NamedTuple):
    """One decision about one resident. Times in seconds UTC; ``ends_at`` is when it lapses by itself.

    ``subject`` is the keyed digest of the identity document, never the document. ``author`` and ``approver`` are
    ``unit/person`` labels of staff; a decision by rule has neither an approver nor a person as author.
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

    def leaf(self) -> bytes:
        """The deterministic bytes that the province's log will hold the hash of."""
        return dumps(
            [
                self.subject,
                int(self.status),
                int(self.reason),
                list(self.rule_set),
                self.basis,
                [[int(piece.kind), int(piece.result), piece.sampled_at, piece.region] for piece in self.evidence],
                self.unit,
                self.author,
                self.approver,
                self.starts_at,
                self.ends_at,
                self.appeal_until,
            ]
        )

    def reference(self, cti: bytes) -> bytes:
        """What a code carries of it: the first 16 bytes of SHA-256(leaf ‖ cti), different in every code."""
        return hashlib.sha256(self.leaf() + cti).digest()[:DECISION_REFERENCE_BYTES]


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


def decide_by_hand(
    subject: bytes,
    status: Status,
    reason: Reason,
    *,
    basis: str,
    author: str,
    approver: str,
    evidence: tuple[Evidence, ...],
    at: int,
    ends_at: int,
) -> Decision:
    """A manual decision. ``author`` and ``approver`` are ``unit/person``.

    Raises DecisionRejected, naming what is missing: a basis of the published list, a person, a second approver of
    another unit, an end within 14 days.
    """
    if basis not in BASES or basis == BASIS_BY_RULE:
        raise DecisionRejected("basis is not in the published list of legal bases")
    unit, approving_unit = unit_of(author), unit_of(approver)
    if _folded(unit) == _folded(approving_unit):
        raise DecisionRejected("the approver must be of another unit than the author")
    if not at < ends_at <= at + MAX_MANUAL_DAYS * DAY_SECONDS:
        raise DecisionRejected(f"a manual decision ends within {MAX_MANUAL_DAYS} days")
    return Decision(
        subject, status, reason, MANUAL, basis, evidence, unit, author, approver, at, ends_at,
        at + APPEAL_DAYS * DAY_SECONDS,
    )  # fmt: skip


def unit_of(staff: str) -> str:
    """The unit of ``unit/person``. Raises DecisionRejected for anything else."""
    parts = staff.split("/")
    # With a second slash nobody could say where the unit ends: a/b and a/c must not pass for two units, or for one.
    if len(parts) != 2 or not all(map(str.strip, parts)) or len(staff) > MAX_STAFF_CHARACTERS or not is_shown(staff):
        raise DecisionRejected("author and approver are written unit/person, with one slash")
    return parts[0]


def _folded(unit: str) -> str:
    """Two spellings of one unit are one unit: case, full width and spaces make no second approver."""
    return "".join(unicodedata.normalize("NFKC", unit).casefold().split())
