"""Keeps how the list in use stands in the public record: fetches its proof, checks it, remembers, compares.

1. The same list as before, proven, and no policy that is due: nothing is fetched, read or verified.
2. Else its proof is got: from the mirror, from a bundle, or as it was kept.
3. Which policy counts is reviewed, and the proof checked by it.
4. A new checkpoint is compared with the newest one of the one history that this gate has seen. Two histories are
   kept as evidence.
5. What came of it is remembered, and is the standing.

What does not hold is named in the standing and raises nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import structlog

from credentials.errors import (
    FetchFailed,
    Malformed,
    RecordForked,
    StorageFull,
    StorageUnavailable,
    TongxingError,
)
from credentials.log.checkpoint import Checkpoint, read_checkpoint
from credentials.log.note import read_note
from credentials.log.policy import WitnessPolicy, check_log
from credentials.log.tiles import ReadTile, Tile
from service_kit.fetch import Fetcher
from service_kit.process.locking import locked
from trust_registry.client.log_reader import LogReader
from trust_registry.client.record.checking import ListChecking
from trust_registry.client.record.comparison import Answer, Compared, compare, first_of, tiles_in
from trust_registry.client.record.memory import RecordMemory, has_fork, keep_fork, read_memory, write_memory
from trust_registry.client.record.policy import UNREADABLE, read_if_sound, review_policy
from trust_registry.client.record.standing import RecordStanding
from trust_registry.client.trust.bundle import FolderFiles, ZipFiles
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.list_proof import LOG_CHECKPOINT, LOG_FOLDER, MAX_LIST_PROOF_BYTES, proof_path

_LOCK = "record-lock"
_ATTEMPTS = 5
_log = structlog.get_logger("record")


class _Came(NamedTuple):
    """What has come of the record: a proof, if any; where tiles are; why there is no proof."""

    proof: bytes = b""
    reads: tuple[ReadTile, ...] = ()
    failed: TongxingError | None = None


class RecordKeeper:
    """``folder``: the gate's trust folder; ``mirror_url``: empty without network; ``wait``: seconds that a weaker
    policy, and a new member, must be known. One thread at a time calls it; several processes may share the folder."""

    def __init__(self, folder: Path, mirror_url: str, fetcher: Fetcher, wait: int = CHANGE_WAIT_SECONDS) -> None:
        self._folder, self._wait = folder, wait
        self._mirror_url, self._fetcher = mirror_url.rstrip("/"), fetcher
        self.standing: RecordStanding | None = None

    def load(self, trust: TrustSnapshot, at: int) -> RecordStanding:
        """The standing of the list in use by what is kept, without network. ``at``: seconds UTC."""
        return self._settle(trust, at, _Came())

    def refresh(self, trust: TrustSnapshot, at: int) -> RecordStanding:
        """The same, with its proof from the mirror where it is not proven yet."""
        held = self.standing
        if held is not None and held.listed == trust.listed and not held.code and not _is_due(held, at):
            return held
        is_asked = trust.members and (trust.listed.witness_policy or (held and held.policy))
        if not self._mirror_url or not is_asked:
            return self.load(trust, at)
        try:
            path = f"{self._mirror_url}/{proof_path(trust.listed.version)}"
            came = _Came(self._fetcher.get(path, limit=MAX_LIST_PROOF_BYTES).body, (self._mirror_tile,))
        except TongxingError as error:
            came = _Came(reads=(self._mirror_tile,), failed=error)
        return self._settle(trust, at, came)

    def take(self, trust: TrustSnapshot, files: ZipFiles | FolderFiles, at: int) -> RecordStanding:
        """The same, with the proof and the tiles of a bundle that brought the list in use. Raises BundleRejected."""
        proof = files.read(proof_path(trust.listed.version)) or b""
        return self._settle(trust, at, _Came(proof, (tiles_in(files), self._mirror_tile)))

    def compare_bundle(self, files: ZipFiles | FolderFiles, at: int) -> Compared:
        """Compare a bundle's checkpoint with what is held, whether or not its list is taken. Raises BundleRejected."""
        content = files.read(LOG_CHECKPOINT)
        if content is None:
            return Compared(Answer.CANNOT, "the bundle has no checkpoint of the log")
        return self.compare(content, at, tiles_in(files))

    def compare(self, content: bytes, at: int, read: ReadTile | None = None) -> Compared:
        """Compare somebody's checkpoint (a signed note) with the newest one that is held; a fork is kept as evidence.

        ``read``: tiles that came with it; the mirror has others. Only what a log of the policy signed counts.
        """
        reads = (read, self._mirror_tile) if read else (self._mirror_tile,)
        try:
            memory = read_memory(self._folder)
            policy = read_if_sound(memory.policy.text)
            if policy is None or not memory.checkpoint:
                return Compared(Answer.CANNOT, "nothing is held yet that it could be compared with")
            other = check_log(policy, read_note(content))
            return self._compared(memory.checkpoint, other, content, reads, at)
        except TongxingError as error:
            return Compared(Answer.CANNOT, f"{error.code}: {error.detail}")

    def _settle(self, trust: TrustSnapshot, at: int, came: _Came) -> RecordStanding:
        before = self.standing
        try:
            self.standing = self._settled(trust, at, came)
        except (StorageUnavailable, StorageFull) as error:
            self.standing = _unkept(trust, before, error, at)
        _tell(before, self.standing)
        return self.standing

    def _settled(self, trust: TrustSnapshot, at: int, came: _Came) -> RecordStanding:
        for _ in range(_ATTEMPTS):
            # Judged without the lock: a mirror may be slow with its tiles, and other processes read meanwhile.
            memory = read_memory(self._folder)
            standing, kept = self._judged(trust, at, memory, came)
            if kept == memory:
                return standing
            with locked(self._folder / _LOCK):
                if read_memory(self._folder) == memory:
                    write_memory(self._folder, kept)
                    return standing
        raise StorageUnavailable("what is remembered of the record changed again and again; it is tried again")

    def _judged(
        self, trust: TrustSnapshot, at: int, memory: RecordMemory, came: _Came
    ) -> tuple[RecordStanding, RecordMemory]:
        memory = memory.with_members(trust.members, at)
        checking = ListChecking(trust, memory.known_since, at, self._wait)
        proofs = [content for content in (came.proof, memory.proof) if content]

        def is_cosigned(text: str) -> bool:
            return checking.is_cosigned(proofs, text)

        memory = memory._replace(
            policy=review_policy(memory.policy, trust.listed.witness_policy, is_cosigned, at, self._wait)
        )
        standing, policy = self._by_policy(trust, memory), read_if_sound(memory.policy.text)
        # A list without members, as at founding, vouches for nobody.
        if policy is not None and trust.members:
            standing, memory = self._proven(standing, memory, policy, checking, came, at)
        return _since(standing, memory, at)

    def _by_policy(self, trust: TrustSnapshot, memory: RecordMemory) -> RecordStanding:
        policy, waiting = read_if_sound(memory.policy.text), memory.policy.waiting
        is_unreadable = waiting is not None and waiting.text == UNREADABLE
        return RecordStanding(
            trust.listed,
            memory.policy.text,
            policy is not None and policy.quorum is not None,
            None if waiting is None or is_unreadable else waiting.seen_at + self._wait,
            code=Malformed.code if is_unreadable else "",
            detail="the list's witness policy cannot be read" if is_unreadable else "",
            forked=has_fork(self._folder),
        )

    def _proven(
        self,
        standing: RecordStanding,
        memory: RecordMemory,
        policy: WitnessPolicy,
        checking: ListChecking,
        came: _Came,
        at: int,
    ) -> tuple[RecordStanding, RecordMemory]:
        proofs = [content for content in (came.proof, memory.proof) if content]
        try:
            proven = checking.first_proven(proofs, policy)
        except TongxingError as error:
            failed = came.failed or error
            return standing._replace(code=failed.code, detail=failed.detail), memory
        memory = memory._replace(proof=proven.content)
        if not memory.checkpoint:
            return standing._replace(proven=proven), memory._replace(checkpoint=proven.note.content)
        compared = self._compared(memory.checkpoint, proven.checkpoint, proven.note.content, came.reads, at)
        if compared.answer is Answer.SAME and proven.checkpoint.size >= _opened(memory.checkpoint).size:
            memory = memory._replace(checkpoint=proven.note.content)
        return standing._replace(proven=proven, compared=compared, forked=has_fork(self._folder)), memory

    def _compared(
        self, held: bytes, other: Checkpoint, content: bytes, reads: tuple[ReadTile, ...], at: int
    ) -> Compared:
        compared = compare(_opened(held), other, first_of(reads))
        if compared.answer is Answer.FORK:
            keep_fork(self._folder, held, content, at)
        return compared

    def _mirror_tile(self, tile: Tile) -> bytes:
        if not self._mirror_url:
            raise FetchFailed("there is no network, and no tiles came with it")
        return LogReader(f"{self._mirror_url}/{LOG_FOLDER}", self._fetcher).hashes(tile)


