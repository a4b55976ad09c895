"""The formats of texts that a gate can be shown, by their prefix. One more is a module beside these and a line here.

A text with none of the prefixes ends here, before anything is decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

from credentials.errors import ChallengeShown, NotACredential
from credentials.formats import challenge, native, presentation
from credentials.formats.presentation import Presentation
from credentials.profile.limits import MAX_TEXT_CHARACTERS
from credentials.wire.cose import Envelope


class Format(NamedTuple):
    """How a text of this format begins, and what takes it apart without believing it."""

    prefix: str
    unwrap: Callable[[str], Envelope | Presentation]


def _refuse_challenge(text: str) -> NoReturn:
    """A gate's own challenge is no code, sound or not."""
    raise ChallengeShown


FORMATS: Final = (
    Format(presentation.PREFIX, presentation.unwrap),
    Format(native.PREFIX, native.unwrap),
    Format(challenge.PREFIX, _refuse_challenge),
)


def unwrap(text: str) -> Envelope | Presentation:
    """Take any code apart, without believing it.

    Raises NotACredential for an unknown prefix, TooLarge or Malformed for a known one, ChallengeShown for a gate's
    own challenge.
    """
    head = native.bare(text[: MAX_TEXT_CHARACTERS + 1])
    for found in FORMATS:
        if head.startswith(found.prefix):
            return found.unwrap(text)
    raise NotACredential("no known prefix")
