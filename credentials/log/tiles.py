"""A log as static files: tiles of hashes, and the entries themselves (C2SP tlog-tiles).

::

    tile/<level>/<number>[.p/<width>]      up to 256 hashes of one level
    tile/entries/<number>[.p/<width>]      up to 256 entries, each behind its length

A tile that is full never changes; a partial one is named by its width and never changes either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from credentials.errors import Malformed, RecordProofFailed, TooLarge
from credentials.log.tree import HASH_BYTES, MAX_LOG_ENTRY_BYTES, MAX_TREE_SIZE, Node, leaf_hash, node_hash, root_of

TILE_WIDTH = 256
"""Hashes or entries of a full tile."""
TILE_LEVELS = 8
"""Levels of the tree that one tile stands for."""
MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES
MAX_BUNDLE_BYTES = TILE_WIDTH * (MAX_LOG_ENTRY_BYTES + 2)
MAX_TILE_LEVEL = 7
"""Of a tree of at most 2^63 - 1 leaves."""
_LENGTH_BYTES = 2
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)
_GROUP_DIGITS = 3


class Tile(NamedTuple):
    """Which tile: level (None: entries), number within the level, how many of its 256 places are taken."""

    level: int | None
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it stands below the log's prefix."""
        digits = str(self.number)
        digits = digits.zfill(-(-len(digits) // _GROUP_DIGITS) * _GROUP_DIGITS)
        groups = [digits[at : at + _GROUP_DIGITS] for at in range(0, len(digits), _GROUP_DIGITS)]
        name = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level is None else self.level}/{name}{partial}"


ReadTile = Callable[[Tile], bytes]
"""The content of a tile; of one that is asked for as partial perhaps that of the full one."""


def parse_path(path: str) -> Tile:
    """What a path names. Raises Malformed for one that no tile has, and for a second way to write one."""
    found = _PATH.fullmatch(path) if len(path) <= 64 else None
    if found is None:
        raise Malformed("no path of a tile")
    level = None if found[1] == "entries" else int(found[1])
    tile = Tile(level, int(re.sub("[x/]", "", found[2])), int(found[3] or TILE_WIDTH))
    if tile.path != path:
        raise Malformed("no path of a tile: its number has zeros in front")
    return tile


def tile_at(level: int | None, number: int, size: int) -> Tile:
    """The tile of this level and number as it is in a tree of ``size`` leaves. Raises Malformed where it is empty."""
    taken = (size >> TILE_LEVELS * (level or 0)) - number * TILE_WIDTH
    if taken <= 0 or number < 0:
        raise Malformed(f"no tile {number} of this level in a tree of {size}")
    return Tile(level, number, min(taken, TILE_WIDTH))


def tiles_between(old: int, size: int) -> Iterator[Tile]:
    """What a log that grew from ``old`` to ``size`` leaves has to publish: entries first, then hashes, level by level.

    Of tiles that are partial at the end only the last width. Nothing where nothing is new.
    """
    for level in (None, *range(MAX_TILE_LEVEL + 1)):
        shift = TILE_LEVELS * (level or 0)
        before, after = old >> shift, size >> shift
        if before < after:
            for number in range(before // TILE_WIDTH, -(-after // TILE_WIDTH)):
                yield tile_at(level, number, size)


def hashes_in(tile: Tile, content: bytes) -> list[bytes]:
    """The hashes of a tile: ``tile.width`` of them. The content may be that of a later, wider one.

    Raises Malformed when it holds fewer, more than 256, or a part of one.
    """
    held, rest = divmod(len(content), HASH_BYTES)
    if rest or not tile.width <= held <= TILE_WIDTH:
        raise Malformed(f"{tile.path}: not {tile.width} hashes")
    return [content[at : at + HASH_BYTES] for at in range(0, tile.width * HASH_BYTES, HASH_BYTES)]


def entries_in(tile: Tile, content: bytes) -> list[bytes]:
    """The entries of a bundle: ``tile.width`` of them. The content may be that of a later, wider one.

    Raises Malformed when it holds fewer, more than 256, or a part of one.
    """
    try:
        entries = split_bundle(content, TILE_WIDTH)
    except Malformed as error:
        raise Malformed(f"{tile.path}: not {tile.width} entries") from error
    if len(entries) < tile.width:
        raise Malformed(f"{tile.path}: not {tile.width} entries")
    return entries[: tile.width]


def split_bundle(content: bytes, most: int) -> list[bytes]:
    """The entries that :func:`bundle_of` put together. Raises Malformed for more than ``most``, or a part of one."""
    entries: list[bytes] = []
    at = 0
    while at < len(content) and len(entries) < most:
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(content[at:begin], "big")
        entries.append(content[begin:at])
    if at != len(content):
        raise Malformed(f"not at most {most} entries, each behind its length")
    return entries


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """The content of a tile of entries. Raises TooLarge for one above 65 535 bytes."""
    for entry in entries:
        if len(entry) > MAX_LOG_ENTRY_BYTES:
            raise TooLarge(f"an entry of a log has at most {MAX_LOG_ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def grown(read: ReadTile, old: int, entries: Sequence[bytes]) -> dict[Tile, bytes]:
    """The tiles that a log of ``old`` leaves has to publish once these entries follow, in the order of
    :func:`tiles_between`. ``read``: of the log as it is. Raises Malformed where a tile of that is none, TooLarge."""
    size, made = old + len(entries), dict[Tile, bytes]()
    hashes = [leaf_hash(entry) for entry in entries]
    for tile in tiles_between(old, size):
        first = tile.number * TILE_WIDTH
        if tile.level is None:
            begun = _begun(read, tile, old, entries_in)
            made[tile] = bundle_of([*begun, *entries[max(first - old, 0) : first + tile.width - old]])
        elif tile.level == 0:
            begun = _begun(read, tile, old, hashes_in)
            made[tile] = b"".join([*begun, *hashes[max(first - old, 0) : first + tile.width - old]])
        else:
            below = (Tile(tile.level - 1, first + place) for place in range(tile.width))
            made[tile] = b"".join(root_of_tile(made[each] if each in made else read(each)) for each in below)
    return made


def _begun(read: ReadTile, tile: Tile, old: int, split: Callable[[Tile, bytes], list[bytes]]) -> list[bytes]:
    """What a tile of entries or leaf hashes holds already in a log of ``old`` leaves."""
    if old <= tile.number * TILE_WIDTH:
        return []
    before = tile_at(tile.level, tile.number, old)
    return split(before, read(before))


def root_of_tile(content: bytes) -> bytes:
    """The hash over a full tile, which the tile above holds."""
    return _fold(hashes_in(Tile(0, 0), content))


def nodes_from(read: ReadTile, size: int) -> Node:
    """The hashes of a tree of ``size`` leaves, from its tiles. Each tile is read once.

    What is asked for raises Malformed where a tile is none, and what ``read`` raises. Nothing here says that the tiles
    are right: check the root, or the proof that is made of them.
    """
    if size > MAX_TREE_SIZE:
        raise Malformed("a tree above 2^63 - 1 leaves")
    held: dict[tuple[int, int], list[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        above, within = divmod(level, TILE_LEVELS)
        start = index << within
        place = above, start // TILE_WIDTH
        if place not in held:
            tile = tile_at(*place, size)
            held[place] = hashes_in(tile, read(tile))
        begin = start % TILE_WIDTH
        return _fold(held[place][begin : begin + (1 << within)])

    return node


def checked_nodes_from(read: ReadTile, size: int, root: bytes) -> Node:
    """The same of tiles that lead to ``root``: each hash that is asked for has been found in what the root is made of.

    Raises RecordProofFailed where the tiles make another root; so does what is asked for, naming the tile, where one is
    not what the tile above it says. Also raises what :func:`nodes_from` does.
    """
    node = nodes_from(read, size)
    # All that stands in partial tiles goes into the root by itself; full ones are vouched for by the tile above.
    if root_of(node, size) != root:
        raise RecordProofFailed("the tiles make another root than the checkpoint's")
    checked: set[tuple[int, int]] = set()

    def checked_node(level: int, index: int) -> bytes:
        above, within = divmod(level, TILE_LEVELS)
        check(above, (index << within) // TILE_WIDTH)
        return node(level, index)

    def check(level: int, number: int) -> None:
        is_full = (number + 1) * TILE_WIDTH <= size >> TILE_LEVELS * level
        if not is_full or (level, number) in checked:
            return
        below = TILE_LEVELS * (level + 1) - 1
        whole = node_hash(node(below, 2 * number), node(below, 2 * number + 1))
        if whole != checked_node(below + 1, number):
            raise RecordProofFailed(f"{Tile(level, number).path}: other hashes than the tile above was made of")
        checked.add((level, number))

    return checked_node


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over 1, 2, 4 … 256 hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