def _opened(note: bytes) -> Checkpoint:
    return read_checkpoint(read_note(note))


def _is_due(standing: RecordStanding, at: int) -> bool:
    """Whether a policy that waits is to be looked at again."""
    return standing.policy_waits_until is not None and at >= standing.policy_waits_until


def _since(standing: RecordStanding, memory: RecordMemory, at: int) -> tuple[RecordStanding, RecordMemory]:
    """Both with the time since which the list is not proven though witnesses are asked for."""
    if standing.forked and not standing.code:
        standing = standing._replace(code=RecordForked.code, detail="two histories of the log were seen")
    since = None
    if standing.code and standing.asks_for_witnesses:
        since = at if memory.unproven_since is None else min(at, memory.unproven_since)
    held = read_note(memory.checkpoint) if memory.checkpoint else None
    return standing._replace(unproven_since=since, held=held), memory._replace(unproven_since=since)


def _unkept(trust: TrustSnapshot, before: RecordStanding | None, error: TongxingError, at: int) -> RecordStanding:
    """What is remembered cannot be read or written: the standing of before, if any, with that as its failure."""
    held = before or RecordStanding(trust.listed)
    since = at if held.unproven_since is None else held.unproven_since
    return held._replace(
        listed=trust.listed,
        code=error.code,
        detail=error.detail,
        unproven_since=since if held.asks_for_witnesses else None,
    )


def _tell(before: RecordStanding | None, now: RecordStanding) -> None:
    """Say it in the log when it begins, once."""
    if now.alarm and (before is None or (before.code, before.forked) != (now.code, now.forked)):
        _log.warning("list not proven", code=now.code, detail=now.detail, forked=now.forked)
