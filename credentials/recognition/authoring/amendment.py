"""The next version of a rule set: a parameter changed the same day, a denial of recognition added or ended.

A set that is published is never altered. What follows it has the next version and sequence and names its digest, so
that every gate can tell that the one came after the other. All functions here take a document that
:func:`~credentials.recognition.document.parse_rule_set` takes, give a new one, and leave the old one as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from credentials.errors import RuleSetInvalid
from credentials.recognition.reading import digest_of


def successor(document: dict[str, Any], valid_from: int) -> dict[str, Any]:
    """The same rules as the next version, in force from ``valid_from`` (seconds UTC).

    An end that the old one had is not taken over: it was said of that version. Raises RuleSetInvalid.
    """
    following = copy.deepcopy(document)
    following.pop("valid_until", None)
    return following | {
        "version": document["version"] + 1,
        "sequence": document["sequence"] + 1,
        "previous": digest_of(document),
        "valid_from": valid_from,
    }


def with_parameters(document: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """With other values of its parameters. Raises RuleSetInvalid for one that it has not, or of another type."""
    parameters = dict(document["parameters"])
    for name, value in values.items():
        if name not in parameters:
            raise RuleSetInvalid(
                f"parameters: none of the name {name[:40]!a}; there are {', '.join(parameters) or 'none'}"
            )
        if type(value) is not type(parameters[name]):
            raise RuleSetInvalid(f"parameters: {name} is a {_TYPES[type(parameters[name])]}")
        parameters[name] = value
    return document | {"parameters": parameters}


def with_denial(document: dict[str, Any], member: str, reason: Mapping[str, str], expires_at: int) -> dict[str, Any]:
    """With recognition of ``member`` denied until ``expires_at`` (seconds UTC), in place of any denial of it.

    ``reason``: by language tag; written in the form of the document's other texts.
    """
    is_old = any("zh" in rule["text"] for rule in document["rules"])
    denial = {"member": member, "reason": _in_old_form(reason) if is_old else dict(reason), "expires_at": expires_at}
    return without_denial(document, member) | {"denials": [*without_denial(document, member)["denials"], denial]}


def with_card_rules(
    document: dict[str, Any], rules: Sequence[Mapping[str, Any]], value_sets: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """With these rules over cards in place of all of the same countries, and these value sets beside its own."""
    countries = {rule["country"] for rule in rules}
    held = [rule for rule in document.get("card_rules", ()) if rule["country"] not in countries]
    return document | {"card_rules": [*held, *rules], "value_sets": {**document["value_sets"], **value_sets}}


def for_old_gates(document: dict[str, Any]) -> dict[str, Any]:
    """With its texts in Chinese and English alone, in the form of before: a gate that is not updated yet refuses the
    whole set for one text by language tag."""
    texts = ("text", "needed")
    rules = [rule | {name: _in_old_form(rule[name]) for name in texts} for rule in document["rules"]]
    denials = [denial | {"reason": _in_old_form(denial["reason"])} for denial in document["denials"]]
    return document | {"rules": rules, "denials": denials}


def _in_old_form(text: Mapping[str, str]) -> dict[str, str]:
    return {"zh": text["zh" if "zh" in text else "zh-CN"], "en": text["en"]}


def without_denial(document: dict[str, Any], member: str) -> dict[str, Any]:
    """With ``member`` recognised again."""
    return document | {"denials": [denial for denial in document["denials"] if denial["member"] != member]}


_TYPES = {int: "number", str: "text", bool: "truth value"}
