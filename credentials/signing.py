"""Signers: what makes signatures, whether the key lies in a file or in a security module."""

from __future__ import annotations

from typing import Protocol

from credentials.algorithms.table import NATIVE, PrivateKey, PublicKey


class Signer(Protocol):
    """Signs with one private key. Safe to call from several threads."""

    kid: bytes
    algorithm: str

    def sign(self, message: bytes) -> bytes:
        """A 64-byte signature over ``message``."""
        ...  # pragma: no cover


class PemSigner:
    """A signer whose private key is in this process's memory."""

    algorithm = NATIVE.NAME

    def __init__(self, private_key: PrivateKey, kid: bytes) -> None:
        self.kid = kid
        self._private_key = private_key

    @property
    def public_key(self) -> PublicKey:
        return self._private_key.public_key()

    def sign(self, message: bytes) -> bytes:
        return NATIVE.sign(self._private_key, message)
