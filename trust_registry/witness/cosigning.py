"""Whether a witness cosigns a checkpoint, by the recipe of C2SP tlog-witness, ``add-checkpoint``:

1. The request is whole.                                                          else malformed, too-large (400, 413)
2. The checkpoint's origin is that of a log that this witness knows.              else not-found (404)
3. One of that log's keys has signed it.                                          else wrong-signature (403)
4. The size that the log takes for known is not above the checkpoint's.           else malformed (400)
5. It is the size that this witness cosigned last.                                else the size that is (409)
6. The checkpoint holds what was cosigned then; of one size, it is the same.      else record-proof-failed (422),
                                                                                  record-forked (409)
7. Nobody else was faster: the new size takes the old one's place in one step.    else the size that is (409)

Only then it signs. What the leaves say is no business of a witness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from credentials.errors import (
    Malformed,
    NotFound,
    RecordForked,
    RecordProofFailed,
    WitnessAtOtherSize,
    WrongSignature,
)
from credentials.log.checkpoint import Checkpoint, read_checkpoint
from credentials.log.keys import NoteKey, NoteSigner
from credentials.log.note import Note, check, sign_text
from credentials.log.request import read_add_checkpoint
from credentials.log.tree import check_consistency
from trust_registry.witness.storage.ports import Seen, SeenLogs

KnownLogs = Mapping[str, Sequence[NoteKey]]
"""The keys of each log that is cosigned, by its origin."""


class CosigningWitness:
    """Cosigns as ``signer`` what is consistent, of the logs that ``logs`` names at that time, and keeps ``seen``."""

    def __init__(self, seen: SeenLogs, signer: NoteSigner, logs: Callable[[], KnownLogs]) -> None:
        self.seen, self.signer, self.logs = seen, signer, logs

    def add_checkpoint(self, content: bytes, at: int) -> str:
        """The cosignature's line, with its end. ``at``: seconds UTC.

        Raises Malformed, TooLarge, NotFound, WrongSignature, WitnessAtOtherSize, RecordProofFailed, RecordForked,
        StorageUnavailable, StorageFull.
        """
        asked = read_add_checkpoint(content)  # 1
        checkpoint = self._known(asked.note)  # 2, 3
        if asked.old > checkpoint.size:
            raise Malformed(f"old {asked.old} is above the checkpoint's {checkpoint.size}")  # 4
        before, after = self.seen.get(checkpoint.origin), Seen(checkpoint.size, checkpoint.root)
        if asked.old != before.size:
            raise _at_other_size(before.size)  # 5
        _check_follows(before, after, asked.proof)  # 6
        if not self.seen.advance(checkpoint.origin, before, after, at):
            raise _at_other_size(self.seen.get(checkpoint.origin).size)  # 7
        return sign_text(asked.note.text, self.signer, at).text

    def _known(self, note: Note) -> Checkpoint:
        checkpoint = read_checkpoint(note)
        keys = self.logs().get(checkpoint.origin, ())
        if not keys:
            raise NotFound("unknown log: no log of this origin is cosigned here")
        try:
            check(note, keys)
        except WrongSignature as error:
            raise WrongSignature(f"invalid signature: {error.detail}") from error
        return checkpoint


def _at_other_size(size: int) -> WitnessAtOtherSize:
    return WitnessAtOtherSize(f"{size} leaves were cosigned last", size)


def _check_follows(before: Seen, after: Seen, proof: Sequence[bytes]) -> None:
    if before.size == after.size and before.root != after.root:
        raise RecordForked(f"another root for {after.size} leaves than the one that was cosigned")
    try:
        check_consistency(before.size, before.root, after.size, after.root, proof)
    except RecordProofFailed as error:
        raise RecordProofFailed(f"consistency proof: {error.detail}") from error
