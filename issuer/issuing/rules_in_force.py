"""Which status rules decide at a moment (现行赋码规则), in every worker, without a restart.

Published versions stand in the issuer's database as they were signed. Of those in force the one with the highest
sequence decides, from its first second on; without any, or where none is in force, the rules that are built in. A
version whose signature does not hold by the trust list, because its key was denied or somebody wrote into the database,
decides nothing: the one before it does, and the state says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog

from credentials.decisions.rules.document import parse_status_rules
from credentials.decisions.rules.status_rules import StatusRules
from credentials.decisions.rules.template import built_in
from credentials.errors import CredentialError, Malformed, RuleSetInvalid
from credentials.recognition.language.instants import is_within
from credentials.wire import jws
from credentials.wire.strict_json import parse_json
from issuer.storage.ports.evidence import RulesStore, RulesVersion

Read = Callable[[str], StatusRules]
"""Reads a signed document. Raises CredentialError or RuleSetInvalid where its signature does not hold."""
_log = structlog.get_logger("rules")


class Rules(Protocol):
    """What decides, and what is done about rules that cannot."""

    def at(self, at: int) -> StatusRules:
        """The rules that decide at ``at`` (seconds UTC)."""

    def note(self, rules: StatusRules, entries: Sequence[str], at: int) -> None:
        """Count entries that could not be evaluated, by their ids."""


class BuiltInRules:
    """The rules of an issuer that has published none."""

    def __init__(self, member: str = "CN-11") -> None:
        self._rules = parse_status_rules(built_in(member))

    def at(self, at: int) -> StatusRules:
        """See :class:`Rules`."""
        return self._rules

    def note(self, rules: StatusRules, entries: Sequence[str], at: int) -> None:
        """See :class:`Rules`. These cannot be open."""


class PublishedRules:
    """The rules that a province has published, else those that are built in. Safe to call from several threads.

    ``read``: verifies with what the trust list says now; ``trust``: changes when that does, and then every document is
    verified anew.
    """

    def __init__(
        self, store: RulesStore, member: str, read: Read, trust: Callable[[], object], count: Callable[[str, int], None]
    ) -> None:
        self._store, self._read, self._trust, self._count = store, read, trust, count
        self._built_in = parse_status_rules(built_in(member))
        self._known: tuple[object, dict[str, StatusRules | str]] = (None, {})

    def at(self, at: int) -> StatusRules:
        """See :class:`Rules`."""
        for version in reversed(self._store.versions()):
            if is_within(version.valid_from, version.valid_until, at):
                rules = self._verified(version)
                if isinstance(rules, StatusRules):
                    return rules
        return self._built_in

    def document(self, at: int) -> dict[str, Any]:
        """The document of the rules that decide at ``at``."""
        rules = self.at(at)
        if rules.digest == self._built_in.digest:
            return built_in(rules.member)
        return document_in(self._store.document(rules.sequence))

    def newest(self) -> RulesVersion | None:
        """The last version that was published, whenever it counts."""
        return next(reversed(self._store.versions()), None)

    def verify(self, compact: str) -> StatusRules:
        """A signed document by what the trust list says now. Raises CredentialError, RuleSetInvalid."""
        return self._read(compact)

    def keep(self, rules: StatusRules, compact: str, at: int) -> None:
        """Keep a published version. Raises Conflict when another one of its sequence is kept."""
        version = RulesVersion(rules.sequence, rules.digest, rules.valid_from, rules.valid_until)
        self._store.add(version, compact, at)

    def state(self, at: int) -> dict[str, Any]:
        """What decides now, what will, what is refused and why, and which entries could not be evaluated."""
        rules = self.at(at)
        return {
            "rule_set": rules.rule_set,
            "version": rules.version,
            "sha256": rules.digest,
            "to_come": [[each.sequence, each.valid_from] for each in self._store.versions() if each.valid_from > at],
            "refused": {str(sequence): code for sequence, code in self.refused().items()},
            "open": [each._asdict() for each in self._store.faults()],
        }

    def note(self, rules: StatusRules, entries: Sequence[str], at: int) -> None:
        """See :class:`Rules`. Nothing about anybody is kept or told: an entry, how often, when."""
        found = Counter(entries)
        for entry, count in found.items():
            self._count(entry, count)
            _log.warning("rule-open", entry=entry, count=count, rule_set=rules.rule_set, version=rules.version)
        if found:
            self._store.note_faults({(rules.digest, entry): count for entry, count in found.items()}, at)

    def refused(self) -> dict[int, str]:
        """Published versions that decide nothing, by sequence, with the code of what is wrong with each."""
        read = {version.sequence: self._verified(version) for version in self._store.versions()}
        return {sequence: rules for sequence, rules in read.items() if isinstance(rules, str)}

    def _verified(self, version: RulesVersion) -> StatusRules | str:
        trust = self._trust()
        if self._known[0] is not trust:
            self._known = (trust, {})
        known = self._known[1]
        if version.digest not in known:
            known[version.digest] = self._look(version)
        return known[version.digest]

    def _look(self, version: RulesVersion) -> StatusRules | str:
        try:
            rules = self._read(self._store.document(version.sequence))
        except (CredentialError, RuleSetInvalid) as error:
            _log.error("status-rules-refused", sequence=version.sequence, code=error.code)
            return error.code
        # The row says when it counts; only what is signed may.
        same = (rules.sequence, rules.valid_from, rules.valid_until, rules.digest) == (
            version.sequence, version.valid_from, version.valid_until, version.digest,
        )  # fmt: skip
        return rules if same else "malformed"


def document_in(compact: str) -> dict[str, Any]:
    """The document of signed rules, its signature not judged. Raises Malformed, TooLarge."""
    document = parse_json(jws.read(compact).payload)
    if not isinstance(document, dict):
        raise Malformed("not a JSON object")
    return document
