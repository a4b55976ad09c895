"""Look-ups (查阅): that somebody of staff was shown what stands about a person, as that person is told of it.

A look-up is one canonical JSON text, committed to as decisions are (:mod:`credentials.decisions.leaves`)::

    {"type": "look-up", "member": "CN-41", "staff": "cdc/zhang-7", "act": "looked", "at": s}

``staff``: ``unit/pseudonym``, as decisions name who made them; ``act``: ``looked``, or ``proposed`` where a decision
was written down. One leaf ``looked-up`` holds those of an hour. What a resident is given is one JSON object, newest
first::

    {"format": "tongxing-look-ups/1",
     "look_ups": [{"text": "{…}", "salt": "<64 hex>", "index": 3, "path": ["<64 hex>", …],
                   "proof": "c2sp.org/tlog-proof@v1…"}, …]}

``index``, ``path``: where it stands below the root in its leaf; without these, and with ``proof`` null, where no leaf
of the published log counts it yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from credentials.log.proof import LogProof
from credentials.wire.strict_json import json_bytes

TYPE: Final = "look-up"
FORMAT: Final = "tongxing-look-ups/1"
LOOKED: Final = "looked"
PROPOSED: Final = "proposed"
MAX_LOOK_UPS = 50
"""In one file: the newest."""


class LookUp(NamedTuple):
    """A look-up as its person is given it. ``salt``: 32 bytes; ``place``, ``path``: below the root in the leaf;
    ``proof``: None before a published leaf counts it."""

    text: str
    salt: bytes
    place: int = 0
    path: Sequence[bytes] = ()
    proof: LogProof | None = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        said: dict[str, Any] = {"text": self.text, "salt": self.salt.hex(), "proof": None}
        if self.proof is None:
            return said
        path = [each.hex() for each in self.path]
        return said | {"index": self.place, "path": path, "proof": self.proof.content.decode()}


def look_up_text(member: str, staff: str, act: str, at: int) -> str:
    """What a person is told of a look-up. ``staff``: ``unit/pseudonym``; ``at``: seconds UTC."""
    return json_bytes({"type": TYPE, "member": member, "staff": staff, "act": act, "at": at}).decode()


def look_ups_file(look_ups: Sequence[LookUp]) -> bytes:
    """The file."""
    return json_bytes({"format": FORMAT, "look_ups": [each.to_json() for each in look_ups]})
