"""What the registry publishes of its log, on SQLite and PostgreSQL: whole at every moment, and never two histories."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from credentials.errors import MetadataRejected, RecordForked, SelfCheckFailed, StoreBehind
from credentials.log.checkpoint import open_checkpoint
from credentials.log.ed25519 import new_private_key
from credentials.log.keys import LOG, WITNESS, signer
from credentials.log.note import sign_text
from credentials.log.tree import check_inclusion, leaf_hash
from service_kit.storage.database import connect, transaction
from service_kit.storage.ports import LogTree, read_entry
from tests.contract.test_registry_storage import migrate_to
from tests.doubles.mirror import FilesInMemory
from tests.doubles.writers import Stopped
from tests.unit.trust_registry.record.logs import Follower, append
from trust_registry.record.publishing import CHECKPOINT, LogFolder, LogPublisher
from trust_registry.storage import tables
from trust_registry.storage.ports import Records
from trust_registry.storage.sql import SqlStorage, open_storage

NOW = 1_795_000_000
SIGNER = signer("tongxing/registry/0123456789abcdef", LOG, new_private_key())


class StoppingFiles(FilesInMemory):
    """Kept in memory, until the process is killed before or after the write number ``stop`` (from 0, doubled)."""

    def __init__(self) -> None:
        super().__init__()
        self.stop: int | None = None
        self.steps = 0

    def put(self, path: str, content: bytes) -> None:
        self.step()
        super().put(path, content)
        self.step()

    def step(self) -> None:
        if self.stop is not None and self.steps >= self.stop:
            raise Stopped
        self.steps += 1


class StoppingStorage:
    """A database whose process is killed before or after a commit."""

    def __init__(self, storage: SqlStorage, files: StoppingFiles) -> None:
        self._storage, self._files = storage, files
        self.reading = storage.reading

    @contextmanager
    def writing(self) -> Iterator[Records]:
        with self._storage.writing() as records:
            yield records
            self._files.step()
        self._files.step()


@pytest.fixture
def storage(database_url: str, tmp_path: Path) -> Iterator[SqlStorage]:
    (tmp_path / "new").mkdir(exist_ok=True)
    storage = open_storage(database_url)
    yield storage
    storage.engine.dispose()


@pytest.fixture
def files() -> StoppingFiles:
    return StoppingFiles()


@pytest.fixture
def publisher(storage: SqlStorage, files: StoppingFiles) -> LogPublisher:
    return LogPublisher(storage, LogFolder(files), SIGNER)


def test_a_log_grows_and_every_reader_can_follow(publisher: LogPublisher, files: StoppingFiles) -> None:
    """From nothing, over the end of the first tile; without news nothing is written."""
    follower = Follower(files.read, SIGNER.key)
    assert (publisher.publish(NOW).checkpoint.size, follower.look()) == (0, 0)
    sizes = []
    for more in (1, 6, 248, 1, 1, 300):
        append(publisher.storage, more)
        publisher.publish(NOW)
        sizes.append(follower.look())
    assert sizes == [1, 7, 255, 256, 257, 557]
    before = dict(files._files)
    publisher.publish(NOW + 60)
    publisher.mend()
    assert files._files == before
    assert follower.entries[0] == (
        b'{"at":1795000000,"content":{"by":"officer","draft":"00000000000000000000000000000000"},'
        b'"kind":"draft-approved","number":0}'
    )
    assert [read_entry(entry, number).number for number, entry in enumerate(follower.entries)] == list(range(557))


@pytest.mark.parametrize("completes", [True, False], ids=["the next round completes", "more leaves come first"])
def test_killed_at_every_write_the_old_or_the_new_state_is_whole(
    storage: SqlStorage, files: StoppingFiles, completes: bool
) -> None:
    """Before and after each file and each commit: every reader finds one of both, and no number is given twice."""
    follower = Follower(files.read, SIGNER.key)
    total = stop = 0
    was_killed = True
    while was_killed:
        # A full tile and a part of the next, so that each kind of write is met.
        append(storage, 260)
        total, old = total + 260, follower.seen.size
        files.stop, files.steps = stop, 0
        was_killed = is_killed(LogPublisher(StoppingStorage(storage, files), LogFolder(files), SIGNER))
        assert follower.look() in ((old, total) if was_killed else (total,))
        files.stop = None
        if completes:
            LogPublisher(storage, LogFolder(files), SIGNER).publish(NOW)
            assert follower.look() == total
        stop += 1
    assert stop > 14


def is_killed(publisher: LogPublisher) -> bool:
    try:
        publisher.publish(NOW)
    except Stopped:
        return True
    return False


def test_eight_writers_and_four_publishers_at_once(storage: SqlStorage, files: StoppingFiles) -> None:
    """No leaf twice, no number left out, no checkpoint that does not hold the one before."""
    follower = Follower(files.read, SIGNER.key)
    done = threading.Event()

    def write() -> None:
        for _ in range(20):
            append(storage, 1)

    writers = [threading.Thread(target=write) for _ in range(8)]

    def publish() -> None:
        while not done.wait(0.01):
            LogPublisher(storage, LogFolder(files), SIGNER).publish(NOW)

    publishers = [threading.Thread(target=publish) for _ in range(4)]
    for thread in (*writers, *publishers):
        thread.start()
    for writer in writers:
        while writer.is_alive():
            follower.look()
            writer.join(0.05)
    done.set()
    for thread in publishers:
        thread.join()
    LogPublisher(storage, LogFolder(files), SIGNER).publish(NOW)
    assert follower.look() == 160


def test_every_leaf_is_proved(publisher: LogPublisher) -> None:
    """And none that is not published."""
    append(publisher.storage, 9)
    assert publisher.prove(0) is None
    publisher.publish(NOW)
    append(publisher.storage, 1)
    for number in range(9):
        proved = publisher.prove(number)
        assert proved is not None
        ((leaf, hashes),), (checkpoint, _) = proved
        check_inclusion(leaf_hash(leaf.entry), number, checkpoint.size, checkpoint.root, hashes)
    assert publisher.prove(9) is publisher.prove(10) is None


def test_a_damaged_mirror_is_written_anew(publisher: LogPublisher, files: StoppingFiles) -> None:
    """One byte, a missing tile, a missing checkpoint: from the database, the same bytes."""
    append(publisher.storage, 300)
    publisher.publish(NOW)
    whole = dict(files._files)
    for path in whole:
        files._files[path] = b"x" + whole[path][1:]
        publisher.mend()
        assert files._files == whole
    files._files.clear()
    publisher.mend()
    assert files._files == whole


def test_a_leaf_that_was_changed_in_the_database_is_not_published(publisher: LogPublisher, storage: SqlStorage) -> None:
    """Who can write to the database cannot have another past signed; nor by changing leaf and hash together."""
    append(storage, 5)
    publisher.publish(NOW)
    append(storage, 1)
    with transaction(storage.engine) as connection:
        row = tables.log.leaf
        connection.execute(update(row).where(row.c.number == 2).values(content='{"by":"nobody"}'))
    with pytest.raises(SelfCheckFailed, match="leaf 2"):
        publisher.publish(NOW)
    with transaction(storage.engine) as connection:
        connection.execute(update(row).where(row.c.number == 2).values(hash=None))
    with pytest.raises(RecordForked, match="first 5 leaves"):
        publisher.publish(NOW)


def test_leaves_without_a_hash_are_published_all_the_same(publisher: LogPublisher, storage: SqlStorage) -> None:
    """A program of before may have written them."""
    append(storage, 5)
    with transaction(storage.engine) as connection:
        connection.execute(update(tables.log.leaf).values(hash=None))
    assert publisher.publish(NOW).checkpoint.size == 5


def test_a_log_of_before_is_published_whole(database_url: str, tmp_path: Path, files: StoppingFiles) -> None:
    """Leaves that stood there before hashes were kept, and one that a program of before adds while this one runs."""
    (tmp_path / "new").mkdir(exist_ok=True)
    old = connect(database_url)
    migrate_to(old, "0003")
    insert = "INSERT INTO registry_log_leaf (number, kind, at, content) VALUES (:number, 'key-denied', 5, '{}')"
    with transaction(old) as connection:
        connection.execute(text(insert), [{"number": number} for number in range(258)])
        connection.execute(text("UPDATE registry_log_counter SET size = 258"))
    storage = open_storage(database_url)
    follower, publisher = Follower(files.read, SIGNER.key), LogPublisher(storage, LogFolder(files), SIGNER)
    publisher.publish(NOW)
    assert follower.look() == 258
    with transaction(old) as connection:
        connection.execute(text("UPDATE registry_log_counter SET size = 259"))
        connection.execute(text(insert), {"number": 258})
    append(storage, 1)
    publisher.publish(NOW)
    assert follower.look() == 260
    for engine in (old, storage.engine):
        engine.dispose()


def forget(storage: SqlStorage, size: int) -> None:
    """As a backup of the database, made when there were so many leaves."""
    with transaction(storage.engine) as connection:
        connection.execute(delete(tables.log.leaf).where(tables.log.leaf.c.number >= size))
        connection.execute(update(tables.log.counter).values(size=size))
        connection.execute(delete(tables.log.tile_hash))
        connection.execute(delete(tables.log.checkpoint))


@pytest.mark.parametrize("size", [0, 1, 256, 299])
def test_yesterdays_backup_writes_nothing_until_the_mirrors_leaves_are_taken_over(
    publisher: LogPublisher, storage: SqlStorage, files: StoppingFiles, size: int
) -> None:
    """A number given twice would be a second history, which every witness refuses."""
    append(storage, 300)
    publisher.publish(NOW)
    follower = Follower(files.read, SIGNER.key)
    follower.look()
    forget(storage, size)
    with pytest.raises(StoreBehind, match="300"):
        publisher.publish(NOW)
    with storage.writing() as records:
        assert publisher.take_over(records) == 300 - size
        assert publisher.take_over(records) == 0
    append(storage, 1)
    publisher.publish(NOW)
    assert follower.look() == 301


def test_other_leaves_than_the_mirrors_are_not_taken_over(
    publisher: LogPublisher, storage: SqlStorage, files: StoppingFiles
) -> None:
    """A backup of another registry, or a log that went on by itself."""
    append(storage, 10)
    publisher.publish(NOW)
    forget(storage, 0)
    append(storage, 3, at=NOW + 1)
    with storage.writing() as records, pytest.raises(RecordForked):
        publisher.take_over(records)


@pytest.mark.parametrize("path", ["log/tile/0/000.p/10", "log/tile/entries/000.p/10"])
def test_a_mirror_that_lies_in_one_byte_gives_no_leaves(
    publisher: LogPublisher, storage: SqlStorage, files: StoppingFiles, path: str
) -> None:
    """Nor one that has lost a tile."""
    append(storage, 10)
    publisher.publish(NOW)
    forget(storage, 0)
    content = files._files[path]
    files._files[path] = content.replace(b"officer", b"0fficer") if b"officer" in content else b"\0" + content[1:]
    with storage.writing() as records, pytest.raises(MetadataRejected):
        publisher.take_over(records)
    del files._files[path]
    with storage.writing() as records, pytest.raises(MetadataRejected, match="missing"):
        publisher.take_over(records)


def test_a_checkpoint_by_another_key_stops_nobody(
    publisher: LogPublisher, storage: SqlStorage, files: StoppingFiles
) -> None:
    """Who can write to the mirror must not be able to stop the registry."""
    append(storage, 3)
    other = LogPublisher(storage, LogFolder(files), signer(SIGNER.key.name, LOG, new_private_key()))
    other.publish(NOW)
    forget(storage, 1)
    assert publisher.publish(NOW).checkpoint.size == 1
    files.put(CHECKPOINT, b"nonsense")
    publisher.publish(NOW)
    assert open_checkpoint(files.read(CHECKPOINT) or b"", [SIGNER.key])[0].size == 1


def test_cosignatures_are_published_and_kept(
    publisher: LogPublisher, storage: SqlStorage, files: StoppingFiles
) -> None:
    """Those that come later are added; a new checkpoint begins without."""
    first, second = (signer(name, WITNESS, new_private_key()) for name in ("first.example", "second.example"))
    append(storage, 3)
    publisher.witnesses = lambda note, checkpoint, prove: [sign_text(note.text, first, NOW)]
    publisher.publish(NOW)
    publisher.witnesses = lambda note, checkpoint, prove: [sign_text(note.text, second, NOW + 1)]
    published = publisher.publish(NOW)
    assert [line.name for line in published.note.signatures] == [SIGNER.key.name, "first.example", "second.example"]
    assert files.read(CHECKPOINT) == published.note.content
    publisher.witnesses = lambda note, checkpoint, prove: []
    append(storage, 1)
    assert len(publisher.publish(NOW).note.signatures) == 1


def test_a_leaf_has_a_bound_and_a_restored_one_its_place(storage: SqlStorage) -> None:
    """Its readers count its length in two bytes."""
    with pytest.raises(SelfCheckFailed, match="65535"), storage.writing() as records:
        records.log.append("draft-made", NOW, {"draft": "x" * 65_500})
    append(storage, 1)
    with storage.reading() as records:
        tree: LogTree = records.log_tree
        assert (tree.count(1), tree.checkpoint(), records.log.size()) == (0, None, 1)


def test_rounds_of_another_process_are_not_undone(publisher: LogPublisher, storage: SqlStorage) -> None:
    """A process that was slow finds a larger checkpoint and leaves it."""
    append(storage, 4)
    late = publisher.publish(NOW)
    append(storage, 4)
    LogPublisher(storage, publisher.place, SIGNER).publish(NOW)
    with storage.reading() as records:
        held = records.log_tree.checkpoint()
    assert held is not None
    kept = publisher._keep(held._replace(size=late.checkpoint.size))
    assert kept.size == 8
