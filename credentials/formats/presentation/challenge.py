"""The challenge (卡口码): ``TXN1:`` and the Base45 of [gate name, nonce], which a gate shows and a phone answers.

::

    82                        array of 2
    6d 477561...              the gate's name, 1 to 24 bytes of UTF-8, which the phone shows to its holder
    50 <nonce>                16 bytes, made by the gate for one showing

Nothing is signed: whoever draws one can have it answered, and the answer is worth something at the gate of that name
which gave out that nonce, and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.errors import Malformed
from credentials.formats import native
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_CHALLENGE_TEXT_CHARACTERS, MAX_GATE_NAME_BYTES, NONCE_BYTES
from credentials.wire import base45, cbor

PREFIX = "TXN1:"
_MAX_BYTES = MAX_GATE_NAME_BYTES + NONCE_BYTES + 4


class Challenge(NamedTuple):
    """What a gate asks: its name, and the nonce that the answer must be signed over."""

    gate: str
    nonce: bytes


def draw(challenge: Challenge) -> str:
    """The text of a challenge. Raises Malformed for a name or nonce out of bounds."""
    return PREFIX + base45.encode(cbor.dumps([*_checked(*challenge)]))


def unwrap(text: str) -> Challenge:
    """Read a ``TXN1:`` text. Raises NotACredential, TooLarge or Malformed."""
    return native.open_text(text, PREFIX, MAX_CHALLENGE_TEXT_CHARACTERS, _open)


def is_gate_name(name: object) -> bool:
    """Whether it can stand in a challenge: 1 to 24 bytes of UTF-8, no character that nobody sees."""
    return type(name) is str and is_shown(name) and 0 < len(name.encode()) <= MAX_GATE_NAME_BYTES


def _open(data: bytes) -> Challenge:
    items = cbor.loads(data, _MAX_BYTES)
    if type(items) is not list or len(items) != 2:
        raise Malformed("not a challenge")
    challenge = _checked(*items)
    # The phone signs name and nonce in deterministic CBOR, so there is one way to write them here as well.
    if cbor.dumps(items) != data:
        raise Malformed("challenge is not deterministic CBOR")
    return challenge


def _checked(gate: object, nonce: object) -> Challenge:
    if not is_gate_name(gate):
        raise Malformed(f"gate name is not 1 to {MAX_GATE_NAME_BYTES} bytes that people see")
    if type(nonce) is not bytes or len(nonce) != NONCE_BYTES:
        raise Malformed(f"nonce is not {NONCE_BYTES} bytes")
    return Challenge(gate, nonce)  # type: ignore[arg-type]
