"""One check on its way through the recipe: what it was given, what it has read, and what it has found so far."""

from __future__ import annotations

from credentials.errors import CannotTell, CredentialError, NotACredential, RecognitionDenied
from credentials.formats.presentation import Presentation
from credentials.formats.presentation.challenge import Challenge
from credentials.formats.table import Format
from credentials.model import StatusCredential
from credentials.profile.forms import FORMS
from credentials.profile.known_texts import words_of
from credentials.profile.reasons import COMPARE_TRAVEL_DOCUMENT, RECORD_MISSING, TRUST_AGING
from credentials.profile.steps import ALL_STEPS, StepName
from credentials.profile.words import NO_WORDS, Label
from credentials.recognition.ruleset import RuleSet
from credentials.verdict import DecidingRules, Finding, KnowledgeAges, Verdict, outcome_of
from credentials.wire.cose import Envelope, VerifiedPayload
from trust_registry.client.trust.snapshot import TrustedKey, TrustSnapshot
from verifier.judging.advice import with_contacts
from verifier.judging.card import ForeignCard
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import Policy


class Examination:
    """What the steps of the recipe work on. A step fills in what the steps after it need.

    ``format`` is as what the text begins, ``steps`` are those that it has. ``text`` and ``envelope`` are what somebody
    wrote, ``payload`` what the issuer's key has signed, ``claims`` what that says; ``credential`` is what may be shown
    of it.
    """

    format: Format
    envelope: Envelope
    trusted: TrustSnapshot
    issuer: TrustedKey
    payload: VerifiedPayload
    claims: StatusCredential
    rule_set: RuleSet
    card: ForeignCard
    step = StepName.FORM
    steps = ALL_STEPS
    kid: bytes | None = None
    live: Presentation | None = None
    is_of_card = is_foreign = False
    credential: StatusCredential | None = None
    rules: DecidingRules | None = None
    trust_age: int | None = None

    def __init__(
        self,
        text: str,
        knowledge: Knowledge,
        at: int,
        policy: Policy,
        clock_in_doubt: bool,
        challenge: Challenge | None = None,
    ) -> None:
        self.text, self.knowledge, self.at, self.policy = text, knowledge, at, policy
        self.clock_in_doubt, self.challenge = clock_in_doubt, challenge
        self.findings: list[Finding] = []
        self.open_steps: list[StepName] = []

    def end(self, error: CredentialError) -> None:
        """Note the error that ends the check: a refusal, or what leaves nothing further to be believed."""
        if isinstance(error, CannotTell):
            self.leave_open(error.code)
        elif isinstance(error, NotACredential):
            self.find(error.code, words_of(error.known))
        elif isinstance(error, RecognitionDenied):
            self.find(error.code, Label(error.words))
        else:
            self.find(error.code)

    def find(self, code: str, detail: Label = NO_WORDS) -> None:
        """Note a reason for which it is not accepted, with what this code adds to it."""
        self.findings.append(Finding(code, detail, is_of_card=self.is_of_card))

    def leave_open(self, code: str) -> None:
        """Note what cannot be decided, and go on: a refusal further down is worth more to the guard."""
        self.open_steps.append(self.step)
        self.find(code)

    def verdict(self) -> Verdict:
        """What the findings come to."""
        outcome, reasons = outcome_of(self.findings)
        if reasons:
            reasons = with_contacts(reasons, self.credential, self.kid, self.rules, self.knowledge.trust)
        return Verdict(
            outcome,
            reasons,
            () if reasons else self._notes(),
            self.credential,
            self.live,
            KnowledgeAges(self.trust_age, self._status_age()),
            self.steps,
            self.step,
            tuple(self.open_steps),
            self.rules,
            self.card.shown if self.is_foreign else None,
        )

    def _status_age(self) -> int | None:
        status = None if self.credential is None else self.knowledge.statuses.get(self.credential.issuer)
        return None if status is None else max(0, self.at - status.as_of)

    @property
    def is_unproven(self) -> bool:
        """Whether the trust list has lacked its proof in the public record for longer than guards are spared it."""
        trust = self.knowledge.trust
        since = None if trust is None else trust.unproven_since
        return since is not None and self.at - since > self.policy.unproven_warn

    def _notes(self) -> tuple[Finding, ...]:
        # A live relay, a code signed ahead for a friend and a borrowed card pass every step: the guard's eyes are left.
        eyes = Finding(COMPARE_TRAVEL_DOCUMENT if self.credential is None else FORMS[self.credential.form].note)
        notes = [eyes]
        if self.is_unproven:
            notes.insert(0, Finding(RECORD_MISSING))
        if self.trust_age is not None and self.trust_age > self.policy.trust_warn:
            notes.insert(0, Finding(TRUST_AGING))
        return tuple(notes)
