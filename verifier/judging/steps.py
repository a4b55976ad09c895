"""The steps of the recipe (:mod:`verifier.judging.recipe`), in its order. Each takes the examination on, or raises.

A CredentialError refuses, and ends the check; its kind CannotTell ends it undecided. What cannot be decided but need
not end the check is left open. A step that is added here gets its place in the recipe.
"""

from __future__ import annotations

from collections.abc import Iterable

from credentials import errors
from credentials.algorithms.table import PublicKey
from credentials.foreign.envelope import ForeignEnvelope
from credentials.formats import presentation, table
from credentials.formats.native import claims
from credentials.formats.presentation import Mode, Presentation
from credentials.model import StatusReference
from credentials.profile.forms import FORMS
from credentials.profile.limits import (
    MAX_ISSUED_AHEAD_SECONDS,
    MAX_KEY_EARLY_SECONDS,
    MAX_LIFETIME_WITHOUT_STATUS_SECONDS,
    MAX_LIST_DELAY_SECONDS,
)
from credentials.profile.lists import Status
from credentials.profile.words import label
from credentials.recognition.language.certlogic import RuleState
from credentials.recognition.ruleset import RuleResult, RuleSet
from credentials.recognition.words import PieceOfEvidence, evidence_in_words
from credentials.verdict import DecidingRules
from credentials.wire import cose
from trust_registry.client.trust.snapshot import TrustedKey
from verifier.judging.card import ForeignCard
from verifier.judging.examination import Examination


def form(check: Examination) -> None:
    """Take the text apart. Raises NotACredential, ChallengeShown, TooLarge, Malformed."""
    check.format = found = table.recognised(check.text)
    check.is_of_card = found.IS_FOREIGN
    unwrapped = found.unwrap(check.text)
    check.steps = found.STEPS
    if isinstance(unwrapped, Presentation):
        check.live, check.envelope = unwrapped, unwrapped.envelope
    elif isinstance(unwrapped, ForeignEnvelope):
        check.is_foreign, check.card = True, ForeignCard(table.FOREIGN[unwrapped.format], unwrapped)
    else:
        check.envelope = unwrapped


def trust(check: Examination) -> None:
    """Whether this gate has a trust list. Raises TrustMissing; a list that is too old, or that the public record does
    not prove where the profile asks for that, leaves the step open."""
    knowledge = check.knowledge
    if knowledge.trust is None or knowledge.trusted_since is None:
        raise errors.TrustMissing
    check.trusted = knowledge.trust
    check.trust_age = max(0, check.at - knowledge.trusted_since)
    if check.trust_age > check.policy.trust_refuse:
        check.leave_open(errors.TrustStale.code)
    if check.policy.proof_required and check.is_unproven:
        check.leave_open(errors.TrustUnproven.code)


def key(check: Examination) -> None:
    """Find the key that the code names. Raises KeyDenied, UnknownKey, UnknownKeyOldList, KeyUseMismatch,
    WrongEnvironment."""
    check.kid = check.envelope.kid
    check.issuer = _find_key(check, check.kid)


def signature(check: Examination) -> None:
    """Verify the issuer's signature. Raises WrongSignature, AlgorithmMismatch."""
    check.payload = cose.verify(check.envelope, check.issuer.key)


def read(check: Examination) -> None:
    """Decode the claims. Raises Malformed and TooLarge."""
    check.claims = claims.decode(check.payload)


def issuer(check: Examination) -> None:
    """Raises IssuerMismatch for another member's key, MemberChanged while its root key has just changed."""
    if check.claims.issuer != check.issuer.entry.id:
        raise errors.IssuerMismatch
    if check.issuer.is_changed(check.at):
        raise errors.MemberChanged


def permission(check: Examination) -> None:
    """Raises NotPermitted, KeyNotActive. From here on the code is shown: what a member had no right to say is nobody's
    colour."""
    credential, key = check.claims, check.issuer.key
    statuses, forms = check.issuer.entry.may_issue
    if credential.status not in statuses or credential.form not in forms:
        raise errors.NotPermitted
    if not key.not_before - MAX_KEY_EARLY_SECONDS <= credential.issued_at < key.not_after:
        raise errors.KeyNotActive
    check.credential = credential


