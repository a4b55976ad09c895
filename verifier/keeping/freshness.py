"""Keeps a gate's knowledge fresh: at start from what is stored, then in rounds from the mirror.

One round: trust first, and swapped in at once, so that a denial counts before anybody's files are fetched; then the
members' files, each by itself. Whatever fails leaves what is held and is reported; nothing here ever makes a gate
forget. A round that cannot reach the mirror looks whether somebody has put newer files (an offline bundle) into the
folder instead. When rounds are made, and by which of several workers, is said in :mod:`verifier.keeping.rounds`.

::

    <folder>/trust/       TrustStore
    <folder>/members/     MemberMirror
    <folder>/report.json  how the last round went, for the workers that did not make it
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import structlog

from credentials.errors import TongxingError
from credentials.profile.members import is_member_id
from service_kit.cache.store import EVERYTHING
from service_kit.clock import Clock
from service_kit.fetch import Fetcher
from trust_registry.client.members.failure import Failure
from trust_registry.client.members.mirror import MemberMirror, MemberState
from trust_registry.client.record.comparison import Compared
from trust_registry.client.record.keeper import RecordKeeper
from trust_registry.client.record.standing import RecordStanding
from trust_registry.client.trust.bundle import open_bundle, read_bundle
from trust_registry.client.trust.clock_bound import effective_now
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS
from trust_registry.client.trust.repository import check_not_older
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater
from trust_registry.metadata.file_names import TRUST
from verifier.config import VerifierSettings
from verifier.judging.knowledge import Knowledge, gather
from verifier.keeping.report import RoundReport, read_report, report_of, write_report
from verifier.keeping.rounds import REPORT, Rounds

SWITCH_SECONDS = 0.001
"""How long a round's threads keep the interpreter from a check that waits for it. Python's own five milliseconds come
several times in one check: one member's largest segments made it 11 ms instead of one."""
PATIENCE_SECONDS = 10.0
"""How long a round waits for the members' files; slower ones count in the next round."""
_log = structlog.get_logger("freshness")

Learn = Callable[[Knowledge], None]


class KnowledgeSources(NamedTuple):
    """Where a gate keeps and gets its knowledge: its folder, the root of trust (TUF root metadata), the mirror's
    base URL (empty: no network); and for how many seconds it must know of a new root key that the old one did not sign,
    of a weaker witness policy, and of a member whose witness is to count."""

    folder: Path
    trusted_root: bytes
    mirror_url: str = ""
    change_wait: int = CHANGE_WAIT_SECONDS


def sources_of(settings: VerifierSettings) -> KnowledgeSources:
    """Those of a service."""
    root = settings.trust_root.read_bytes()
    return KnowledgeSources(settings.folder, root, settings.mirror_url, settings.change_wait_seconds)


