"""Keeps the members' files that a gate needs: fetched from a mirror, verified, stored, handed out.

No member chooses an address that a gate calls, and no member's failure delays or spoils another's: each member's status
and rules are kept by themselves (:mod:`~trust_registry.client.status_keeping`,
:mod:`~trust_registry.client.rules_keeping`), what has been verified stays until something newer has been verified, and
what went wrong is reported by member and file. ``synced_at`` moves only after success. A round asks for ``news.json``
first and then for what is missing; without it, for each file.

On disk: ``<folder>/<member>/``, see :mod:`~trust_registry.client.folder`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from credentials.errors import TongxingError
from credentials.recognition.ruleset import RuleSet
from credentials.status.snapshot import StatusSnapshot
from service_kit.fetch import Fetcher, Response
from trust_registry.client.folder import MemberFolder
from trust_registry.client.member_files import RULES, STATUS, parse_name
from trust_registry.client.news import MAX_NEWS_BYTES, NEWS, News, read_news
from trust_registry.client.rules_keeping import RulesKeeping
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.client.status_keeping import Fetch, StatusKeeping

WORKERS = 16
"""Fetches at a time; a slow file holds one of them, not its neighbours."""
NEWS_SECONDS = 10.0
"""How long ``news.json`` may take; then a gate asks for each file itself."""


class Failure(NamedTuple):
    """Why a file could not be brought up to date, and when (seconds UTC)."""

    member: str
    file: str
    code: str
    detail: str
    at: int


class MemberState(NamedTuple):
    """What a gate has of one member. ``rules``: by sequence; which one is in force depends on the time.
    ``status_file``, ``segment_files``, ``rules_files``: the very bytes of them; ``status_heads``: see
    :attr:`~trust_registry.client.status_chain.StatusChain.heads`. Times in seconds UTC, None: never."""

    status: StatusSnapshot | None
    status_synced_at: int | None
    rules: tuple[RuleSet, ...]
    rules_synced_at: int | None
    failures: tuple[Failure, ...]
    status_file: bytes | None = None
    rules_files: tuple[bytes, ...] = ()
    segment_files: tuple[bytes, ...] = ()
    status_heads: tuple[bytes, ...] = ()


class _Member(NamedTuple):
    status: StatusKeeping
    rules: RulesKeeping


class MemberMirror:
    """The members' files below ``folder``, from the mirror at ``mirror_url``. Safe for several threads."""

    def __init__(self, folder: Path, mirror_url: str, fetcher: Fetcher) -> None:
        self._folder = folder
        self._mirror_url = mirror_url.rstrip("/")
        self._fetcher, self._news_fetcher = fetcher, Fetcher(NEWS_SECONDS)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="member-files")
        self._lock = threading.Lock()
        self._members: dict[str, _Member] = {}
        self._failures: dict[tuple[str, str], Failure] = {}
        self._running: dict[tuple[str, str], Future[None]] = {}
        self._news: tuple[str | None, dict[str, News]] | None = None
        self._now = 0

    def load(self, trust: TrustSnapshot, at: int) -> None:
        """Take up what is on disk, verified again with ``trust``. What does not hold is reported, not used."""
        self._now = at
        for member in trust.members:
            kept = self._kept(member)
            both: tuple[tuple[str, StatusKeeping | RulesKeeping], ...] = ((STATUS, kept.status), (RULES, kept.rules))
            for kind, keeping in both:
                try:
                    keeping.load(trust, at)
                except TongxingError as error:
                    self._report((member, kind), keeping.file, error, at)

    def sync(self, trust: TrustSnapshot, at: int, patience: float) -> tuple[Failure, ...]:
        """Ask the mirror for what is new of every member, and wait ``patience`` seconds for the answers.

        A fetch that takes longer goes on in the background and is not asked for twice. What goes wrong with a
        member's file is returned, that of slow fetches once it is known; nothing is raised for it.
        """
        self._now = at
        news = self._fetch_news()
        with self._lock:
            for member in trust.members:
                for kind in (STATUS, RULES):
                    self._start((member, kind), news.get(member), trust, at)
            running = list(self._running.values())
        done, _ = wait(running, timeout=patience)
        for future in done:
            future.result()
        return self.failures()

    def take(self, member: str, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        """Take a file that came another way (a bundle) after the same checks, and store it.

        Raises what ``member_files`` raises, SequenceNotNewer for an older or contradicting file, ChainBroken for a
        segment that does not follow, StorageFull, StorageUnavailable.
        """
        kept = self._kept(member)
        keeping: StatusKeeping | RulesKeeping = kept.status if parse_name(name).use == "status" else kept.rules
        keeping.take(name, data, trust, at)

    def state(self, trust: TrustSnapshot) -> Mapping[str, MemberState]:
        """What is held of each member. A file whose key ``trust`` denies or no longer lists is left out."""
        failures = self.failures()
        return {member: self._state_of(member, trust, failures) for member in trust.members}

    def failures(self) -> tuple[Failure, ...]:
        """What went wrong with the last attempt at each file, and forks of the last day."""
        with self._lock:
            found = dict(self._failures)
            for member, kept in self._members.items():
                fork = kept.status.fork(self._now)
                if fork and (member, STATUS) not in found:
                    found[member, STATUS] = Failure(member, fork.file, fork.error.code, fork.error.detail, fork.at)
        return tuple(found[key] for key in sorted(found))

    def close(self) -> None:
        """Start nothing more; fetches that have begun end by their own timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _kept(self, member: str) -> _Member:
        with self._lock:
            kept = self._members.get(member)
            if kept is None:
                folder, fetch = MemberFolder(self._folder / member), self._fetching(member)
                kept = _Member(StatusKeeping(member, folder, fetch), RulesKeeping(member, folder, fetch))
                self._members[member] = kept
            return kept

    def _fetching(self, member: str) -> Fetch:
        def fetch(name: str, limit: int, etag: str | None) -> Response:
            return self._fetcher.get(f"{self._mirror_url}/members/{member}/{name}", limit=limit, etag=etag)

        return fetch

    def _fetch_news(self) -> dict[str, News]:
        """What the mirror says there is; nothing when it does not say so."""
        etag, known = self._news or (None, {})
        try:
            answer = self._news_fetcher.get(f"{self._mirror_url}/{NEWS}", limit=MAX_NEWS_BYTES, etag=etag)
            if not answer.not_modified:
                known = read_news(answer.body)
                self._news = (answer.etag, known)
        except TongxingError:
            # No failure of its own: whatever is wrong shows with the files themselves.
            self._news = None
            return {}
        return known

    def _start(self, key: tuple[str, str], news: News | None, trust: TrustSnapshot, at: int) -> None:
        running = self._running.get(key)
        if running is None or running.done():
            self._running[key] = self._pool.submit(self._sync_one, key, news, trust, at)

    def _sync_one(self, key: tuple[str, str], news: News | None, trust: TrustSnapshot, at: int) -> None:
        member, kind = key
        kept = self._kept(member)
        keeping: StatusKeeping | RulesKeeping = kept.status if kind == STATUS else kept.rules
        try:
            keeping.sync(news, trust, at)
        except TongxingError as error:
            self._report(key, keeping.file, error, at)
        else:
            with self._lock:
                self._failures.pop(key, None)

    def _report(self, key: tuple[str, str], file: str, error: TongxingError, at: int) -> None:
        with self._lock:
            self._failures[key] = Failure(key[0], file, error.code, error.detail, at)

    def _state_of(self, member: str, trust: TrustSnapshot, failures: tuple[Failure, ...]) -> MemberState:
        kept = self._kept(member)
        chain, rules = kept.status.chain(trust), kept.rules.files(trust)
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
        )
