"""Rule sets as their authors keep them: plain JSON, or the compact JWS that is published."""

from __future__ import annotations

from typing import Any

from credentials.recognition.document import parse_rule_set
from service_kit.inputs import Input
from trust_registry.commands.rule_files import read_plain, read_signed_or_plain


def read_rules(file: Input) -> dict[str, Any]:
    """The document of a rule set, signed or not; the signature is not judged here. Raises RuleSetInvalid."""
    return read_signed_or_plain(file, parse_rule_set)


def read_document(file: Input) -> dict[str, Any]:
    """A rule set in plain JSON. Raises RuleSetInvalid, naming the file, and the line where it is no JSON."""
    return read_plain(file, parse_rule_set)
