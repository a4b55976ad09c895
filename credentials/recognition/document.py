"""Rule sets as documents: strict JSON, signed by the host member's ``rules`` key.

::

    {"member": "CN-44", "rule_set": 0, "version": 3, "sequence": 3, "previous": "<sha-256 of the one before>",
     "valid_from": 1668902400, "valid_until": 1669507200,          # seconds UTC; valid_until may be left out
     "parameters": {"hours": 48}, "value_sets": {"risk_regions": [440305]},
     "accepted_statuses": ["green"], "accepted_forms": ["phone"],  # accepted_forms may be left out: all
     "rules": [{"id": "test", "kinds": ["nucleic-acid", "none"], "logic": {…CertLogic…},
                "text": {"zh": "…", "en": "within {hours} hours"}, "needed": {"zh": "…", "en": "…"}}],
     "denials": [{"member": "CN-33", "reason": {"zh": "…", "en": "…"}, "expires_at": 1669507200}]}

The set, a rule and a denial may carry a ``comment``: a line for whoever edits it next, signed with the rest and read by
no gate. An unknown field is refused, and so is everything that a gate could read in two ways. ``{hours}`` in a text is
the parameter of that name, so that a rule changed in a hurry does not go on saying the old number.

Logic that is not sound is refused to its author, before it is signed. A gate that has it signed leaves that one rule
open wherever the bad part is reached, and judges by all the others: one slip must not take a province its rules.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

from credentials.algorithms.table import PublicKey
from credentials.errors import IssuerMismatch, Malformed, RuleSetInvalid
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_RULE_SET, MAX_RULE_SET_VERSION, MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.lists import ClosedList, EvidenceKind, Form, Status
from credentials.profile.members import is_member_id
from credentials.profile.words import Label, translated
from credentials.recognition.language.certlogic import compile_rule, compile_sound_parts, is_literal
from credentials.recognition.language.operators import MAX_INTEGER, Rule, unsound
from credentials.recognition.language.vocabulary import fill_in
from credentials.recognition.ruleset import NO_EVIDENCE, RecognitionDenial, RecognitionRule, RuleSet
from credentials.recognition.words import literal_in_words
from credentials.signing import Signer
from credentials.wire import jws
from credentials.wire.strict_json import json_bytes, with_whole_numbers

RULES_TYPE = "tongxing-rules+jws"
"""``typ`` of the JWS (RFC 8725 section 3.11)."""
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

_COMMENT = frozenset({"comment"})
_OPTIONAL = _COMMENT | {"valid_until", "accepted_forms"}
_REQUIRED = frozenset(
    {"member", "rule_set", "version", "sequence", "previous", "valid_from", "parameters", "value_sets"}
    | {"accepted_statuses", "rules", "denials"}
)
_RULE_FIELDS = frozenset({"id", "kinds", "logic", "text", "needed"})
_DENIAL_FIELDS = frozenset({"member", "reason", "expires_at"})
_TEXT_FIELDS = frozenset({"zh", "en"})
_ALL_FORMS = [form.label for form in Form]
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")
_RULE_ID = re.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
_DIGEST = re.compile("[0-9a-f]{64}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_Entry = TypeVar("_Entry", bound=ClosedList)


def sign_rule_set(document: dict[str, Any], signer: Signer) -> str:
    """The document as a compact JWS. Raises RuleSetInvalid or TooLarge for one that no gate would take."""
    parse_rule_set(document)
    return jws.read(jws.sign(document, signer, RULES_TYPE)).compact


def read_rule_set(compact: str, public_key: PublicKey, member: str) -> RuleSet:
    """Verify and load the rule set of ``member``, whose ``rules`` key ``public_key`` is.

    Of a rule whose logic is not sound, the bad part is open where it is reached. Raises TooLarge, Malformed,
    AlgorithmMismatch, WrongSignature, IssuerMismatch (it is another member's), and RuleSetInvalid for a document that
    is signed but wrong in anything else.
    """
    document = jws.verify(jws.read(compact), public_key, RULES_TYPE)
    if document.get("member") != member:
        raise IssuerMismatch("rule set of another member")
    return _parse(with_whole_numbers(document), _as_far_as_sound)


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256, in hex, of the document as it is signed; the next document names it as ``previous``.

    Raises RuleSetInvalid for what cannot be written as JSON.
    """
    try:
        return hashlib.sha256(json_bytes(document)).hexdigest()
    except (ValueError, TypeError, RecursionError) as error:
        raise RuleSetInvalid("rule set: not JSON") from error


def parse_rule_set(document: object) -> RuleSet:
    """Check a document and compile its rules, every part of them.

    Raises RuleSetInvalid, naming each field that is wrong, at most MAX_FAULTS_TOLD of them.
    """
    return _parse(document, _whole)


_Compile = Callable[[Any, dict[str, Any]], Rule]
"""Of a rule's logic and the constants by name."""


def _whole(logic: Any, known: dict[str, Any]) -> Rule:
    return compile_rule(fill_in(logic, known))


def _as_far_as_sound(logic: Any, known: dict[str, Any]) -> Rule:
    try:
        # Null is no expression, so that a name which nothing has is open where it is reached.
        return compile_sound_parts(fill_in(logic, known, unknown=lambda path: None))
    except RuleSetInvalid as error:
        return unsound(error.detail)


class _Reading:
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

    def require_none(self) -> None:
        """Raise RuleSetInvalid with all that was found."""
        more = len(self.faults) - MAX_FAULTS_TOLD
        told = self.faults[:MAX_FAULTS_TOLD] + [f"and {more} more"] * (more > 0)
        _require(not told, "; ".join(told))


def _parse(document: object, compile_logic: _Compile) -> RuleSet:
    fields = _fields(document, _REQUIRED, _OPTIONAL, "rule set")
    digest, reading = digest_of(fields), _Reading()
    parameters = reading.of(_constants, fields["parameters"], MAX_PARAMETERS, is_literal, "parameters")
    value_sets = reading.of(_constants, fields["value_sets"], MAX_VALUE_SETS, _is_value_set, "value_sets")
    # Without all constants a rule that names one would be called wrong as well.
    reading.require_none()
    rules = reading.of(_rules, fields["rules"], parameters, value_sets, compile_logic)
    read = {
        "member": reading.of(_member, fields["member"]),
        "rule_set": reading.of(_integer, fields["rule_set"], 0, MAX_RULE_SET, "rule_set"),
        "version": reading.of(_integer, fields["version"], 0, MAX_RULE_SET_VERSION, "version"),
        "sequence": reading.of(_integer, fields["sequence"], 1, MAX_INTEGER, "sequence"),
        "previous": reading.of(_previous, fields),
        "valid_from": reading.of(_time, fields["valid_from"], "valid_from"),
        "valid_until": reading.of(_valid_until, fields),
        "accepted_statuses": reading.of(_closed_list, fields["accepted_statuses"], Status, "accepted_statuses"),
        "accepted_forms": reading.of(_closed_list, fields.get("accepted_forms", _ALL_FORMS), Form, "accepted_forms"),
        "denials": reading.of(_denials, fields["denials"]),
    }
    reading.require_none()
    return RuleSet(digest=digest, rules=rules, rules_by_kind=_by_kind(rules), **read)


def constants(parameters: dict[str, Any], value_sets: dict[str, Any]) -> dict[str, Any]:
    """Parameters and value sets by the names that rules have for them (``external.parameters.hours``)."""
    known = {f"external.parameters.{name}": content for name, content in parameters.items()}
    return known | {f"external.valueSets.{name}": content for name, content in value_sets.items()}


def _rules(
    value: Any, parameters: dict[str, Any], value_sets: dict[str, Any], compile_logic: _Compile
) -> tuple[RecognitionRule, ...]:
    known, reading = constants(parameters, value_sets), _Reading()
    entries = enumerate(_list(value, "rules"), 1)
    read = [reading.of(_rule, number, entry, parameters, known, compile_logic) for number, entry in entries]
    reading.require_none()
    rules = tuple(read)
    _require(len({rule.id for rule in rules}) == len(rules), "rules: an id stands twice")
    return rules


def _by_kind(rules: tuple[RecognitionRule, ...]) -> dict[int, tuple[RecognitionRule, ...]]:
    kinds = frozenset[int]().union(*(rule.kinds for rule in rules))
    return {kind: tuple(rule for rule in rules if kind in rule.kinds) for kind in kinds}


def _rule(
    number: int, value: Any, parameters: dict[str, Any], known: dict[str, Any], compile_logic: _Compile
) -> RecognitionRule:
    fields = _fields(value, _RULE_FIELDS, _COMMENT, f"rule {number} of the list")
    name = fields["id"]
    _require(type(name) is str and bool(_RULE_ID.fullmatch(name)), f"rule {number} of the list: bad id")
    try:
        return RecognitionRule(
            id=name,
            kinds=_kinds(fields["kinds"]),
            text=_text(fields["text"], parameters, "text"),
            needed=_text(fields["needed"], parameters, "needed"),
            rule=compile_logic(fields["logic"], known),
        )
    except RuleSetInvalid as error:
        raise RuleSetInvalid(f"rule {name}: {error.detail}") from error


def _kinds(value: Any) -> frozenset[int]:
    labels = _list(value, "kinds")
    with_evidence = [label for label in labels if label != "none"]
    kinds: set[int] = {NO_EVIDENCE} if len(with_evidence) < len(labels) else set()
    if with_evidence:
        kinds |= _closed_list(with_evidence, EvidenceKind, "kinds")
    return frozenset(kinds)


def _denials(value: Any) -> dict[str, RecognitionDenial]:
    _require(type(value) is list, "denials: not an array")
    denials: dict[str, RecognitionDenial] = {}
    for entry in value:
        fields = _fields(entry, _DENIAL_FIELDS, _COMMENT, "denial")
        member = _member(fields["member"])
        _require(member not in denials, "denials: a member stands twice")
        reason = _text(fields["reason"], {}, "reason")
        denials[member] = RecognitionDenial(member, reason, _time(fields["expires_at"], "expires_at"))
    return denials


def _fields(value: Any, required: frozenset[str], optional: frozenset[str], where: str) -> dict[str, Any]:
    _require(type(value) is dict, f"{where}: not an object")
    missing, unknown = sorted(required - value.keys()), sorted(value.keys() - required - optional)
    _require(not missing, f"{where}: {', '.join(missing)} missing")
    _require(not unknown, f"{where}: unknown field {', '.join(unknown)[:MAX_NAMES_CHARACTERS]!a}")
    if "comment" in value:
        _comment(value["comment"])
    return dict(value)


def _list(value: Any, where: str) -> list[Any]:
    _require(type(value) is list and 0 < len(value) <= MAX_RULES, f"{where}: not an array of 1 to {MAX_RULES}")
    return list(value)


def _closed_list(value: Any, entries: type[_Entry], where: str) -> frozenset[_Entry]:
    try:
        return frozenset(entries.from_label(label) for label in _list(value, where))
    except Malformed as error:
        raise RuleSetInvalid(f"{where}: {error.detail}") from error


def _constants(value: Any, limit: int, accept: Callable[[Any], bool], where: str) -> dict[str, Any]:
    _require(type(value) is dict and len(value) <= limit, f"{where}: not an object of at most {limit}")
    for name, content in value.items():
        _require(type(name) is str and bool(_NAME.fullmatch(name)), f"{where}: bad name")
        _require(accept(content), f"{where}: bad value")
    return dict(value)


def _is_value_set(value: Any) -> bool:
    return type(value) is list and len(value) <= MAX_VALUE_SET_ITEMS and all(map(is_literal, value))


def _text(value: Any, parameters: dict[str, Any], where: str) -> Label:
    fields = _fields(value, _TEXT_FIELDS, frozenset(), where)
    zh, en = (_line(fields[language], parameters, where) for language in ("zh", "en"))
    return translated({"zh-CN": zh, "en": en})


def _comment(value: Any) -> None:
    _require(type(value) is str and is_shown(value), "comment: not a line that can be shown")
    _require(len(value) <= MAX_COMMENT_CHARACTERS, "comment: too long")


def _line(value: Any, parameters: dict[str, Any], where: str) -> str:
    _require(type(value) is str, f"{where}: not a text")
    _require(parameters.keys() >= set(_PLACEHOLDER.findall(value)), f"{where}: no such parameter")
    line = _PLACEHOLDER.sub(lambda match: literal_in_words(parameters[match[1]]), value)
    _require(0 < len(line) <= MAX_TEXT_CHARACTERS, f"{where}: empty or too long")
    _require(is_shown(line), f"{where}: a character that cannot be shown")
    return line


def _member(value: Any) -> str:
    """Exactly as registered: ``cn-44`` is nobody (verifier-app #275)."""
    _require(type(value) is str and is_member_id(value), "member: not a member id")
    return str(value)


def _previous(fields: dict[str, Any]) -> str | None:
    """The digest of the document before; only the first of a chain has none."""
    previous = fields["previous"]
    if fields["sequence"] == 1:
        _require(previous is None, "previous: given for the first of its chain")
        return None
    _require(type(previous) is str and bool(_DIGEST.fullmatch(previous)), "previous: not a SHA-256 in hex")
    return str(previous)


def _time(value: Any, where: str) -> int:
    return _integer(value, MIN_TIME_SECONDS, MAX_TIME_SECONDS, where)


def _valid_until(fields: dict[str, Any]) -> int | None:
    if "valid_until" not in fields:
        return None
    until = _time(fields["valid_until"], "valid_until")
    since = fields["valid_from"]
    _require(type(since) is not int or until > since, "valid_until: not after valid_from")
    return until


def _integer(value: Any, lowest: int, highest: int, where: str) -> int:
    _require(type(value) is int and lowest <= value <= highest, f"{where}: not an integer in its range")
    return int(value)


def _require(condition: bool, detail: str) -> None:
    if not condition:
        raise RuleSetInvalid(detail)
