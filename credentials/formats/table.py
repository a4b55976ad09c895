"""The formats of texts that a gate can be shown, by their prefix. One more is a folder beside these and a line here.

A text with none of the prefixes ends here, before anything is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, NoReturn, Protocol

from credentials.errors import ChallengeShown, CredentialError, NotACredential
from credentials.foreign.envelope import ForeignEnvelope, VerifiedCard
from credentials.foreign.facts import ForeignFacts
from credentials.formats import eu_dcc, native, presentation, smart_health_card
from credentials.formats.presentation import Presentation, challenge
from credentials.profile.known_texts import kind_of_text
from credentials.profile.limits import MAX_TEXT_CHARACTERS
from credentials.profile.steps import StepName
from credentials.wire.cose import Envelope


class Format(Protocol):
    """What each format's folder holds: how its texts begin, and which steps of the recipe apply to them."""

    @property
    def PREFIX(self) -> str: ...  # noqa: N802 - a constant where a module is meant

    @property
    def STEPS(self) -> frozenset[StepName]: ...  # noqa: N802

    @property
    def IS_FOREIGN(self) -> bool: ...  # noqa: N802 - whether its cards are signed by no member

    def unwrap(self, text: str) -> Envelope | Presentation | ForeignEnvelope:
        """Take a text apart, without believing it. Raises NotACredential, ChallengeShown, TooLarge or Malformed."""
        ...


class ForeignFormat(Format, Protocol):
    """One of cards that no member signed. ``NAME``: in lists of foreign keys, and in verdicts.

    ``last_second_counts``: whether a card still holds at the second of its end; formats differ (hcert-spec, RFC 7519).
    """

    NAME: str
    last_second_counts: bool

    def read(self, verified: VerifiedCard) -> ForeignFacts:
        """What a card says whose signature holds. Raises Malformed, TooLarge."""
        ...


class NoPass(NamedTuple):
    """A text that is known for what it is, and is no code, sound or not: nothing of it is taken apart."""

    PREFIX: str
    error: type[CredentialError]
    STEPS: frozenset[StepName] = frozenset({StepName.FORM})
    IS_FOREIGN: bool = False

    def unwrap(self, text: str) -> NoReturn:
        """Raises the error that names it."""
        raise self.error


class Spelling(NamedTuple):
    """Another way in which texts of a format begin."""

    PREFIX: str
    of: Format

    @property
    def STEPS(self) -> frozenset[StepName]:  # noqa: N802 - a name of Format
        return self.of.STEPS

    @property
    def IS_FOREIGN(self) -> bool:  # noqa: N802 - a name of Format
        return self.of.IS_FOREIGN

    def unwrap(self, text: str) -> Envelope | Presentation | ForeignEnvelope:
        """Raises what the format's own raises."""
        return self.of.unwrap(text)


FOREIGN: Final[Mapping[str, ForeignFormat]] = {found.NAME: found for found in (eu_dcc, smart_health_card)}
"""By name."""
FORMATS: Final[tuple[Format, ...]] = (
    presentation,
    native,
    NoPass(challenge.PREFIX, ChallengeShown),
    *FOREIGN.values(),
    Spelling(smart_health_card.JWS_PREFIX, smart_health_card),
)


def unwrap(text: str) -> tuple[Format, Envelope | Presentation | ForeignEnvelope]:
    """Of which format a code is, and what it is made of, without believing it.

    Raises NotACredential for an unknown prefix, and what the format's own ``unwrap`` raises.
    """
    found = recognised(text)
    return found, found.unwrap(text)


def recognised(text: str) -> Format:
    """As what a text begins, whatever stands around it. Raises NotACredential, with what else it is known for."""
    found = format_of(text)
    if found is None:
        raise NotACredential("no known prefix", known=kind_of_text(native.bare(text[: MAX_TEXT_CHARACTERS + 1])))
    return found


def format_of(text: str) -> Format | None:
    """As what a text begins, whatever stands around it; None for nothing that is known."""
    head = native.bare(text[: MAX_TEXT_CHARACTERS + 1])
    for found in FORMATS:
        if head.startswith(found.PREFIX):
            return found
    return None
