"""One look at all logs: each is followed by itself, so that what is wrong with one hides nothing of another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from credentials.errors import (
    CredentialError,
    FetchFailed,
    FetchTooLarge,
    MetadataRejected,
    RecordForked,
    RecordProofFailed,
    SchemaOutdated,
    StorageUnavailable,
    StoreBehind,
)
from service_kit.clock import DAY_SECONDS
from trust_registry.monitor.findings import UNKNOWN, LogFinding
from trust_registry.monitor.following import FollowedLog, Following
from trust_registry.monitor.in_force import InForce
from trust_registry.monitor.leaves import denial_in_force
from trust_registry.monitor.own_log import OwnLeaves, OwnLog, compare
from trust_registry.monitor.own_records import OwnRecords
from trust_registry.monitor.state import (
    CHECKPOINT,
    OUR_DATABASE,
    SIGNED_TIME,
    TRUST_LIST,
    MonitorState,
    Waiting,
    Watched,
)

GRACE_SECONDS = 600
"""How long the leaf of something in force may take to be published; a registry does so within a minute."""
SIGNED_SECONDS = DAY_SECONDS
"""How old the registry's signed time may be; it signs about hourly, and gates warn at the same age."""


class Looked(NamedTuple):
    """The memory after a look, and all that is not as it should be."""

    state: MonitorState
    findings: tuple[LogFinding, ...]


@dataclass(frozen=True)
class Monitor:
    """Looks for one member, or for nobody (``own`` None). ``grace_seconds``: see :data:`GRACE_SECONDS`; ``own_log``:
    what the member's own log is compared with."""

    own: OwnRecords | None = None
    grace_seconds: int = GRACE_SECONDS
    own_log: OwnLog | None = None

    def look(
        self,
        state: MonitorState,
        logs: Sequence[FollowedLog],
        registry: str | None,
        in_force: InForce | MetadataRejected | FetchFailed | FetchTooLarge | None,
        now: int,
    ) -> Looked:
        """Follow these logs. ``registry``: the origin of the one that must tell of what is ``in_force``, which was
        fetched before, or could not be; ``now``: seconds UTC. Raises nothing for a log that is wrong."""
        findings: list[LogFinding] = []
        for log in logs:
            watched, found = self._follow(log, state.of(log.origin), now)
            if log.origin == registry and in_force is not None:
                watched, more = self._compare(log.origin, watched, in_force, now)
                found += more
            state = state.with_log(log.origin, watched)
            findings += _untold(found, watched)
        if isinstance(in_force, Exception):
            findings += _not_followed(state, {log.origin for log in logs}, in_force)
        return Looked(state, tuple(findings))

    def _follow(self, log: FollowedLog, watched: Watched, now: int) -> tuple[Watched, list[LogFinding]]:
        own_log = self.own_log if self.own_log and self.own_log.origin == log.origin else None
        following = Following(log, watched, self.own, own_leaves=OwnLeaves(own_log) if own_log else None)
        found: list[LogFinding] = []
        try:
            watched = following.look()
            if own_log:
                watched, found = compare(own_log, watched, now, self.grace_seconds)
        except (StorageUnavailable, SchemaOutdated) as error:
            found = [LogFinding(UNKNOWN, log.origin, OUR_DATABASE, str(error))]
        except (FetchFailed, FetchTooLarge) as error:
            found = [LogFinding(UNKNOWN, log.origin, CHECKPOINT, str(error))]
        except (StoreBehind, RecordForked) as error:
            word = "log-forked" if isinstance(error, RecordForked) else "log-rolled-back"
            notes = tuple(each.content.decode() for each in (watched.note, following.note) if each)
            found = [LogFinding(word, log.origin, CHECKPOINT, error.detail, notes)]
        except (CredentialError, RecordProofFailed) as error:
            found = [LogFinding("log-wrong", log.origin, CHECKPOINT, str(error))]
        return watched, [*found, *_strange(log.origin, watched)]

    def _compare(
        self,
        origin: str,
        watched: Watched,
        in_force: InForce | MetadataRejected | FetchFailed | FetchTooLarge,
        now: int,
    ) -> tuple[Watched, list[LogFinding]]:
        if not isinstance(in_force, InForce):
            word = "log-wrong" if isinstance(in_force, MetadataRejected) else UNKNOWN
            return watched, [LogFinding(word, origin, TRUST_LIST, str(in_force))]
        watched = _waiting(origin, watched, in_force, now)
        return watched, [
            *self._late(origin, watched, in_force, now),
            *self._under_our_name(origin, watched, in_force),
        ]

    def _late(self, origin: str, watched: Watched, in_force: InForce, now: int) -> Iterator[LogFinding]:
        if now - in_force.registry_time > SIGNED_SECONDS:
            told = f"the registry last signed {now - in_force.registry_time} s ago: nothing newer is shown"
            yield LogFinding("log-frozen", origin, SIGNED_TIME, told)
        size = watched.checkpoint(origin).size
        for deed, since in watched.waiting.items():
            if now - since.since >= self.grace_seconds:
                word = "log-frozen" if size == since.size else "log-omitted"
                yield LogFinding(word, origin, deed, f"in force, and no leaf of it after {now - since.since} s")

    def _under_our_name(self, origin: str, watched: Watched, in_force: InForce) -> Iterator[LogFinding]:
        if self.own is None:
            return
        listed = in_force.statements.get(self.own.member)
        if listed is not None and listed.digest not in self.own.digests:
            told = f"lists statement {listed.sequence} of {self.own.member}, which it never made"
            yield LogFinding("not-ours", origin, f"trust list {listed.digest[:16]}", told)
        for kid in sorted(self.own.in_use):
            deed = denial_in_force(kid)
            if deed in watched.deeds or deed in in_force.deeds:
                yield LogFinding(
                    "key-denied", origin, deed, f"key {kid} of {self.own.member} is denied, and still in use"
                )


def _not_followed(state: MonitorState, followed: Collection[str], error: Exception) -> Iterator[LogFinding]:
    """Of the logs that are remembered and that nobody can find now, for it is the trust list that says where members'
    logs lie: that nothing is known of them, and what their leaves have said before."""
    for origin, watched in state.logs.items():
        if origin not in followed:
            told = f"the trust list, which says where members' logs lie, could not be had: {error}"
            yield from _untold([LogFinding(UNKNOWN, origin, CHECKPOINT, told), *_strange(origin, watched)], watched)


def _strange(origin: str, watched: Watched) -> list[LogFinding]:
    return [LogFinding(word, origin, about, detail) for about, (word, detail) in watched.strange.items()]


def _untold(found: Sequence[LogFinding], watched: Watched) -> list[LogFinding]:
    return [each for each in found if each.about not in watched.acknowledged]


def _waiting(origin: str, watched: Watched, in_force: InForce, now: int) -> Watched:
    """Which deeds have no leaf, each since it was first missed: a checkpoint comes up to a minute after its deeds."""
    checkpoint = watched.checkpoint(origin)
    if watched.read < checkpoint.size:
        return watched
    missing = sorted(in_force.deeds - watched.deeds)
    first = Waiting(now, checkpoint.size)
    return replace(watched, waiting={deed: watched.waiting.get(deed, first) for deed in missing})
