"""What a log asks a witness, and what it is answered (C2SP tlog-witness, ``add-checkpoint``).

::

    old 20852014                  leaves of the checkpoint that the witness cosigned last
    hashes of the consistency proof, base64, one a line

    the new checkpoint with the log's signature
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.errors import Malformed, TooLarge
from credentials.log.checkpoint import read_hashes, read_number, write_hashes
from credentials.log.note import MAX_NOTE_BYTES, Note, read_note
from credentials.log.tree import MAX_PROOF_HASHES

MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 4_096
SIZE_TYPE = "text/x.tlog.size"
"""Content type of the answer that names the size which the witness knows."""
_OLD = "old "


class AddCheckpoint(NamedTuple):
    """``old``: leaves that the witness knows; ``proof``: from there to the checkpoint in ``note``, not verified."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @property
    def content(self) -> bytes:
        """The request as it is sent."""
        return f"{_OLD}{self.old}\n{write_hashes(self.proof)}\n".encode() + self.note.content


def read_add_checkpoint(content: bytes) -> AddCheckpoint:
    """Take a request apart, without believing it. Raises TooLarge above 132 KiB or 63 hashes, Malformed."""
    if len(content) > MAX_REQUEST_BYTES:
        raise TooLarge(f"a request to a witness has at most {MAX_REQUEST_BYTES} bytes")
    head, separator, note = content.partition(b"\n\n")
    try:
        first, *hashes = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("a request that is not UTF-8") from error
    if not separator or not first.startswith(_OLD):
        raise Malformed("no request to a witness: old SIZE, hashes, an empty line, a checkpoint")
    if len(hashes) > MAX_PROOF_HASHES:
        raise TooLarge(f"a consistency proof has at most {MAX_PROOF_HASHES} hashes")
    return AddCheckpoint(read_number(first.removeprefix(_OLD)), read_hashes(hashes), read_note(note))
