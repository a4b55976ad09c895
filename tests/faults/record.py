"""Faults of the public record: forks, rewrites, omissions, rollbacks, replays and kills, one after another, each before
somebody who looks on: a monitor with its memory, or a witness with its database. Whatever is injected must be told, by
its own word, and before each of them a sound log must not be told to be wrong."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from credentials.errors import Conflict, RecordBroken, TongxingError
from credentials.log.checkpoint import sign_checkpoint
from credentials.log.keys import WITNESS, signer
from credentials.log.note import sign_text, with_signatures
from credentials.log.request import AddCheckpoint
from credentials.log.tree import leaf_hash, nodes_of, prove_consistency, root_of
from tests.doubles.fetcher import FetcherOfFiles
from tests.doubles.mirror import FilesInMemory
from tests.doubles.writers import Stopped
from tests.unit.trust_registry.monitor.logs import NOW, ORIGIN, PLACE, SIGNER, GrowingLog, altered, leaf
from trust_registry.client.log_reader import LogReader
from trust_registry.monitor.following import FollowedLog
from trust_registry.monitor.in_force import InForce
from trust_registry.monitor.monitor import GRACE_SECONDS, Monitor
from trust_registry.monitor.state import MonitorState
from trust_registry.record.publishing import LogFolder, LogPublisher
from trust_registry.storage.sql import open_storage
from trust_registry.witness.cosigning import CosigningWitness
from trust_registry.witness.storage.sql import open_seen

MOST_LEAVES = 700
"""Over the ends of two tiles."""
MOST_STEPS = 8
"""Before or after one of the files of a round, of which it writes three or four."""


@dataclass
class RecordOutcome:
    """How many faults of each kind were injected, and what went otherwise than it must."""

    injected: Counter[str] = field(default_factory=Counter)
    undetected: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)


class Watch:
    """A monitor with its memory, before a mirror that may lie."""

    def __init__(self) -> None:
        self.fetcher, self.state = FetcherOfFiles({}), MonitorState()
        self.log = FollowedLog(ORIGIN, [SIGNER.key], LogReader(f"https://{PLACE}", self.fetcher))

    def look(self, files: dict[str, bytes], in_force: InForce | None = None, now: int = NOW) -> set[str]:
        """The words of all that is found."""
        self.fetcher.files = files
        self.fetcher.asked.clear()
        looked = Monitor().look(self.state, [self.log], ORIGIN, in_force, now)
        self.state = looked.state
        return {each.word for each in looked.findings}


class RecordFaults:
    """Injects them, by chance from ``seed`` on; ``folder``: for databases."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.chance, self.outcome = random.Random(seed), RecordOutcome()
        self.seen = open_seen(f"sqlite:///{folder}/witness.sqlite")
        self.storage = open_storage(f"sqlite:///{folder}/registry.sqlite")
        self.published, self.follower = StoppingFiles(), Watch()

    def run(self, each: int) -> RecordOutcome:
        """So many of each kind."""
        kinds: dict[str, Callable[[int], None]] = {
            "fork": self.fork,
            "rewrite": self.rewrite,
            "omission": self.omission,
            "rollback": self.rollback,
            "replay": self.replay,
            "kill": self.kill,
        }
        for number in range(each):
            for kind, inject in kinds.items():
                inject(number)
                self.outcome.injected[kind] += 1
        self.seen.engine.dispose()
        self.storage.engine.dispose()
        return self.outcome

    def fork(self, number: int) -> None:
        """Another leaf below what was seen, in a log of the same length or a longer one: monitor and witness."""
        watch, log, size = self._watched(number)
        witness, at = self._witness(f"fork-{number}"), self.chance.randrange(size)
        self._cosigns(witness, log, 0, size)
        log.entries[at] = leaf(at, draft=f"forked {number}")
        log.add(self.chance.choice((0, 1, 300)))
        self._told(f"fork {number} of leaf {at} in {size}", "log-forked", watch.look(log.files()))
        self._refused(f"fork {number} at a witness", witness, log, size, len(log.entries))

    def rewrite(self, number: int) -> None:
        """One bit of one file that a look asks for."""
        watch, log, _ = self._watched(number)
        files, before = log.add(self.chance.randrange(1, 300)).files(), watch.state
        self._sound(f"before rewrite {number}", watch.look(files))
        path = self.chance.choice([path for path in watch.fetcher.asked if path in files])
        # The last letters of a signature's base64 may hold bits that mean nothing: changing those changes nothing.
        last = len(files[path]) - (8 if path.endswith("checkpoint") else 0)
        watch.state = before
        lie = altered(files, path, self.chance.randrange(last))
        self._told(f"rewrite {number} of {path}", "log-wrong", watch.look(lie))
        watch.state = before
        self._sound(f"after rewrite {number}", watch.look(files))

    def omission(self, number: int) -> None:
        """A deed that is in force without its leaf, while the log goes on or stands still."""
        watch, log, _ = self._watched(number)
        kid = self.chance.randbytes(8).hex()
        deeds = InForce(frozenset({f"denial {kid}"}), NOW, {})
        self._sound(f"omission {number} within the grace", watch.look(log.files(), deeds))
        is_going_on = bool(self.chance.randrange(2))
        log.add(int(is_going_on))
        word = "log-omitted" if is_going_on else "log-frozen"
        self._told(f"omission {number}", word, watch.look(log.files(), deeds, NOW + GRACE_SECONDS))
        log.add(1, "key-denied", kid=kid)
        self._sound(f"omission {number} mended", watch.look(log.files(), deeds, NOW + GRACE_SECONDS))

    def rollback(self, number: int) -> None:
        """Fewer leaves than were seen: monitor and witness."""
        watch, log, size = self._watched(number)
        witness, back = self._witness(f"rollback-{number}"), self.chance.randrange(1, size)
        self._cosigns(witness, log, 0, size)
        self._told(f"rollback {number} to {back} of {size}", "log-rolled-back", watch.look(log.files(back)))
        self._refused(f"rollback {number} at a witness", witness, log, back, back)
        self._sound(f"after rollback {number}", watch.look(log.files()))

    def replay(self, number: int) -> None:
        """What a witness was asked before, once more after it has cosigned a larger checkpoint; and its old line,
        brought to a registry in the place of a newer one."""
        log = GrowingLog().add(self.chance.randrange(2, MOST_LEAVES))
        witness, middle = self._witness(f"replay-{number}"), self.chance.randrange(1, len(log.entries))
        self._cosigns(witness, log, 0, middle)
        self._cosigns(witness, log, middle, len(log.entries))
        self._refused(f"replay {number}", witness, log, 0, middle)
        self._refused(f"replay {number} of a first request", witness, log, 0, len(log.entries))
        self._brings_back_nothing(number)

    def kill(self, number: int) -> None:
        """The registry's process ends before or after any write of a round; everybody who looks finds the old log whole
        or the new one, and the next round goes on."""
        while not self._is_killed():
            # A round with so few files that it ended before it was killed is none that counts.
            self._sound(f"round before kill {number}", self._follow())
        self._sound(f"kill {number}", self._follow())
        LogPublisher(self.storage, LogFolder(self.published), SIGNER).publish(NOW)
        self._sound(f"round after kill {number}", self._follow())
        with self.storage.reading() as records:
            if self.follower.state.of(ORIGIN).read != records.log.size():
                self.outcome.undetected.append(f"kill {number}: leaves that nobody can read")

    def _is_killed(self) -> bool:
        self._append(self.chance.randrange(1, 40))
        self.published.stop = self.chance.randrange(MOST_STEPS)
        try:
            LogPublisher(self.storage, LogFolder(self.published), SIGNER).publish(NOW)
        except Stopped:
            return True
        finally:
            self.published.stop = None
        return False

    def _follow(self) -> set[str]:
        names = list(self.published.files_in("log"))
        files = {PLACE + name: self.published.read(f"log/{name}") or b"" for name in names}
        # Before the very first checkpoint there is nothing to look at.
        return self.follower.look(files) if PLACE + "checkpoint" in files else set()

    def _append(self, count: int) -> None:
        with self.storage.writing() as records:
            for _ in range(count):
                records.log.append("draft-approved", NOW, {"draft": self.chance.randbytes(16).hex(), "by": "officer"})

    def _brings_back_nothing(self, number: int) -> None:
        if not number:
            self._append(1)
        publisher = LogPublisher(self.storage, LogFolder(self.published), SIGNER)
        note = publisher.publish(NOW).note
        key = signer("witness.example", WITNESS, SIGNER.private_key)
        old, new = (with_signatures(note, [sign_text(note.text, key, NOW + at)]).content for at in (number, number + 1))
        publisher.add_cosignatures(new, [key.key])
        before = self.published.read("log/checkpoint")
        publisher.add_cosignatures(old, [key.key])
        if self.published.read("log/checkpoint") != before:
            self.outcome.undetected.append(f"replay {number}: an older cosignature took a newer one's place")
        other = sign_checkpoint(1, b"\1" * 32, SIGNER)
        try:
            publisher.add_cosignatures(with_signatures(other, [sign_text(other.text, key, NOW)]).content, [key.key])
        except Conflict:
            return
        self.outcome.undetected.append(f"replay {number}: a cosignature on another checkpoint was taken")

    def _watched(self, number: int) -> tuple[Watch, GrowingLog, int]:
        """A log that was looked at once or more, and found sound each time."""
        watch, log = Watch(), GrowingLog()
        for _ in range(self.chance.randrange(1, 4)):
            log.add(self.chance.randrange(2, MOST_LEAVES // 3))
            self._sound(f"sound log {number}", watch.look(log.files()))
        return watch, log, len(log.entries)

    def _witness(self, name: str) -> CosigningWitness:
        """One with an empty memory of its own log's name: all share a database."""
        self._origin = signer(f"log.example/{name}", SIGNER.key.type, SIGNER.private_key)
        key = signer("witness.example", WITNESS, SIGNER.private_key)
        logs = {self._origin.key.name: [self._origin.key]}
        return CosigningWitness(self.seen, key, lambda: logs)

    def _request(self, log: GrowingLog, old: int, size: int) -> bytes:
        node = nodes_of([leaf_hash(entry) for entry in log.entries[:size]])
        note = sign_checkpoint(size, root_of(node, size), self._origin)
        return AddCheckpoint(old, tuple(prove_consistency(node, min(old, size), size)), note).content

    def _cosigns(self, witness: CosigningWitness, log: GrowingLog, old: int, size: int) -> None:
        try:
            witness.add_checkpoint(self._request(log, old, size), NOW)
        except TongxingError as error:
            self.outcome.false_alarms.append(f"a witness refused {old} to {size}: {error}")

    def _refused(self, what: str, witness: CosigningWitness, log: GrowingLog, old: int, size: int) -> None:
        try:
            witness.add_checkpoint(self._request(log, old, size), NOW)
        except RecordBroken:
            return
        except TongxingError as error:
            self.outcome.undetected.append(f"{what}: refused for another reason: {error}")
            return
        self.outcome.undetected.append(f"{what}: cosigned")

    def _sound(self, what: str, words: set[str]) -> None:
        if words:
            self.outcome.false_alarms.append(f"{what}: {sorted(words)}")

    def _told(self, what: str, word: str, words: set[str]) -> None:
        if words != {word}:
            self.outcome.undetected.append(f"{what}: {sorted(words)} in place of {word}")


class StoppingFiles(FilesInMemory):
    """Kept in memory, until the process is killed before the step ``stop`` from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.stop: int | None = None

    def put(self, path: str, content: bytes) -> None:
        self._step()
        super().put(path, content)
        self._step()

    def _step(self) -> None:
        if self.stop is not None:
            if self.stop <= 0:
                raise Stopped
            self.stop -= 1


def run(each: int, seed: int = 0) -> RecordOutcome:
    """So many faults of each of six kinds."""
    with tempfile.TemporaryDirectory(prefix="tongxing-record-") as folder:
        return RecordFaults(Path(folder), seed).run(each)
