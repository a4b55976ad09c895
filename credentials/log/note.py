"""Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature.

A note is read without believing it; :func:`check` then says which keys signed its text. Lines of unknown keys are
carried along and mean nothing: anybody can add one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from credentials.errors import Malformed, TooLarge, WrongSignature
from credentials.log.keys import KEY_ID_BYTES, NoteKey, NoteSigner, from_any_base64, is_key_name, to_base64

MAX_NOTE_BYTES = 131_072
"""Sixteen signatures of 5 kB, which the specification asks every reader to take, and some more."""
MAX_SIGNATURES = 64
_DASH = "— "
_CONTROL = re.compile(r"[\0-\x09\x0b-\x1f]")


class SignatureLine(NamedTuple):
    """One signature, not verified: the key's name, its number, and what it made."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def text(self) -> str:
        """The line, with its end."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}\n"


class Note(NamedTuple):
    """A text that ends with a line end, and its signatures, not verified."""

    text: bytes
    signatures: tuple[SignatureLine, ...]

    @property
    def content(self) -> bytes:
        """The note as it is written."""
        return self.text + b"\n" + "".join(line.text for line in self.signatures).encode()


def read_note(content: bytes) -> Note:
    """Take a note apart. Raises TooLarge above 131 072 bytes or 64 signatures, Malformed."""
    if len(content) > MAX_NOTE_BYTES:
        raise TooLarge(f"a signed note has at most {MAX_NOTE_BYTES} bytes")
    # The last empty line is the one that counts: the text may hold others.
    text, separator, lines = _text_of(content).rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise Malformed("no signed note: a text, an empty line, signature lines")
    return Note(text.encode() + b"\n", read_signatures(lines))


def read_signatures(lines: str) -> tuple[SignatureLine, ...]:
    """The signature lines of a note, or of a witness's answer: one at least. Raises TooLarge, Malformed."""
    if not lines.endswith("\n"):
        raise Malformed("a signature line without its end")
    split = lines[:-1].split("\n")
    if len(split) > MAX_SIGNATURES:
        raise TooLarge(f"a signed note has at most {MAX_SIGNATURES} signatures")
    return tuple(map(_read_line, split))


def check(note: Note, keys: Iterable[NoteKey]) -> dict[NoteKey, bytes]:
    """Which of these keys signed the note, and what each made: its first line.

    Raises WrongSignature when a line of one of these keys does not hold, or when none of them signed at all.
    """
    known: Mapping[tuple[str, bytes], NoteKey] = {(key.name, key.id): key for key in keys}
    found: dict[NoteKey, bytes] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None and key not in found:
            key.verify(line.signature, note.text)
            found[key] = line.signature
    if not found:
        raise WrongSignature("no signature of a known key")
    return found


def sign_text(text: bytes, signer: NoteSigner, at: int = 0) -> SignatureLine:
    """The signature line of a key over a note's text; ``at``: of a cosignature, seconds UTC."""
    return SignatureLine(signer.key.name, signer.key.id, signer.sign(text, at))


def with_signatures(note: Note, lines: Iterable[SignatureLine]) -> Note:
    """The note with further lines; one that a key had before gives way to its new one."""
    added = {(line.name, line.key_id): line for line in lines}
    kept = [line for line in note.signatures if (line.name, line.key_id) not in added]
    return Note(note.text, (*kept, *added.values()))


def _text_of(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a signed note that is not UTF-8") from error
    if _CONTROL.search(text):
        raise Malformed("a signed note with a control character")
    return text


def _read_line(line: str) -> SignatureLine:
    name, _, made = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_key_name(name):
        raise Malformed("no signature line: a dash, a name without plus, base64")
    # Go's reader, and so every log's, takes stray bits in a signature: what it refuses is the signature.
    raw = from_any_base64(made)
    if len(raw) <= KEY_ID_BYTES:
        raise Malformed("a signature line without a signature")
    return SignatureLine(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])
