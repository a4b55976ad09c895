"""What the stores of evidence and of status rules promise.

As :mod:`issuer.storage.ports.issuing`: durable when a call returns, safe to call from several threads and processes,
each call one transaction. Who can write the one can turn people red or green; who can write the other too, unless the
trust list is held, by which the signature of every document is checked before it decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from credentials.profile.facts import Fact


class Timeline(NamedTuple):
    """What is known of a person besides what requests bring. ``number`` grows with whatever becomes known or is taken
    back; 0: nothing ever was."""

    number: int
    facts: tuple[Fact, ...]


NO_TIMELINE = Timeline(0, ())


class Report(NamedTuple):
    """One report of a fact about a person, as it is kept. ``reporter``: who says so; ``reference``: the reporter's own,
    under which it corrects itself. ``fact``: None when it takes back what it reported; ``made_at``: when it
    was signed (seconds UTC), 0 where nobody signed it."""

    subject: bytes
    reporter: str
    reference: str
    fact: Fact | None
    made_at: int = 0


class RulesVersion(NamedTuple):
    """A published version of the status rules, without its text. Times are seconds UTC."""

    sequence: int
    digest: str
    valid_from: int
    valid_until: int | None


class RulesFault(NamedTuple):
    """How often an entry of the rules of this digest could not be evaluated, and when last (seconds UTC)."""

    digest: str
    entry: str
    times: int
    last_at: int


class RulesStore(Protocol):
    """Published status rules, and how often they could not tell."""

    def versions(self) -> Sequence[RulesVersion]:
        """All of them, by sequence."""

    def document(self, sequence: int) -> str:
        """The compact JWS of a version. Raises NotFound."""

    def add(self, version: RulesVersion, document: str, at: int) -> None:
        """Keep the next version. Raises Conflict when there is one of its sequence."""

    def note_faults(self, found: Mapping[tuple[str, str], int], at: int) -> None:
        """Count entries, by digest of the rules and id, that could not be evaluated."""

    def faults(self) -> Sequence[RulesFault]:
        """What was counted, the newest first."""


class ReportDeed(Protocol):
    """The part of a deed about persons (:class:`issuer.storage.ports.holders.PersonDeed`) that is about evidence."""

    def timelines(self) -> Mapping[bytes, Timeline]:
        """What is known of those of them of whom anything is."""

    def reported(self, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Report]:
        """What stands under these reporters and references."""

    def report(self, reports: Collection[Report], at: int) -> None:
        """Keep reports; each takes the place of the one of its reporter and reference."""
