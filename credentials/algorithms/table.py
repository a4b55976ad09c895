"""The signature algorithms that there are. One more is a module beside ``es256`` and a line here.

An algorithm is pinned on the key and never taken from a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from credentials.algorithms import es256, ps256, rs256

PublicKey = es256.PublicKey
PrivateKey = es256.PrivateKey


class Algorithm(Protocol):
    """What each module of this room holds: all that it takes to believe a signature. Keys are of the module's own type.

    ``NAME``: in JOSE (RFC 7518); ``COSE_NUMBER``: in COSE (RFC 9053). ``KEY_TYPE``: ``kty`` of its
    keys as JWKs.
    """

    NAME: str
    COSE_NUMBER: int
    KEY_TYPE: str

    def verify(self, public_key: Any, signature: bytes, message: bytes) -> None:
        """Return when the signature holds. Raises WrongSignature otherwise."""

    def is_public_key(self, key: object) -> bool:
        """Whether ``key``, as the library reads one from a certificate or file, is of this algorithm."""
        ...

    def jwk_of(self, public_key: Any) -> dict[str, str]:
        """The key as a JWK."""
        ...

    def key_from_jwk(self, jwk: Mapping[str, object]) -> Any:
        """The key of a JWK. Raises KeyRejected, naming what is odd."""
        ...


NATIVE: Final = es256
"""By which native credentials, presentations and all documents of members are signed. SM2 with SM3 is to come."""
FOR_MEMBERS: Final[Mapping[str, Algorithm]] = {algorithm.NAME: algorithm for algorithm in (es256,)}
"""By name: what a key of a member may be pinned to."""
FOR_FOREIGN: Final[Mapping[str, Algorithm]] = {algorithm.NAME: algorithm for algorithm in (es256, ps256)}
"""By name: what a key of a foreign card's issuer may be pinned to."""
FOREIGN_BY_KEY_TYPE: Final[Mapping[str, Algorithm]] = {each.KEY_TYPE: each for each in FOR_FOREIGN.values()}
"""The same by the ``kty`` of a JWK, which is what lists of foreign keys say."""
FOR_HEALTH_CARDS: Final[Algorithm] = es256
"""By which SMART Health Cards are signed, all of them."""
FOR_STAFF: Final[Mapping[str, Algorithm]] = {algorithm.NAME: algorithm for algorithm in (es256, rs256)}
"""By name: what a key of staff may be pinned to. RS256 is what passkeys of some platforms make."""
FOR_IDENTITY_PROVIDERS: Final = ("RS256", "PS256", NATIVE.NAME, "EdDSA")
"""By which a resident's identity provider may sign; PyJWT verifies them. With HS256 whoever knows a public key, or our
secret, would be the provider; ``none`` is nobody's word."""
