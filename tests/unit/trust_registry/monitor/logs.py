"""A log of a registry in memory, which can be made to lie in every way that a log can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.log.keys import LOG, NoteSigner, signer
from credentials.wire.strict_json import json_bytes
from demonstration.drills.forging import changed, log_files

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

    def add(self, count: int = 1, kind: str = "draft-made", /, **content: Any) -> GrowingLog:
        """So many leaves more."""
        for number in range(len(self.entries), len(self.entries) + count):
            self.entries.append(leaf(number, kind, **content))
        return self

    def files(self, size: int | None = None) -> dict[str, bytes]:
        """All files by path, of the whole log or of its first ``size`` leaves."""
        entries = self.entries[:size]
        return {PLACE + path: content for path, content in log_files(entries, self.key).items()}


def altered(files: Mapping[str, bytes], path: str, at: int = 40) -> dict[str, bytes]:
    """The same with one bit of one file other than it was."""
    return {**files, path: changed(files[path], at)}
