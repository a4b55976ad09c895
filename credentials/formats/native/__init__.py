"""The native form: ``TX1:`` and the Base45 of one COSE_Sign1.

What a picture, a clipboard, a file or a hand scanner adds without loss is taken off again: white space (scanners end
with Tab or a line's end) and a byte order mark around the text, the scanner's word for QR before it (``]Q1``, ISO/IEC
15424), and ``%20`` for the space inside Base45 (hcert-spec #64, #72). Everything else is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from credentials.errors import Malformed, NotACredential, TooLarge
from credentials.formats.native import claims
from credentials.model import StatusCredential
from credentials.profile.forms import FORMS
from credentials.profile.limits import (
    MAX_CREDENTIAL_BYTES,
    MAX_CREDENTIAL_TEXT_CHARACTERS,
    MAX_TEXT_CHARACTERS,
)
from credentials.profile.lists import Form
from credentials.profile.steps import ALL_STEPS
from credentials.signing import Signer
from credentials.wire import base45, cose
from credentials.wire.cose import Envelope

PREFIX = "TX1:"
STEPS, IS_FOREIGN = ALL_STEPS, False
_ESCAPED_SPACE = "%20"
_AROUND = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""White space as Python has it, and the byte order mark."""
_SYMBOLOGIES = tuple(f"]Q{modifier}" for modifier in range(7))
_open = partial(cose.open_layout, limit=MAX_CREDENTIAL_BYTES)

Opened = TypeVar("Opened")


def issue_text(credential: StatusCredential, signer: Signer) -> str:
    """Sign a credential and write it as text. Its claims are not checked: an issuer decodes its own output.

    Raises Malformed or TooLarge when the text would not fit its symbol.
    """
    return seal_text(claims.encode(credential), credential.form, signer)


def seal_text(payload: bytes, form: Form, signer: Signer) -> str:
    """Sign encoded claims of a code of ``form`` and write them as text. Raises TooLarge beyond its symbol."""
    text = PREFIX + base45.encode(cose.seal(payload, signer))
    most = FORMS[form].max_text_characters
    if len(text) > most:
        raise TooLarge(f"more than {most} characters")
    return text


def unwrap(text: str) -> Envelope:
    """Take a ``TX1:`` text apart, without believing it. Raises NotACredential, TooLarge or Malformed."""
    return open_text(text, PREFIX, MAX_CREDENTIAL_TEXT_CHARACTERS, _open)


def open_text(text: str, prefix: str, most: int, open_bytes: Callable[[bytes], Opened]) -> Opened:
    """Apply ``open_bytes`` to the bytes behind ``prefix`` in a text of at most ``most`` characters.

    Base45 never ends in a space (the last digit of a triple is at most 32, of a pair at most 5), so taking white
    space off the ends loses nothing. ``%20`` can stand in a sound text, so it is undone only where the text as it
    stands makes no sense. Raises NotACredential, TooLarge, or what ``open_bytes`` raises.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise TooLarge(f"more than {MAX_TEXT_CHARACTERS} characters")
    text = bare(text)
    if not text.startswith(prefix):
        raise NotACredential(f"no {prefix} prefix")
    try:
        return _open_body(text, prefix, most, open_bytes)
    except (Malformed, TooLarge):
        if _ESCAPED_SPACE not in text:
            raise
    return _open_body(text.replace(_ESCAPED_SPACE, " "), prefix, most, open_bytes)


def bare(text: str) -> str:
    """A code's text without what stands around it: nothing of it can begin or end a sound text."""
    text = text.strip(_AROUND)
    return text[3:] if text.startswith(_SYMBOLOGIES) else text


def _open_body(text: str, prefix: str, most: int, open_bytes: Callable[[bytes], Opened]) -> Opened:
    if len(text) > most:
        raise TooLarge(f"more than {most} characters")
    return open_bytes(base45.decode(text[len(prefix) :]))
