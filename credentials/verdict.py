"""Verdicts: what a gate says of a code, as values and as the JSON object of ``docs/verdict.md``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from credentials.foreign.facts import ForeignEvidence, ForeignFacts
from credentials.formats.presentation import Presentation
from credentials.model import StatusCredential
from credentials.profile.lists import Status
from credentials.profile.reasons import REASONS, Outcome
from credentials.profile.steps import StepName
from credentials.profile.words import NO_WORDS, Label, joined, label

_RANK = {code: rank for rank, code in enumerate(REASONS)}


class Contact(NamedTuple):
    """A member that can help, by the name and the hotline that the trust list has of it."""

    member: str
    name: Label
    hotline: str


class Finding(NamedTuple):
    """A reason or note, with what this code adds to it: the words of a rule set, and whom to call.

    ``call``: the most helpful first. ``is_of_card``: found of a foreign card.
    """

    code: str
    detail: Label = NO_WORDS
    call: tuple[Contact, ...] = ()
    is_of_card: bool = False

    @property
    def words(self) -> Label:
        """All that people are told."""
        row = REASONS[self.code]
        said = (row.of_card or row) if self.is_of_card else row
        return joined((said.whole, self.detail, _hotlines(self.call)), "join.parts")

    def to_dict(self) -> dict[str, Any]:
        call = [{"member": contact.member, "hotline": contact.hotline} for contact in self.call]
        return {"code": self.code, **self.words.fields("text_"), "call": call}


def _hotlines(call: Sequence[Contact]) -> Label:
    if not call:
        return NO_WORDS
    each = [label("verdict.hotline", name=name, hotline=hotline) for _, name, hotline in call]
    return label("verdict.hotlines", hotlines=joined(each, "join.calls"))


class KnowledgeAges(NamedTuple):
    """Ages in seconds of what the verdict rests on; None where there is nothing."""

    trust: int | None
    status: int | None


class DecidingRules(NamedTuple):
    """Whose rule set decided, in which version, and by which rule (None when all passed)."""

    member: str
    rule_set: int
    version: int
    rule: str | None


class Verdict(NamedTuple):
    """What a gate says of one code.

    ``reasons`` come most important first and are empty for an accepted code; ``credential`` is None until the issuer's
    signature holds; ``live`` is the presentation it came in; ``foreign`` what a card says that no member
    signed. ``steps`` are those of its format, ``last_step`` the
    one at which the check ended, ``open_steps`` those that could not be decided.
    """

    outcome: Outcome
    reasons: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    credential: StatusCredential | None
    live: Presentation | None
    freshness: KnowledgeAges
    steps: frozenset[StepName]
    last_step: StepName
    open_steps: tuple[StepName, ...]
    rules: DecidingRules | None
    foreign: ForeignFacts | None = None

    @property
    def shows_status(self) -> bool:
        """Whether the status may be shown: a yellow, red or pending without a decision is no colour."""
        credential = self.credential
        return credential is not None and (
            credential.status is Status.GREEN or credential.decision_reference is not None
        )


def outcome_of(findings: Sequence[Finding]) -> tuple[Outcome, tuple[Finding, ...]]:
    """The outcome that the reasons found lead to, and the reasons in order of importance."""
    if not findings:
        return Outcome.ACCEPTED, ()
    ordered = tuple(sorted(findings, key=_importance))
    outcome = REASONS[ordered[0].code].outcome
    assert outcome is not None, "notes are no reasons"
    return outcome, ordered


def _importance(finding: Finding) -> int:
    return _RANK[finding.code]


def to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the JSON object of ``docs/verdict.md``."""
    return {
        "outcome": verdict.outcome.value,
        "reasons": [finding.to_dict() for finding in verdict.reasons],
        "notes": [finding.to_dict() for finding in verdict.notes],
        "checks": checks_json(verdict.outcome, verdict.steps, verdict.last_step, verdict.open_steps),
        **shown_json(verdict),
    }


