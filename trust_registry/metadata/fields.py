"""JSON documents of the registry and their fields: bounded, typed, never guessed.

The JSON itself is as strict as that of a JWS payload (:func:`credentials.wire.strict_json.parse_json`). Fields that
nobody asks for are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credentials.errors import Malformed, TooLarge
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.wire.strict_json import parse_json

MAX_SEQUENCE = 2**53 - 1
"""Largest version or sequence: what every JSON reader holds exactly."""


def read_object(data: bytes, limit: int) -> dict[str, Any]:
    """The JSON object in ``data`` (UTF-8). Raises TooLarge above ``limit`` bytes; Malformed."""
    if len(data) > limit:
        raise TooLarge(f"JSON above {limit} bytes")
    return mapping(parse_json(data), "document")


def mapping(value: object, name: str) -> dict[str, Any]:
    """``value`` when it is a JSON object. Raises Malformed, naming ``name``."""
    if not isinstance(value, dict):
        raise Malformed(f"{name} is not an object")
    return value


def items(document: Mapping[str, Any], name: str, most: int) -> list[Any]:
    """The array ``name`` of at most ``most`` items. Raises Malformed."""
    value = document.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise Malformed(f"{name} is not an array of at most {most}")
    return value


def text(document: Mapping[str, Any], name: str, most: int) -> str:
    """The string ``name`` of 1 to ``most`` characters that people see.

    Hidden and direction characters are refused (:mod:`credentials.profile.characters`): what officers approve must
    look like what guards see. Raises Malformed.
    """
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most or not is_shown(value):
        raise Malformed(f"{name} is not a plain text of at most {most} characters")
    return value


def number(document: Mapping[str, Any], name: str, least: int = 1, most: int = MAX_SEQUENCE) -> int:
    """The integer ``name`` between ``least`` and ``most`` (by default a version). Raises Malformed."""
    value = document.get(name)
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"{name} is not an integer from {least} to {most}")
    return value


def time(document: Mapping[str, Any], name: str) -> int:
    """The instant ``name`` in seconds UTC, between 2020 and 2106. Raises Malformed."""
    return number(document, name, MIN_TIME_SECONDS, MAX_TIME_SECONDS)