class Freshness:
    """The upkeep of one gate of member ``host``. ``learn`` is given each newer knowledge, whole."""

    def __init__(
        self, place: KnowledgeSources, host: str, clock: Clock, learn: Learn, fetcher: Fetcher | None = None
    ) -> None:
        fetcher = fetcher or Fetcher()
        self._place, self._host, self._clock, self._learn = place, host, clock, learn
        self._store = TrustStore(place.folder / "trust", place.trusted_root, place.change_wait)
        self._updater = TrustUpdater(self._store, place.mirror_url, fetcher)
        self._record = RecordKeeper(place.folder / "trust", place.mirror_url, fetcher, place.change_wait)
        self._compared: Compared | None = None
        self._mirror = MemberMirror(place.folder / "members", place.mirror_url, fetcher, host)
        self._trust: TrustSnapshot | None = None
        self._trust_failure: Failure | None = None
        self._reported: RoundReport | None = None
        """Of the worker on duty, where that is another."""
        self._rounds = Rounds(place.folder, self._make_round, self._read_on)

    def load(self) -> None:
        """Take up what is stored, without network. What does not hold is reported."""
        self._rounds.watch.changes()
        trust = self._load_trust()
        if trust is not None:
            self._record.load(trust, self._clock.now())
            self._mirror.load(trust, self._now(trust))
            self._tell(trust)

    def refresh(self, topics: frozenset[str] = EVERYTHING) -> tuple[Failure, ...]:
        """One round, of the trust list and the files of all members, or of those among ``topics``.

        What went wrong is returned; nothing is raised for it.
        """
        self._reported, before = None, self._trust
        if self._place.mirror_url:
            self._update_trust()
        if self._trust_failure is not None or not self._place.mirror_url:
            self._look_again()
        if self._trust is not None and self._place.mirror_url:
            self._tell(self._trust)
            self._record.refresh(self._trust, self._clock.now())
            # A new list may bring new members and keys.
            is_new = before is None or before.versions["targets"] != self._trust.versions["targets"]
            chosen = self._trust if is_new or topics >= EVERYTHING else _narrowed(self._trust, topics)
            if chosen.members:
                self._mirror.sync(chosen, self._now(chosen), PATIENCE_SECONDS)
                self._tell(self._trust)
        return self.failures()

    def take_bundle(self, source: bytes | Path) -> None:
        """Take and store an offline bundle: the bytes of a zip, or a folder.

        Raises BundleRejected; MetadataRejected when a newer set is held; StorageFull, StorageUnavailable. A member's
        file that does not hold is reported and does not stop the others. The bundle's checkpoint of the registry's log
        is compared with what is held, whether or not the bundle is taken: :attr:`compared`.
        """
        at = self._clock.now()
        files = open_bundle(source)
        self._compared = self._record.compare_bundle(files, at)
        bundle = read_bundle(source, self._place.trusted_root, at, roles=self._store.roles())
        self._trust = trust = self._store.accept(bundle.repository, at)
        self._record.take(trust, files, at)
        self._mirror.load(trust, at)
        for member, brought in bundle.member_files.items():
            for name, data in brought.items():
                self._take_file(member, name, data, trust)
        self._tell(trust)

    def members(self) -> Mapping[str, MemberState]:
        """What is held of each member."""
        held = self._mirror.state(self._trust) if self._trust else {}
        return {name: self._reported.applied(name, state) for name, state in held.items()} if self._reported else held

    @property
    def record(self) -> RecordStanding | None:
        """How the list in use stands in the public record; None before there is a list."""
        return self._record.standing

    @property
    def compared(self) -> Compared | None:
        """What came of the comparison with the bundle that was brought last."""
        return self._compared

    def compare(self, checkpoint: bytes) -> Compared:
        """Compare another gate's checkpoint of the registry's log (a signed note) with what is held; a fork is kept."""
        return self._record.compare(checkpoint, self._clock.now())

    @property
    def holds_trust(self) -> bool:
        """Whether there is a verified trust list to go by, of whatever age."""
        return self._trust is not None

    def failures(self) -> tuple[Failure, ...]:
        """What went wrong last, the trust list's own failure first."""
        stale = self._updater.stale
        past = (Failure("", TRUST, *stale, self._clock.now()),) if stale else ()
        trust = (self._trust_failure,) if self._trust_failure else past
        if self._reported:
            return trust + self._reported.failures
        news = (self._mirror.news_failure,) if self._mirror.news_failure else ()
        return trust + news + self._mirror.failures()

    def start(self, seconds: float) -> None:
        """Refresh now and then about every ``seconds``, in a thread of its own, until :meth:`stop`."""
        sys.setswitchinterval(SWITCH_SECONDS)
        threading.Thread(target=self.run, args=(seconds,), name="freshness", daemon=True).start()

    def run(self, seconds: float) -> None:
        """What the thread does."""
        self._rounds.run(seconds)

    def call_for(self, topics: frozenset[str]) -> None:
        """There is news of these topics: members, or the trust list. Whoever is on duty asks for it at once."""
        # A closed set: whoever can write to Redis must not be able to fill our memory.
        self._rounds.call(frozenset(topic for topic in topics if topic in (TRUST, *EVERYTHING) or is_member_id(topic)))

    def stop(self) -> None:
        """Begin no further round."""
        self._rounds.stop()
        self._mirror.close()

    def _make_round(self, topics: frozenset[str]) -> None:
        self.refresh(topics)
        try:
            write_report(self._place.folder, report_of(self.failures(), self.members()))
        except TongxingError as error:
            _log.warning("report", code=error.code, detail=error.detail)

    def _read_on(self, changed: frozenset[str]) -> None:
        """Take up what another worker has stored."""
        trust, wanted = self._trust, changed
        if trust is None or TRUST in changed:
            trust = self._load_trust()
            if trust is None:
                self._rounds.watch.forget(TRUST)
            else:
                self._record.load(trust, self._clock.now())
                # At once: a denial must not wait until a nation's files are read.
                self._tell(trust)
                wanted |= self._lacking(trust)
        if trust is not None and (chosen := _narrowed(trust, wanted)).members:
            self._mirror.load(chosen, self._now(trust))
            self._tell(trust)
        self._reported = read_report(self._place.folder)

    def _load_trust(self) -> TrustSnapshot | None:
        try:
            self._trust = self._not_older(self._store.load(self._clock.now()))
        except TongxingError as error:
            self._report(error)
            return None
        self._trust_failure = None
        return self._trust

    def _lacking(self, trust: TrustSnapshot) -> frozenset[str]:
        """Members of whom something is missing: it may be there, and good by the new list."""
        held = self._mirror.state(trust).items()
        return frozenset(
            name for name, state in held if state.status is None or (name == self._host and not state.rules)
        )

    def _update_trust(self) -> None:
        try:
            self._trust = self._not_older(self._updater.update(self._clock.now()))
        except TongxingError as error:
            self._report(error)
            return
        self._trust_failure = None

    def _not_older(self, trust: TrustSnapshot) -> TrustSnapshot:
        """``trust``, unless this process holds a newer one: somebody may have put yesterday's folder back beneath us.

        By versions and not by the registry's time, which may once have been ahead. Raises MetadataRejected.
        """
        if self._trust is not None:
            check_not_older(trust.versions, self._trust.versions)
        return trust

    def _look_again(self) -> None:
        if self._rounds.watch.changes() - {REPORT}:
            failure = self._trust_failure
            self.load()
            # What is stored may be sound; the mirror is out of reach all the same.
            self._trust_failure = failure if self._place.mirror_url else self._trust_failure

    def _take_file(self, member: str, name: str, data: bytes, trust: TrustSnapshot) -> None:
        try:
            self._mirror.accept(member, name, data, trust, self._now(trust))
        except TongxingError as error:
            _log.warning("bundle", member=member, file=name, code=error.code, detail=error.detail)

    def _now(self, trust: TrustSnapshot) -> int:
        return effective_now(self._clock.now(), trust.registry_time).now

    def _tell(self, trust: TrustSnapshot) -> None:
        standing = self._record.standing
        if standing is not None:
            trust = replace(trust, unproven_since=standing.unproven_since, evidence=standing.evidence)
        self._learn(gather(trust, self._mirror.state(trust), self._host))

    def _report(self, error: TongxingError) -> None:
        self._trust_failure = Failure.of("", TRUST, error, self._clock.now())


def _narrowed(trust: TrustSnapshot, topics: frozenset[str]) -> TrustSnapshot:
    """The same trust, with these members alone to ask for."""
    return replace(trust, members={name: trust.members[name] for name in trust.members if name in topics})
