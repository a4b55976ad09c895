"""A witness that takes no inbound calls: it fetches a log's newest checkpoint itself, and posts its cosignature back.

It cosigns by the same recipe as one that is asked; the consistency proof it makes itself, from the log's tiles.
"""

from __future__ import annotations

from http import HTTPStatus

from credentials.errors import FetchFailed, StoreBehind
from credentials.log.note import Note, read_signatures
from credentials.log.request import AddCheckpoint
from credentials.log.tiles import nodes_from
from credentials.log.tree import prove_consistency
from service_kit.fetch import Fetcher
from trust_registry.client.log_reader import LogReader
from trust_registry.witness.cosigning import CosigningWitness

MAX_ANSWER_BYTES = 65_536


class LogFollower:
    """Cosigns as ``witness`` what lies at ``log_url``, and brings it to ``post_url``."""

    def __init__(self, witness: CosigningWitness, log_url: str, post_url: str, fetcher: Fetcher) -> None:
        self._witness, self._post_url, self._fetcher = witness, post_url, fetcher
        self._reader = LogReader(log_url, fetcher)

    def look(self, at: int) -> bool:
        """Whether a cosignature was brought; not where the newest checkpoint has ours. ``at``: seconds UTC.

        Raises FetchFailed, FetchTooLarge, StoreBehind where the log shows fewer leaves than were cosigned, and what
        :meth:`CosigningWitness.add_checkpoint` raises.
        """
        checkpoint, note = self._reader.checkpoint()
        key = self._witness.signer.key
        if any((line.name, line.key_id) == (key.name, key.id) for line in note.signatures):
            return False
        before = self._witness.seen.get(checkpoint.origin)
        if before.size > checkpoint.size:
            raise StoreBehind(f"the log shows {checkpoint.size} leaves, and {before.size} were cosigned here")
        node = nodes_from(self._reader.hashes, checkpoint.size)
        proof = tuple(prove_consistency(node, before.size, checkpoint.size))
        line = self._witness.add_checkpoint(AddCheckpoint(before.size, proof, note).content, at)
        self._bring(Note(note.text, read_signatures(line)))
        return True

    def _bring(self, cosigned: Note) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        answer = self._fetcher.send(
            "POST", self._post_url, limit=MAX_ANSWER_BYTES, body=cosigned.content, headers=headers
        )
        # A conflict: a newer checkpoint has come meanwhile, which the next look cosigns.
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CONFLICT):
            raise FetchFailed(f"the cosignature was not taken: status {answer.status}", answer.status)
