"""What a thief of a log's key can publish: any history, signed, with all its tiles."""

from __future__ import annotations

from collections.abc import Sequence

from credentials.log.checkpoint import read_checkpoint, sign_checkpoint
from credentials.log.keys import NoteSigner
from credentials.log.proof import LogProof, read_proof
from credentials.log.tiles import TILE_WIDTH, Tile, bundle_of, root_of_tile, tiles_between
from credentials.log.tree import leaf_hash, nodes_of, prove_inclusion, root_of
from credentials.wire.strict_json import json_bytes, parse_json


def log_files(entries: Sequence[bytes], key: NoteSigner) -> dict[str, bytes]:
    """Every file of a log of these entries, by its path below the log's prefix."""
    levels = [[leaf_hash(entry) for entry in entries]]
    while len(levels[-1]) >= TILE_WIDTH:
        below = levels[-1]
        full = range(0, len(below) // TILE_WIDTH * TILE_WIDTH, TILE_WIDTH)
        levels.append([root_of_tile(b"".join(below[at : at + TILE_WIDTH])) for at in full])
    checkpoint = sign_checkpoint(len(entries), root_of(nodes_of(levels[0]), len(entries)), key)
    tiles = {tile.path: _content(tile, entries, levels) for tile in tiles_between(0, len(entries))}
    return tiles | {"checkpoint": checkpoint.content}


def proof_in(entries: Sequence[bytes], key: NoteSigner, proof: bytes) -> bytes:
    """The proof of the same leaf at the same place in the log of these entries, as far as the one in ``proof`` goes."""
    held = read_proof(proof)
    size = read_checkpoint(held.note).size
    node = nodes_of([leaf_hash(entry) for entry in entries[:size]])
    note = sign_checkpoint(size, root_of(node, size), key)
    return LogProof(held.number, tuple(prove_inclusion(node, held.number, size)), note, held.extra).content


def renumbered(entries: Sequence[bytes]) -> list[bytes]:
    """The same leaves, each with the number of its place: nobody sees that one was left out."""
    return [json_bytes({**parse_json(entry), "number": number}) for number, entry in enumerate(entries)]


def changed(content: bytes, at: int) -> bytes:
    """The same with one bit other than it was."""
    at %= len(content)
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _content(tile: Tile, entries: Sequence[bytes], levels: Sequence[Sequence[bytes]]) -> bytes:
    first = tile.number * TILE_WIDTH
    if tile.level is None:
        return bundle_of(entries[first : first + tile.width])
    return b"".join(levels[tile.level][first : first + tile.width])
