"""The judge: pure, total, and the only place that decides. The recipe, step by step:

 1. **form**        prefix, size, Base45, fixed layout; nothing is believed yet
 2. **trust**       there is a trust list, and it is not too old for the policy
 3. **key**         the kid is known, not denied, for credentials and of a member in this environment
 4. **signature**   the issuer's, with the algorithm pinned on the key
 5. **claims**      decoded only now; closed lists, bounds, combinations
 6. **issuer**      ``iss`` is the key's member, whose root key has not just changed
 7. **permission**  the member may issue this status and form, and the key was active at iat
 8. **decision**    a yellow, red or pending status names its decision; without one it is no colour
 9. **time**        the gate's clock is not in doubt, the lifetime is within its form's, not expired
10. **holder**      a phone or assisted code is inside a live presentation by its own key, now: signed a moment ago, or
                    over the challenge that this gate has just shown
11. **withdrawal**  the issuer's status data is there, fresh enough, and the bit is not set
12. **source**      a converted code's source is neither withdrawn, nor denied, nor expired
13. **recognition** the host does not deny this issuer, and admits the status and the form
14. **rules**       the host member's rule set passes
15. **replay**      the live code was not shown before: the gate's own step, for it alone remembers

A step that refuses ends the check. A step that cannot be decided stays *open* and the check goes on, because a
later refusal is more useful to the guard than "check by hand"; steps without which nothing further can be
believed (2 without a list, 3, 6, 8) end it. Verification raises and never returns False; here is the one place where
an error becomes a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from credentials import claims, errors
from credentials.algorithms.es256 import PublicKey
from credentials.errors import CannotTell, CredentialError
from credentials.formats import presentation, table
from credentials.formats.challenge import Challenge
from credentials.formats.presentation import Mode, Presentation
from credentials.keys import VerificationKey
from credentials.limits import (
    CLOCK_SKEW_SECONDS,
    MAX_LIFETIME_WITHOUT_STATUS_SECONDS,
)
from credentials.model import MAX_LIFETIME_SECONDS, Form, Source, Status, StatusCredential, StatusReference
from credentials.recognition.language.certlogic import State
from credentials.recognition.ruleset import RuleSet
from credentials.recognition.words import evidence_in_words
from credentials.verdict import (
    CHECK_DOCUMENT,
    COMPARE_HOLDER,
    TRUST_AGING,
    DecidingRules,
    Finding,
    Freshness,
    Outcome,
    Verdict,
    outcome_of,
)
from credentials.wire import cose
from trust_registry.client.trust.snapshot import TrustedKey
from trust_registry.metadata.trust_list import MemberEntry
from verifier.judging import steps
from verifier.judging.advice import with_hotlines
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import Policy

_PHONE, _PAPER, _GREEN, _PASS = Form.PHONE, Form.PAPER, Status.GREEN, State.PASS
_NO_NOTES: tuple[Finding, ...] = ()
_AGING, _HOLDER, _DOCUMENT = Finding(TRUST_AGING), Finding(COMPARE_HOLDER), Finding(CHECK_DOCUMENT)
_NOTES = {
    (False, True): (_HOLDER,),
    (False, False): (_DOCUMENT,),
    (True, True): (_AGING, _HOLDER),
    (True, False): (_AGING, _DOCUMENT),
}
"""By whether the trust is aging, and whether it is the holder's own phone. A live relay and a code signed ahead for a
friend pass every step before: the guard's eyes are what is left."""
# Made without the detour by way of keywords: this is the gates' hot path.
_verdict: Callable[[tuple[Any, ...]], Verdict] = partial(tuple.__new__, Verdict)
_freshness: Callable[[tuple[int | None, int | None]], Freshness] = partial(tuple.__new__, Freshness)
_deciding: Callable[[tuple[Any, ...]], DecidingRules] = partial(tuple.__new__, DecidingRules)


