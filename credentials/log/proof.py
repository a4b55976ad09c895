"""A proof that stands alone (C2SP tlog-proof): this leaf is in this log, and these witnesses have seen it.

::

    c2sp.org/tlog-proof@v1
    extra BASE64                  what an application adds, not signed; may be missing
    index 73894
    hashes of the inclusion proof, base64, one a line

    the checkpoint with its signatures
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.errors import Malformed, TooLarge
from credentials.log.checkpoint import Checkpoint, read_hashes, read_number, write_hashes
from credentials.log.keys import from_base64, to_base64
from credentials.log.note import MAX_NOTE_BYTES, Note, read_note
from credentials.log.policy import WitnessPolicy, check_policy
from credentials.log.tree import MAX_PROOF_HASHES, check_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_EXTRA_BYTES = 65_536
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES
_EXTRA, _INDEX = "extra ", "index "


class LogProof(NamedTuple):
    """``number``: of the leaf, from 0; ``hashes``: from its sibling to the root's child; ``note``: the checkpoint, not
    verified; ``extra``: what an application added, signed by nobody."""

    number: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    @property
    def content(self) -> bytes:
        """The proof as it is written."""
        extra = "" if self.extra is None else f"{_EXTRA}{to_base64(self.extra)}\n"
        head = f"{HEADER}\n{extra}{_INDEX}{self.number}\n{write_hashes(self.hashes)}\n"
        return head.encode() + self.note.content


def read_proof(content: bytes) -> LogProof:
    """Take a proof apart, without believing it. Raises TooLarge above 256 KiB or 63 hashes, Malformed."""
    if len(content) > MAX_PROOF_BYTES:
        raise TooLarge(f"a proof has at most {MAX_PROOF_BYTES} bytes")
    head, separator, checkpoint = content.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("a proof that is not UTF-8") from error
    if not separator or lines.pop(0) != HEADER:
        raise Malformed(f"no proof: it begins with {HEADER}, and has an empty line before its checkpoint")
    extra = _read_extra(lines.pop(0)) if lines and lines[0].startswith(_EXTRA) else None
    if not lines or not lines[0].startswith(_INDEX):
        raise Malformed("no proof: the line with the index is missing")
    if len(lines) - 1 > MAX_PROOF_HASHES:
        raise TooLarge(f"a proof has at most {MAX_PROOF_HASHES} hashes")
    number = read_number(lines[0].removeprefix(_INDEX))
    return LogProof(number, read_hashes(lines[1:]), read_note(checkpoint), extra)


def check_proof(proof: LogProof, leaf: bytes, policy: WitnessPolicy) -> Checkpoint:
    """The checkpoint that holds the leaf of this hash, when a log of the policy and its quorum have signed it.

    Raises WrongSignature, QuorumMissing, RecordProofFailed, Malformed.
    """
    checkpoint = check_policy(policy, proof.note)
    check_inclusion(leaf, proof.number, checkpoint.size, checkpoint.root, proof.hashes)
    return checkpoint


def _read_extra(line: str) -> bytes:
    extra = from_base64(line.removeprefix(_EXTRA))
    if len(extra) > MAX_EXTRA_BYTES:
        raise TooLarge(f"what a proof carries beside it has at most {MAX_EXTRA_BYTES} bytes")
    return extra
