"""Rules for EU cards as their countries publish them (EU Digital COVID Certificate business rules), taken unchanged.

What comes in is a rule, an array of rules, or anything around them: a folder, an app's download, a repository with
tests beside each rule. Value sets come along where they are found: as published (``valueSetId``, ``valueSetValues``),
or as an object of arrays by name.

A rule that cannot be taken is named and stays in the set without its logic, which leaves it open: left out, it would
let people pass whom its country turns away. One bad rule stops none of the others.

Source: EU Digital COVID Certificate validation rules 1.02, sections 3 (content of a rule) and 4 (which are asked).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from credentials.errors import InvalidRequest, RuleSetInvalid
from credentials.foreign.keys import ISO_COUNTRIES, NO_COUNTRY, is_country
from credentials.formats.eu_dcc.limits import NAME as EU_DCC
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.words import label
from credentials.recognition.card_rules import KINDS, OF_CARDS, Version, version_of
from credentials.recognition.reading import MAX_TEXT_CHARACTERS, RULE_ID, constants, is_value_set, whole
from credentials.wire.strict_json import with_whole_numbers
from service_kit.inputs import MAX_INPUT_BYTES, Input

MAX_FILES = 4_096
"""JSON files in a folder and below it."""
CERTLOGIC_VERSION = (1, 3, 2)
"""Of the language as it is spoken here; a rule that needs a newer one is open."""
_DEPTH = 12
"""Levels of a source that are looked through."""
_ENGINE, _ACCEPTANCE, _INVALIDATION = "CERTLOGIC", "Acceptance", "Invalidation"
_RULE_FIELDS = frozenset({"Identifier", "Logic", "cms"})
"""By any of which a rule is known; ``cms``: one that is still wrapped in its country's signature."""
_TEST_FIELDS = frozenset({"payload", "expected"})
_DESCRIPTION_CHARACTERS = MAX_TEXT_CHARACTERS - 60
_NAMES = re.compile(r"external\.valueSets\.([a-z][a-z0-9_-]{0,39})")
_UNNAMED = "rule"
_MAX_IDENTIFIER = 32
"""Characters; what follows them tells the versions of one rule apart."""


class PublishedRule(NamedTuple):
    """One rule as it will stand in a rule set, at ``place`` of its source. ``why``: it is open, or empty."""

    place: str
    identifier: str
    version: Version
    region: str
    entry: dict[str, Any]
    why: str


class _Unread(str):
    """In place of what could not be read: why."""

    __slots__ = ()


class PublishedSource(NamedTuple):
    """What a source has: rules in its order, value sets by name, and (place, why) of value sets that cannot be used."""

    rules: tuple[PublishedRule, ...]
    value_sets: dict[str, list[Any]]
    left_out: tuple[tuple[str, str], ...]


def read_published(sources: Iterable[Path | Input], known: Mapping[str, list[Any]]) -> PublishedSource:
    """The rules and value sets of all sources. ``known``: value sets that are there already.

    Raises InvalidRequest for a source without any rule, or a single file that is no JSON.
    """
    sources = [*sources]
    found = [each for source in sources for each in _walked(source)]
    sets, left_out = _value_sets(found)
    names = constants({}, {**known, **sets})
    rules = tuple(_rule(place, value, names) for place, value in found if _is_rule(value))
    if not rules:
        named = ", ".join(str(source) if isinstance(source, Path) else source.name for source in sources)
        raise InvalidRequest(f"{named}: no rule in it: rules have an Identifier and a Logic")
    return PublishedSource(rules, sets, left_out)


def chosen(published: PublishedSource, countries: frozenset[str], region: str) -> tuple[PublishedRule, ...]:
    """Those that a host asked for: of these ``countries``, or of all if there are none, and of this part of them (an
    empty text: of the country as a whole). What does not say whose it is, is among them."""
    return tuple(
        rule
        for rule in published.rules
        if (not countries or rule.entry["country"] in {*countries, NO_COUNTRY}) and rule.region == region.lower()
    )


def entries_of(rules: Iterable[PublishedRule]) -> list[dict[str, Any]]:
    """Card rules of a rule set: of each rule's versions that overlap, the newest counts."""
    by_identifier: dict[str, list[PublishedRule]] = {}
    for rule in rules:
        by_identifier.setdefault(rule.identifier, []).append(rule)
    entries: dict[str, dict[str, Any]] = {}
    for identifier, versions in by_identifier.items():
        for entry in _in_turn(versions):
            names = (f"{identifier}.{number}" if number > 1 else identifier for number in count(1))
            name = next(name for name in names if name not in entries)
            entries[name] = entry | {"id": name}
    return list(entries.values())


