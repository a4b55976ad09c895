"""How signed rules are read: strict JSON in which an unknown field, a doubtful number or a hidden character is refused.

Shared by the rules of gates (:mod:`credentials.recognition.document`) and those by which an issuer decides
(:mod:`credentials.decisions.rules.document`). What is wrong is told to the author all at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

from credentials.errors import Malformed, RuleSetInvalid
from credentials.profile.characters import is_shown
from credentials.profile.languages import COMMON, LANGUAGE_TAG, MAX_LANGUAGES
from credentials.profile.limits import (
    MAX_JSON_INTEGER,
    MAX_RULE_SET,
    MAX_RULE_SET_VERSION,
    MAX_TIME_SECONDS,
    MIN_TIME_SECONDS,
)
from credentials.profile.lists import ClosedList
from credentials.profile.members import is_member_id
from credentials.profile.words import Label, translated
from credentials.recognition.language.certlogic import compile_rule, compile_sound_parts, is_literal
from credentials.recognition.language.operators import Rule, unsound
from credentials.recognition.language.vocabulary import OF_GATES, fill_in
from credentials.recognition.words import literal_in_words
from credentials.wire.strict_json import json_bytes

MAX_RULES = 64
"""Rules of a set, and entries of its other short lists."""
MAX_PARAMETERS = 64
MAX_VALUE_SETS = 64
MAX_VALUE_SET_ITEMS = 5_000
"""Enough for every county of the country."""
MAX_TEXT_CHARACTERS = 300
MAX_COMMENT_CHARACTERS = 1_000

MAX_NAMES_CHARACTERS = 80
"""Of somebody else's names in a message."""
MAX_FAULTS_TOLD = 16
"""Of one document, at once: whoever wrote it mends them together."""

