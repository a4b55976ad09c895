"""The keys of logs and witnesses: how they are written (vkey), how they are numbered, what they sign.

A key has a name (for a log its origin), a type and 32 bytes. The number says which key made a signature line; it is
short, a hint and no proof. Source: C2SP signed-note, "Signatures" and "Verifier keys"; tlog-cosignature.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.errors import KeyRejected, Malformed, TooLarge, WrongSignature
from credentials.log import ed25519

LOG, WITNESS = 1, 4
"""Signature types: a plain Ed25519 signature over the text; a cosignature with its time."""
KEY_ID_BYTES = 4
MAX_KEY_NAME_BYTES = 255
MAX_VKEY_CHARACTERS = 512
MAX_COSIGNATURE_TIME = 2**63 - 1
_TIME_BYTES = 8
_SIGNATURE_BYTES = {LOG: ed25519.SIGNATURE_BYTES, WITNESS: _TIME_BYTES + ed25519.SIGNATURE_BYTES}
_NUMBER = re.compile("[0-9a-f]{8}")
# White_Space of Unicode, written out: what a name is must not hang on a runtime's tables.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NAME = re.compile(f"[^{_SPACES}\0-\x1f+]+")


class NoteKey(NamedTuple):
    """A public key of a log (:data:`LOG`) or a witness (:data:`WITNESS`). ``name``: at most 255 bytes of UTF-8, without
    spaces and plus; ``public_key``: 32 bytes."""

    name: str
    type: int
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        return _id_of(self)

    @property
    def vkey(self) -> str:
        """The key as one word, as it stands in statements and policies."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.type]) + self.public_key)}"

    def verify(self, signature: bytes, text: bytes) -> None:
        """Return when ``signature`` (64 bytes, of a witness 72 with the time) is this key's over ``text``, the text of
        a note. Raises WrongSignature."""
        if len(signature) != _SIGNATURE_BYTES[self.type]:
            raise WrongSignature(f"not {_SIGNATURE_BYTES[self.type]} bytes")
        if self.type == LOG:
            ed25519.verify(self.public_key, signature, text)
            return
        at = time_of(signature)
        if at > MAX_COSIGNATURE_TIME:
            raise WrongSignature("a cosignature of a time that is none")
        ed25519.verify(self.public_key, signature[_TIME_BYTES:], _cosigned(text, at))


class NoteSigner(NamedTuple):
    """A private key of a log or a witness, and what it is called."""

    key: NoteKey
    private_key: Ed25519PrivateKey

    def sign(self, text: bytes, at: int = 0) -> bytes:
        """A signature over the text of a note; ``at``: of a cosignature, seconds UTC."""
        if self.key.type == LOG:
            return self.private_key.sign(text)
        return at.to_bytes(_TIME_BYTES, "big") + self.private_key.sign(_cosigned(text, at))


def signer(name: str, kind: int, private_key: Ed25519PrivateKey) -> NoteSigner:
    """What signs as ``name``; ``kind``: LOG or WITNESS. Raises KeyRejected for a name that no key can have."""
    return NoteSigner(note_key(name, kind, ed25519.public_key_of(private_key)), private_key)


def note_key(name: str, kind: int, public_key: bytes) -> NoteKey:
    """A public key of these parts. Raises KeyRejected for another type, a name or 32 bytes that cannot be one's."""
    if kind not in _SIGNATURE_BYTES:
        raise KeyRejected("a key of a log has type 1, of a witness type 4")
    if not is_key_name(name):
        raise KeyRejected(f"the name of a key has 1 to {MAX_KEY_NAME_BYTES} bytes, without spaces and plus")
    return NoteKey(name, kind, ed25519.check_public_key(public_key))


def is_key_name(name: str) -> bool:
    """Whether a key can be called so. A name that is no UTF-8 (half a surrogate pair) is none."""
    if _NAME.fullmatch(name) is None:
        return False
    try:
        return len(name.encode()) <= MAX_KEY_NAME_BYTES
    except UnicodeEncodeError:
        return False


def read_vkey(text: str) -> NoteKey:
    """Read ``<name>+<key id, 8 hex digits>+<base64 of type and key>``.

    Raises TooLarge above 512 characters, Malformed, and KeyRejected for an id that is not the key's, a type other than
    1 and 4, or 32 bytes that cannot be a key.
    """
    if len(text) > MAX_VKEY_CHARACTERS:
        raise TooLarge(f"a vkey has at most {MAX_VKEY_CHARACTERS} characters")
    # Base64 may hold a plus, so there are two of them at least and not exactly two.
    name, _, rest = text.partition("+")
    number, _, material = rest.partition("+")
    if not _NUMBER.fullmatch(number):
        raise Malformed("no vkey: NAME+8 HEX DIGITS+BASE64")
    raw = from_base64(material)
    key = note_key(name, raw[0] if raw else 0, raw[1:])
    if key.id.hex() != number:
        raise KeyRejected("the number in the vkey is not that of its key")
    return key


def time_of(signature: bytes) -> int:
    """When a witness cosigned, in seconds UTC."""
    return int.from_bytes(signature[:_TIME_BYTES], "big")


def to_base64(data: bytes) -> str:
    """Base64 with padding (RFC 4648 section 4)."""
    return binascii.b2a_base64(data, newline=False).decode()


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text with padding. Raises Malformed for any other way to write them."""
    raw = from_any_base64(text)
    if to_base64(raw) != text:
        raise Malformed("not canonical base64")
    return raw


def from_any_base64(text: str) -> bytes:
    """The bytes of a base64 text with padding, though its last character may hold stray bits. Raises Malformed."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64") from error


@lru_cache(maxsize=1024)
def _id_of(key: NoteKey) -> bytes:
    material = key.name.encode() + b"\n" + bytes([key.type]) + key.public_key
    return hashlib.sha256(material).digest()[:KEY_ID_BYTES]


def _cosigned(text: bytes, at: int) -> bytes:
    """What a witness signs. The first line keeps it apart from what a log signs."""
    return b"cosignature/v1\ntime %d\n%b" % (at, text)
