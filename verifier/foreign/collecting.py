"""What comes of importing a list: the keys, each once, what was left out of it and what is odd about the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from credentials.errors import Malformed
from credentials.foreign.document import check_key, fingerprint
from credentials.foreign.keys import ForeignKey


class ImportedEntry(NamedTuple):
    """One entry: where it stands, for people; its key, or None where it is left out; and what must be told of it."""

    place: str
    key: ForeignKey | None
    words: str = ""


class ImportedKeys(NamedTuple):
    """``left_out``, ``noted``: (place, what is wrong or odd), in the order of the source."""

    keys: tuple[ForeignKey, ...]
    left_out: tuple[tuple[str, str], ...]
    noted: tuple[tuple[str, str], ...] = ()


def left_out(place: str, why: str) -> ImportedEntry:
    """An entry without a key."""
    return ImportedEntry(place, None, why)


def collected(entries: Iterable[ImportedEntry]) -> ImportedKeys:
    """All of them; the same key of the same issuer comes once, and what no list may hold is left out."""
    found = [_checked(entry) for entry in entries]
    keys = {fingerprint(entry.key): entry.key for entry in reversed(found) if entry.key is not None}
    return ImportedKeys(
        tuple(reversed(keys.values())),
        tuple((place, words) for place, key, words in found if key is None),
        tuple((place, words) for place, key, words in found if key is not None and words),
    )


def _checked(entry: ImportedEntry) -> ImportedEntry:
    """By the list's own reader: one entry that it does not take would spoil the whole list."""
    try:
        if entry.key is not None:
            check_key(entry.key)
    except Malformed as error:
        return left_out(entry.place, error.detail)
    return entry


def merged(held: Iterable[ForeignKey], imported: Iterable[ForeignKey], *, by_issuer: bool) -> tuple[ForeignKey, ...]:
    """What comes in takes the place of what is held of its formats; ``by_issuer``: of its formats and issuers alone."""
    incoming = tuple(imported)
    replaced = {(key.format, key.issuer if by_issuer else "") for key in incoming}
    stays = (key for key in held if (key.format, key.issuer if by_issuer else "") not in replaced)
    return (*stays, *incoming)
