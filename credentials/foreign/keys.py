"""Foreign keys, as the host member's signed list has them.

A gate trusts a key of another country because the host member says so, and for no other reason: the list is signed by
its ``rules`` key. Kids of foreign formats name no issuer and may collide, so a kid leads to several keys.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from credentials.algorithms.table import FOR_FOREIGN
from credentials.foreign.facts import CardKind
from credentials.keys import key_from_jwk
from credentials.profile.limits import MAX_TIME_SECONDS

ALL_KINDS = frozenset({CardKind.VACCINATION, CardKind.TEST, CardKind.RECOVERY})
"""Those that an EU card may be about."""
NO_COUNTRY = "XX"
"""Issuer of a key whose certificate names none (ISO 3166-1 leaves XX to its users): it may sign for any."""
ISO_COUNTRIES = {"EL": "GR", "UK": "GB"}
"""What the EU calls two countries, and ISO 3166-1 does."""
_COUNTRY = re.compile("[A-Z]{2}")
MAX_KEYS_OF_A_KID = 8
"""Each may cost a signature: more would be somebody's way to keep a gate busy."""


_REVOCATION = re.compile(r"[A-Za-z0-9_-]{1,24}(?:\.[0-9]{1,10})?")
"""A card's ``rid``, and behind a point the seconds before which it was issued."""
_FOR_EVER = MAX_TIME_SECONDS + 1


def is_country(value: object) -> bool:
    """Whether it is written as ISO 3166-1 writes countries: two capital letters."""
    return type(value) is str and _COUNTRY.fullmatch(value) is not None


@dataclass(frozen=True)
class ForeignKey:
    """One key. ``issuer``: a country's two letters, or the address of a card's issuer. ``kinds``: of cards, for which
    it may sign.

    Times are seconds UTC, ``not_after`` exclusive. ``revoked``: what its issuer has withdrawn of cards by this key, as
    SMART Health Cards have it (``rid``, or ``rid.seconds`` for those issued before); None: nobody has asked. The JWK
    becomes a key when it is first used: a gate that starts with a thousand of them needs a dozen.
    """

    format: str
    issuer: str
    kid: bytes
    algorithm: str
    jwk: Mapping[str, str] = field(repr=False, hash=False)
    kinds: frozenset[CardKind]
    not_before: int
    not_after: int
    revoked: tuple[str, ...] | None = field(default=None, repr=False)

    @cached_property
    def public_key(self) -> Any:
        """Of the algorithm's own type. Raises KeyRejected."""
        return key_from_jwk(self.jwk, FOR_FOREIGN[self.algorithm])

    def is_same_as(self, other: ForeignKey) -> bool:
        """Whether both are one key, whoever it is listed for."""
        return self.algorithm == other.algorithm and self.jwk == other.jwk

    def has_withdrawn(self, revocation: str, issued_at: int) -> bool:
        """Whether a card that would be withdrawn by ``revocation`` was, being issued when it was (seconds UTC)."""
        return issued_at < self._withdrawn_before.get(revocation, 0)

    @cached_property
    def _withdrawn_before(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for entry in self.revoked or ():
            rid, _, seconds = entry.partition(".")
            found[rid] = max(found.get(rid, 0), int(seconds) if seconds else _FOR_EVER)
        return MappingProxyType(found)


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


def is_revocation(entry: object) -> bool:
    """Whether it can stand among what a key has revoked."""
    return type(entry) is str and _REVOCATION.fullmatch(entry) is not None


def too_many_of_a_kid(keys: Iterable[ForeignKey]) -> list[str]:
    """The kids, in hex, that more keys have than a gate would try; one listed for many issuers is tried once."""
    found: dict[tuple[str, bytes], list[ForeignKey]] = {}
    for key in keys:
        found.setdefault((key.format, key.kid), []).append(key)
    return [kid.hex() for (_, kid), listed in found.items() if len(listed) > MAX_KEYS_OF_A_KID and _is_crowd(listed)]


def _is_crowd(listed: list[ForeignKey]) -> bool:
    different = {str(key.jwk) for key in listed}
    of_one_issuer = Counter(key.issuer for key in listed)
    return max(len(different), *of_one_issuer.values()) > MAX_KEYS_OF_A_KID
