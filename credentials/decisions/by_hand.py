"""Decisions by hand (人工赋码决定) as texts: what two people sign, byte for byte.

A decision is one canonical JSON text (sorted names, no spaces), about one person or many::

    {"type": "decision", "member": "CN-41", "number": "<32 hex, used once>",
     "people": {"count": 1, "root": "<64 hex>"}, "before": {"green": 1},
     "status": "red", "reason": "close-contact",
     "basis": {"article": "infectious-diseases-law-39", "since": 1577836800, "until": null},
     "author_unit": "cdc", "approver_unit": "health-commission",
     "starts_at": s, "ends_at": s, "appeal_until": s}

``people.root`` is the root of a Merkle tree (:mod:`credentials.log.tree`) whose leaves are entries, a person each:
``{"before": "green", "person": "<64 hex>"}`` in canonical JSON, the person by a digest with a salt of their own, so
that nobody who holds one file can find out who else was decided about. ``before`` counts what stood about them.

The text and a salt of 32 bytes are committed to by SHA-256(salt ‖ SHA-256(text)), which is what the province's log
holds; a code refers to it by the first 16 bytes of SHA-256(salt ‖ SHA-256(text) ‖ cti).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from credentials.decisions.leaves import root_over
from credentials.errors import DecisionRejected, Malformed, TooLarge
from credentials.log.tree import HASH_BYTES
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.lists import ClosedList, Reason, Status
from credentials.profile.members import is_member_id
from credentials.wire.strict_json import hex_bytes, json_bytes, parse_json

TYPE: Final = "decision"
NUMBER_BYTES = 16
MAX_PEOPLE = 1_000
"""Of one decision: as many as two people can be shown, and one transaction can hold."""
MAX_TEXT_BYTES = 2_048
MAX_UNIT_CHARACTERS = 48
MAX_PROPOSED_SECONDS = 86_400
"""Between proposal and the approver's signature: an older text is about a state of affairs that has passed."""
CLOCKS_APART_SECONDS = 60
"""How far the clock of another machine may be from ours."""
MAX_DAYS = 14
"""Between start and end: what is not renewed by two people ends by itself."""
APPEAL_DAYS = 60
"""Administrative review may be asked for within 60 days (Administrative Reconsideration Law, article 20)."""
NOTHING_BEFORE: Final = "none"
"""What stood before about somebody about whom nothing was decided."""
_BEFORE = (NOTHING_BEFORE, *(status.label for status in Status))
_DAY_SECONDS = 86_400
_FIELDS = frozenset(
    {
        "type", "member", "number", "people", "before", "status", "reason", "basis", "author_unit", "approver_unit",
        "starts_at", "ends_at", "appeal_until",
    }
)  # fmt: skip


class Basis(NamedTuple):
    """An article of the published list, and from when until when it stands there (seconds UTC, ``until`` exclusive)."""

    article: str
    since: int
    until: int | None = None


_FROM_THE_BEGINNING = MIN_TIME_SECONDS
"""Since when an article stands in the list that the list was begun with: no decision of this kind is older."""
_BORDER_LAW_REVISED = 1_735_660_800
"""2025-01-01 in Beijing."""
BASES: Final[Mapping[str, Basis]] = {
    basis.article: basis
    for basis in (
        Basis("infectious-diseases-law-39", _FROM_THE_BEGINNING),
        Basis("infectious-diseases-law-41", _FROM_THE_BEGINNING),
        Basis("emergency-regulation-33", _FROM_THE_BEGINNING),
        Basis("border-quarantine-law-4", _FROM_THE_BEGINNING, _BORDER_LAW_REVISED),
        Basis("border-quarantine-law-9", _BORDER_LAW_REVISED),
    )
}
"""The published list (依据清单): a basis that is not in it is none. Their names: ``basis.…`` in the catalogues. An
article that a new law renumbers gets its end here, and the new one a row: what was decided by the old one stays
sound, also by a text that was signed before its end was known.

That persons who enter or leave the country undergo quarantine inspection is article 9 of the Frontier Health and
Quarantine Law as revised on 2024-06-28 (Order of the President no. 27), and was article 4 before. Articles 39 and 41 of
the Law on Prevention and Treatment of Infectious Diseases are those of its text of 2013; it was revised on 2025-04-30,
in force since 2025-09-01, and which articles took their place is still to be entered here (docs/operations.md)."""


class DecisionText(NamedTuple):
    """What a text says. ``number``: 16 bytes; ``root``: 32 bytes; ``before``: status label or ``none`` -> people."""

    member: str
    number: bytes
    people: int
    root: bytes
    before: Mapping[str, int]
    status: Status
    reason: Reason
    basis: Basis
    author_unit: str
    approver_unit: str
    starts_at: int
    ends_at: int
    appeal_until: int

    def to_bytes(self) -> bytes:
        """The canonical text."""
        labels = {"status": self.status.label, "reason": self.reason.label}
        people = {"count": self.people, "root": self.root.hex()}
        said = self._asdict() | labels | {"type": TYPE, "number": self.number.hex(), "people": people}
        del said["root"]
        return json_bytes(said | {"before": dict(self.before), "basis": self.basis._asdict()})


class PersonEntry(NamedTuple):
    """A person in a decision: digest (32 bytes) and what stood before, a status label or ``none``."""

    person: bytes
    before: str

    def to_bytes(self) -> bytes:
        """The canonical entry."""
        return json_bytes({"before": self.before, "person": self.person.hex()})


