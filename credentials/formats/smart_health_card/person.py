"""Whose card it is: name and date of birth of the FHIR patient, as people write and read them."""

from __future__ import annotations

import re
from typing import Any

from credentials.errors import Malformed
from credentials.formats.smart_health_card.leniences import CardLenience
from credentials.formats.smart_health_card.limits import MAX_FIELD_CHARACTERS
from credentials.profile.characters import is_shown

_BIRTH = re.compile(r"(?:[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)?")
_MAX_GIVEN = 8


def name_of(patient: dict[str, Any], odd: list[str]) -> str:
    """Family and given names of the first name, or its text. Raises Malformed for none that can be shown."""
    names = patient.get("name")
    first = names[0] if type(names) is list and names else None
    if type(first) is not dict:
        raise Malformed("no name")
    given = first.get("given")
    pieces = [first.get("family"), *(given[:_MAX_GIVEN] if type(given) is list else [])]
    full = " ".join(each.strip() for each in pieces if type(each) is str and each.strip()) or first.get("text")
    if type(full) is not str or not 0 < len(full) <= MAX_FIELD_CHARACTERS:
        raise Malformed("no name, or one that is too long")
    if is_shown(full):
        return full
    seen = "".join(character for character in full if is_shown(character))
    if not seen.strip():
        raise Malformed("no name that can be shown")
    odd.append(CardLenience.NAME_IN_PIECES)
    return seen


def birth_date_of(patient: dict[str, Any]) -> str:
    """A day, a month, a year, or nothing. Raises Malformed."""
    value = patient.get("birthDate", "")
    if type(value) is not str or not _BIRTH.fullmatch(value):
        raise Malformed("not a date of birth")
    return value
