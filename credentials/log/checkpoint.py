"""Checkpoints (检查点): a log's word how many leaves it has and what their root is (C2SP tlog-checkpoint).

::

    registry.example/log          the origin: which log, for good
    20852163                      leaves
    CsUYapGGPo4dkMgIAUqom/Xa…     root, base64
                                  further lines, which mean nothing here

The log signs this text, and each witness cosigns it with the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from credentials.errors import Malformed
from credentials.log.keys import NoteKey, NoteSigner, from_base64, to_base64
from credentials.log.note import Note, check, read_note, sign_text
from credentials.log.tree import HASH_BYTES, MAX_TREE_SIZE

_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_LEAST_LINES = 3


class Checkpoint(NamedTuple):
    """What the text of a checkpoint says. ``root``: 32 bytes; ``extensions``: further lines, not empty."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        """The text that is signed."""
        return "".join(
            f"{line}\n" for line in (self.origin, self.size, to_base64(self.root), *self.extensions)
        ).encode()


def read_checkpoint(note: Note) -> Checkpoint:
    """What a note says as a checkpoint, believed or not. Raises Malformed."""
    lines = note.text.decode()[:-1].split("\n")
    if len(lines) < _LEAST_LINES or "" in lines:
        raise Malformed("no checkpoint: origin, size and root, each on its line")
    root = from_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise Malformed(f"no checkpoint: its root has not {HASH_BYTES} bytes")
    return Checkpoint(lines[0], read_number(lines[1]), root, tuple(lines[_LEAST_LINES:]))


def open_checkpoint(content: bytes, keys: Iterable[NoteKey]) -> tuple[Checkpoint, Note]:
    """Read a checkpoint that one of these keys of its log has signed.

    Only keys that bear the origin's name count. Raises TooLarge, Malformed, WrongSignature.
    """
    note = read_note(content)
    checkpoint = read_checkpoint(note)
    check(note, (key for key in keys if key.name == checkpoint.origin))
    return checkpoint, note


def sign_checkpoint(size: int, root: bytes, log: NoteSigner) -> Note:
    """The log's checkpoint of this size and root; its origin is the key's name."""
    text = Checkpoint(log.key.name, size, root).text
    return Note(text, (sign_text(text, log),))


def read_number(text: str) -> int:
    """A size or an index as it is written, without zeros in front. Raises Malformed, also above 2^63 - 1."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_TREE_SIZE:
        raise Malformed("no number from 0 to 2^63 - 1, written without zeros in front")
    return int(text)


def read_hashes(lines: Iterable[str]) -> tuple[bytes, ...]:
    """Hashes, one a line in base64. Raises Malformed."""
    hashes = tuple(map(from_base64, lines))
    if any(len(each) != HASH_BYTES for each in hashes):
        raise Malformed(f"a hash that has not {HASH_BYTES} bytes")
    return hashes


def write_hashes(hashes: Iterable[bytes]) -> str:
    """Hashes, one a line in base64, each with its line end."""
    return "".join(f"{to_base64(each)}\n" for each in hashes)