def named_value_sets(rules: Iterable[PublishedRule]) -> frozenset[str]:
    """Those that the rules look at."""
    return frozenset(name for rule in rules for name in _names_in(rule.entry.get("logic")))


def _walked(source: Path | Input) -> Iterator[tuple[str, Any]]:
    if isinstance(source, Input):
        yield from _walk(source.json(), source.name, _DEPTH)
        return
    paths = sorted(path for path in source.rglob("*.json") if path.is_file())
    if len(paths) > MAX_FILES:
        raise InvalidRequest(f"{source}: more than {MAX_FILES} JSON files")
    for path in paths:
        yield from _in_file(path, str(path.relative_to(source)))


def _in_file(path: Path, place: str) -> Iterator[tuple[str, Any]]:
    """One that cannot be read may have been a rule, and stays in the set as one that is open."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_INPUT_BYTES)
        yield from _walk(Input(place, data).json(), place, _DEPTH)
    except OSError as error:
        yield place, _Unread(f"cannot be read: {error.strerror}")
    except InvalidRequest as error:
        yield place, _Unread(error.detail.removeprefix(place).lstrip(": "))


def _walk(value: Any, place: str, levels: int) -> Iterator[tuple[str, Any]]:
    """All rules and value sets in it, with where they stand; tests beside the rules are passed over."""
    if levels == 0 or (type(value) is dict and value.keys() >= _TEST_FIELDS):
        return
    if _is_rule(value) or _is_value_set(value):
        yield place, value
    elif type(value) is list:
        for number, item in enumerate(value):
            yield from _walk(item, f"{place}[{number}]", levels - 1)
    elif type(value) is dict:
        for name, item in value.items():
            if type(item) is list and item and all(type(each) is str for each in item):
                yield f"{place}.{name}", {"valueSetId": name, "valueSetValues": item}
            else:
                yield from _walk(item, f"{place}.{name}", levels - 1)


def _is_rule(value: Any) -> bool:
    return isinstance(value, _Unread) or (type(value) is dict and not _RULE_FIELDS.isdisjoint(value))


def _is_value_set(value: Any) -> bool:
    return type(value) is dict and "valueSetId" in value


def _value_sets(found: Iterable[tuple[str, Any]]) -> tuple[dict[str, list[Any]], tuple[tuple[str, str], ...]]:
    sets: dict[str, list[Any]] = {}
    left_out = []
    for place, value in found:
        if not _is_value_set(value):
            continue
        name, codes = value["valueSetId"], value.get("valueSetValues")
        if type(name) is str and _NAMES.fullmatch(f"external.valueSets.{name}") and _is_codes(codes):
            sets[name] = list(codes)
        else:
            left_out.append((place, "no value set: a name or its values are missing, or cannot be used"))
    return sets, tuple(left_out)


def _is_codes(codes: Any) -> bool:
    return type(codes) in (list, dict) and is_value_set(list(codes))


def _rule(place: str, found: dict[str, Any] | _Unread, known: Mapping[str, Any]) -> PublishedRule:
    """One rule; all that is wrong with it is told at once, and leaves it open."""
    value, faults = ({}, [str(found)]) if isinstance(found, _Unread) else (found, [])
    reading = _PublishedFields(value, faults)
    logic = None if faults else reading.logic(known)
    country, invalidates = reading.country(), reading.of_type() == _INVALIDATION
    identifier, version = reading.identifier(place), reading.version("Version")
    asks = label("rules-import.text", country=country, id=identifier, description=reading.description()).by_language()
    entry = {
        "id": identifier,
        "format": EU_DCC,
        "kind": reading.kind(),
        "country": country,
        **({"issuers": [country]} if invalidates else {}),
        "schema": ".".join(map(str, reading.version("SchemaVersion") or (1, 0, 0))),
        **reading.times(),
        "text": asks,
        "needed": asks,
    }
    why = "; ".join(faults)
    entry |= {"comment": _line(why)} if why else {"logic": logic}
    region = value.get("Region")
    return PublishedRule(place, identifier, version, region.lower() if type(region) is str else "", entry, why)


class _PublishedFields:
    """Of one rule, field by field: what is wrong goes to ``faults``, and something harmless stands in its place."""

    def __init__(self, fields: Mapping[str, Any], faults: list[str]) -> None:
        self._fields, self._faults = fields, faults
        # Of what cannot be read at all one reason is enough.
        self._silent = bool(faults) or "cms" in fields
        if "cms" in fields:
            faults.append("still wrapped in its signature (cms): take the rule out of it first")

    def logic(self, known: Mapping[str, Any]) -> Any:
        if self._fields.get("Engine") != _ENGINE:
            self._fault(f"Engine: not {_ENGINE}")
        if "EngineVersion" in self._fields and self.version("EngineVersion") > CERTLOGIC_VERSION:
            self._fault("EngineVersion: newer than CertLogic 1.3.2")
        logic = with_whole_numbers(self._fields.get("Logic"))
        try:
            whole(logic, dict(known), OF_CARDS)
        except RuleSetInvalid as error:
            self._fault(f"Logic: {error.detail}")
        return logic

    def identifier(self, place: str) -> str:
        name = self._fields.get("Identifier")
        if type(name) is str and RULE_ID.fullmatch(name) and len(name) <= _MAX_IDENTIFIER:
            return name
        self._fault("Identifier: missing, too long, or with other characters than letters, digits, . and -")
        plain = re.sub("[^A-Za-z0-9.-]+", "-", place.removesuffix(".json")).strip(".-")[-_MAX_IDENTIFIER:].lstrip(".-")
        return plain or _UNNAMED

    def country(self) -> str:
        country = self._fields.get("Country")
        if type(country) is str and is_country(country.upper()):
            return ISO_COUNTRIES.get(country.upper(), country.upper())
        self._fault("Country: not two letters")
        return NO_COUNTRY

    def of_type(self) -> str:
        found = self._fields.get("Type")
        if found not in (_ACCEPTANCE, _INVALIDATION):
            self._fault(f"Type: neither {_ACCEPTANCE} nor {_INVALIDATION}")
        return str(found)

    def kind(self) -> str:
        kind = self._fields.get("CertificateType")
        if type(kind) is str and kind.lower() in KINDS:
            return kind.lower()
        self._fault("CertificateType: not General, Vaccination, Test or Recovery")
        return "general"

    def version(self, field: str) -> Version:
        version = version_of(self._fields.get(field))
        if not version:
            self._fault(f"{field}: not a version, such as 1.0.0")
        return version

    def times(self) -> dict[str, int]:
        """From and until when it counts; in the published form the last second counts, here it does not."""
        start, end = self._moment("ValidFrom"), self._moment("ValidTo")
        if start is not None and end is not None and end >= start:
            return {"valid_from": max(start, MIN_TIME_SECONDS), "valid_until": min(end + 1, MAX_TIME_SECONDS)}
        self._fault("ValidFrom, ValidTo: not two moments in order")
        return {"valid_from": MIN_TIME_SECONDS}

    def description(self) -> str:
        """In English, or in the first language that it has."""
        said = self._fields.get("Description")
        entries = [each for each in said if type(each) is dict] if type(said) is list else []
        texts = {str(each.get("lang")): each.get("desc") for each in entries}
        lines = [_line(text) for text in (texts.get("en"), *texts.values()) if type(text) is str]
        return next(filter(None, lines), "—")[:_DESCRIPTION_CHARACTERS]

    def _moment(self, field: str) -> int | None:
        value = self._fields.get(field)
        try:
            moment = datetime.fromisoformat(value) if type(value) is str else None
            return None if moment is None or moment.tzinfo is None else int(moment.timestamp())
        except (ValueError, OverflowError):
            return None

    def _fault(self, why: str) -> None:
        if not self._silent and why not in self._faults:
            self._faults.append(why)


def _line(text: str) -> str:
    """As it can stand in a rule set: on one line, nothing that cannot be shown, no braces, which name parameters."""
    plain = " ".join(text.split()).replace("{", "(").replace("}", ")")
    return "".join(character for character in plain if is_shown(character))


def _in_turn(versions: list[PublishedRule]) -> Iterator[dict[str, Any]]:
    """The versions of one rule, each for the time in which no newer one counts."""
    taken: list[tuple[int, int]] = []
    for rule in sorted(versions, key=lambda each: each.version, reverse=True):
        start, end = rule.entry["valid_from"], rule.entry.get("valid_until", MAX_TIME_SECONDS)
        for begins, ends in _without(start, end, taken):
            yield rule.entry | {"valid_from": begins, "valid_until": ends}
        taken.append((start, end))


def _without(start: int, end: int, taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a time when others are taken out of it."""
    left = [(start, end)]
    for begins, ends in taken:
        parts = [part for a, b in left for part in ((a, min(b, begins)), (max(a, ends), b))]
        left = [(a, b) for a, b in parts if a < b]
    return left


def _names_in(logic: Any) -> Iterator[str]:
    if type(logic) is list:
        for item in logic:
            yield from _names_in(item)
    elif type(logic) is dict:
        for name, operands in logic.items():
            match = _NAMES.search(operands) if name == "var" and type(operands) is str else None
            yield from [match[1]] if match else _names_in(operands)
