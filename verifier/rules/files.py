"""Rule sets as their authors keep them: plain JSON, or the compact JWS that is published."""

from __future__ import annotations

from typing import Any

from credentials.errors import InvalidRequest, Malformed, RuleSetInvalid, TooLarge
from credentials.profile.limits import MAX_JWS_CHARACTERS
from credentials.recognition.document import parse_rule_set
from credentials.wire import jws
from service_kit.inputs import Input


def read_rules(file: Input) -> dict[str, Any]:
    """The document of a rule set, signed or not; the signature is not judged here. Raises RuleSetInvalid."""
    if file.data.lstrip().startswith(b"{"):
        return read_document(file)
    try:
        signed = jws.read(_compact(file)).payload
    except (Malformed, TooLarge) as error:
        raise RuleSetInvalid(f"{file.name}: neither rules in JSON nor signed ones (a compact JWS)") from error
    return read_document(Input(file.name, signed))


def read_document(file: Input) -> dict[str, Any]:
    """A rule set in plain JSON. Raises RuleSetInvalid, naming the file, and the line where it is no JSON."""
    try:
        content = file.json()
        parse_rule_set(content)
    except InvalidRequest as error:
        raise RuleSetInvalid(error.detail) from error
    except RuleSetInvalid as error:
        raise RuleSetInvalid(f"{file.name}: {error.detail}") from error
    return dict(content)


def _compact(file: Input) -> str:
    if len(file.data) > MAX_JWS_CHARACTERS or not file.data.isascii():
        raise Malformed("not a compact JWS")
    return file.data.decode("ascii").strip()
