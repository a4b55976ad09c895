"""Signature algorithms, one file each. The algorithm is pinned on the key and never taken from a token."""

from __future__ import annotations

from credentials.algorithms import es256

ALGORITHMS = (es256.NAME,)
"""What a key may be pinned to. SM2 with SM3 will stand here under its own name."""
