"""Proves to a resident the decision behind their code: text, salt, code and proof as one file.

What the file says does not rest on this service: :mod:`credentials.decisions.proof`.
"""

from __future__ import annotations

from credentials.decisions.leaves import SALT_BYTES, commitment, path_to_root
from credentials.decisions.proof import DecisionFile
from credentials.errors import NotFound, Unavailable
from credentials.log.proof import LogProof
from credentials.log.tree import HASH_BYTES
from issuer.record.publication import LogPublication
from issuer.storage.ports import IssuedRow

NO_DECISION = "a green code names no decision, and what was decided before the log began, or long ago, is not kept"


def prove(record: LogPublication, issued: IssuedRow) -> DecisionFile:
    """The file about the decision that this code names.

    Raises NotFound where it names none that is kept, Unavailable until its leaf is in a checkpoint: at most some
    minutes.
    """
    with record.storage.reading() as records:
        kept = records.province.find(issued.place.serial)
    if kept is None:
        raise NotFound(NO_DECISION)
    proved = record.publisher.prove(kept.leaf) if record.publisher and kept.leaf is not None else None
    if kept.leaf is None or proved is None:
        raise Unavailable("the log's next checkpoint holds the decision; ask again in a few minutes")
    leaf, (_, note), hashes = proved
    index, path = _below(kept.sealed, kept.batch)
    salt, proof = kept.sealed[:SALT_BYTES], LogProof(leaf.number, tuple(hashes), note, leaf.entry)
    return DecisionFile(issued.text, kept.text, salt, index, tuple(path), proof)


def _below(sealed: bytes, batch: bytes) -> tuple[int, list[bytes]]:
    """Where a decision stands below the root in its leaf; one by hand is its leaf's only one."""
    if not batch:
        return 0, []
    commitments = [batch[at : at + HASH_BYTES] for at in range(0, len(batch), HASH_BYTES)]
    index = commitments.index(commitment(sealed))
    return index, path_to_root(commitments, index)
