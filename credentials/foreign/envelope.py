"""From a foreign card's text to a verified payload, whatever its format: only the key says by which algorithm.

A format's ``unwrap`` makes a :class:`ForeignEnvelope`, :func:`verify` a :class:`VerifiedCard`, and the format's
``read`` takes nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from credentials.algorithms.table import FOR_FOREIGN
from credentials.errors import AlgorithmMismatch, KeyRejected, WrongSignature
from credentials.foreign.keys import ForeignKey


class ForeignEnvelope(NamedTuple):
    """A card taken apart, unverified. ``format``: its name in the table of formats. ``algorithm``: the name that its
    header claims, which the key must bear out. ``in_parts``: whether several symbols came together to it."""

    format: str
    kid: bytes
    algorithm: str
    payload: bytes
    signature: bytes
    signed_bytes: bytes
    leniences: tuple[str, ...] = ()
    in_parts: bool = False


class VerifiedCard(NamedTuple):
    """A payload whose signature holds under ``key``."""

    payload: bytes
    key: ForeignKey
    leniences: tuple[str, ...] = ()


def verify(envelope: ForeignEnvelope, keys: Sequence[ForeignKey]) -> VerifiedCard:
    """Try the keys that the kid leads to, each by its own algorithm (several may share a kid: verifier-app #35).

    A key that is listed for several issuers is tried once, and comes as the first of them: :func:`as_of`.
    Raises AlgorithmMismatch when none is of the algorithm that the card claims, WrongSignature when none verifies.
    """
    fitting = [key for key in keys if key.algorithm == envelope.algorithm]
    if not fitting:
        raise AlgorithmMismatch("no key of this kid is for the algorithm that the card claims")
    for number, key in enumerate(fitting):
        if any(map(key.is_same_as, fitting[:number])):
            continue
        try:
            FOR_FOREIGN[key.algorithm].verify(key.public_key, envelope.signature, envelope.signed_bytes)
        except (WrongSignature, KeyRejected):
            continue
        return VerifiedCard(envelope.payload, key, envelope.leniences)
    raise WrongSignature(f"by none of {len(fitting)} keys of its kid")


def as_of(verified: VerifiedCard, issuer: str, keys: Sequence[ForeignKey]) -> VerifiedCard:
    """The same by the entry of ``issuer``, where the key that verified it is listed for several (46 of the VCI are)."""
    own = (key for key in keys if key.issuer == issuer and key.is_same_as(verified.key))
    return verified._replace(key=next(own, verified.key))
