"""The facts of an EU card, read from a payload whose signature holds (DCC schema 1.0.0 to 1.3.0).

A card is about one kind: vaccination, test or recovery. What no list here has (another disease, another test) is no
fault of the card: it comes as a fact that no rule can be about.
"""

from __future__ import annotations

import math
from typing import Any

from cbor2 import CBORTag

from credentials.errors import Malformed
from credentials.foreign.envelope import VerifiedCard
from credentials.foreign.facts import CardKind, ForeignEvidence, ForeignFacts
from credentials.formats.eu_dcc.leniences import Lenience
from credentials.formats.eu_dcc.limits import MAX_CARD_BYTES, MAX_DOSES, MAX_ENTRIES, MAX_FIELD_CHARACTERS
from credentials.formats.eu_dcc.times import birth_date, day_of, moment_of
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult
from credentials.wire import cbor

_ISS, _EXP, _IAT, _HEALTH, _CERTIFICATE = 1, 4, 6, -260, 1
_TEST_KINDS = {"LP6464-4": EvidenceKind.NUCLEIC_ACID, "LP217198-3": EvidenceKind.ANTIGEN}
"""LOINC: amplification of nucleic acids, and rapid immunoassay."""
_TEST_RESULTS = {"260415000": EvidenceResult.NEGATIVE, "260373001": EvidenceResult.POSITIVE}
"""SNOMED CT: not detected, detected."""
_GROUPS = {"v": CardKind.VACCINATION, "t": CardKind.TEST, "r": CardKind.RECOVERY}


def read(verified: VerifiedCard) -> ForeignFacts:
    """Raises Malformed for what no lenience allows: a missing field, another type, a card of two kinds or of none."""
    odd = list(verified.leniences)
    claims = _map(cbor.loads_foreign(verified.payload, MAX_CARD_BYTES), "claims")
    certificate = _map(_map(claims.get(_HEALTH), "health claim").get(_CERTIFICATE), "certificate")
    kind, entries = _entries(certificate, odd)
    evidence = tuple(_READERS[kind](_map(entry, "entry"), odd) for entry in entries)
    claimed_issuer = claims.get(_ISS)
    return ForeignFacts(
        format=verified.key.format,
        kind=kind,
        issuer=verified.key.issuer,
        claimed_issuer=None if claimed_issuer is None else _texts(claims, _ISS)[0],
        issued_at=_issued_at(claims, odd),
        expires_at=_seconds(claims.get(_EXP), odd),
        name=_name(_map(certificate.get("nam"), "name"), odd),
        birth_date=birth_date(certificate.get("dob", ""), odd),
        evidence=evidence,
        leniences=tuple(dict.fromkeys(odd)),
    )


def _entries(certificate: dict[Any, Any], odd: list[str]) -> tuple[CardKind, list[Any]]:
    found = []
    for group, kind in _GROUPS.items():
        entries = certificate.get(group)
        if type(entries) is list and entries:
            found.append((kind, entries))
        elif entries is None or entries == []:
            odd += [Lenience.EMPTY_GROUP] * (group in certificate)
        else:
            raise Malformed("entries are no list")
    if len(found) != 1:
        raise Malformed("a card is about one kind: vaccination, test or recovery")
    kind, entries = found[0]
    if len(entries) > MAX_ENTRIES:
        raise Malformed(f"more than {MAX_ENTRIES} entries")
    odd += [Lenience.SEVERAL_ENTRIES] * (len(entries) > 1)
    return kind, entries


def _vaccination(entry: dict[Any, Any], odd: list[str]) -> ForeignEvidence:
    dose, doses = _count(entry, "dn", odd), _count(entry, "sd", odd)
    _, _, product = _texts(entry, "vp", "ma", "mp")
    return ForeignEvidence(
        kind=EvidenceKind.VACCINATION,
        # A series that is not complete is no completed vaccination, and nothing that a rule could mistake for one.
        result=EvidenceResult.COMPLETED if dose >= doses else EvidenceResult.INCONCLUSIVE,
        sampled_at=day_of(_value(entry, "dt"), odd),
        product=product,
        dose=dose,
        doses=doses,
        **_common(entry),
    )


