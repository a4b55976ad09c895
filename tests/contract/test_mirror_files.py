"""Whatever keeps the mirror's files promises the same, and a registry on it is the same registry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service_kit.durable import write_atomic
from tests.doubles.mirror import FilesInMemory
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.trust_registry.mirror.test_member_files import put_status, status
from trust_registry.client.trust.bundle import read_bundle
from trust_registry.client.trust.repository import MirrorFiles, metadata_path, verify_repository
from trust_registry.mirror.folder import MirrorFolder
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.ports import FileStore
from trust_registry.mirror.served_folder import ServedFolder
from trust_registry.mirror.stocktaking import take_stock
from trust_registry.publishing.lint import lint
from trust_registry.publishing.publication import Publication
from trust_registry.repository.files import TIMESTAMP_PATH
from trust_registry.repository.in_force import in_force

WRITERS, ROUNDS = 4, 25


@pytest.fixture(params=["folder", "served folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """A new implementation goes through all of this by one more line here."""
    made: dict[str, FileStore] = {
        "folder": MirrorFolder(tmp_path / "files", write_atomic),
        "served folder": ServedFolder(tmp_path / "files", tmp_path / "lock"),
        "memory": FilesInMemory(),
    }
    return made[request.param]


class RecordingFiles(FilesInMemory):
    """Remembers in which order files came."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def put(self, path: str, content: bytes) -> None:
        self.written.append(path)
        super().put(path, content)


def moved(registry: FoundedRegistry, files: FileStore) -> Publication:
    """The registry's deeds, with the mirror kept in ``files`` from now on."""
    before = registry.publication
    registry.publication = Publication(before.storage, Mirror(files), before.online, before.record.signer, AUDIENCE)
    registry.publication.release()
    return registry.publication


def test_what_was_put_is_there_whole(files: FileStore) -> None:
    """Of a file of nothing and of one that is not there, only the second is missing."""
    content = b'{"signed":1}' * 1000
    files.put("metadata/1.root.json", content)
    files.put("news.json", b"")
    assert (files.read("metadata/1.root.json"), files.size_of("metadata/1.root.json")) == (content, len(content))
    assert (files.read("news.json"), files.size_of("news.json")) == (b"", 0)
    assert (files.read("metadata/2.root.json"), files.size_of("metadata/2.root.json")) == (None, None)


def test_a_file_is_replaced_whole_by_a_shorter_one(files: FileStore) -> None:
    """The end of the old one behind the new one would be no signed file."""
    files.put("metadata/timestamp.json", b"x" * 5000)
    files.put("metadata/timestamp.json", b"y" * 10)
    assert (files.read("metadata/timestamp.json"), files.size_of("metadata/timestamp.json")) == (b"y" * 10, 10)


def test_what_was_dropped_is_gone_and_may_be_dropped_again(files: FileStore) -> None:
    """A stop between the mirror and the commit has the same file dropped twice."""
    files.put("members/CN-41/segments/1.cose", b"1")
    files.put("members/CN-41/segments/2.cose", b"2")
    for _ in range(2):
        files.drop("members/CN-41/segments/1.cose")
    files.drop("members/CN-44/status.cose")
    assert files.read("members/CN-41/segments/1.cose") is None
    assert files.size_of("members/CN-41/segments/1.cose") is None
    assert list(files.files_in("members/CN-41")) == ["segments/2.cose"]


def test_a_dropped_file_may_come_back(files: FileStore) -> None:
    """A chain that begins anew has the same names."""
    files.put("members/CN-41/segments/1.cose", b"1")
    files.drop("members/CN-41/segments/1.cose")
    files.put("members/CN-41/segments/1.cose", b"one")
    assert files.read("members/CN-41/segments/1.cose") == b"one"


def test_files_of_a_folder_are_named_relative_to_it(files: FileStore) -> None:
    """And none of a folder whose name only begins alike."""
    for path in ("members/CN-41/status.cose", "members/CN-41/rules/1.jws", "members/CN-4/status.cose", "news.json"):
        files.put(path, b"content")
    assert sorted(files.files_in("members/CN-41")) == ["rules/1.jws", "status.cose"]
    assert sorted(files.files_in("members/CN-4")) == ["status.cose"]
    assert list(files.files_in("members/CN-44")) == []


def test_folders_of_a_folder_are_named_once(files: FileStore) -> None:
    """Whoever has brought files; a file beside them is nobody."""
    assert list(files.folders_in("members")) == []
    for path in ("members/CN-41/status.cose", "members/CN-41/rules/1.jws", "members/CN-44/rules.jws", "members/x"):
        files.put(path, b"content")
    assert sorted(files.folders_in("members")) == ["CN-41", "CN-44"]


def test_readers_never_see_half_of_a_file(files: FileStore) -> None:
    """Gates fetch while the registry writes, from several workers at once."""
    contents = [bytes([65 + number]) * (1000 * (number + 1)) for number in range(WRITERS)]
    files.put("metadata/timestamp.json", contents[0])

    def write(content: bytes) -> None:
        for _ in range(ROUNDS):
            files.put("metadata/timestamp.json", content)

    def read() -> set[bytes | None]:
        return {files.read("metadata/timestamp.json") for _ in range(WRITERS * ROUNDS)}

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        seen = pool.submit(read)
        list(pool.map(write, contents))
    assert seen.result() <= set(contents)
    assert files.read("metadata/timestamp.json") in contents


def test_a_registry_publishes_and_keeps_members_files(files: FileStore, registry: FoundedRegistry) -> None:
    """From the first list to the zip that is carried to a gate, nothing asks what keeps the files."""
    publication = moved(registry, files)
    registry.enrol("CN-41")
    content = status(registry, 1)
    put_status(registry, content)
    bundle = read_bundle(publication.mirror.bundle(), registry.trusted_root, NOW)
    assert bundle.member_files == {"CN-41": {"status.cose": content}}
    assert lint(publication.mirror, registry.trusted_root, NOW) == []


def test_a_store_that_lost_everything_is_filled_again(files: FileStore, registry: FoundedRegistry) -> None:
    """The mirror is no truth of its own: the database has the repository, and names what members must bring."""
    publication = moved(registry, files)
    registry.enrol("CN-41")
    put_status(registry, status(registry, 1))
    for folder in ("metadata", "targets", "members"):
        for name in list(files.files_in(folder)):
            files.drop(f"{folder}/{name}")
    assert publication.release_when_damaged()
    with publication.storage.reading() as records:
        trust = in_force(records).trust
    assert verify_repository(MirrorFiles(files.read), registry.trusted_root).versions["targets"] == 2
    damage = take_stock(publication.storage, publication.mirror, trust, NOW, deep=True)
    assert [(each.member, each.name) for each in damage] == [("CN-41", "status.cose")]


def test_the_timestamp_comes_last_wherever_files_are_kept(registry: FoundedRegistry) -> None:
    """The order is the registry's to keep: a store promises nothing of two files together."""
    files = RecordingFiles()
    moved(registry, files)
    files.written.clear()
    registry.enrol("CN-41")
    record = [path.startswith("log/") for path in files.written]
    assert record == sorted(record, reverse=True), "what was decided is in the record before anybody sees it in force"
    new_list, *metadata = files.written[sum(record) :]
    assert new_list.endswith(".trust-list.json")
    assert metadata == [metadata_path("targets", 2), metadata_path("snapshot", 2), TIMESTAMP_PATH]
