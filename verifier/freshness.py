"""Keeps a gate's knowledge fresh: at start from what is stored, then in rounds from the mirror.

One round: trust first, and swapped in at once, so that a denial counts before anybody's files are fetched; then the
members' files, each by itself. Whatever fails leaves what is held and is reported; nothing here ever makes a gate
forget. A round that cannot reach the mirror looks whether somebody has put newer files (an offline bundle) into the
folder instead.

::

    <folder>/trust/     TrustStore
    <folder>/members/   MemberMirror
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from credentials.errors import TongxingError
from service_kit.clock import Clock
from service_kit.fetch import Fetcher
from trust_registry.client.bundle import read_bundle
from trust_registry.client.clock_bound import effective_now
from trust_registry.client.mirror import Failure, MemberMirror, MemberState
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.client.store import TrustStore
from trust_registry.client.updater import TrustUpdater
from verifier.trust import Knowledge, gather

PATIENCE_SECONDS = 10.0
"""How long a round waits for the members' files; slower ones count in the next round."""
JITTER = 0.2
"""Share of the time between rounds by which gates spread out, so that they do not all call at once."""
TRUST = "trust"
"""Stands in a failure for the file that is not a member's."""
_log = structlog.get_logger("freshness")

Learn = Callable[[Knowledge], None]


class Place(NamedTuple):
    """Where a gate keeps and gets its knowledge: its folder, the root of trust (TUF root metadata), the mirror's
    base URL (empty: no network)."""

    folder: Path
    trusted_root: bytes
    mirror_url: str = ""


class Freshness:
    """The upkeep of one gate of member ``host``. ``learn`` is given each newer knowledge, whole."""

    def __init__(self, place: Place, host: str, clock: Clock, learn: Learn) -> None:
        fetcher = Fetcher()
        self._place, self._host, self._clock, self._learn = place, host, clock, learn
        self._store = TrustStore(place.folder / "trust", place.trusted_root)
        self._updater = TrustUpdater(self._store, place.mirror_url, fetcher)
        self._mirror = MemberMirror(place.folder / "members", place.mirror_url, fetcher)
        self._trust: TrustSnapshot | None = None
        self._trust_failure: Failure | None = None
        self._loaded = 0
        self._stopped = threading.Event()

    def load(self) -> None:
        """Take up what is stored, without network. What does not hold is reported."""
        self._loaded = _newest_change(self._place.folder)
        try:
            self._trust = self._store.load(self._clock.now())
        except TongxingError as error:
            self._report(error)
            return
        self._trust_failure = None
        self._mirror.load(self._trust, self._now(self._trust))
        self._tell(self._trust)

    def refresh(self) -> tuple[Failure, ...]:
        """One round. What went wrong is returned; nothing is raised for it."""
        if self._place.mirror_url:
            self._update_trust()
        if self._trust_failure is not None or not self._place.mirror_url:
            self._look_again()
        if self._trust is not None and self._place.mirror_url:
            self._tell(self._trust)
            self._mirror.sync(self._trust, self._now(self._trust), PATIENCE_SECONDS)
            self._tell(self._trust)
        return self.failures()

    def take_bundle(self, source: bytes | Path) -> None:
        """Take and store an offline bundle: the bytes of a zip, or a folder.

        Raises BundleRejected; MetadataRejected when a newer set is held; StorageFull, StorageUnavailable. A member's
        file that does not hold is reported and does not stop the others.
        """
        at = self._clock.now()
        bundle = read_bundle(source, self._place.trusted_root, at)
        self._trust = trust = self._store.take(bundle.repository, at)
        self._mirror.load(trust, at)
        for member, files in bundle.member_files.items():
            for name, data in files.items():
                self._take_file(member, name, data, trust)
        self._tell(trust)

    def members(self) -> Mapping[str, MemberState]:
        """What is held of each member."""
        return self._mirror.state(self._trust) if self._trust else {}

    def failures(self) -> tuple[Failure, ...]:
        """What went wrong last, the trust list's own failure first."""
        trust = (self._trust_failure,) if self._trust_failure else ()
        return trust + self._mirror.failures()

    def start(self, seconds: float) -> None:
        """Refresh now and then about every ``seconds``, in a thread of its own, until :meth:`stop`."""
        threading.Thread(target=self.run, args=(seconds,), name="freshness", daemon=True).start()

    def run(self, seconds: float) -> None:
        """What the thread does."""
        while not self._stopped.is_set():
            try:
                self.refresh()
            except Exception as error:
                # The one broad except of this thread, and its outermost edge: if it died, the gate would go stale in
                # silence. The message may hold anything, so only the type is kept.
                _log.error("unexpected", error=type(error).__name__)
            self._stopped.wait(seconds * random.uniform(1 - JITTER, 1 + JITTER))

    def stop(self) -> None:
        """Begin no further round."""
        self._stopped.set()
        self._mirror.close()

    def _update_trust(self) -> None:
        try:
            trust = self._updater.update(self._clock.now())
        except TongxingError as error:
            self._report(error)
            return
        # A mirror that still serves an older set than a bundle brought takes nothing back.
        if self._trust is None or trust.registry_time >= self._trust.registry_time:
            self._trust = trust
        self._trust_failure = None

    def _look_again(self) -> None:
        if _newest_change(self._place.folder) != self._loaded:
            failure = self._trust_failure
            self.load()
            # What is stored may be sound; the mirror is out of reach all the same.
            self._trust_failure = failure if self._place.mirror_url else self._trust_failure

    def _take_file(self, member: str, name: str, data: bytes, trust: TrustSnapshot) -> None:
        try:
            self._mirror.take(member, name, data, trust, self._now(trust))
        except TongxingError as error:
            _log.warning("bundle", member=member, file=name, code=error.code, detail=error.detail)

    def _now(self, trust: TrustSnapshot) -> int:
        return effective_now(self._clock.now(), trust.registry_time).now

    def _tell(self, trust: TrustSnapshot) -> None:
        self._learn(gather(trust, self._mirror.state(trust), self._host))

    def _report(self, error: TongxingError) -> None:
        self._trust_failure = Failure("", TRUST, error.code, error.detail, self._clock.now())


def _newest_change(folder: Path) -> int:
    """When anything below ``folder`` changed last, in the file system's own count."""
    return max(map(_changed_at, folder.glob("**/*.*")), default=0)


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # written over in this moment
