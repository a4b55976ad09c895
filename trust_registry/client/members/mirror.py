"""Keeps the members' files that a gate needs: fetched from a mirror, verified, stored, handed out.

No member chooses an address that a gate calls, and no member's failure delays or spoils another's: each member's status
and rules are kept by themselves (:mod:`~trust_registry.client.members.status_keeping`,
:mod:`~trust_registry.client.members.rules_keeping`), what has been verified stays until something newer has been
verified, and what went wrong is reported by member and file. ``synced_at`` moves only after success. A round asks for
``news.json`` first and then for what is missing; without it, for each file.

On disk: ``<folder>/<member>/``, see :mod:`~trust_registry.client.members.folder`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import structlog

from credentials.errors import FetchFailed, TongxingError
from credentials.foreign.keys import ForeignKeys
from credentials.recognition.ruleset import RuleSet
from credentials.status.snapshot import StatusSnapshot
from service_kit.fetch import Fetcher
from trust_registry.client.members.failure import Failure
from trust_registry.client.members.fetching import Rationed
from trust_registry.client.members.folder import MemberFolder
from trust_registry.client.members.foreign_keys_keeping import ForeignKeysKeeping
from trust_registry.client.members.news import MAX_NEWS_BYTES, NEWS, MemberNews, read_news
from trust_registry.client.members.rules_keeping import RulesKeeping
from trust_registry.client.members.status_keeping import StatusKeeping
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import FOREIGN_KEYS, RULES, STATUS, parse_name

WORKERS = 16
"""Fetches at a time; a slow file holds one of them, not its neighbours."""
NEWS_SECONDS = 10.0
"""How long ``news.json`` may take; then a gate asks for each file itself."""
_log = structlog.get_logger("member-files")


_KINDS = (STATUS, RULES, FOREIGN_KEYS)
_KEPT_AS = {"status": STATUS, "segment": STATUS, "rules": RULES, "foreign-keys": FOREIGN_KEYS}
"""By kind of file: as which it is kept."""


class MemberState(NamedTuple):
    """What a gate has of one member. ``rules``: by sequence; which one is in force depends on the time.
    ``status_file``, ``segment_files``, ``rules_files``, ``foreign_keys_file``: the very bytes; ``status_heads``: see
    :attr:`~trust_registry.client.members.status_chain.StatusChain.heads`. Times in seconds UTC, None: never."""

    status: StatusSnapshot | None
    status_synced_at: int | None
    rules: tuple[RuleSet, ...]
    rules_synced_at: int | None
    failures: tuple[Failure, ...]
    status_file: bytes | None = None
    rules_files: tuple[bytes, ...] = ()
    segment_files: tuple[bytes, ...] = ()
    status_heads: tuple[bytes, ...] = ()
    foreign_keys: ForeignKeys | None = None
    foreign_keys_file: bytes | None = None


class _Member(NamedTuple):
    status: StatusKeeping
    rules: RulesKeeping
    foreign_keys: ForeignKeysKeeping

    def of(self, kind: str) -> StatusKeeping | RulesKeeping | ForeignKeysKeeping:
        return {STATUS: self.status, RULES: self.rules, FOREIGN_KEYS: self.foreign_keys}[kind]  # type: ignore[return-value]


class MemberMirror:
    """The members' files below ``folder``, from the mirror at ``mirror_url``. Safe for several threads.

    ``host``: the only member whose rules are fetched, since no others count; None: everybody's. ``news_failure``: why
    the last round had no news and asked for each file.
    """

    def __init__(self, folder: Path, mirror_url: str, fetcher: Fetcher, host: str | None = None) -> None:
        self._folder, self._host = folder, host
        self._mirror_url = mirror_url.rstrip("/")
        self._fetcher = fetcher
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="member-files")
        self._lock = threading.Lock()
        self._members: dict[str, _Member] = {}
        self._failures: dict[tuple[str, str], Failure] = {}
        self._running: dict[tuple[str, str], Future[None]] = {}
        self._news: tuple[str | None, dict[str, MemberNews]] | None = None
        self.news_failure: Failure | None = None
        self._now = 0

    def load(self, trust: TrustSnapshot, at: int) -> None:
        """Take up what is on disk, verified again with ``trust``. What does not hold is reported, not used."""
        self._now = at
        for member in trust.members:
            for kind in self._kinds(member):
                self._report((member, kind), self._kept(member).of(kind).load(trust, at))

    def sync(self, trust: TrustSnapshot, at: int, patience: float) -> tuple[Failure, ...]:
        """Ask the mirror for what is new of every member, and wait ``patience`` seconds for the answers.

        A fetch that takes longer goes on in the background and is not asked for twice. What goes wrong with a
        member's file is returned, that of slow fetches once it is known; nothing is raised for it.
        """
        self._now = at
        news = self._fetch_news(at)
        with self._lock:
            for member in trust.members:
                for kind in self._kinds(member):
                    self._start((member, kind), news.get(member), trust, at)
            running = list(self._running.values())
        wait(running, timeout=patience)
        return self.failures()

    def accept(self, member: str, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        """Take a file that came another way (a bundle) after the same checks, and store it; rules of the host alone.

        Raises what ``member_files`` raises, SequenceNotNewer for an older or contradicting file, ChainBroken for a
        segment that does not follow, StorageFull, StorageUnavailable.
        """
        kind = _KEPT_AS[parse_name(name).kind]
        if kind not in self._kinds(member):
            return
        self._kept(member).of(kind).accept(name, data, trust, at)

    def state(self, trust: TrustSnapshot) -> Mapping[str, MemberState]:
        """What is held of each member. A file whose key ``trust`` denies or no longer lists is left out."""
        failures = self.failures()
        return {member: self._state_of(member, trust, failures) for member in trust.members}

    def failures(self) -> tuple[Failure, ...]:
        """What went wrong with the last attempt at each file, and forks and old copies of caches of the last day."""
        with self._lock:
            found = dict(self._failures)
            kept = {(name, kind): each.of(kind) for name, each in self._members.items() for kind in _KINDS}
        for key, keeping in kept.items():
            shown = keeping.shown(self._now)
            if shown and key not in found:
                found[key] = shown
        return tuple(found[key] for key in sorted(found))

    def close(self) -> None:
        """Start nothing more; fetches that have begun end by their own timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _kinds(self, member: str) -> tuple[str, ...]:
        return _KINDS if self._host in (None, member) else (STATUS,)

    def _kept(self, member: str) -> _Member:
        with self._lock:
            kept = self._members.get(member)
            if kept is None:
                folder, url = MemberFolder(self._folder / member), f"{self._mirror_url}/members/{member}"
                kept = _Member(
                    StatusKeeping(member, folder, Rationed(self._fetcher, url)),
                    RulesKeeping(member, folder, Rationed(self._fetcher, url)),
                    ForeignKeysKeeping(member, folder, Rationed(self._fetcher, url)),
                )
                self._members[member] = kept
            return kept

    def _fetch_news(self, at: int) -> dict[str, MemberNews]:
        """What the mirror says there is; nothing when it does not say so, which is reported unless there is no file."""
        etag, known = self._news or (None, {})
        self.news_failure = None
        try:
            address = f"{self._mirror_url}/{NEWS}"
            answer = self._fetcher.get(address, limit=MAX_NEWS_BYTES, etag=etag, seconds=NEWS_SECONDS)
            if not answer.not_modified:
                known = read_news(answer.body)
                self._news = (answer.etag, known)
        except TongxingError as error:
            self._news = None
            if not (isinstance(error, FetchFailed) and error.status == HTTPStatus.NOT_FOUND):
                self.news_failure = Failure.of("", NEWS, error, at)
            return {}
        return known

    def _start(self, key: tuple[str, str], news: MemberNews | None, trust: TrustSnapshot, at: int) -> None:
        running = self._running.get(key)
        if running is None or running.done():
            self._running[key] = self._pool.submit(self._sync_one, key, news, trust, at)

    def _sync_one(self, key: tuple[str, str], news: MemberNews | None, trust: TrustSnapshot, at: int) -> None:
        try:
            failure = self._kept(key[0]).of(key[1]).sync(news, trust, at)
        except Exception as error:
            # The outermost edge of this thread: one member's file must not end the round of all. The message may hold
            # anything, so only the type is kept.
            _log.error("unexpected", error=type(error).__name__)
            failure = Failure(key[0], key[1], "unexpected", type(error).__name__, at)
        self._report(key, failure)

    def _report(self, key: tuple[str, str], failure: Failure | None) -> None:
        with self._lock:
            if failure is None:
                self._failures.pop(key, None)
            else:
                self._failures[key] = failure

    def _state_of(self, member: str, trust: TrustSnapshot, failures: tuple[Failure, ...]) -> MemberState:
        kept = self._kept(member)
        chain, rules = kept.status.chain(trust), kept.rules.files(trust)
        foreign_keys = kept.foreign_keys.file(trust)
        return MemberState(
            status=chain.state if chain else None,
            status_synced_at=kept.status.synced_at if chain else None,
            rules=tuple(file.rule_set for file in rules),
            rules_synced_at=kept.rules.synced_at if rules else None,
            failures=tuple(failure for failure in failures if failure.member == member),
            status_file=chain.base.data if chain else None,
            rules_files=tuple(file.data for file in rules),
            segment_files=tuple(file.data for file in chain.segments) if chain else (),
            status_heads=chain.heads if chain else (),
            foreign_keys=foreign_keys.foreign_keys if foreign_keys else None,
            foreign_keys_file=foreign_keys.data if foreign_keys else None,
        )