def decision(check: Examination) -> None:
    """Raises NoDecision for a yellow, red or pending that names none."""
    if check.claims.status is not Status.GREEN and check.claims.decision_reference is None:
        raise errors.NoDecision


def time(check: Examination) -> None:
    """Raises LifetimeTooLong, Expired. A clock in doubt leaves the step open."""
    issued_at, expires_at = check.claims.issued_at, check.claims.expires_at
    # An issuer that we believe says a time to come: then it is the gate's clock that is slow.
    if check.clock_in_doubt or issued_at > check.at + MAX_ISSUED_AHEAD_SECONDS:
        check.clock_in_doubt = True
        check.leave_open(errors.ClockInDoubt.code)
    if expires_at - issued_at > FORMS[check.claims.form].max_lifetime_seconds:
        raise errors.LifetimeTooLong
    if check.at >= expires_at:
        raise errors.Expired


def holder(check: Examination) -> None:
    """Raises PresentationMissing, PresentationSignature, PresentationExpired, ChallengeNotAnswered, and Malformed for
    paper inside a presentation. Where the profile wants a challenge, a code without one leaves the step open."""
    live = check.live
    if not FORMS[check.claims.form].is_bound:
        if live is not None:
            raise errors.Malformed("a paper code inside a presentation")
        return
    if live is None:
        raise errors.PresentationMissing
    holder_key = claims.holder_public_key(check.claims)
    if live.mode is Mode.NONCE:
        _require_answer(check, live, holder_key)
        return
    presentation.verify(live, holder_key)
    age = check.at - live.time
    # A clock that is slow makes a code look too new, never too old.
    too_new = age < -check.policy.presentation_ahead and not check.clock_in_doubt
    if too_new or age > check.policy.presentation_age:
        raise errors.PresentationExpired
    if check.policy.nonce_required:
        check.leave_open(errors.NonceRequired.code)


def withdrawal(check: Examination) -> None:
    """Raises Withdrawn, StatusReferenceInvalid. Status data that is missing or stale leaves the step open."""
    credential = check.claims
    reference = credential.status_reference
    if reference is not None:
        if _is_withdrawn(check, credential.issuer, reference):
            raise errors.Withdrawn
    elif credential.expires_at - credential.issued_at > MAX_LIFETIME_WITHOUT_STATUS_SECONDS:
        raise errors.StatusReferenceInvalid("no reference on a code that lives over an hour")


def source(check: Examination) -> None:
    """Of a converted code. Raises SourceWithdrawn, IssuerMismatch, LifetimeTooLong, or what :func:`key` raises."""
    source = check.claims.source
    if source is None:
        return
    if source.kid in check.trusted.denied:
        raise errors.SourceWithdrawn("the source's key is denied")
    trusted = _find_key(check, source.kid)
    if trusted.entry.id != source.issuer:
        raise errors.IssuerMismatch("source")
    if trusted.is_changed(check.at):
        check.leave_open(errors.MemberChanged.code)
    if check.claims.expires_at > source.expires_at:
        raise errors.LifetimeTooLong("longer than its source")
    if _is_withdrawn(check, source.issuer, StatusReference(source.list, source.index)):
        raise errors.SourceWithdrawn


def recognition(check: Examination) -> None:
    """Raises FormNotAccepted, RulesMissing, RecognitionDenied, StatusNotAccepted."""
    credential = check.claims
    if credential.form not in check.policy.forms:
        raise errors.FormNotAccepted
    rule_set = find_rules(check)
    denial = rule_set.denial_of(credential.issuer, check.at)
    if denial is None and credential.source is not None:
        denial = rule_set.denial_of(credential.source.issuer, check.at)
    if denial is not None:
        raise errors.RecognitionDenied(words=denial.reason)
    if credential.status not in rule_set.accepted_statuses:
        raise errors.StatusNotAccepted
    if credential.form not in rule_set.accepted_forms:
        raise errors.FormNotAccepted
    check.rule_set = rule_set


