"""Tiles: what a log publishes, and that all of it leads to the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import Malformed, TooLarge
from credentials.log.tiles import (
    Tile,
    bundle_of,
    entries_in,
    grown,
    hashes_in,
    nodes_from,
    parse_path,
    split_bundle,
    tile_at,
    tiles_between,
)
from credentials.log.tree import (
    MAX_LOG_ENTRY_BYTES,
    MAX_TREE_SIZE,
    check_consistency,
    check_inclusion,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)
from tests.unit.credentials.log.logs import NODES, entry, tile_files


def test_the_specifications_own_example_of_seventy_thousand_leaves() -> None:
    """273 full tiles and one of 112; one full and one of 17; one of 1 (tlog-tiles, "Partial Tiles")."""
    tiles = [tile for tile in tiles_between(0, 70_000) if tile.level is not None]
    widths = {level: [tile.width for tile in tiles if tile.level == level] for level in (0, 1, 2)}
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1]}
    assert len(tiles) == 274 + 2 + 1
    assert [tile.path for tile in tiles_between(0, 256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]


def test_the_specifications_own_example_of_a_path() -> None:
    """Index 1234067 is x001/x234/067."""
    assert Tile(2, 1_234_067).path == "tile/2/x001/x234/067"
    assert Tile(None, 5, 3).path == "tile/entries/005.p/3"
    assert Tile(0, 0).path == "tile/0/000"


@given(st.none() | st.integers(0, 63), st.integers(0, 2**55), st.integers(1, 256))
def test_every_path_reads_back(level: int | None, number: int, width: int) -> None:
    """A mirror decides by the path alone what a file is."""
    tile = Tile(level, number, width)
    assert parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/64/000",
        "tile/00/000",
        "tile/0/00",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/1000",
        "tile/0/000/",
        "tile/data/000",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/-1/000",
        "tile/0/" + "x001/" * 20 + "000",
        "",
    ],
)
def test_other_paths_are_none(path: str) -> None:
    """Two names for one file, or a name that leaves the folder."""
    with pytest.raises(Malformed):
        parse_path(path)


@given(st.integers(0, 2**63 - 1), st.integers(0, 600))
def test_what_a_growing_log_publishes_is_what_a_reader_asks_for(old: int, more: int) -> None:
    """Nothing twice, and the last width only."""
    size = min(old + more, MAX_TREE_SIZE)
    tiles = list(tiles_between(old, size))
    assert len(tiles) == len(set(tiles)) <= 2 * (more // 256 + 2) + 16
    assert all(tile == tile_at(tile.level, tile.number, size) for tile in tiles)
    assert bool(tiles) is (size > old)


@pytest.mark.parametrize("size", [1, 2, 16, 255, 256, 257, 300])
def test_a_tree_from_its_tiles_is_the_tree(size: int) -> None:
    """Whoever has the files has every proof."""
    files = tile_files(size)
    read: list[str] = []

    def from_files(tile: Tile) -> bytes:
        read.append(tile.path)
        return files[tile.path]

    node = nodes_from(from_files, size)
    root = root_of(node, size)
    assert root == root_of(NODES, size)
    for number in {0, size // 2, size - 1}:
        check_inclusion(leaf_hash(entry(number)), number, size, root, prove_inclusion(node, number, size))
    for old in {1, size // 2, size}:
        check_consistency(old, root_of(NODES, old), size, root, prove_consistency(node, old, size))
    assert len(read) == len(set(read))
    entries = [
        each for tile in tiles_between(0, size) if tile.level is None for each in entries_in(tile, files[tile.path])
    ]
    assert entries == [entry(number) for number in range(size)]


def test_a_wider_tile_serves_for_a_narrower_one() -> None:
    """A log may drop what was partial once the full one is there."""
    files = tile_files(300)
    assert hashes_in(Tile(0, 0, 3), files["tile/0/000"]) == hashes_in(Tile(0, 0), files["tile/0/000"])[:3]
    assert entries_in(Tile(None, 1, 3), files["tile/entries/001.p/44"]) == [entry(256), entry(257), entry(258)]


@pytest.mark.parametrize("content", [b"", b"\0" * 31, b"\0" * 33, b"\0" * 64, b"\0" * (32 * 257)])
def test_a_tile_of_another_size_is_none(content: bytes) -> None:
    """What a mirror cut off must not be taken for a smaller log."""
    with pytest.raises(Malformed, match=r"tile/0/000\.p/3"):
        hashes_in(Tile(0, 0, 3), content)


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"\0\1", b"\0\1a\0", bundle_of([b"a"]), bundle_of([b""] * 257), b"\0\0\0\0\0\0\0"]
)
def test_a_bundle_that_is_cut_off_is_none(content: bytes) -> None:
    """Or one with more than a tile holds."""
    with pytest.raises(Malformed, match="entries"):
        entries_in(Tile(None, 0, 2), content)


def test_an_entry_has_a_bound() -> None:
    """Its length has two bytes: a longer one would be read as others."""
    assert entries_in(Tile(None, 0, 1), bundle_of([b"a" * MAX_LOG_ENTRY_BYTES])) == [b"a" * MAX_LOG_ENTRY_BYTES]
    with pytest.raises(TooLarge):
        bundle_of([b"a" * (MAX_LOG_ENTRY_BYTES + 1)])


def test_no_tree_above_the_bound_and_no_tile_that_is_empty() -> None:
    """Sizes come from strangers."""
    with pytest.raises(Malformed, match="2\\^63"):
        nodes_from(lambda tile: b"", MAX_TREE_SIZE + 1)
    for number in (1, -1):
        with pytest.raises(Malformed, match="no tile"):
            tile_at(0, number, 256)


@pytest.mark.parametrize(("old", "size"), [(0, 1), (0, 300), (1, 3), (255, 257), (256, 256), (300, 600), (250, 66_000)])
def test_tiles_made_from_what_follows_are_those_of_the_whole_log(old: int, size: int) -> None:
    """A mirror that is sent leaves makes the very files that the log itself would."""
    held, whole = tile_files(old), tile_files(size)

    def read(tile: Tile) -> bytes:
        return held[tile.path]

    made = grown(read, old, [entry(number) for number in range(old, size)])
    expected = {tile: whole[tile.path] for tile in tiles_between(old, size)}
    assert made == expected


def test_a_bundle_of_any_length_is_split() -> None:
    """Up to as many as the reader allows."""
    assert split_bundle(bundle_of([b"a", b"", b"bc"]), 3) == [b"a", b"", b"bc"]
    assert split_bundle(b"", 0) == []
    with pytest.raises(Malformed, match="at most 2"):
        split_bundle(bundle_of([b"a"] * 3), 2)
