"""How commands say what the file of a decision proves, and who signed it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from credentials.decisions.leaves import DECIDED_BY_HAND
from credentials.decisions.proof import ProvedDecision
from credentials.errors import CredentialError, RecordProofFailed
from credentials.recognition.words import moment_in_words
from service_kit.terminal import print_line, print_result

_OF_MOMENTS = ("_at", "until", "since")
"""How the names of times end, in a text by hand and in one by rule."""


def print_decision(proved: ProvedDecision, as_json: bool) -> None:
    """Print a decision that its log proves, and of one by hand whether its signatures hold."""
    fields = _fields(proved)
    cosigned, faults = fields["cosigned"], fields["faults"]
    witnesses = ", ".join(f"{name} {moment_in_words(at)}" for name, at in cosigned.items())
    lines = [f"{name}: {_in_words(name, value)}" for name, value in proved.told.items()]
    lines += [
        f"leaf {proved.number} of {proved.checkpoint.origin}",
        f"cosigned by {witnesses or 'nobody: unwitnessed'}",
        *_signed(proved),
    ]
    print_result(as_json, fields, ["does not hold" if faults else "the proof holds", *lines])


def _in_words(name: str, value: Any) -> Any:
    """A value of a decision's text, as people read it; the text itself is printed by ``--json``."""
    if isinstance(value, Mapping):
        return ", ".join(f"{each} {_in_words(each, what)}" for each, what in value.items() if what is not None)
    is_moment = isinstance(value, int) and name.endswith(_OF_MOMENTS)
    return moment_in_words(value) if is_moment else value


def print_whether(name: str, prove: Callable[[], ProvedDecision], as_json: bool) -> bool:
    """Print on one line whether the decision in a file holds, whatever is wrong with it; whether it does."""
    try:
        fields = {"file": name, **_fields(prove())}
        said = "; ".join(fields["faults"]) or f"{fields['decision']['status']}, leaf {fields['leaf']['number']}"
    except (CredentialError, RecordProofFailed) as error:
        said = f"{error.code}: {error.detail}"
        fields = {"file": name, "holds": False, "faults": [said]}
    told = f"{name}: {'holds' if fields['holds'] else 'does not hold'}: {said}"
    print_line(json.dumps(fields, ensure_ascii=False) if as_json else told)
    return bool(fields["holds"])


def _fields(proved: ProvedDecision) -> dict[str, Any]:
    faults = proved.signed.faults if proved.signed else ()
    return {
        "holds": not faults,
        "faults": list(faults),
        "decision": dict(proved.told),
        "leaf": {"number": proved.number, "kind": proved.leaf.kind, **proved.leaf.content},
        "origin": proved.checkpoint.origin,
        "size": proved.checkpoint.size,
        "cosigned": dict(sorted(proved.cosigned.items(), key=lambda each: each[1])),
        "author": proved.signed.author if proved.signed else None,
        "approver": proved.signed.approver if proved.signed else None,
    }


def _signed(proved: ProvedDecision) -> list[str]:
    if proved.signed is None:
        return ["signatures: the file carries none"] if proved.leaf.kind == DECIDED_BY_HAND else []
    signed = proved.signed
    names = f"signed by {signed.author or 'nobody known'} and {signed.approver or 'nobody known'}"
    return [names, *(f"! {fault}" for fault in signed.faults)]
