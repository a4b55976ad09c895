"""Whether two checkpoints of a log tell one history (比对).

Two sizes are compared by the log's own tiles: they must lead to the larger root, and then say what the root was at the
smaller size. So a mirror that gives wrong tiles, or none, makes no fork and hides none: the answer is that the two
cannot be compared, which is never "the same". Source: RFC 9162 section 2.1.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from credentials.errors import FetchFailed, TongxingError
from credentials.log.checkpoint import Checkpoint
from credentials.log.tiles import TILE_WIDTH, ReadTile, Tile, nodes_from
from credentials.log.tree import EMPTY_ROOT, check_consistency, prove_consistency, root_of
from trust_registry.client.trust.bundle import FolderFiles, ZipFiles
from trust_registry.metadata.list_proof import LOG_FOLDER


class Answer(StrEnum):
    """What came of a comparison."""

    SAME = "same-history"
    FORK = "fork"
    CANNOT = "cannot-be-compared"


class Compared(NamedTuple):
    """The answer; why, where there is none."""

    answer: Answer
    detail: str = ""


def compare(one: Checkpoint, other: Checkpoint, read: ReadTile) -> Compared:
    """Compare two checkpoints, of both of which somebody has checked that their log signed them.

    ``read`` gives the log's tiles of hashes, of the larger size, and may raise any TongxingError.
    """
    old, new = sorted((one, other), key=lambda each: each.size)
    if old.origin != new.origin:
        return Compared(Answer.CANNOT, f"two logs: {old.origin} and {new.origin}")
    try:
        then = _root_then(old, new, read)
    except TongxingError as error:
        return Compared(Answer.CANNOT, f"{error.code}: {error.detail}")
    return Compared(Answer.SAME if then == old.root else Answer.FORK)


def tiles_in(files: ZipFiles | FolderFiles) -> ReadTile:
    """The tiles of a bundle: of one that is asked for the widest that is there.

    What it gives raises FetchFailed for a missing one, BundleRejected for a damaged one.
    """
    widest: dict[str, int] = {}
    for name in files.names(LOG_FOLDER):
        whole, _, width = name.partition(".p/")
        widest[whole] = max(widest.get(whole, 0), int(width) if width.isascii() and width.isdigit() else TILE_WIDTH)

    def read(tile: Tile) -> bytes:
        width = widest.get(tile._replace(width=TILE_WIDTH).path, 0)
        path = f"{LOG_FOLDER}/{tile._replace(width=width).path}"
        content = files.read(path) if width >= tile.width else None
        if content is None:
            raise FetchFailed(f"{tile.path}: not in the bundle")
        return content

    return read


def first_of(reads: Sequence[ReadTile]) -> ReadTile:
    """Tiles from the first of these that has them. What it gives raises what the last one raised."""

    def read(tile: Tile) -> bytes:
        failed: TongxingError = FetchFailed("no tiles are at hand")
        for each in reads:
            try:
                return each(tile)
            except TongxingError as error:
                failed = error
        raise failed

    return read


def _root_then(old: Checkpoint, new: Checkpoint, read: ReadTile) -> bytes:
    """The root over the first leaves of ``new``, as many as ``old`` has. Raises RecordProofFailed and what ``read``
    raises."""
    if old.size == new.size:
        return new.root
    if old.size == 0:
        return EMPTY_ROOT
    node = nodes_from(read, new.size)
    then = root_of(node, old.size)
    check_consistency(old.size, then, new.size, new.root, prove_consistency(node, old.size, new.size))
    return then