HEAD = frozenset({"member", "rule_set", "version", "sequence", "previous", "valid_from", "parameters", "value_sets"})
"""Fields that every signed set of rules has, besides those that may be left out."""
COMMENT = frozenset({"comment"})
_OLD_LANGUAGES = frozenset({"zh", "en"})
_COMMON = frozenset(COMMON)
_TAG = re.compile(LANGUAGE_TAG)
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")
_VALUE_SET_NAME = re.compile("[a-z][a-z0-9_-]{0,39}")
"""As those that the EU publishes are called: covid-19-lab-test-type."""
RULE_ID = re.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
_DIGEST = re.compile("[0-9a-f]{64}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_Entry = TypeVar("_Entry", bound=ClosedList)
_Made = TypeVar("_Made")


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256, in hex, of the document as it is signed; the next document names it as ``previous``.

    Raises RuleSetInvalid for what cannot be written as JSON.
    """
    try:
        return hashlib.sha256(json_bytes(document)).hexdigest()
    except (ValueError, TypeError, RecursionError) as error:
        raise RuleSetInvalid("rule set: not JSON") from error


def constants(parameters: dict[str, Any], value_sets: dict[str, Any]) -> dict[str, Any]:
    """Parameters and value sets by the names that rules have for them (``external.parameters.hours``)."""
    known = {f"external.parameters.{name}": content for name, content in parameters.items()}
    return known | {f"external.valueSets.{name}": content for name, content in value_sets.items()}


Compile = Callable[..., Rule]
"""Of a rule's logic and the constants by name."""


def whole(logic: Any, known: dict[str, Any], names: re.Pattern[str] = OF_GATES) -> Rule:
    """Every part of a rule, or RuleSetInvalid. ``names``: the vocabulary of whoever runs it."""
    return compile_rule(fill_in(logic, known, names=names))


def as_far_as_sound(logic: Any, known: dict[str, Any], names: re.Pattern[str] = OF_GATES) -> Rule:
    """As :func:`whole`, for rules that are signed: what is not sound is open where it is reached."""
    try:
        # Null is no expression, so that a name which nothing has is open where it is reached.
        return compile_sound_parts(fill_in(logic, known, unknown=lambda path: None, names=names))
    except RuleSetInvalid as error:
        return unsound(error.detail)


class Reading:
    """Of one document: what is wrong with a part of it keeps nobody from reading the others."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def of(self, read: Callable[..., Any], *given: Any) -> Any:
        """What ``read`` makes of what it is given; None where that raised RuleSetInvalid, until ``require_none``."""
        try:
            return read(*given)
        except RuleSetInvalid as error:
            self.faults.append(error.detail)
            return None

    def constants(self, fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parameters and value sets. Raises RuleSetInvalid: without all of them a rule that names one would be called
        wrong as well."""
        parameters = self.of(read_constants, fields["parameters"], MAX_PARAMETERS, is_literal, "parameters")
        value_sets = self.of(
            read_constants, fields["value_sets"], MAX_VALUE_SETS, is_value_set, "value_sets", _VALUE_SET_NAME
        )
        self.require_none()
        return parameters, value_sets

    def head(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Whose they are, which version, and when they count."""
        return {
            "member": self.of(read_member, fields["member"]),
            "rule_set": self.of(read_integer, fields["rule_set"], 0, MAX_RULE_SET, "rule_set"),
            "version": self.of(read_integer, fields["version"], 0, MAX_RULE_SET_VERSION, "version"),
            "sequence": self.of(read_integer, fields["sequence"], 1, MAX_JSON_INTEGER, "sequence"),
            "previous": self.of(read_previous, fields),
            "valid_from": self.of(read_time, fields["valid_from"], "valid_from"),
            "valid_until": self.of(read_valid_until, fields),
        }

    def require_none(self) -> None:
        """Raise RuleSetInvalid with all that was found."""
        more = len(self.faults) - MAX_FAULTS_TOLD
        told = self.faults[:MAX_FAULTS_TOLD] + [f"and {more} more"] * (more > 0)
        require(not told, "; ".join(told))


def read_fields(value: Any, required: frozenset[str], optional: frozenset[str], where: str) -> dict[str, Any]:
    require(type(value) is dict, f"{where}: not an object")
    missing, unknown = sorted(required - value.keys()), sorted(value.keys() - required - optional)
    require(not missing, f"{where}: {', '.join(missing)} missing")
    require(not unknown, f"{where}: unknown field {', '.join(unknown)[:MAX_NAMES_CHARACTERS]!a}")
    if "comment" in value:
        _comment(value["comment"])
    return dict(value)


def read_list(value: Any, where: str, most: int = MAX_RULES) -> list[Any]:
    require(type(value) is list and 0 < len(value) <= most, f"{where}: not an array of 1 to {most}")
    return list(value)


Make = Callable[[str, dict[str, Any]], _Made]
"""What a named entry is, of its id and fields."""


def read_named(
    value: Any,
    where: str,
    kind: str,
    fields: frozenset[str],
    make: Make[_Made],
    optional: frozenset[str] = frozenset(),
    most: int = MAX_RULES,
) -> tuple[_Made, ...]:
    """The entries of a list, each with an ``id`` of its own, as ``make`` makes them of their ``fields``
    and of those of the ``optional`` that are there; at most ``most`` entries. ``kind``: what one is called in messages.
    Raises RuleSetInvalid, naming every entry that is wrong."""
    reading, ids = Reading(), list[str]()

    def read(number: int, entry: Any) -> _Made:
        place = f"{kind} {number} of the list"
        found = read_fields(entry, fields, optional | COMMENT, place)
        name = found["id"]
        require(type(name) is str and bool(RULE_ID.fullmatch(name)), f"{place}: bad id")
        ids.append(name)
        try:
            return make(name, found)
        except RuleSetInvalid as error:
            raise RuleSetInvalid(f"{kind} {name}: {error.detail}") from error

    made = [reading.of(read, number, entry) for number, entry in enumerate(read_list(value, where, most), 1)]
    reading.require_none()
    require(len(set(ids)) == len(ids), f"{where}: an id stands twice")
    return tuple(made)


def read_closed_list(value: Any, entries: type[_Entry], where: str) -> frozenset[_Entry]:
    try:
        return frozenset(entries.from_label(label) for label in read_list(value, where))
    except Malformed as error:
        raise RuleSetInvalid(f"{where}: {error.detail}") from error


def read_constants(
    value: Any, limit: int, accept: Callable[[Any], bool], where: str, names: re.Pattern[str] = _NAME
) -> dict[str, Any]:
    require(type(value) is dict and len(value) <= limit, f"{where}: not an object of at most {limit}")
    for name, content in value.items():
        require(type(name) is str and bool(names.fullmatch(name)), f"{where}: bad name")
        require(accept(content), f"{where}: bad value")
    return dict(value)


def is_value_set(value: Any) -> bool:
    return type(value) is list and len(value) <= MAX_VALUE_SET_ITEMS and all(map(is_literal, value))


def read_text(value: Any, parameters: dict[str, Any], where: str) -> Label:
    """A text by language tag, as :func:`read_label` reads it, or in the old form by ``zh`` and ``en`` alone."""
    if type(value) is dict and "zh" in value:
        old = read_fields(value, _OLD_LANGUAGES, frozenset(), where)
        value = {"zh-CN": old["zh"], "en": old["en"]}
    return read_label(value, parameters, where)


def read_label(value: Any, parameters: dict[str, Any], where: str) -> Label:
    """A text by language tag: zh-CN and English, and any others, at most MAX_LANGUAGES of them."""
    others = frozenset(filter(_TAG.fullmatch, value)) if type(value) is dict else frozenset()
    fields = read_fields(value, _COMMON, others, where)
    require(len(fields) <= MAX_LANGUAGES, f"{where}: more than {MAX_LANGUAGES} languages")
    return translated({language: _line(text, parameters, where) for language, text in fields.items()})


def _comment(value: Any) -> None:
    require(type(value) is str and is_shown(value), "comment: not a line that can be shown")
    require(len(value) <= MAX_COMMENT_CHARACTERS, "comment: too long")


def _line(value: Any, parameters: dict[str, Any], where: str) -> str:
    require(type(value) is str, f"{where}: not a text")
    require(parameters.keys() >= set(_PLACEHOLDER.findall(value)), f"{where}: no such parameter")
    line = _PLACEHOLDER.sub(lambda match: literal_in_words(parameters[match[1]]), value)
    require(0 < len(line) <= MAX_TEXT_CHARACTERS, f"{where}: empty or too long")
    require(is_shown(line), f"{where}: a character that cannot be shown")
    return line


def read_member(value: Any) -> str:
    """Exactly as registered: ``cn-44`` is nobody (verifier-app #275)."""
    require(type(value) is str and is_member_id(value), "member: not a member id")
    return str(value)


def read_previous(fields: dict[str, Any]) -> str | None:
    """The digest of the document before; only the first of a chain has none."""
    previous = fields["previous"]
    if fields["sequence"] == 1:
        require(previous is None, "previous: given for the first of its chain")
        return None
    require(type(previous) is str and bool(_DIGEST.fullmatch(previous)), "previous: not a SHA-256 in hex")
    return str(previous)


def read_time(value: Any, where: str) -> int:
    return read_integer(value, MIN_TIME_SECONDS, MAX_TIME_SECONDS, where)


def read_valid_until(fields: dict[str, Any]) -> int | None:
    if "valid_until" not in fields:
        return None
    until = read_time(fields["valid_until"], "valid_until")
    since = fields["valid_from"]
    require(type(since) is not int or until > since, "valid_until: not after valid_from")
    return until


def read_integer(value: Any, lowest: int, highest: int, where: str) -> int:
    require(type(value) is int and lowest <= value <= highest, f"{where}: not an integer in its range")
    return int(value)


def require(condition: bool, detail: str) -> None:
    if not condition:
        raise RuleSetInvalid(detail)
