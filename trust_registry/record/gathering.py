"""Gathers cosignatures for a new checkpoint: all witnesses are asked at once, and none is waited for longer than a few
seconds. Who is slow, dead or wrong is asked again with the next round, and delays nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from credentials.errors import CredentialError, FetchFailed, TongxingError
from credentials.log.checkpoint import Checkpoint, read_number
from credentials.log.note import Note, SignatureLine, check, read_signatures
from credentials.log.request import AddCheckpoint
from service_kit.fetch import Fetcher, Response
from trust_registry.metadata.log_keys import LogKey, log_keys_of
from trust_registry.record.publishing import ProveFrom
from trust_registry.repository.in_force import in_force
from trust_registry.storage.ports import Storage

ASK_SECONDS = 5.0
"""For one answer of a witness."""
MAX_AT_ONCE = 16
"""Witnesses that are asked at the same time."""
MAX_ANSWER_BYTES = 16_384
_MAX_SIZE_CHARACTERS = 20
_log = structlog.get_logger("record")


def listed_witnesses(storage: Storage, now: int) -> list[LogKey]:
    """The witnesses that members of the list in force name, and that count at ``now`` (seconds UTC)."""
    with storage.reading() as records:
        members = in_force(records).trust.members.values()
    keys = (each for member in members for each in log_keys_of(member.statement))
    return [each for each in keys if each.use == "witness" and each.is_active(now)]


class WitnessRound:
    """Asks the witnesses that ``listed`` names at that time, by ``fetcher``. Remembers what each has cosigned last."""

    def __init__(self, listed: Callable[[], Sequence[LogKey]], fetcher: Fetcher) -> None:
        self._listed, self._fetcher = listed, fetcher
        self._known: dict[LogKey, int] = {}

    def __call__(self, note: Note, checkpoint: Checkpoint, prove: ProveFrom) -> Sequence[SignatureLine]:
        """The cosignatures that came. A witness whose line the note has is not asked again."""
        have = {(line.name, line.key_id) for line in note.signatures}
        asked = [each for each in self._listed() if each.url and (each.key.name, each.key.id) not in have]
        if not asked:
            return ()
        with ThreadPoolExecutor(min(MAX_AT_ONCE, len(asked))) as pool:
            return [
                line for line in pool.map(lambda each: self._ask_safely(each, note, checkpoint, prove), asked) if line
            ]

    def _ask_safely(
        self, witness: LogKey, note: Note, checkpoint: Checkpoint, prove: ProveFrom
    ) -> SignatureLine | None:
        try:
            return self._ask(witness, note, checkpoint, prove)
        except TongxingError as error:
            _log.warning("not cosigned", witness=witness.key.name, code=error.code, detail=error.detail)
            return None

    def _ask(self, witness: LogKey, note: Note, checkpoint: Checkpoint, prove: ProveFrom) -> SignatureLine:
        answer = self._send(witness, note, self._known.get(witness, 0), prove)
        if answer.status == 409:
            old = read_number(answer.body[:_MAX_SIZE_CHARACTERS].decode("ascii", "replace").removesuffix("\n"))
            if old > checkpoint.size:
                # Either our database was put back, or somebody else signs with the log's key.
                raise FetchFailed(f"it has seen {old} leaves of this log, which has {checkpoint.size}", 409)
            answer = self._send(witness, note, old, prove)
        if answer.status != 200:
            raise FetchFailed(f"status {answer.status}", answer.status)
        line = _line_of(witness, note, answer)
        self._known[witness] = checkpoint.size
        return line

    def _send(self, witness: LogKey, note: Note, old: int, prove: ProveFrom) -> Response:
        request = AddCheckpoint(old, tuple(prove(old)), note)
        url = f"{witness.url}/add-checkpoint"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return self._fetcher.send(
            "POST", url, limit=MAX_ANSWER_BYTES, body=request.content, headers=headers, seconds=ASK_SECONDS
        )


def _line_of(witness: LogKey, note: Note, answer: Response) -> SignatureLine:
    try:
        answered = Note(note.text, read_signatures(answer.body.decode()))
        made = check(answered, [witness.key])[witness.key]
    except (CredentialError, UnicodeDecodeError) as error:
        raise FetchFailed("no cosignature by its key on this checkpoint") from error
    return SignatureLine(witness.key.name, witness.key.id, made)
