"""Every reason that a verdict can give, most important first: its outcome, its words, and whom to call.

This is the one table of outcomes. A code of :mod:`credentials.errors` that can end a check stands here with what it
means for the person in front of the gate; so do the notes that an accepted code may carry. The words are those of the
catalogues, ``reason.<code>.what``, ``.advice`` and ``.more``.
"Unknown issuer" is never worded as forged, and nothing but the issuer's signed status is ever a colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

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

    @property
    def whole(self) -> Label:
        """All of it."""
        return joined((label("verdict.what", what=self.what), self.advice, self.more), "join.sentences")


TRUST_AGING, CHECK_DOCUMENT, COMPARE_HOLDER, COMPARE_TRAVEL_DOCUMENT, REPLAY_NOT_SHARED, SHOWN_AGAIN = (
    "trust-aging", "check-document", "compare-holder", "compare-travel-document", "replay-not-shared", "shown-again"
)  # fmt: skip
"""Notes that an accepted code may carry."""
_WORDS = labels("reason")
_R, _U, _N = Outcome.REFUSED, Outcome.UNDETERMINED, None


def _row(code: str, outcome: Outcome | None, *call: Call) -> ReasonText:
    what, advice, more = (_WORDS.get(f"{code}.{part}", NO_WORDS) for part in ("what", "advice", "more"))
    return ReasonText(code, outcome, what, advice, more, call)


REASONS: Mapping[str, ReasonText] = {
    row.code: row
    for row in (
        _row("not-a-credential", _R),
        _row("challenge-shown", _R),
        _row("too-large", _R),
        _row("malformed", _R, Call.ISSUER),
        _row("wrong-signature", _R),
        _row("algorithm-mismatch", _R, Call.ISSUER),
        _row("issuer-mismatch", _R, Call.ISSUER),
        _row("key-use-mismatch", _R, Call.ISSUER),
        _row("wrong-environment", _R),
        _row("key-not-active", _R, Call.ISSUER),
        _row("key-denied", _R, Call.ISSUER),
        _row("not-permitted", _R, Call.ISSUER),
        _row("unknown-key", _R),
        _row("expired", _R, Call.ISSUER),
        _row("lifetime-too-long", _R, Call.ISSUER),
        _row("withdrawn", _R, Call.ISSUER),
        _row("source-withdrawn", _R, Call.SOURCE),
        _row("status-reference-invalid", _R, Call.ISSUER),
        _row("presentation-missing", _R, Call.ISSUER),
        _row("presentation-expired", _R),
        _row("presentation-signature", _R, Call.ISSUER),
        _row("challenge-not-answered", _R),
        _row("replayed", _R),
        _row("recognition-denied", _R, Call.HOST),
        _row("rule-failed", _R, Call.HOST),
        _row("status-not-accepted", _R, Call.HOST, Call.ISSUER),
        _row("form-not-accepted", _R),
        _row("trust-missing", _U),
        _row("trust-stale", _U),
        _row("unknown-key-old-list", _U),
        _row("member-changed", _U, Call.ISSUER),
        _row("status-missing", _U, Call.ISSUER),
        _row("status-stale", _U, Call.ISSUER),
        _row("clock-in-doubt", _U),
        _row("no-decision", _U, Call.ISSUER),
        _row("foreign-keys-missing", _U, Call.HOST),
        _row("rules-missing", _U),
        _row("rule-open", _U, Call.HOST),
        _row("nonce-required", _U),
        _row("replay-unchecked", _U),
        _row(TRUST_AGING, _N),
        _row(CHECK_DOCUMENT, _N),
        _row(COMPARE_HOLDER, _N),
        _row(COMPARE_TRAVEL_DOCUMENT, _N),
        _row(REPLAY_NOT_SHARED, _N),
        _row(SHOWN_AGAIN, _N),
    )
}
