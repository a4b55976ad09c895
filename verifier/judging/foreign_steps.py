"""The steps of the recipe for cards that no member signed, where they differ from those for codes.

A gate believes a foreign key because the host member's signed list has it, and judges what the card says by the host's
rules. Nothing of a card is a colour.
"""

from __future__ import annotations

from credentials import errors
from credentials.foreign import envelope
from credentials.foreign.keys import ISO_COUNTRIES, NO_COUNTRY
from credentials.formats.smart_health_card import parts
from credentials.profile.limits import MAX_ISSUED_AHEAD_SECONDS, MAX_KEY_EARLY_SECONDS
from credentials.recognition.language.certlogic import RuleState
from verifier.judging.examination import Examination
from verifier.judging.steps import find_no_key, find_rules, found_by_rule


def key(check: Examination) -> None:
    """Find the keys that the card's kid leads to. Raises ForeignKeysMissing, UnknownKey, UnknownKeyOldList."""
    foreign_keys = check.knowledge.foreign_keys
    if foreign_keys is None:
        raise errors.ForeignKeysMissing
    check.card.keys = foreign_keys.named(check.card.format.NAME, check.card.envelope.kid)
    if not check.card.keys:
        raise find_no_key(check)


def signature(check: Examination) -> None:
    """Verify the signature by one of them. Raises WrongSignature, AlgorithmMismatch.

    Symbols of two cards make a text that nobody has signed: that is no forgery, and is told as what it may be.
    """
    try:
        check.card.verified = envelope.verify(check.card.envelope, check.card.keys)
    except errors.WrongSignature as error:
        if check.card.envelope.in_parts:
            raise errors.Unreadable("no signature holds over these symbols", reason=parts.MIXED) from error
        raise


def read(check: Examination) -> None:
    """Decode what it says. Raises Malformed and TooLarge."""
    card = check.card
    card.facts = card.format.read(card.verified)
    claimed = card.facts.claimed_issuer
    if claimed is not None and claimed != card.facts.issuer:
        card.verified = envelope.as_of(card.verified, ISO_COUNTRIES.get(claimed, claimed), card.keys)
        card.facts = card.facts._replace(issuer=card.verified.key.issuer)


def issuer(check: Examination) -> None:
    """Raises IssuerMismatch for a card that names another country than its key's (hcert-spec #52)."""
    facts = check.card.facts
    claimed = facts.claimed_issuer
    if facts.issuer != NO_COUNTRY and claimed is not None and ISO_COUNTRIES.get(claimed, claimed) != facts.issuer:
        raise errors.IssuerMismatch


def permission(check: Examination) -> None:
    """Raises KeyUseMismatch for a kind for which the key may not sign, KeyNotActive. From here on the card is shown."""
    facts, key = check.card.facts, check.card.verified.key
    if facts.kind not in key.kinds:
        raise errors.KeyUseMismatch
    if facts.issued_at is not None and not key.not_before - MAX_KEY_EARLY_SECONDS <= facts.issued_at < key.not_after:
        raise errors.KeyNotActive
    check.card.shown = facts


def time(check: Examination) -> None:
    """Raises Expired; whether a card still counts at the second of its end is its format's to say. A clock in doubt
    leaves the step open."""
    facts = check.card.facts
    if check.clock_in_doubt or (facts.issued_at or 0) > check.at + MAX_ISSUED_AHEAD_SECONDS:
        check.clock_in_doubt = True
        check.leave_open(errors.ClockInDoubt.code)
    end = facts.expires_at
    if end is not None and (check.at > end or (check.at == end and not check.card.format.last_second_counts)):
        raise errors.Expired


def withdrawal(check: Examination) -> None:
    """Raises Withdrawn. A card that could be withdrawn, by a key of which nobody has asked, leaves the step open."""
    facts, key = check.card.facts, check.card.verified.key
    if facts.revocation is None:
        return
    if key.revoked is None:
        check.leave_open(errors.StatusMissing.code)
    elif key.has_withdrawn(facts.revocation, facts.issued_at or 0):
        raise errors.Withdrawn


def recognition(check: Examination) -> None:
    """Raises RulesMissing."""
    check.rule_set = find_rules(check)


def rules(check: Examination) -> None:
    """Ask the host's rules. One that fails is found; one that cannot be evaluated leaves the step open, as does a kind
    without a rule."""
    result = check.rule_set.judge_foreign(check.card.facts, check.at)
    if result.state is not RuleState.PASS:
        found_by_rule(check, result, check.card.facts.evidence)
