"""Rules over a foreign card as it is written: those that other countries publish for its format, unchanged.

A host may take a country's published rules into its own rule set. They look at the card itself (``payload.v.0.dn``) and
not at evidence in the terms of this house, so that each says here what it says at home.

==================================  =================================================================================
``payload…``                        the card's content, as its schema names it; null where it has nothing
``external.validationClock``        the moment of the check, as text
``external.countryCode``            the country whose rule it is
``external.issuerCountryCode``      the country whose key signed the card
``external.iat``, ``external.exp``  when the card was issued and ends, as texts
``external.region``                 an empty text: the country as a whole
``external.valueSets.NAME``         of the rule set, filled in when it is loaded
==================================  =================================================================================

Source: EU Digital COVID Certificate validation rules 1.02, and the parameters that its reference verifier gives them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from credentials.foreign.facts import CardKind, ForeignFacts
from credentials.formats.eu_dcc.limits import NAME as EU_DCC
from credentials.profile.words import Label
from credentials.recognition.language.certlogic import RuleState, evaluate
from credentials.recognition.language.instants import is_within
from credentials.recognition.language.operators import Rule
from credentials.wire import cbor

FORMATS = {EU_DCC: EU_DCC}
"""Of which rules are published."""
KINDS = {kind.value: kind for kind in (CardKind.VACCINATION, CardKind.TEST, CardKind.RECOVERY)} | {"general": None}
"""Of cards; a general rule is about all of them, and by itself no rule for any (cwa-documentation #678)."""
OF_CARDS: Final = re.compile(
    r"payload(?:\.[^.]+)*|external\.(?:validationClock|countryCode|issuerCountryCode|iat|exp|region)"
)
"""The names of the table above."""
VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})")
_NOT_ON_CARD = math.nan
"""A fraction is neither true nor equal to anything: a rule that asks for what is not there is open."""
_EPOCH = datetime(1970, 1, 1)
Version = tuple[int, ...]


class CardRule(NamedTuple):
    """One rule about cards of a ``format``.

    ``kind``: of card, or None for all of them. ``country``: whose rule it is. ``issuers``: whose cards it is about;
    none: everybody's. ``schema``: the version of the card's schema that it was written for. In force from
    ``valid_from`` until before ``valid_until`` (seconds UTC), if any.
    """

    id: str
    format: str
    kind: CardKind | None
    country: str
    issuers: frozenset[str]
    schema: Version
    valid_from: int
    valid_until: int | None
    text: Label
    needed: Label
    rule: Rule

    def decides_about(self, facts: ForeignFacts) -> bool:
        """Whether it is a rule for this kind of card, whoever issued it: then no other rule is asked."""
        return self.format == facts.format and self.kind is facts.kind and not self.issuers

    def applies_to(self, facts: ForeignFacts, at: int) -> bool:
        """Whether it has to be asked about this card at this moment (seconds UTC)."""
        return (
            self.format == facts.format
            and self.kind in (None, facts.kind)
            and (not self.issuers or facts.issuer in self.issuers)
            and is_within(self.valid_from, self.valid_until, at)
        )


def judged(rules: Iterable[CardRule], facts: ForeignFacts, at: int) -> Iterator[tuple[CardRule, RuleState]]:
    """What each rule that applies to the card says of it. A card whose schema is older than the rule's, or of another
    major version, leaves it open."""
    payload = cbor.as_json(facts.original)
    version = version_of(payload.get("ver")) if type(payload) is dict else ()
    for rule in rules:
        if rule.applies_to(facts, at):
            fits = version[:1] == rule.schema[:1] and version >= rule.schema
            yield rule, evaluate(rule.rule, card_input(rule, payload, facts, at)) if fits else RuleState.OPEN


def card_input(rule: CardRule, payload: Any, facts: ForeignFacts, at: int) -> dict[str, Any]:
    """The data for one rule about a card at this moment (seconds UTC)."""
    return {
        "payload": payload,
        "external": {
            "validationClock": _moment(at),
            "countryCode": rule.country,
            "issuerCountryCode": facts.issuer,
            "iat": _moment(facts.issued_at),
            "exp": _moment(facts.expires_at),
            "region": "",
        },
    }


def version_of(value: object) -> Version:
    """``1.3.0`` as numbers; nothing for what is no version."""
    match = VERSION.fullmatch(value) if type(value) is str else None
    return tuple(map(int, match.groups())) if match else ()


def _moment(seconds: int | None) -> str | float:
    if seconds is None:
        return _NOT_ON_CARD
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
