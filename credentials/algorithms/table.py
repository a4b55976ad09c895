"""The signature algorithms that there are. One more is a module beside ``es256`` and a line here.

An algorithm is pinned on the key and never taken from a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from credentials.algorithms import es256

PublicKey = es256.PublicKey
PrivateKey = es256.PrivateKey


class Algorithm(Protocol):
    """What a module of this room holds. ``NAME``: in JOSE (RFC 7518); ``COSE_NUMBER``: in COSE (RFC 9053)."""

    NAME: str
    COSE_NUMBER: int

    def verify(self, public_key: PublicKey, signature: bytes, message: bytes) -> None:
        """Return when the signature holds. Raises WrongSignature otherwise."""

    def sign(self, private_key: PrivateKey, message: bytes) -> bytes:
        """A signature over ``message``."""
        ...


NATIVE: Final = es256
"""By which native credentials, presentations and all documents of members are signed. SM2 with SM3 is to come."""
ALGORITHMS: Final[Mapping[str, Algorithm]] = {algorithm.NAME: algorithm for algorithm in (es256,)}
"""By name: what a key may be pinned to."""
