"""Foreign keys, as the host member's signed list has them.

A gate trusts a key of another country because the host member says so, and for no other reason: the list is signed by
its ``rules`` key. Kids of foreign formats name no issuer and may collide, so a kid leads to several keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from credentials.algorithms.table import FOR_FOREIGN
from credentials.foreign.facts import CardKind
from credentials.keys import key_from_jwk

ALL_KINDS = frozenset(CardKind)
NO_COUNTRY = "XX"
"""Issuer of a key whose certificate names none (ISO 3166-1 leaves XX to its users): it may sign for any."""
ISO_COUNTRIES = {"EL": "GR", "UK": "GB"}
"""What the EU calls two countries, and ISO 3166-1 does."""
MAX_KEYS_OF_A_KID = 8
"""Each may cost a signature: more would be somebody's way to keep a gate busy."""


@dataclass(frozen=True)
class ForeignKey:
    """One key. ``issuer``: a country's two letters. ``kinds``: of cards, for which it may sign.

    Times are seconds UTC, ``not_after`` exclusive. The JWK becomes a key when it is first used: a gate that starts with
    a thousand of them needs a dozen.
    """

    format: str
    issuer: str
    kid: bytes
    algorithm: str
    jwk: Mapping[str, str] = field(repr=False, hash=False)
    kinds: frozenset[CardKind]
    not_before: int
    not_after: int

    @cached_property
    def public_key(self) -> Any:
        """Of the algorithm's own type. Raises KeyRejected."""
        return key_from_jwk(self.jwk, FOR_FOREIGN[self.algorithm])


@dataclass(frozen=True)
class ForeignKeys:
    """A list of them: whose, which one (``sequence`` counts up), and when it was signed (seconds UTC)."""

    member: str
    sequence: int
    issued_at: int
    keys: tuple[ForeignKey, ...] = field(repr=False)

    @cached_property
    def _by_kid(self) -> Mapping[tuple[str, bytes], tuple[ForeignKey, ...]]:
        found: dict[tuple[str, bytes], tuple[ForeignKey, ...]] = {}
        for key in self.keys:
            place = key.format, key.kid
            found[place] = (*found.get(place, ()), key)
        return MappingProxyType(found)

    def named(self, format_name: str, kid: bytes) -> tuple[ForeignKey, ...]:
        """The keys of that kid, of whatever issuer; none when nobody has it."""
        return self._by_kid.get((format_name, kid), ())


def country_of(text: object) -> str | None:
    """A country's two letters, in capitals; None for what is no such text."""
    is_country = type(text) is str and len(text) == 2 and text.isascii() and text.isalpha()
    return str(text).upper() if is_country else None


def too_many_of_a_kid(keys: Iterable[ForeignKey]) -> list[str]:
    """The kids, in hex, that more keys have than a gate would try."""
    counts: dict[tuple[str, bytes], int] = {}
    for key in keys:
        counts[key.format, key.kid] = counts.get((key.format, key.kid), 0) + 1
    return [kid.hex() for (_, kid), count in counts.items() if count > MAX_KEYS_OF_A_KID]
