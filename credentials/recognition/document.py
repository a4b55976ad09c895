"""Rule sets as documents: strict JSON, signed by the host member's ``rules`` key.

::

    {"member": "CN-44", "rule_set": 0, "version": 3, "sequence": 3, "previous": "<sha-256 of the one before>",
     "valid_from": 1668902400, "valid_until": 1669507200,          # seconds UTC; valid_until may be left out
     "parameters": {"hours": 48}, "value_sets": {"risk_regions": [440305]},
     "accepted_statuses": ["green"], "accepted_forms": ["phone"],  # accepted_forms may be left out: all
     "rules": [{"id": "test", "kinds": ["nucleic-acid", "none"], "logic": {…CertLogic…},
                "text": {"zh-CN": "…", "zh-HK": "…", "en": "within {hours} hours"}, "needed": {"zh-CN": …}}],
     "denials": [{"member": "CN-33", "reason": {"zh-CN": "…", "en": "…"}, "expires_at": 1669507200}],
     "card_rules": [{"id": "VR-DE-0001", "format": "eu-dcc", "kind": "vaccination", "country": "DE", "schema": "1.0.0",
                     "valid_from": 1627776000, "valid_until": 1893456000,  # valid_until may be left out
                     "issuers": ["DE"],                           # may be left out: cards of every country
                     "logic": {…}, "text": {…}, "needed": {…}}]}  # logic may be left out: the rule is open

The set, a rule and a denial may carry a ``comment``: a line for whoever edits it next, signed with the rest and read by
no gate. An unknown field is refused, and so is everything that a gate could read in two ways. ``{hours}`` in a text is
the parameter of that name, so that a rule changed in a hurry does not go on saying the old number.

Logic that is not sound is refused to its author, before it is signed. A gate that has it signed leaves that one rule
open wherever the bad part is reached, and judges by all the others: one slip must not take a province its rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from credentials.algorithms.table import PublicKey
from credentials.errors import IssuerMismatch
from credentials.foreign.keys import is_country
from credentials.profile.lists import EvidenceKind, Form, Status
from credentials.recognition.card_rules import FORMATS, KINDS, OF_CARDS, CardRule, version_of
from credentials.recognition.language.operators import unsound
from credentials.recognition.reading import (
    COMMENT,
    HEAD,
    Compile,
    Reading,
    as_far_as_sound,
    constants,
    digest_of,
    read_closed_list,
    read_fields,
    read_list,
    read_member,
    read_named,
    read_text,
    read_time,
    read_valid_until,
    require,
    whole,
)
from credentials.recognition.ruleset import NO_EVIDENCE, RecognitionDenial, RecognitionRule, RuleSet
from credentials.signing import Signer
from credentials.wire import jws
from credentials.wire.strict_json import with_whole_numbers

RULES_TYPE = "tongxing-rules+jws"
"""``typ`` of the JWS (RFC 8725 section 3.11)."""
MAX_CARD_RULES = 256
"""Of a set: what several countries publish for one format."""
_OPTIONAL = COMMENT | {"valid_until", "accepted_forms", "card_rules"}
_REQUIRED = HEAD | {"accepted_statuses", "rules", "denials"}
_RULE_FIELDS = frozenset({"id", "kinds", "logic", "text", "needed"})
_CARD_RULE_FIELDS = frozenset({"id", "format", "kind", "country", "schema", "valid_from", "text", "needed"})
_CARD_RULE_OPTIONAL = frozenset({"valid_until", "issuers", "logic"})
_DENIAL_FIELDS = frozenset({"member", "reason", "expires_at"})
_T = TypeVar("_T")
_ALL_FORMS = [form.label for form in Form]


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
    return _parse(with_whole_numbers(document), as_far_as_sound)


def parse_rule_set(document: object) -> RuleSet:
    """Check a document and compile its rules, every part of them.

    Raises RuleSetInvalid, naming each field that is wrong, at most MAX_FAULTS_TOLD of them.
    """
    return _parse(document, whole)


def _parse(document: object, compile_logic: Compile) -> RuleSet:
    fields = read_fields(document, _REQUIRED, _OPTIONAL, "rule set")
    digest, reading = digest_of(fields), Reading()
    parameters, value_sets = reading.constants(fields)
    rules = reading.of(_rules, fields["rules"], parameters, value_sets, compile_logic)
    read = reading.head(fields) | {
        "accepted_statuses": reading.of(read_closed_list, fields["accepted_statuses"], Status, "accepted_statuses"),
        "accepted_forms": reading.of(
            read_closed_list, fields.get("accepted_forms", _ALL_FORMS), Form, "accepted_forms"
        ),
        "denials": reading.of(_denials, fields["denials"]),
    }
    if "card_rules" in fields:
        read["card_rules"] = reading.of(_card_rules, fields["card_rules"], parameters, value_sets, compile_logic)
    reading.require_none()
    return RuleSet(digest=digest, rules=rules, rules_by_kind=_by_kind(rules), **read)


def _rules(
    value: Any, parameters: dict[str, Any], value_sets: dict[str, Any], compile_logic: Compile
) -> tuple[RecognitionRule, ...]:
    known = constants(parameters, value_sets)

    def make(name: str, fields: dict[str, Any]) -> RecognitionRule:
        return RecognitionRule(
            id=name,
            kinds=_kinds(fields["kinds"]),
            text=read_text(fields["text"], parameters, "text"),
            needed=read_text(fields["needed"], parameters, "needed"),
            rule=compile_logic(fields["logic"], known),
        )

    return read_named(value, "rules", "rule", _RULE_FIELDS, make)


def _card_rules(
    value: Any, parameters: dict[str, Any], value_sets: dict[str, Any], compile_logic: Compile
) -> tuple[CardRule, ...]:
    known = constants({}, value_sets)

    def make(name: str, fields: dict[str, Any]) -> CardRule:
        schema, logic = version_of(fields["schema"]), fields.get("logic")
        require(bool(schema), "schema: not a version, such as 1.3.0")
        return CardRule(
            id=name,
            format=_one_of(FORMATS, fields["format"], "format"),
            kind=_one_of(KINDS, fields["kind"], "kind"),
            country=_country(fields["country"]),
            issuers=frozenset(map(_country, read_list(fields["issuers"], "issuers") if "issuers" in fields else ())),
            schema=schema,
            valid_from=read_time(fields["valid_from"], "valid_from"),
            valid_until=read_valid_until(fields),
            text=read_text(fields["text"], parameters, "text"),
            needed=read_text(fields["needed"], parameters, "needed"),
            rule=unsound("a rule without logic") if logic is None else compile_logic(logic, known, OF_CARDS),
        )

    fields, optional = _CARD_RULE_FIELDS, _CARD_RULE_OPTIONAL
    return read_named(value, "card_rules", "card rule", fields, make, optional, MAX_CARD_RULES)


def _one_of(named: Mapping[str, _T], name: Any, where: str) -> _T:
    require(type(name) is str and name in named, f"{where}: not one of {', '.join(named)}")
    return named[name]


def _country(value: Any) -> str:
    require(is_country(value), "country: not two capital letters")
    return str(value)


def _by_kind(rules: tuple[RecognitionRule, ...]) -> dict[int, tuple[RecognitionRule, ...]]:
    kinds = frozenset[int]().union(*(rule.kinds for rule in rules))
    return {kind: tuple(rule for rule in rules if kind in rule.kinds) for kind in kinds}


def _kinds(value: Any) -> frozenset[int]:
    labels = read_list(value, "kinds")
    with_evidence = [label for label in labels if label != "none"]
    kinds: set[int] = {NO_EVIDENCE} if len(with_evidence) < len(labels) else set()
    if with_evidence:
        kinds |= read_closed_list(with_evidence, EvidenceKind, "kinds")
    return frozenset(kinds)


def _denials(value: Any) -> dict[str, RecognitionDenial]:
    require(type(value) is list, "denials: not an array")
    denials: dict[str, RecognitionDenial] = {}
    for entry in value:
        fields = read_fields(entry, _DENIAL_FIELDS, COMMENT, "denial")
        member = read_member(fields["member"])
        require(member not in denials, "denials: a member stands twice")
        reason = read_text(fields["reason"], {}, "reason")
        denials[member] = RecognitionDenial(member, reason, read_time(fields["expires_at"], "expires_at"))
    return denials
