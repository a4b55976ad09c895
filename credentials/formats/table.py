"""Prefix -> form. A text with none of these prefixes ends here, before anything is decoded."""

from __future__ import annotations

from credentials.errors import ChallengeShown, NotACredential
from credentials.formats import challenge, native, presentation
from credentials.formats.presentation import Presentation
from credentials.limits import MAX_TEXT_CHARACTERS
from credentials.wire.cose import Envelope


def unwrap(text: str) -> Envelope | Presentation:
    """Take any code apart, without believing it.

    Raises NotACredential for an unknown prefix, TooLarge or Malformed for a known one, ChallengeShown for a gate's
    own challenge, sound or not.
    """
    head = native.bare(text[: MAX_TEXT_CHARACTERS + 1])
    if head.startswith(presentation.PREFIX):
        return presentation.unwrap(text)
    if head.startswith(native.PREFIX):
        return native.unwrap(text)
    if head.startswith(challenge.PREFIX):
        raise ChallengeShown
    raise NotACredential("no known prefix")
