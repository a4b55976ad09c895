"""Signers: what makes signatures, whether the key lies in a file or in a security module."""

from __future__ import annotations

from typing import Protocol

from credentials.algorithms import es256


class Signer(Protocol):
    """Signs with one private key. Safe to call from several threads."""

    kid: bytes
    algorithm: str

    def sign(self, message: bytes) -> bytes:
        """A 64-byte signature over ``message``."""
        ...  # pragma: no cover


class PemSigner:
    """A signer whose ES256 private key is in this process's memory."""

    algorithm = es256.NAME

    def __init__(self, private_key: es256.PrivateKey, kid: bytes) -> None:
        self.kid = kid
        self._private_key = private_key

    @property
    def public_key(self) -> es256.PublicKey:
        return self._private_key.public_key()

    def sign(self, message: bytes) -> bytes:
        return es256.sign(self._private_key, message)
