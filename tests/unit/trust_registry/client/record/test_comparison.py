"""Two checkpoints of one log: one history, a fork, or no answer, which is never taken for one history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from credentials.errors import FetchFailed
from credentials.log.checkpoint import Checkpoint
from credentials.log.tiles import Tile
from credentials.log.tree import nodes_of, root_of
from tests.unit.credentials.log.logs import ORIGIN, hashes, tile_files
from trust_registry.client.record.comparison import Answer, compare, first_of, tiles_in
from trust_registry.client.trust.bundle import FolderFiles, ZipFiles, pack

SIZE = 700
FILES = {f"log/{path}": data for path, data in tile_files(SIZE).items() if "entries" not in path}
LEAVES = hashes(SIZE)


def checkpoint(size: int, origin: str = ORIGIN, spoilt: int | None = None) -> Checkpoint:
    """Of the log's first leaves; with another leaf at ``spoilt``."""
    leaves = [bytes(32) if number == spoilt else leaf for number, leaf in enumerate(LEAVES[:size])]
    return Checkpoint(origin, size, root_of(nodes_of(leaves), size) if size else root_of(nodes_of([]), 0))


def read(tile: Tile) -> bytes:
    return tiles_in(ZipFiles(pack(FILES)))(tile)


def nothing(tile: Tile) -> bytes:
    raise FetchFailed(f"{tile.path}: missing")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 512, 513, 699, 700])
def test_every_beginning_of_a_log_is_one_history_with_it(size: int) -> None:
    """In whichever order they come."""
    assert compare(checkpoint(size), checkpoint(SIZE), read).answer is Answer.SAME
    assert compare(checkpoint(SIZE), checkpoint(size), read).answer is Answer.SAME


@pytest.mark.parametrize(("size", "spoilt"), [(1, 0), (2, 1), (256, 17), (512, 0), (513, 512), (699, 3), (700, 699)])
def test_a_changed_leaf_is_a_fork(size: int, spoilt: int) -> None:
    """A power of two as any other size: a proof of consistency does not repeat the old root there."""
    assert compare(checkpoint(size, spoilt=spoilt), checkpoint(SIZE), read).answer is Answer.FORK
    assert compare(checkpoint(SIZE), checkpoint(size, spoilt=spoilt), read).answer is Answer.FORK


def test_an_empty_log_with_another_root_is_a_fork() -> None:
    """There is one empty tree."""
    assert compare(Checkpoint(ORIGIN, 0, bytes(32)), checkpoint(SIZE), nothing).answer is Answer.FORK


@pytest.mark.parametrize("size", [1, 256, 513])
@pytest.mark.parametrize("flip", [0, 31, 4_000])
def test_a_mirror_that_lies_in_one_byte_makes_no_fork_and_hides_none(size: int, flip: int) -> None:
    """It has no key: its tiles do not lead to the root that the log signed, or they are right where it matters."""

    def lying(tile: Tile) -> bytes:
        content = bytearray(read(tile))
        content[flip % len(content)] ^= 1
        return bytes(content)

    for spoilt in (None, size - 1):
        answer = compare(checkpoint(size, spoilt=spoilt), checkpoint(SIZE), lying).answer
        assert answer in (Answer.CANNOT, Answer.SAME if spoilt is None else Answer.FORK)
    assert compare(checkpoint(size), checkpoint(SIZE), lying).answer is not Answer.FORK


@pytest.mark.parametrize(
    "of",
    [nothing, lambda _tile: b"", lambda _tile: b"x" * 31, lambda _tile: bytes(32 * 256)],
    ids=["no tiles", "empty", "half a hash", "zeros"],
)
def test_without_tiles_it_cannot_be_compared(of: Callable[[Tile], bytes]) -> None:
    """Which is an answer of its own, and says why."""
    compared = compare(checkpoint(300), checkpoint(SIZE), of)
    assert compared.answer is Answer.CANNOT and compared.detail


def test_two_logs_cannot_be_compared() -> None:
    """Though both be empty."""
    assert compare(checkpoint(0), checkpoint(0, "other.example/log"), read).answer is Answer.CANNOT


def test_of_one_size_the_roots_decide_without_any_tile() -> None:
    """Two people can do it by eye."""
    assert compare(checkpoint(300), checkpoint(300), nothing).answer is Answer.SAME
    assert compare(checkpoint(300), checkpoint(300, spoilt=7), nothing).answer is Answer.FORK


def test_tiles_come_from_a_zip_a_folder_or_the_next_that_has_them(tmp_path: Path) -> None:
    """Of a tile that was partial when the checkpoint was signed, a bundle of later has a wider one."""
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    folder = tiles_in(FolderFiles(tmp_path))
    assert folder(Tile(0, 2, 5)) == FILES["log/tile/0/002.p/188"]
    assert folder(Tile(0, 1, 5)) == FILES["log/tile/0/001"]
    assert first_of([nothing, folder])(Tile(0, 0)) == FILES["log/tile/0/000"]
    with pytest.raises(FetchFailed, match="tile/0/007"):
        first_of([folder, tiles_in(ZipFiles(pack(FILES)))])(Tile(0, 7))
    with pytest.raises(FetchFailed):
        first_of([])(Tile(0, 0))
