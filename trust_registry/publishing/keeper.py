"""The repository in force: changed by one at a time, released to the mirror, kept fresh, taken over after a loss.

The commit is the decision: it holds the new repository whole, signed and checked. Writing the mirror comes
after it and may be repeated, so a stop between two files leaves clients on the older repository, and the
next publication, denial or timestamp completes it. What is verified and signed is verified and signed before the write
lock is taken, and kept if nothing else has changed by then: of two changes at once one wins and the other is worked out
anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from credentials.errors import Conflict, StoreBehind
from credentials.log.keys import NoteSigner
from service_kit.storage.retrying import retried
from trust_registry.client.trust.repository import MirrorFiles, metadata_path, verify_repository, version_of
from trust_registry.mirror.layout import Mirror
from trust_registry.record import log
from trust_registry.record.list_proofs import RegistryRecord
from trust_registry.repository import files as tuf
from trust_registry.repository import renewal
from trust_registry.repository.in_force import RepositoryInForce, in_force
from trust_registry.storage.ports import Records, Storage

_ATTEMPTS = 5
T = TypeVar("T")
R = TypeVar("R")


class RepositoryKeeper:
    """What is in force, in ``storage``, and its ``mirror``. ``online`` signers sign snapshot, timestamp and denials;
    officers never here. ``log_signer``: the key of the registry's log, which ``record`` publishes."""

    def __init__(self, storage: Storage, mirror: Mirror, online: renewal.OnlineSigners, log_signer: NoteSigner) -> None:
        self.storage, self.mirror, self.online = storage, mirror, online
        self.record = RegistryRecord(storage, mirror.files, log_signer)

    def repository(self) -> tuf.Repository:
        """The repository in force."""
        with self.storage.reading() as records:
            return current(records)

    @retried
    def retime(self, now: int) -> tuf.Repository:
        """Sign the timestamp anew, and snapshot and denials when they near their expiry; for a timer."""
        self._retime(now, 0)
        return self.release()

    def retime_when_due(self, now: int, seconds: int) -> bool:
        """As :meth:`retime`, when the timestamp is ``seconds`` old: of several workers one does it. Whether it did."""
        with self.storage.reading() as records:
            if now - tuf.registry_time_of(current(records)) < seconds:
                return False
        is_ours = self._retime(now, seconds)
        self.release()
        return is_ours

    def changing(self, prepare: Callable[[Records, RepositoryInForce], T], keep: Callable[[Records, T], R]) -> R:
        """Work out a change of what is in force, and keep it if nothing else has changed meanwhile.

        ``prepare`` may verify and sign as long as it likes: nobody waits for it. ``keep`` writes, under the write lock.
        Raises Conflict when others are faster again and again, StoreBehind where the mirror is ahead of the database.
        """
        for _ in range(_ATTEMPTS):
            with self.storage.reading() as records:
                known = in_force(records)
                prepared = prepare(records, known)
            with self.storage.writing() as records:
                if known.is_still(records):
                    self._require_not_behind(records, known.repository)
                    return keep(records, prepared)
        raise Conflict("what is in force has changed again and again meanwhile; try again")

    def signed(self, repository: tuf.Repository) -> tuf.Repository:
        """A new repository, checked as a client would check it. Raises SelfCheckFailed."""
        tuf.check_repository(repository)
        return repository

    @retried
    def release(self) -> tuf.Repository:
        """Bring the mirror up to what is in force. Does nothing when it is.

        Raises StoreBehind, and writes nothing, when the mirror holds something newer that the registry has signed.
        """
        with self.storage.writing() as records:
            repository = current(records)
            self._require_not_behind(records, repository)
            self.mirror.release([*_older_roots(repository, records.repository.read), *repository.files()])
        return repository

    def release_when_damaged(self) -> bool:
        """As :meth:`release`, where a file is missing on the mirror or another than it should be. Whether there was."""
        with self.storage.reading() as records:
            repository = current(records)
            files = [*_older_roots(repository, records.repository.read), *repository.files()]
        if all(self.mirror.read(path) == content for path, content in files):
            return False
        self.release()
        return True

    @retried
    def adopt(self) -> None:
        """Begin with the mirror's repository when the database has none: a new registry, or a lost database.

        What was published is on the mirror and proves itself by its signatures. Raises MetadataRejected, naming the
        file, when it is not whole.
        """
        with self.storage.writing() as records:
            if records.repository.read(tuf.TIMESTAMP_PATH) is None:
                self._take_over(records, self.mirror.repository())
                self.record.take_over(records)

    @retried
    def recover(self, now: int) -> tuf.Repository | None:
        """Take over what the mirror holds, where a backup of the database was restored and the mirror has moved on.

        The leaves of the log that the backup lacks come back by their numbers. None, and nothing is changed, when the
        database is not behind. Raises MetadataRejected, naming the file, when the mirror is not whole or does not
        follow from what the database knows, RecordForked where its log is another.
        """
        with self.storage.reading() as records:
            held = current(records)
            try:
                self._require_not_behind(records, held)
            except StoreBehind:
                pass
            else:
                return None
        newer = self.mirror.repository()
        verify_repository(MirrorFiles(self.mirror.read), held.root)
        with self.storage.writing() as records:
            if records.repository.read(tuf.TIMESTAMP_PATH) != held.timestamp:
                # Somebody else has recovered meanwhile; the mirror may have moved on since it was read.
                return None
            self._take_over(records, newer)
            self.record.take_over(records)
            log.recovered(records.log, version_of(held.timestamp), version_of(newer.timestamp), now)
        return newer

    def _take_over(self, records: Records, repository: tuf.Repository) -> None:
        tuf.check_repository(repository)
        records.repository.write([*_older_roots(repository, self.mirror.read), *repository.files()])

    def _is_behind(self, repository: tuf.Repository) -> bool:
        newest = tuf.timestamp_ahead(self.mirror.read, repository)
        return newest is not None and newest > version_of(repository.timestamp)

    def _require_not_behind(self, records: Records, repository: tuf.Repository) -> None:
        self.record.require_not_behind(records.log.size())
        if self._is_behind(repository):
            raise StoreBehind(
                "the registry's database is older than its mirror: a backup was restored. Nothing is signed or written "
                "until `tongxing registry recover --data-dir …` has taken over what the mirror holds"
            )

    def _retime(self, now: int, seconds: int) -> bool:
        def prepare(_records: Records, known: RepositoryInForce) -> tuf.Repository | None:
            if now - tuf.registry_time_of(known.repository) < seconds:
                return None
            return self.signed(renewal.resigned(known.repository, self.online, now))

        def keep(records: Records, repository: tuf.Repository | None) -> bool:
            if repository:
                records.repository.write(repository.files())
            return repository is not None

        return self.changing(prepare, keep)


def current(records: Records) -> tuf.Repository:
    """The repository in force."""
    return in_force(records).repository


def _older_roots(repository: tuf.Repository, read: tuf.Read) -> list[tuple[str, bytes]]:
    """Every root before the newest: clients follow them one by one."""
    paths = (metadata_path("root", version) for version in range(1, version_of(repository.root)))
    return [(path, content) for path in paths if (content := read(path))]
