"""How commands say what the file of a decision proves, and who signed it."""

from __future__ import annotations

from credentials.decisions.leaves import DECIDED_BY_HAND
from credentials.decisions.proof import ProvedDecision
from credentials.recognition.words import moment_in_words
from service_kit.terminal import print_result


def print_decision(proved: ProvedDecision, as_json: bool) -> None:
    """Print a decision that its log proves, and of one by hand whether its signatures hold."""
    cosigned = dict(sorted(proved.cosigned.items(), key=lambda each: each[1]))
    faults = proved.signed.faults if proved.signed else ()
    fields = {
        "holds": not faults,
        "faults": list(faults),
        "decision": dict(proved.told),
        "leaf": {"number": proved.number, "kind": proved.leaf.kind, **proved.leaf.content},
        "origin": proved.checkpoint.origin,
        "size": proved.checkpoint.size,
        "cosigned": cosigned,
        "author": proved.signed.author if proved.signed else None,
        "approver": proved.signed.approver if proved.signed else None,
    }
    witnesses = ", ".join(f"{name} {moment_in_words(at)}" for name, at in cosigned.items())
    lines = [f"{name}: {value}" for name, value in proved.told.items()]
    lines += [
        f"leaf {proved.number} of {proved.checkpoint.origin}",
        f"cosigned by {witnesses or 'nobody: unwitnessed'}",
        *_signed(proved),
    ]
    print_result(as_json, fields, ["does not hold" if faults else "the proof holds", *lines])


def _signed(proved: ProvedDecision) -> list[str]:
    if proved.signed is None:
        return ["signatures: the file carries none"] if proved.leaf.kind == DECIDED_BY_HAND else []
    signed = proved.signed
    names = f"signed by {signed.author or 'nobody known'} and {signed.approver or 'nobody known'}"
    return [names, *(f"! {fault}" for fault in signed.faults)]
