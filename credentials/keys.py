"""Keys: how they are named (kid), what they may be used for, and how a JWK comes in.

Everything odd about a key is refused when it is enrolled, so that a gate never parses a certificate or a
doubtful encoding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import serialization

from credentials.algorithms.table import NATIVE, Algorithm, PublicKey
from credentials.errors import KeyRejected
from credentials.profile.limits import KID_BYTES

KEY_USES = ("credential", "status", "rules", "log")
"""What a key of a statement may be listed for. ``log`` is retired: it is read and nothing signs by it."""
_PURPOSE = frozenset({"use", "alg", "key_ops"})
"""What a JWK may say of its purpose."""
_OF_SIGNATURES = frozenset({"sign", "verify"})
"""Key operations that go with the use ``sig``."""


class VerificationKey(NamedTuple):
    """A member's key as the registry lists it. ``kid`` 8 bytes; times in seconds UTC, ``not_after`` exclusive."""

    kid: bytes
    member: str
    algorithm: str
    use: str
    not_before: int
    not_after: int
    public_key: PublicKey


def kid_of(member: str, public_key: PublicKey) -> bytes:
    """The first 8 bytes of SHA-256(member id ‖ 0x00 ‖ SubjectPublicKeyInfo): unique across the registry."""
    info = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(member.encode() + b"\x00" + info).digest()[:KID_BYTES]


# Keys of members, officers, clients and holders are of the native algorithm; what these do stands there.
compressed_point, key_from_point = NATIVE.compressed_point, NATIVE.key_from_point
jwk_of = NATIVE.jwk_of
new_private_key = NATIVE.new_private_key
load_private_key, private_key_pem = NATIVE.load_private_key, NATIVE.private_key_pem


def member_key_from_jwk(member: str, jwk: object) -> tuple[bytes, PublicKey]:
    """The kid and the key of a member's public JWK. Raises what :func:`key_from_jwk` raises."""
    public = _public(jwk)
    point = NATIVE.point_of_jwk(public)
    key = NATIVE.key_from_encoded(point)
    _require_for_verifying(public, NATIVE)
    info = NATIVE.public_key_info(point)
    # From the point itself: a nation's list has thousands of keys, and the library takes a fifth of its load to say it.
    return hashlib.sha256(member.encode() + b"\x00" + info).digest()[:KID_BYTES], key


def public_key_from_jwk(jwk: object) -> PublicKey:
    """Read a public JWK of the native algorithm. Raises what :func:`key_from_jwk` raises."""
    key: PublicKey = key_from_jwk(jwk, NATIVE)
    return key


def key_from_jwk(jwk: object, algorithm: Algorithm) -> Any:
    """Read a public JWK as a key of ``algorithm``. Raises KeyRejected, naming what is odd.

    Refused is what the algorithm refuses, a private key pasted where a public one belongs, and a key that says of
    itself that it is not for such signatures.
    """
    public = _public(jwk)
    key = algorithm.key_from_jwk(public)
    _require_for_verifying(public, algorithm)
    return key


def _public(jwk: object) -> Mapping[str, object]:
    if not isinstance(jwk, dict):
        raise KeyRejected("not a JWK")
    if "d" in jwk:
        raise KeyRejected("a private key where a public one belongs")
    return jwk


def _require_for_verifying(jwk: Mapping[str, object], algorithm: Algorithm) -> None:
    if not is_for_verifying(jwk, algorithm.NAME):
        raise KeyRejected(f"a key for something else than verifying {algorithm.NAME}, by its use, key_ops or alg")


def is_for_verifying(jwk: Mapping[str, object], algorithm: str) -> bool:
    """Whether what a JWK says of its purpose allows to verify by ``algorithm`` (RFC 7517 sections 4.2 to 4.4).

    What it does not say allows everything. ``key_ops`` are texts, each once, ``verify`` among them; beside a ``use``
    they must be consistent with it.
    """
    if _PURPOSE.isdisjoint(jwk):
        return True
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
        return False
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or not all(isinstance(each, str) for each in operations):
        return False
    known = {*operations}
    consistent = "use" not in jwk or known <= _OF_SIGNATURES
    return "verify" in known and len(known) == len(operations) and consistent
