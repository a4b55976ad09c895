"""A log of short entries, and a second reading of RFC 6962 to hold ours against: slow, and word for word."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.log.keys import LOG, WITNESS, NoteSigner, signer
from credentials.log.tiles import Tile, bundle_of, root_of_tile, tiles_between
from credentials.log.tree import leaf_hash, nodes_of

ORIGIN = "registry.example/log"
LOG_SIGNER = signer(ORIGIN, LOG, Ed25519PrivateKey.from_private_bytes(b"\1" * 32))


def witness(number: int) -> NoteSigner:
    key = Ed25519PrivateKey.from_private_bytes(bytes([number + 16]) * 32)
    return signer(f"witness-{number}.example", WITNESS, key)


def entry(number: int) -> bytes:
    return b"entry %d" % number


def hashes(size: int) -> list[bytes]:
    return [sha256(b"\0" + entry(number)).digest() for number in range(size)]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, the hash of a tree."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.2."""
    return subproof(m, leaves, True)


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = split(n)
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def tile_files(size: int) -> dict[str, bytes]:
    """Every file that a log of so many entries publishes, by its path."""
    levels = [hashes(size)]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        full = range(0, len(below) // 256 * 256, 256)
        levels.append([root_of_tile(b"".join(below[at : at + 256])) for at in full])
    return {tile.path: content(tile, levels) for tile in tiles_between(0, size)}


def content(tile: Tile, levels: list[list[bytes]]) -> bytes:
    first = tile.number * 256
    if tile.level is None:
        return bundle_of([entry(number) for number in range(first, first + tile.width)])
    if tile.level == 0:
        return b"".join(leaf_hash(entry(number)) for number in range(first, first + tile.width))
    return b"".join(levels[tile.level][first : first + tile.width])


NODES = nodes_of(hashes(300))