def shown_json(verdict: Verdict) -> dict[str, Any]:
    """What is this code's own in the object: what it says, how fresh the knowledge of its issuer is, whose rules."""
    credential, rules = verdict.credential, verdict.rules
    shown = dict(_NO_CREDENTIAL) if credential is None else _credential_json(credential)
    if verdict.foreign is not None:
        shown |= _foreign_json(verdict.foreign)
    if not verdict.shows_status:
        shown["status"] = None
    trust, status = verdict.freshness
    shown["freshness"] = {"trust": trust, "status": status}
    shown["rules"] = None if rules is None else rules._asdict()
    return shown


def facts_json(verdict: Verdict) -> dict[str, Any]:
    """What a code or card says and what is the matter with it, without what any place's rules make of it.

    ``state``: ``sound``, or the most important reason that is not a rule's.
    """
    codes = [finding.code for finding in verdict.reasons if not {*REASONS[finding.code].steps} <= _BY_RULES]
    shown = shown_json(verdict)
    del shown["rules"]
    return {"state": codes[0] if codes else "sound", "reasons": codes, **shown}


def checks_json(
    outcome: Outcome, steps: frozenset[StepName], last_step: StepName, open_steps: tuple[StepName, ...]
) -> list[dict[str, Any]]:
    """Each step of the recipe with its result. What is not among ``steps`` was not asked of a text of this format."""
    asked = _IN_ORDER[: _IN_ORDER.index(last_step) + 1]
    results = dict.fromkeys(_IN_ORDER, "skipped") | {step: "passed" for step in asked if step in steps}
    if outcome is Outcome.REFUSED:
        results[last_step] = "failed"
    results |= dict.fromkeys(open_steps, "open")
    numbered = enumerate(results.items(), start=1)
    return [{"step": number, "name": name.value, "result": result} for number, (name, result) in numbered]


_BY_RULES = frozenset({StepName.RECOGNITION, StepName.RULES, StepName.REPLAY})
_IN_ORDER = tuple(StepName)
_NO_CREDENTIAL: dict[str, Any] = dict.fromkeys(
    ("issuer", "status", "form", "holder", "issued_at", "expires_at", "evidence")
)


def _foreign_json(facts: ForeignFacts) -> dict[str, Any]:
    """In the fields of a code, and ``card``, which only foreign cards have. The card's identifier stays out."""
    return {
        "issuer": facts.issuer,
        "holder": {"name": facts.name, "birth_date": facts.birth_date},
        "issued_at": facts.issued_at,
        "expires_at": facts.expires_at,
        "evidence": [_foreign_evidence_json(piece) for piece in facts.evidence],
        "card": {"format": facts.format, "kind": facts.kind.value, "leniences": [*facts.leniences]},
    }


def _foreign_evidence_json(piece: ForeignEvidence) -> dict[str, Any]:
    return {
        "kind": None if piece.kind is None else piece.kind.label,
        "result": None if piece.result is None else piece.result.label,
        "sampled_at": piece.sampled_at,
        "country": piece.country,
        "source": piece.source,
        "disease": piece.disease,
        "product": piece.product,
        "dose": piece.dose,
        "doses": piece.doses,
        "valid_from": piece.valid_from,
        "valid_until": piece.valid_until,
    }


def _credential_json(credential: StatusCredential) -> dict[str, Any]:
    return {
        "issuer": credential.issuer,
        "status": credential.status.label,
        "form": credential.form.label,
        "holder": {"name": credential.holder_name, "document_tail": credential.document_tail},
        "issued_at": credential.issued_at,
        "expires_at": credential.expires_at,
        "evidence": [
            {
                "kind": piece.kind.label,
                "result": piece.result.label,
                "sampled_at": piece.sampled_at,
                "region": piece.region,
            }
            for piece in credential.evidence
        ],
    }
