"""Challenges (卡口码): what a gate asks a phone, so that the answer needs no clock and is worth nothing elsewhere.

A nonce is 8 random bytes and the first 8 of HMAC-SHA256(secret, "TXN1" ‖ gate name ‖ random ‖ bucket), where a bucket
is a span of 120 s by the gate's own clock, counted from 1970 in 8 bytes. So nothing is kept: every worker that has the
secret knows a nonce of its gate again, in the bucket in which it was made and in the next one. That a nonce is answered
once is for the memory of shown codes to say (:mod:`verifier.gate.gate`).

The clock is the device's as it runs. One that is wrong is wrong by the same on both ends, so it does no harm here.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from typing import NamedTuple

from credentials.errors import SettingInvalid
from credentials.formats.presentation.challenge import Challenge, draw
from credentials.profile.limits import NONCE_BYTES
from service_kit.durable import make_secret, read_secret

BUCKET_SECONDS = 120
LIFE_SECONDS = 2 * BUCKET_SECONDS
"""The longest that a nonce is taken; the shortest is one bucket."""
SECRET_BYTES = 32
GATE_SECRET = "gate.secret"
"""Of the data folder, unless another file is named."""
_RANDOM_BYTES = NONCE_BYTES // 2
_PURPOSE = b"TXN1"


class Asked(NamedTuple):
    """A challenge that was given out, and when it ends (seconds UTC, by the gate's clock)."""

    challenge: Challenge
    ends_at: int

    @property
    def text(self) -> str:
        """The text of its QR code."""
        return draw(self.challenge)


class Challenges:
    """Gives out challenges of the gate ``gate`` (1 to 24 bytes), and knows its own again. Safe for several threads."""

    def __init__(self, gate: str, secret: bytes) -> None:
        self.gate, self._secret = gate, secret

    def ask(self, at: int) -> Asked:
        """A new challenge at ``at``."""
        bucket, random = at // BUCKET_SECONDS, secrets.token_bytes(_RANDOM_BYTES)
        return Asked(Challenge(self.gate, random + self._tag(random, bucket)), (bucket + 2) * BUCKET_SECONDS)

    def find(self, nonce: bytes, at: int) -> Challenge | None:
        """The challenge with this nonce; None when this gate did not give it out, or when it has ended."""
        random, tag = nonce[:_RANDOM_BYTES], nonce[_RANDOM_BYTES:]
        bucket = at // BUCKET_SECONDS
        # Both are compared whatever the first says, and in constant time: the tag is what a stranger would guess at.
        known = [hmac.compare_digest(tag, self._tag(random, each)) for each in (bucket, bucket - 1)]
        return Challenge(self.gate, nonce) if any(known) else None

    def _tag(self, random: bytes, bucket: int) -> bytes:
        message = _PURPOSE + self.gate.encode() + random + bucket.to_bytes(8, "big", signed=True)
        return hmac.digest(self._secret, message, "sha256")[: NONCE_BYTES - _RANDOM_BYTES]


def open_challenges(gate: str, data_dir: Path, secret_file: Path | None = None) -> Challenges:
    """The challenges of a gate, by the secret in ``secret_file``, else by one below ``data_dir``, made when missing.

    Raises SettingInvalid for a secret that cannot be read or has another size, StorageFull, StorageUnavailable.
    """
    path = secret_file or data_dir / GATE_SECRET
    if secret_file is None:
        make_secret(path, SECRET_BYTES)
    secret = read_secret(path)
    if len(secret) != SECRET_BYTES:
        raise SettingInvalid(f"{path.name}: not {SECRET_BYTES} bytes")
    return Challenges(gate, secret)