def _test(entry: dict[Any, Any], odd: list[str]) -> ForeignEvidence:
    test, result = _texts(entry, "tt", "tr")
    products = [each for each in (entry.get("ma"), entry.get("nm")) if type(each) is str and each]
    return ForeignEvidence(
        kind=_TEST_KINDS.get(test),
        result=_TEST_RESULTS.get(result),
        sampled_at=moment_of(_value(entry, "sc"), odd),
        product=products[0] if products and len(products[0]) <= MAX_FIELD_CHARACTERS else None,
        **_common(entry),
    )


def _recovery(entry: dict[Any, Any], odd: list[str]) -> ForeignEvidence:
    for name in ("df", "du"):
        day_of(_value(entry, name), odd)
    valid_from, valid_until = _texts(entry, "df", "du")
    return ForeignEvidence(
        kind=EvidenceKind.RECOVERY,
        result=EvidenceResult.COMPLETED,
        sampled_at=day_of(_value(entry, "fr"), odd),
        valid_from=valid_from,
        valid_until=valid_until,
        **_common(entry),
    )


_READERS = {CardKind.VACCINATION: _vaccination, CardKind.TEST: _test, CardKind.RECOVERY: _recovery}


def _common(entry: dict[Any, Any]) -> dict[str, Any]:
    disease, country, source, identifier = _texts(entry, "tg", "co", "is", "ci")
    return {"disease": disease, "country": country, "source": source, "identifier": identifier}


def _name(names: dict[Any, Any], odd: list[str]) -> str:
    """Surname and given names as the card has them; where nobody could read them, as passports transliterate."""
    full = " ".join(filter(None, (_optional(names, "fn"), _optional(names, "gn"))))
    if full and is_shown(full):
        return full
    plain = " ".join(filter(None, (_optional(names, "fnt"), _optional(names, "gnt")))).replace("<", " ")
    if not plain or not is_shown(plain):
        raise Malformed("no name that can be shown")
    odd += [Lenience.NAME_NOT_SHOWN] * bool(full)
    return plain


def _issued_at(claims: dict[Any, Any], odd: list[str]) -> int | None:
    if claims.get(_IAT) is not None:
        return _seconds(claims[_IAT], odd)
    odd.append(Lenience.ISSUED_AT_MISSING)
    return None


def _seconds(value: object, odd: list[str]) -> int:
    """A NumericDate of the claims (RFC 8392 section 2)."""
    if type(value) is CBORTag:
        odd.append(Lenience.TIME_TAGGED)
        value = value.value
    if type(value) is float and math.isfinite(value):
        odd.append(Lenience.TIME_AS_FLOAT)
        value = math.floor(value)
    if type(value) is not int or not 0 <= value <= MAX_TIME_SECONDS:
        raise Malformed("a time is missing, of another type or out of bounds")
    return value


def _count(entry: dict[Any, Any], name: str, odd: list[str]) -> int:
    value = entry.get(name)
    if type(value) is float and value.is_integer():
        odd.append(Lenience.NUMBER_AS_FLOAT)
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_DOSES:
        raise Malformed(f"{name} is no number of doses")
    return value


def _value(entry: dict[Any, Any], name: str) -> object:
    if name not in entry:
        raise Malformed(f"{name} is missing")
    return entry[name]


def _texts(entry: dict[Any, Any], *names: str | int) -> list[str]:
    """The texts of these names, which must be there."""
    values: list[Any] = [entry.get(name) for name in names]
    for name, value in zip(names, values, strict=True):
        if type(value) is not str or len(value) > MAX_FIELD_CHARACTERS:
            raise Malformed(f"{name} is missing, no text, or longer than {MAX_FIELD_CHARACTERS} characters")
    return values


def _optional(entry: dict[Any, Any], name: str) -> str:
    return "" if entry.get(name) is None else _texts(entry, name)[0].strip()


def _map(value: object, what: str) -> dict[Any, Any]:
    if type(value) is not dict:
        raise Malformed(f"{what} missing, or no map")
    return value