def judge(
    text: str,
    knowledge: Knowledge,
    at: int,
    policy: Policy,
    *,
    clock_in_doubt: bool = False,
    challenge: Challenge | None = None,
) -> Verdict:
    """Judge one code at ``at`` (seconds UTC) by what this gate knows. Never raises, whatever ``text`` is.

    ``clock_in_doubt``: the device's clock is known to be wrong, and ``at`` only a lower bound of the time.
    ``challenge``: the one that was shown to this holder, when it is this gate's own and has not ended.
    """
    examination = _Examination(text, knowledge, at, policy, clock_in_doubt, challenge)
    examination.go_on(to_the_end=True)
    return examination.verdict()


def judge_all(
    texts: Iterable[str], knowledge: Knowledge, at: int, policy: Policy, *, clock_in_doubt: bool = False
) -> list[Verdict]:
    """The same verdicts for many codes, in less time: every part of the recipe for all of them before the next part.

    A signature leaves the processor's caches full of its tables; between two signatures nothing has to be fetched anew.
    """
    examinations = [_Examination(text, knowledge, at, policy, clock_in_doubt) for text in texts]
    under_way = examinations
    while under_way:
        under_way = [examination for examination in under_way if examination.go_on()]
    return [examination.verdict() for examination in examinations]


class _Examination:
    """One check on its way through the recipe: the step where it stands, and what it has found so far."""

    step = steps.FORM
    credential: StatusCredential | None = None
    kid: bytes | None = None
    live: Presentation | None = None
    rules: DecidingRules | None = None
    trust_age: int | None = None
    findings: tuple[Finding, ...] = ()
    open_steps: tuple[int, ...] = ()

    def __init__(
        self,
        text: str,
        knowledge: Knowledge,
        at: int,
        policy: Policy,
        clock_in_doubt: bool,
        challenge: Challenge | None = None,
    ) -> None:
        self.knowledge, self.at, self.policy, self.clock_in_doubt = knowledge, at, policy, clock_in_doubt
        self.challenge = challenge
        self._course = self._run(text)

    def go_on(self, *, to_the_end: bool = False) -> bool:
        """Go on to the next rest in the recipe, or to its end. Whether there was one: if not, the check is over."""
        try:
            for _ in self._course:
                if not to_the_end:
                    return True
        except CannotTell as error:
            self.leave_open(error.code)
        except CredentialError as error:
            self.find(error.code)
        return False

    def _run(self, text: str) -> Iterator[None]:
        """The recipe, with a rest before and after each signature. Raises the CredentialError of the step that ends
        it."""
        # 1. form
        unwrapped = table.unwrap(text)
        if type(unwrapped) is Presentation:
            self.live, envelope = unwrapped, unwrapped.envelope
        else:
            envelope = unwrapped  # type: ignore[assignment]
        # 2. trust
        self.step = steps.TRUST
        self._require_trust()
        # 3. key
        self.step = steps.KEY
        self.kid = envelope.kid
        key, entry, changed_until = self._key(envelope.kid)
        # 4. signature
        yield
        self.step = steps.SIGNATURE
        verified = cose.verify(envelope, key)
        yield
        # 5. claims
        self.step = steps.CLAIMS
        credential = claims.decode(verified)
        # 6. issuer
        self.step = steps.ISSUER
        if credential.issuer != entry.id:
            raise errors.IssuerMismatch
        if self.at < changed_until:
            raise errors.MemberChanged
        # 7. permission
        self.step = steps.PERMISSION
        _require_permission(credential, key, entry)
        # From here on it is shown: what a member had no right to say is nobody's colour.
        self.credential = credential
        # 8. decision
        self.step = steps.DECISION
        if credential.status is not _GREEN and credential.decision_reference is None:
            raise errors.NoDecision
        # 9. time
        self.step = steps.TIME
        self._require_time(credential)
        # 10. holder
        yield
        self.step = steps.HOLDER
        self._require_holder(credential)
        yield
        # 11. withdrawal
        self.step = steps.WITHDRAWAL
        self._require_not_withdrawn(credential)
        # 12. source
        self.step = steps.SOURCE
        if credential.source is not None:
            self._require_source(credential, credential.source)
        # 13. recognition
        self.step = steps.RECOGNITION
        rule_set = self._require_recognition(credential)
        # 14. rules
        if rule_set is not None:
            self.step = steps.RULES
            self._require_rules(credential, rule_set)

    def verdict(self) -> Verdict:
        """What the findings come to."""
        credential, status_age = self.credential, None
        outcome, reasons, notes = Outcome.ACCEPTED, self.findings, _NO_NOTES
        if credential is not None:
            status = self.knowledge.statuses.get(credential.issuer)
            status_age = None if status is None else max(0, self.at - status.as_of)
            if not reasons:
                notes = self._notes(credential)
        if reasons:
            trust = self.knowledge.trust
            outcome, reasons = outcome_of(with_hotlines(reasons, credential, self.kid, self.rules, trust))
        return _verdict((
            outcome, reasons, notes, credential, self.live, _freshness((self.trust_age, status_age)), self.step,
            self.open_steps, self.rules,
        ))  # fmt: skip

    def find(self, code: str, *texts: str) -> None:
        """Note a reason for which it is not accepted."""
        self.findings += (Finding(code, *texts),)

    def leave_open(self, code: str) -> None:
        """Note what cannot be decided, and go on: a refusal further down is worth more to the guard."""
        self.open_steps += (self.step,)
        self.find(code)

    def _notes(self, credential: StatusCredential) -> tuple[Finding, ...]:
        aging = self.trust_age is not None and self.trust_age > self.policy.trust_warn
        return _NOTES[aging, credential.form is _PHONE]

    def _require_trust(self) -> None:
        since = self.knowledge.trusted_since
        if since is None:
            raise errors.TrustMissing
        self.trust_age = age = max(0, self.at - since)
        if age > self.policy.trust_refuse:
            self.leave_open(errors.TrustStale.code)

    def _key(self, kid: bytes) -> TrustedKey:
        trust = self.knowledge.trust
        assert trust is not None, "step 2 has seen to it"
        # Denials first: a thief writes any iat, so a denied key verifies nothing at all.
        if kid in trust.denied:
            raise errors.KeyDenied
        trusted = trust.keys.get(kid)
        if trusted is None:
            age = self.trust_age
            if age is not None and age <= self.policy.unknown_key_fresh and trust.is_whole:
                raise errors.UnknownKey
            raise errors.UnknownKeyOldList
        if trusted.key.use != "credential":
            raise errors.KeyUseMismatch
        if trusted.entry.environment != self.policy.environment:
            raise errors.WrongEnvironment
        return trusted

    def _require_time(self, credential: StatusCredential) -> None:
        # An issuer that we believe says a time to come: then it is the gate's clock that is slow.
        issued_at, expires_at = credential.issued_at, credential.expires_at
        if self.clock_in_doubt or issued_at > self.at + CLOCK_SKEW_SECONDS:
            self.clock_in_doubt = True
            self.leave_open(errors.ClockInDoubt.code)
        if expires_at - issued_at > MAX_LIFETIME_SECONDS[credential.form]:
            raise errors.LifetimeTooLong
        if self.at >= expires_at:
            raise errors.Expired

    def _require_holder(self, credential: StatusCredential) -> None:
        live = self.live
        if credential.form is _PAPER:
            if live is not None:
                raise errors.Malformed("a paper code inside a presentation")
            return
        if live is None:
            raise errors.PresentationMissing
        if live.mode is Mode.NONCE:
            self._require_answer(live, claims.holder_public_key(credential))
            return
        presentation.verify(live, claims.holder_public_key(credential))
        age = self.at - live.time
        # A clock that is slow makes a code look too new, never too old.
        too_new = age < -self.policy.presentation_ahead and not self.clock_in_doubt
        if too_new or age > self.policy.presentation_age:
            raise errors.PresentationExpired
        if self.policy.nonce_required:
            self.leave_open(errors.NonceRequired.code)

    def _require_answer(self, live: Presentation, holder_key: PublicKey) -> None:
        """That it answers the challenge. The phone's clock is not asked: that is what a challenge is for."""
        if self.challenge is None:
            raise errors.ChallengeNotAnswered("no challenge that this gate gave out and that has not ended")
        try:
            presentation.verify(live, holder_key, self.challenge.nonce, self.challenge.gate)
        except errors.PresentationSignature as error:
            # Another phone, or the challenge before this one: the signature does not tell which.
            raise errors.ChallengeNotAnswered from error

    def _require_not_withdrawn(self, credential: StatusCredential) -> None:
        reference = credential.status_reference
        if reference is not None:
            if self._is_withdrawn(credential.issuer, reference, credential.issued_at):
                raise errors.Withdrawn
        elif credential.expires_at - credential.issued_at > MAX_LIFETIME_WITHOUT_STATUS_SECONDS:
            raise errors.StatusReferenceInvalid("no reference on a code that lives over an hour")

    def _is_withdrawn(self, member: str, reference: StatusReference, issued_at: int) -> bool:
        """Whether the bit is set; False with the step left open when this gate cannot tell."""
        snapshot = self.knowledge.statuses.get(member)
        if snapshot is None:
            self.leave_open(errors.StatusMissing.code)
            return False
        stale = self.at - snapshot.as_of > self.policy.status_refuse or self.at >= snapshot.expires_at
        status_list = snapshot.lists.get(reference.list)
        if status_list is None and issued_at > snapshot.as_of - CLOCK_SKEW_SECONDS:
            # The list may have been opened after the newest data that this gate has.
            stale = True
        elif status_list is not None and self.at >= status_list.expires_at:
            raise errors.StatusReferenceInvalid("the list is retired")
        elif snapshot.is_withdrawn(reference):
            return True
        if stale:
            self.leave_open(errors.StatusStale.code)
        return False

    def _require_source(self, credential: StatusCredential, source: Source) -> None:
        assert self.knowledge.trust is not None, "step 2 has seen to it"
        if source.kid in self.knowledge.trust.denied:
            raise errors.SourceWithdrawn("the source's key is denied")
        key = self._key(source.kid)
        if key.entry.id != source.issuer:
            raise errors.IssuerMismatch("source")
        if key.is_changed(self.at):
            self.leave_open(errors.MemberChanged.code)
        if credential.expires_at > source.expires_at:
            raise errors.LifetimeTooLong("longer than its source")
        if self._is_withdrawn(source.issuer, StatusReference(source.list, source.index), credential.issued_at):
            raise errors.SourceWithdrawn

    def _require_recognition(self, credential: StatusCredential) -> RuleSet | None:
        """The rule set to go on with; None when there is none, or when the host denies an issuer."""
        form = credential.form
        if form not in self.policy.forms:
            raise errors.FormNotAccepted
        rule_set = self.knowledge.rules_at(self.at)
        if rule_set is None:
            self.leave_open(errors.RulesMissing.code)
            return None
        self.rules = _deciding((rule_set.member, rule_set.rule_set, rule_set.version, None))
        denial = rule_set.denial_of(credential.issuer, self.at)
        if denial is None and credential.source is not None:
            denial = rule_set.denial_of(credential.source.issuer, self.at)
        if denial is not None:
            self.find(errors.RecognitionDenied.code, *denial.reason)
            return None
        if credential.status not in rule_set.accepted_statuses:
            raise errors.StatusNotAccepted
        if form not in rule_set.accepted_forms:
            raise errors.FormNotAccepted
        return rule_set

    def _require_rules(self, credential: StatusCredential, rule_set: RuleSet) -> None:
        result = rule_set.judge(credential, self.at)
        if result.state is _PASS:
            return
        held = evidence_in_words(credential.evidence, self.at)
        zh, en = f"此码：{held.zh}。", f"This code: {held.en}."
        if result.rule is not None:
            self.rules = _deciding((rule_set.member, rule_set.rule_set, rule_set.version, result.rule.id))
            zh, en = f"所需：{result.rule.needed.zh}。{zh}", f"Needed: {result.rule.needed.en}. {en}"
        if result.state is State.OPEN:
            self.open_steps += (self.step,)
        code = errors.RuleFailed.code if result.state is State.FAIL else errors.RuleOpen.code
        self.find(code, zh, en)


def _require_permission(credential: StatusCredential, key: VerificationKey, entry: MemberEntry) -> None:
    statuses, forms = entry.may_issue
    if credential.status not in statuses or credential.form not in forms:
        raise errors.NotPermitted
    if not key.not_before - CLOCK_SKEW_SECONDS <= credential.issued_at < key.not_after:
        raise errors.KeyNotActive
