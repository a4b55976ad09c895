"""A log of a registry in memory, which can be made to lie in every way that a log can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.log.checkpoint import sign_checkpoint
from credentials.log.keys import LOG, NoteSigner, signer
from credentials.log.tiles import Tile, bundle_of, root_of_tile, tiles_between
from credentials.log.tree import leaf_hash, nodes_of, root_of
from credentials.wire.strict_json import json_bytes

NOW = 1_795_000_000
ORIGIN = "tongxing/registry/0123456789abcdef"
PLACE = "registry.example/registry/mirror/log/"
SIGNER = signer(ORIGIN, LOG, Ed25519PrivateKey.from_private_bytes(b"\7" * 32))


def leaf(number: int, kind: str = "draft-made", at: int = NOW, **content: Any) -> bytes:
    """A leaf as a registry writes it."""
    return json_bytes({"at": at, "content": content or {"draft": f"{number:032x}"}, "kind": kind, "number": number})


class GrowingLog:
    """Its entries, and the files that it publishes of them."""

    def __init__(self, entries: list[bytes] | None = None, key: NoteSigner = SIGNER) -> None:
        self.entries, self.key = list(entries or []), key

    def add(self, count: int = 1, kind: str = "draft-made", **content: Any) -> GrowingLog:
        """So many leaves more."""
        for number in range(len(self.entries), len(self.entries) + count):
            self.entries.append(leaf(number, kind, **content))
        return self

    def files(self, size: int | None = None) -> dict[str, bytes]:
        """All files by path, of the whole log or of its first ``size`` leaves."""
        entries = self.entries[:size]
        levels = [[leaf_hash(entry) for entry in entries]]
        while len(levels[-1]) >= 256:
            below = levels[-1]
            levels.append(
                [root_of_tile(b"".join(below[at : at + 256])) for at in range(0, len(below) // 256 * 256, 256)]
            )
        root = root_of(nodes_of(levels[0]), len(entries))
        files = {PLACE + tile.path: _content(tile, entries, levels) for tile in tiles_between(0, len(entries))}
        return files | {PLACE + "checkpoint": sign_checkpoint(len(entries), root, self.key).content}


def _content(tile: Tile, entries: list[bytes], levels: list[list[bytes]]) -> bytes:
    first = tile.number * 256
    if tile.level is None:
        return bundle_of(entries[first : first + tile.width])
    return b"".join(levels[tile.level][first : first + tile.width])


def altered(files: Mapping[str, bytes], path: str, at: int = 40) -> dict[str, bytes]:
    """The same with one bit of one file other than it was."""
    content = files[path]
    at %= len(content)
    return {**files, path: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]}
