"""A log that another program made (Tessera), at every size: checkpoints, tiles, entries and proofs."""

from __future__ import annotations

from pathlib import Path

import pytest

from credentials.log.checkpoint import Checkpoint, open_checkpoint
from credentials.log.keys import read_vkey
from credentials.log.tiles import Tile, entries_in, nodes_from, tile_at
from credentials.log.tree import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)

KEY = read_vkey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
SIZES = range(16)


@pytest.fixture
def log(outside_vectors: Path) -> Path:
    folder = outside_vectors / "tlog" / "tessera"
    if not folder.is_dir():
        pytest.skip(f"NOT CHECKED: no log of another program at {folder}")
    return folder


def checkpoint(log: Path, size: int) -> Checkpoint:
    return open_checkpoint((log / f"checkpoint.{size}").read_bytes(), [KEY])[0]


def test_every_checkpoint_is_that_of_its_tiles(log: Path) -> None:
    """The root that another program signed is the one that ours makes of its files, with every proof between them."""
    assert checkpoint(log, 0).root == EMPTY_ROOT
    roots = [checkpoint(log, size).root for size in SIZES]
    for size in SIZES[1:]:
        assert checkpoint(log, size).size == size
        node = nodes_from(lambda tile: (log / tile.path).read_bytes(), size)
        assert root_of(node, size) == roots[size]
        for number, entry in enumerate(entries(log, size)):
            check_inclusion(leaf_hash(entry), number, size, roots[size], prove_inclusion(node, number, size))
        for old in range(size + 1):
            check_consistency(old, roots[old], size, roots[size], prove_consistency(node, old, size))


def entries(log: Path, size: int) -> list[bytes]:
    tile: Tile = tile_at(None, 0, size)
    return entries_in(tile, (log / tile.path).read_bytes())