def rules(check: Examination) -> None:
    """Ask the host's rules. One that fails is found; one that cannot be evaluated leaves the step open."""
    result = check.rule_set.judge(check.claims, check.at)
    if result.state is not RuleState.PASS:
        found_by_rule(check, result, check.claims.evidence)


def found_by_rule(check: Examination, result: RuleResult, evidence: Iterable[PieceOfEvidence]) -> None:
    """Note that the rules do not pass, with what was there and what was needed."""
    rule_set = result.rule_set
    held = "verdict.held-by-card" if check.is_of_card else "verdict.held"
    detail = label(held, evidence=evidence_in_words(evidence, check.at))
    if result.rule is not None:
        check.rules = DecidingRules(rule_set.member, rule_set.rule_set, rule_set.version, result.rule.id)
        detail = label("verdict.needed", needed=result.rule.needed, held=detail)
    if result.state is RuleState.OPEN:
        check.open_steps.append(check.step)
    code = errors.RuleFailed.code if result.state is RuleState.FAIL else errors.RuleOpen.code
    check.find(code, detail)


def _find_key(check: Examination, kid: bytes) -> TrustedKey:
    # Denials first: a thief writes any iat, so a denied key verifies nothing at all.
    if kid in check.trusted.denied:
        raise errors.KeyDenied
    trusted = check.trusted.find(kid)
    if trusted is None:
        raise find_no_key(check)
    if trusted.key.use != "credential":
        raise errors.KeyUseMismatch
    if trusted.entry.environment != check.policy.environment:
        raise errors.WrongEnvironment
    return trusted


def find_rules(check: Examination) -> RuleSet:
    """The host's rules. Raises RulesMissing: there is nothing further to ask then."""
    rule_set = check.knowledge.rules_at(check.at)
    if rule_set is None:
        raise errors.RulesMissing
    check.rules = DecidingRules(rule_set.member, rule_set.rule_set, rule_set.version, None)
    return rule_set


def find_no_key(check: Examination) -> errors.CredentialError:
    """What it means that nobody has the key: on a fresh list that there is none, on an old one nothing."""
    age = check.trust_age
    is_fresh = age is not None and age <= check.policy.unknown_key_fresh and check.trusted.is_whole
    return errors.UnknownKey() if is_fresh else errors.UnknownKeyOldList()


def _require_answer(check: Examination, live: Presentation, holder_key: PublicKey) -> None:
    """That it answers the challenge. The phone's clock is not asked: that is what a challenge is for."""
    if check.challenge is None:
        raise errors.ChallengeNotAnswered("no challenge that this gate gave out and that has not ended")
    try:
        presentation.verify(live, holder_key, check.challenge.nonce, check.challenge.gate)
    except errors.PresentationSignature as error:
        # Another phone, or the challenge before this one: the signature does not tell which.
        raise errors.ChallengeNotAnswered from error


def _is_withdrawn(check: Examination, member: str, reference: StatusReference) -> bool:
    """Whether the bit is set; False with the step left open when this gate cannot tell."""
    snapshot = check.knowledge.statuses.get(member)
    if snapshot is None:
        check.leave_open(errors.StatusMissing.code)
        return False
    stale = check.at - snapshot.as_of > check.policy.status_refuse or check.at >= snapshot.expires_at
    status_list = snapshot.lists.get(reference.list)
    if status_list is None:
        if check.claims.issued_at <= snapshot.as_of - MAX_LIST_DELAY_SECONDS:
            raise errors.StatusReferenceInvalid("no such list, or a retired one")
        # The list may have been opened after the newest data that this gate has.
        stale = True
    elif check.at >= status_list.expires_at:
        raise errors.StatusReferenceInvalid("the list is retired")
    elif status_list.is_set(reference.index):
        return True
    if stale:
        check.leave_open(errors.StatusStale.code)
    return False
