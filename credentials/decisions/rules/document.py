"""Status rules as documents: strict JSON, signed by the member's own ``rules`` key under a JWS type of their own.

::

    {"member": "CN-41", "rule_set": 1, "version": 2, "sequence": 1, "previous": null,
     "valid_from": 1668902400, "valid_until": 1669507200,          # seconds UTC; valid_until may be left out
     "parameters": {"positive_days": 10}, "value_sets": {"risk_regions": [440305]},
     "entries": [{"id": "test-positive", "when": {…CertLogic…}, "status": "red", "reason": "test-positive",
                  "hours": 168, "text": {"zh-CN": "…", "zh-HK": "…", "en": "…"}},
                 …,
                 {"id": "no-finding", "when": true, …}]}

What ``when`` may look at stands in :mod:`credentials.decisions.rules.vocabulary`. The document and an entry may carry a
``comment``. The last entry is true of everybody, so that somebody is decided about by every document. Logic that is not
sound is refused to its author, and open where a signed document reaches it.
"""

from __future__ import annotations

from typing import Any, Final

from credentials.algorithms.table import PublicKey
from credentials.decisions.rules.status_rules import StatusEntry, StatusRules
from credentials.decisions.rules.vocabulary import OF_ISSUERS
from credentials.errors import IssuerMismatch, Malformed, RuleSetInvalid
from credentials.model import RuleSetReference
from credentials.profile.lists import ClosedList, Reason, Status
from credentials.recognition.reading import (
    COMMENT,
    HEAD,
    Compile,
    Reading,
    as_far_as_sound,
    constants,
    digest_of,
    read_fields,
    read_integer,
    read_label,
    read_named,
    require,
    whole,
)
from credentials.signing import Signer
from credentials.wire import jws
from credentials.wire.strict_json import with_whole_numbers

STATUS_RULES_TYPE: Final = "tongxing-status-rules+jws"
"""``typ`` of the JWS (RFC 8725 section 3.11): rules of gates, by the same key, never pass for these."""
BUILT_IN: Final = RuleSetReference(1, 1)
"""The rules that an issuer has without any document; none that is signed may have their name."""
MAX_ENTRY_HOURS = 14 * 24
"""How long a status may last before its holder is decided about anew."""

_REQUIRED = HEAD | {"entries"}
_OPTIONAL = COMMENT | {"valid_until"}
_ENTRY_FIELDS = frozenset({"id", "when", "status", "reason", "hours", "text"})


def sign_status_rules(document: dict[str, Any], signer: Signer) -> str:
    """The document as a compact JWS. Raises RuleSetInvalid or TooLarge for one that no issuer would take."""
    _require_own_name(parse_status_rules(document))
    return jws.read(jws.sign(document, signer, STATUS_RULES_TYPE)).compact


def read_status_rules(compact: str, public_key: PublicKey, member: str) -> StatusRules:
    """Verify and load the status rules of ``member``, whose ``rules`` key ``public_key`` is.

    Of an entry whose logic is not sound, the bad part is open where it is reached. Raises TooLarge, Malformed,
    AlgorithmMismatch, WrongSignature, IssuerMismatch (they are another member's), and RuleSetInvalid.
    """
    document = jws.verify(jws.read(compact), public_key, STATUS_RULES_TYPE)
    if document.get("member") != member:
        raise IssuerMismatch("status rules of another member")
    rules = load_status_rules(document)
    _require_own_name(rules)
    return rules


def load_status_rules(document: dict[str, Any]) -> StatusRules:
    """A document whose signature was verified before: what is not sound in it is open. Raises RuleSetInvalid."""
    return _parse(with_whole_numbers(document), as_far_as_sound)


def parse_status_rules(document: object) -> StatusRules:
    """Check a document and compile its entries, every part of them.

    Raises RuleSetInvalid, naming each field that is wrong.
    """
    return _parse(document, whole)


def _require_own_name(rules: StatusRules) -> None:
    # Else one name on codes would stand for two sets of rules.
    named = f"version: {list(BUILT_IN)} names the rules that are built in; give this document a higher one"
    require(rules.reference != BUILT_IN, named)


def _parse(document: object, compile_logic: Compile) -> StatusRules:
    fields = read_fields(document, _REQUIRED, _OPTIONAL, "status rules")
    digest, reading = digest_of(fields), Reading()
    parameters, value_sets = reading.constants(fields)
    entries = reading.of(_entries, fields["entries"], parameters, value_sets, compile_logic)
    head = reading.head(fields)
    # Number 0 stands for decisions by hand.
    reading.of(require, head["rule_set"] != 0, "rule_set: 1 to 23; 0 stands for decisions by hand")
    reading.require_none()
    return StatusRules(digest=digest, entries=entries, **head)


def _entries(
    value: Any, parameters: dict[str, Any], value_sets: dict[str, Any], compile_logic: Compile
) -> tuple[StatusEntry, ...]:
    known = constants(parameters, value_sets)

    def make(name: str, fields: dict[str, Any]) -> StatusEntry:
        return StatusEntry(
            id=name,
            when=compile_logic(fields["when"], known, OF_ISSUERS),
            status=_labelled(Status, fields["status"], "status"),
            reason=_labelled(Reason, fields["reason"], "reason"),
            hours=read_integer(fields["hours"], 1, MAX_ENTRY_HOURS, "hours"),
            text=read_label(fields["text"], parameters, "text"),
        )

    entries = read_named(value, "entries", "entry", _ENTRY_FIELDS, make)
    require(value[-1]["when"] is True, "entries: the last one must be true of everybody (when: true)")
    return entries


def _labelled(entries: type[ClosedList], label: Any, where: str) -> Any:
    try:
        return entries.from_label(label)
    except Malformed as error:
        raise RuleSetInvalid(f"{where}: one of {', '.join(entry.label for entry in entries)}") from error
