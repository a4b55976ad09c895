"""Keeps the members' files that a gate needs: fetched from a mirror, verified, stored, handed out.

No member chooses an address that a gate calls, and no member's failure delays or spoils another's: each file
is fetched by itself, what has been verified stays until something newer has been verified, and what went
wrong is reported by member and file. ``synced_at`` moves only after success.

On disk: ``<folder>/<member>/status.cose`` and ``rules.jws``, the newest of each, and ``rules.earlier.jws``,
the rule set that is in force while the newest is for later; ``sync.json`` with the ETags and times, written
after the file it speaks of, so that a crash between the two costs one fetch. Losing the folder costs one
round of fetches and, until then, ``status-missing``. It is no source of trust: what is read at start is
verified again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple, cast

from credentials.errors import SequenceNotNewer, StorageUnavailable, TongxingError, Unreadable, Untrusted
from credentials.limits import MAX_SIGNED_BYTES
from credentials.recognition.ruleset import RuleSet
from credentials.status.snapshot import StatusSnapshot
from credentials.wire.jws import json_bytes
from service_kit.durable import write_atomic
from service_kit.fetch import Fetcher
from trust_registry.client.member_files import (
    MEMBER_FILES,
    RULES,
    STATUS,
    MemberFile,
    check_new,
    listed_key,
    read_member_file,
)
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.metadata import fields

WORKERS = 16
"""Fetches at a time; a slow file holds one of them, not its neighbours."""
MAX_ETAG_CHARACTERS = 200
"""A longer ETag is not kept; the file is then sent whole each time."""
MAX_SYNC_RECORD_BYTES = 4096
_EARLIER = "rules.earlier.jws"
_RECORD = "sync.json"


class Failure(NamedTuple):
    """Why a file could not be brought up to date, and when (seconds UTC)."""

    member: str
    file: str
    code: str
    detail: str
    at: int


class Held(NamedTuple):
    """A verified file, the ETag under which it came, and when it was last known to be the newest (seconds UTC;
    0: not known any more)."""

    file: MemberFile
    etag: str | None
    synced_at: int


class MemberState(NamedTuple):
    """What a gate has of one member. ``rules``: the newest rule set last; which one is in force depends on
    the time. ``status_file`` and ``rules_files``: the very bytes of them. Times in seconds UTC, None: never."""

    status: StatusSnapshot | None
    status_synced_at: int | None
    rules: tuple[RuleSet, ...]
    rules_synced_at: int | None
    failures: tuple[Failure, ...]
    status_file: bytes | None = None
    rules_files: tuple[bytes, ...] = ()


class MemberMirror:
    """The members' files below ``folder``, from the mirror at ``mirror_url``. Safe for several threads."""

    def __init__(self, folder: Path, mirror_url: str, fetcher: Fetcher) -> None:
        self._folder = folder
        self._mirror_url = mirror_url.rstrip("/")
        self._fetcher = fetcher
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="member-files")
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], Held] = {}
        self._failures: dict[tuple[str, str], Failure] = {}
        self._running: dict[tuple[str, str], Future[None]] = {}

    def load(self, trust: TrustSnapshot, at: int) -> None:
        """Take up what is on disk, verified again with ``trust``. What does not hold is reported, not used."""
        for member in trust.members:
            record = self._read_record(member)
            for name in (*MEMBER_FILES, _EARLIER):
                self._load_one((member, name), record, trust, at)

    def sync(self, trust: TrustSnapshot, at: int, patience: float) -> tuple[Failure, ...]:
        """Ask the mirror for every member's files, and wait ``patience`` seconds for the answers.

        A fetch that takes longer goes on in the background and is not asked for twice. What goes wrong with a
        member's file is returned, that of slow fetches once it is known; nothing is raised for it.
        """
        with self._lock:
            for member in trust.members:
                for name in MEMBER_FILES:
                    self._start((member, name), trust, at)
            running = list(self._running.values())
        done, _ = wait(running, timeout=patience)
        for future in done:
            future.result()
        return self.failures()

    def take(self, member: str, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        """Take a file that came another way (a bundle) after the same checks, and store it.

        Raises what ``member_files`` raises, SequenceNotNewer for an older or contradicting file,
        StorageFull, StorageUnavailable.
        """
        self._take((member, name), data, None, trust, at)

    def state(self, trust: TrustSnapshot) -> Mapping[str, MemberState]:
        """What is held of each member. A file whose key ``trust`` denies or no longer lists is left out."""
        with self._lock:
            return {member: self._state_of(member, trust) for member in trust.members}

    def failures(self) -> tuple[Failure, ...]:
        """What went wrong with the last attempt at each file."""
        with self._lock:
            return tuple(self._failures[key] for key in sorted(self._failures))

    def close(self) -> None:
        """Start nothing more; fetches that have begun end by their own timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, key: tuple[str, str], trust: TrustSnapshot, at: int) -> None:
        running = self._running.get(key)
        if running is None or running.done():
            self._running[key] = self._pool.submit(self._sync_one, key, trust, at)

    def _sync_one(self, key: tuple[str, str], trust: TrustSnapshot, at: int) -> None:
        try:
            self._fetch(key, trust, at)
        except TongxingError as error:
            self._report(key, error, at)
        else:
            with self._lock:
                self._failures.pop(key, None)

    def _fetch(self, key: tuple[str, str], trust: TrustSnapshot, at: int) -> None:
        member, name = key
        held = self._usable(key, trust)
        answer = self._fetcher.get(
            f"{self._mirror_url}/members/{member}/{name}",
            limit=MAX_SIGNED_BYTES,
            etag=held.etag if held else None,
        )
        if held and answer.not_modified:
            self._stamp(key, held, at)
        else:
            etag = answer.etag if len(answer.etag or "") <= MAX_ETAG_CHARACTERS else None
            self._take(key, answer.body, etag, trust, at)

    def _stamp(self, key: tuple[str, str], held: Held, at: int) -> None:
        with self._lock:
            if self._held.get(key) is held:
                self._held[key] = held._replace(synced_at=at)

    def _take(self, key: tuple[str, str], data: bytes, etag: str | None, trust: TrustSnapshot, at: int) -> None:
        member, name = key
        file = read_member_file(name, data, member, trust)
        with self._lock:
            # Not simply what is held: the highest sequence may be that of a thief whose key is denied by now.
            held = self._usable(key, trust)
            if held and held.file.payload == file.payload:
                self._held[key] = Held(held.file, etag, at)
                return
            check_new(file, trust, at)
            _check_newer(file, held)
            self._store(member, name, data, held, at)
            self._held[key] = Held(file, etag, at)
            self._write_record(member)

    def _store(self, member: str, name: str, data: bytes, held: Held | None, at: int) -> None:
        if held and isinstance(held.file.content, RuleSet) and held.file.content.in_force(at):
            # The newest may be for later, and then this one goes on deciding until its time comes.
            write_atomic(self._folder / member / _EARLIER, held.file.data)
            self._held[member, _EARLIER] = held
        write_atomic(self._folder / member / name, data)

    def _usable(self, key: tuple[str, str], trust: TrustSnapshot) -> Held | None:
        member, name = key
        held = self._held.get(key)
        try:
            if held:
                listed_key(held.file.kid, member, RULES if name == _EARLIER else name, trust)
        except Untrusted:
            return None
        return held

    def _state_of(self, member: str, trust: TrustSnapshot) -> MemberState:
        status = self._usable((member, STATUS), trust)
        rules = self._usable((member, RULES), trust)
        both = (self._usable((member, _EARLIER), trust), rules)
        return MemberState(
            status=cast(StatusSnapshot, status.file.content) if status else None,
            status_synced_at=status.synced_at if status else None,
            rules=tuple(cast(RuleSet, held.file.content) for held in both if held),
            rules_synced_at=rules.synced_at if rules else None,
            failures=tuple(failure for key, failure in self._failures.items() if key[0] == member),
            status_file=status.file.data if status else None,
            rules_files=tuple(held.file.data for held in both if held),
        )

    def _report(self, key: tuple[str, str], error: TongxingError, at: int) -> None:
        with self._lock:
            self._failures[key] = Failure(*key, error.code, error.detail, at)

    def _load_one(self, key: tuple[str, str], record: dict[str, Any], trust: TrustSnapshot, at: int) -> None:
        member, name = key
        try:
            data = self._read(member, name)
            if data is not None:
                file = read_member_file(RULES if name == _EARLIER else name, data, member, trust)
                self._held[key] = Held(file, *_etag_and_time(record.get(name)))
        except TongxingError as error:
            self._report((member, RULES if name == _EARLIER else name), error, at)

    def _read(self, member: str, name: str) -> bytes | None:
        try:
            return (self._folder / member / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageUnavailable(f"{name} of {member} cannot be read") from error

    def _read_record(self, member: str) -> dict[str, Any]:
        """What ``sync.json`` says; nothing when it is damaged: it costs a fetch to know it anew."""
        try:
            data = self._read(member, _RECORD)
            return fields.read_object(data, MAX_SYNC_RECORD_BYTES) if data else {}
        except (Unreadable, StorageUnavailable):
            return {}

    def _write_record(self, member: str) -> None:
        record = {
            name: {"etag": held.etag, "synced_at": held.synced_at}
            for (owner, name), held in self._held.items()
            if owner == member
        }
        write_atomic(self._folder / member / _RECORD, json_bytes(record))


def _check_newer(file: MemberFile, held: Held | None) -> None:
    if held and file.sequence <= held.file.sequence:
        # The same sequence with other content: the mirror, or the member, tells two stories.
        raise SequenceNotNewer(f"sequence {file.sequence} where {held.file.sequence} is held")


def _etag_and_time(record: object) -> tuple[str | None, int]:
    entry = record if isinstance(record, dict) else {}
    etag, synced_at = entry.get("etag"), entry.get("synced_at")
    return etag if isinstance(etag, str) else None, synced_at if type(synced_at) is int else 0