def person_digest(salt: bytes, identity: str) -> bytes:
    """A person by what of their document stays (:attr:`credentials.identity.Document.identity`), salted (32 bytes)."""
    return hashlib.sha256(salt + identity.encode()).digest()


def people_root(entries: Sequence[PersonEntry]) -> bytes:
    """The root over the entries of a decision, at least one."""
    return root_over([entry.to_bytes() for entry in entries])


def read_decision(text: bytes) -> DecisionText:
    """Read a text. What it says may be refused all the same: :func:`require_sound`.

    Raises TooLarge, and Malformed, naming the field, for what is not the one canonical spelling of a decision.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise TooLarge(f"a decision of more than {MAX_TEXT_BYTES} bytes")
    fields = _object(parse_json(text), _FIELDS, "decision")
    people = _object(fields["people"], frozenset({"count", "root"}), "people")
    basis = _object(fields["basis"], frozenset(Basis._fields), "basis")
    read = DecisionText(
        member=_checked(fields["member"], is_member_id, "member"),
        number=hex_bytes(fields["number"], NUMBER_BYTES, "number"),
        people=whole(people["count"], 1, MAX_PEOPLE, "people.count"),
        root=hex_bytes(people["root"], HASH_BYTES, "people.root"),
        before=_before(fields["before"], people["count"]),
        status=_label(Status, fields["status"], "status"),
        reason=_label(Reason, fields["reason"], "reason"),
        basis=Basis(
            _checked(basis["article"], _is_name, "basis.article"),
            _moment(basis["since"], "basis.since"),
            None if basis["until"] is None else _moment(basis["until"], "basis.until"),
        ),
        author_unit=_checked(fields["author_unit"], is_unit_name, "author_unit"),
        approver_unit=_checked(fields["approver_unit"], is_unit_name, "approver_unit"),
        starts_at=_moment(fields["starts_at"], "starts_at"),
        ends_at=_moment(fields["ends_at"], "ends_at"),
        appeal_until=_moment(fields["appeal_until"], "appeal_until"),
    )
    if fields["type"] != TYPE or read.to_bytes() != text:
        raise Malformed("decision: not its canonical spelling: sorted names, no spaces, type decision")
    return read


def require_sound(text: DecisionText) -> None:
    """Raise DecisionRejected, saying what is missing: a basis of the published list that stands there at the start, an
    end within 14 days, a deadline for appeals after at least 60."""
    basis = BASES.get(text.basis.article)
    if basis is None or text.basis not in (basis, basis._replace(until=None)):
        raise DecisionRejected("basis is not in the published list of legal bases")
    if not basis.since <= text.starts_at < (basis.until or MAX_TIME_SECONDS):
        raise DecisionRejected("basis is not in the published list at this time")
    if not text.starts_at < text.ends_at <= text.starts_at + MAX_DAYS * _DAY_SECONDS:
        raise DecisionRejected(f"a decision by hand ends within {MAX_DAYS} days of its start")
    if text.appeal_until < text.starts_at + APPEAL_DAYS * _DAY_SECONDS:
        raise DecisionRejected(f"appeal_until: appeals may be made for at least {APPEAL_DAYS} days")


def bases_at(at: int) -> list[str]:
    """The articles of the published list by which somebody may decide at ``at`` (seconds UTC)."""
    return [each.article for each in BASES.values() if each.since <= at < (each.until or MAX_TIME_SECONDS)]


def is_unit_name(unit: str) -> bool:
    """Whether a unit can be named so: 1 to 48 characters that people see, no slash, no space at either end."""
    return "/" not in unit and unit == unit.strip() != "" and len(unit) <= MAX_UNIT_CHARACTERS and is_shown(unit)


def whole(value: Any, least: int, most: int, where: str) -> int:
    """A whole number within bounds. Raises Malformed, naming ``where``."""
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"{where}: whole number from {least} to {most}")
    return value


def _object(value: Any, names: frozenset[str], where: str) -> dict[str, Any]:
    if type(value) is not dict or value.keys() != names:
        raise Malformed(f"{where}: object of {', '.join(sorted(names))}")
    return value


def _before(value: Any, count: Any) -> Mapping[str, int]:
    known = type(value) is dict and all(name in _BEFORE and type(each) is int for name, each in value.items())
    if not known or min(value.values(), default=0) < 1 or sum(value.values()) != count:
        raise Malformed(f"before: people by what stood, {', '.join(_BEFORE)}, as many as people.count")
    found: Mapping[str, int] = value
    return found


def _label(kind: type[ClosedList], value: Any, where: str) -> Any:
    try:
        return kind.from_label(value)
    except Malformed as error:
        raise Malformed(f"{where}: one of {', '.join(entry.label for entry in kind)}") from error


def _moment(value: Any, where: str) -> int:
    return whole(value, MIN_TIME_SECONDS, MAX_TIME_SECONDS, where)


def _is_name(value: str) -> bool:
    return 0 < len(value) <= MAX_UNIT_CHARACTERS and is_shown(value)


def _checked(value: Any, is_good: Any, where: str) -> str:
    if type(value) is not str or not is_good(value):
        raise Malformed(f"{where}: not a text that may stand here")
    return value
