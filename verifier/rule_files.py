"""Rule sets as their authors keep them: plain JSON, or the compact JWS that is published."""

from __future__ import annotations

from typing import Any

from credentials.errors import Malformed, RuleSetInvalid, TooLarge
from credentials.limits import MAX_JWS_CHARACTERS
from credentials.recognition.document import parse_rule_set
from credentials.wire import jws
from credentials.wire.strict_json import parse_json


def read_rules(data: bytes) -> dict[str, Any]:
    """The document of a rule set, signed or not; the signature is not judged here. Raises RuleSetInvalid."""
    return read_document(data) if data.lstrip().startswith(b"{") else _content(_signed(data))


def _signed(data: bytes) -> str:
    if len(data) > MAX_JWS_CHARACTERS or not data.isascii():
        raise RuleSetInvalid("not a compact JWS")
    return data.decode("ascii").strip()


def _content(compact: str) -> dict[str, Any]:
    try:
        return read_document(jws.read(compact).payload)
    except (Malformed, TooLarge) as error:
        raise RuleSetInvalid("not a compact JWS") from error


def read_document(data: bytes) -> dict[str, Any]:
    """A rule set in plain JSON. Raises RuleSetInvalid."""
    try:
        content = parse_json(data)
    except Malformed as error:
        raise RuleSetInvalid(f"not a JSON document: {error.detail}") from error
    parse_rule_set(content)
    return dict(content)
