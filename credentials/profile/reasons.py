"""Every reason that a verdict can give, most important first: its outcome, its words, and whom to call.

This is the one table of outcomes. A code of :mod:`credentials.errors` that can end a check stands here with what it
means for the person in front of the gate; so do the notes that an accepted code may carry. The words are those of the
catalogues, ``reason.<code>.what``, ``.advice`` and ``.more``; of foreign cards, where that is said otherwise,
``reason-of-card.<code>.…``.
"Unknown issuer" is never worded as forged, and nothing but the issuer's signed status is ever a colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from credentials.profile.steps import StepName
from credentials.profile.words import NO_WORDS, Label, joined, label, labels


class Outcome(StrEnum):
    """What the guard does: let pass, refuse, or check by hand."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNDETERMINED = "undetermined"

    @property
    def words(self) -> Label:
        """The one word for it, wherever a guard reads it."""
        return label(f"outcome.{self.value}")


class Call(StrEnum):
    """Whose hotline helps with a reason."""

    HOST = "host"
    """The member whose rules decided can say what it takes."""
    SOURCE = "source"
    """The issuer of the code from which a converted one was made."""
    ISSUER = "issuer"
    """It can mend the code, give another, hear an appeal, or confirm it to a guard who checks by hand.

    Not for a wrong signature: whose code it pretends to be, nobody vouches for.
    """


class ReasonText(NamedTuple):
    """One reason: its code, the outcome it leads to (None for a note), and its words with the advice.

    ``what`` says what is wrong, without its stop, as a table lists it; ``advice`` is the one thing to do now; ``more``
    helps where that fails. Screens may put the advice first. A note has ``what`` alone.
    """

    code: str
    outcome: Outcome | None
    what: Label
    advice: Label = NO_WORDS
    more: Label = NO_WORDS
    call: tuple[Call, ...] = ()
    """Who can help, the most helpful first."""
    steps: tuple[StepName, ...] = ()
    """Where it is found, for the table of ``docs/verdict.md``; none for a note."""
    of_card: ReasonText | None = None
    """The same of a foreign card, where its words are others: nobody can press "Update now" on one."""

    @property
    def whole(self) -> Label:
        """All of it."""
        return joined((label("verdict.what", what=self.what), self.advice, self.more), "join.sentences")


TRUST_AGING, RECORD_MISSING = "trust-aging", "record-missing"
CHECK_DOCUMENT, COMPARE_HOLDER, COMPARE_TRAVEL_DOCUMENT, REPLAY_NOT_SHARED, SHOWN_AGAIN = (
    "check-document", "compare-holder", "compare-travel-document", "replay-not-shared", "shown-again"
)  # fmt: skip
"""Notes that an accepted code may carry."""
_WORDS, _WORDS_OF_CARDS = labels("reason"), labels("reason-of-card")
_R, _U, _N = Outcome.REFUSED, Outcome.UNDETERMINED, None


def _row(code: str, outcome: Outcome | None, at: StepName | tuple[StepName, ...], *call: Call) -> ReasonText:
    steps = (at,) if isinstance(at, StepName) else at
    of_code, of_card = (_said(code, outcome, words) for words in (_WORDS, _WORDS_OF_CARDS))
    return of_code._replace(call=call, steps=steps, of_card=None if of_card.what is NO_WORDS else of_card)


def _said(code: str, outcome: Outcome | None, words: Mapping[str, Label]) -> ReasonText:
    what, advice, more = (words.get(f"{code}.{part}", NO_WORDS) for part in ("what", "advice", "more"))
    return ReasonText(code, outcome, what, advice, more)


REASONS: Mapping[str, ReasonText] = {
    row.code: row
    for row in (
        _row("not-a-credential", _R, StepName.FORM),
        _row("challenge-shown", _R, StepName.FORM),
        _row("too-large", _R, StepName.FORM),
        _row("malformed", _R, (StepName.FORM, StepName.CLAIMS, StepName.HOLDER), Call.ISSUER),
        _row("parts-mixed", _R, (StepName.FORM, StepName.SIGNATURE)),
        _row("wrong-signature", _R, StepName.SIGNATURE),
        _row("algorithm-mismatch", _R, StepName.SIGNATURE, Call.ISSUER),
        _row("issuer-mismatch", _R, StepName.ISSUER, Call.ISSUER),
        _row("key-use-mismatch", _R, (StepName.KEY, StepName.PERMISSION), Call.ISSUER),
        _row("wrong-environment", _R, StepName.KEY),
        _row("key-not-active", _R, StepName.PERMISSION, Call.ISSUER),
        _row("key-denied", _R, StepName.KEY, Call.ISSUER),
        _row("not-permitted", _R, StepName.PERMISSION, Call.ISSUER),
        _row("unknown-key", _R, StepName.KEY),
        _row("expired", _R, StepName.TIME, Call.ISSUER),
        _row("lifetime-too-long", _R, StepName.TIME, Call.ISSUER),
        _row("withdrawn", _R, StepName.WITHDRAWAL, Call.ISSUER),
        _row("source-withdrawn", _R, StepName.SOURCE, Call.SOURCE),
        _row("status-reference-invalid", _R, StepName.WITHDRAWAL, Call.ISSUER),
        _row("presentation-missing", _R, StepName.HOLDER, Call.ISSUER),
        _row("presentation-expired", _R, StepName.HOLDER),
        _row("presentation-signature", _R, StepName.HOLDER, Call.ISSUER),
        _row("challenge-not-answered", _R, (StepName.HOLDER, StepName.REPLAY)),
        _row("replayed", _R, StepName.REPLAY),
        _row("recognition-denied", _R, StepName.RECOGNITION, Call.HOST),
        _row("rule-failed", _R, StepName.RULES, Call.HOST),
        _row("status-not-accepted", _R, StepName.RECOGNITION, Call.HOST, Call.ISSUER),
        _row("form-not-accepted", _R, StepName.RECOGNITION),
        _row("parts-missing", _U, StepName.FORM),
        _row("trust-missing", _U, StepName.TRUST),
        _row("trust-stale", _U, StepName.TRUST),
        _row("trust-unproven", _U, StepName.TRUST),
        _row("unknown-key-old-list", _U, StepName.KEY),
        _row("member-changed", _U, StepName.ISSUER, Call.ISSUER),
        _row("status-missing", _U, StepName.WITHDRAWAL, Call.ISSUER),
        _row("status-stale", _U, StepName.WITHDRAWAL, Call.ISSUER),
        _row("clock-in-doubt", _U, StepName.TIME),
        _row("no-decision", _U, StepName.DECISION, Call.ISSUER),
        _row("foreign-keys-missing", _U, StepName.KEY, Call.HOST),
        _row("rules-missing", _U, StepName.RECOGNITION),
        _row("rule-open", _U, StepName.RULES, Call.HOST),
        _row("nonce-required", _U, StepName.HOLDER),
        _row("replay-unchecked", _U, StepName.REPLAY),
        _row(TRUST_AGING, _N, ()),
        _row(RECORD_MISSING, _N, ()),
        _row(CHECK_DOCUMENT, _N, ()),
        _row(COMPARE_HOLDER, _N, ()),
        _row(COMPARE_TRAVEL_DOCUMENT, _N, ()),
        _row(REPLAY_NOT_SHARED, _N, ()),
        _row(SHOWN_AGAIN, _N, ()),
    )
}
