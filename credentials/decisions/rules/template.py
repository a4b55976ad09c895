"""The status rules that an issuer has until its province signs others, and from which an author starts.

A positive test of the last ten days: red. Else an inconclusive one that still counts: pending. Else green, with a
recent negative test or without a finding. How recent a test must be elsewhere is for the host member's rules to say.
"""

from __future__ import annotations

from typing import Any

from credentials.decisions.rules.document import BUILT_IN
from credentials.profile.limits import MIN_TIME_SECONDS
from credentials.profile.words import label

_DAY = 24 * 3600
NUCLEIC_ACID_SECONDS, ANTIGEN_SECONDS, POSITIVE_SECONDS = 7 * _DAY, 2 * _DAY, 10 * _DAY
"""How long a test counts, from sampling, and how long a positive one."""
CODE_HOURS = 7 * 24
"""As long as the longest code: within it, the code's own end decides when its holder is decided about anew."""

_COMMENT = " ".join(label("status-rules.comment"))


def template(
    member: str, *, version: int = BUILT_IN.version + 1, sequence: int = 1, previous: str | None = None,
    valid_from: int = MIN_TIME_SECONDS,
) -> dict[str, Any]:  # fmt: skip
    """A document for :func:`~credentials.decisions.rules.document.sign_status_rules`, of rule set 1.

    ``valid_from``: seconds UTC; ``previous``: the digest of the document before, None for the first.
    """
    return {
        "member": member,
        "rule_set": BUILT_IN.rule_set,
        "version": version,
        "sequence": sequence,
        "previous": previous,
        "valid_from": valid_from,
        "parameters": {
            "nucleic_acid_seconds": NUCLEIC_ACID_SECONDS,
            "antigen_seconds": ANTIGEN_SECONDS,
            "positive_seconds": POSITIVE_SECONDS,
        },
        "value_sets": {},
        "comment": _COMMENT,
        "entries": [
            _entry(
                "test-positive", _tested("positive", "positive_seconds", "positive_seconds"), "red", "test-positive"
            ),
            _entry(
                "test-inconclusive", _tested("inconclusive", "nucleic_acid_seconds", "antigen_seconds"), "pending",
                "review-open",
            ),
            _entry(
                "test-negative", _tested("negative", "nucleic_acid_seconds", "antigen_seconds"), "green", "test-recent"
            ),
            _entry("no-finding", True, "green", "no-finding"),
        ],
    }  # fmt: skip


def built_in(member: str) -> dict[str, Any]:
    """The document that counts where none is published, or none in force."""
    return template(member, version=BUILT_IN.version)


def recent(kind: str, result: str, parameter: str) -> dict[str, Any]:
    """True when the newest fact of this kind and result is no older than the parameter says; false without one."""
    fact = f"payload.latest.{kind}.{result}"
    young = {"<=": [{"var": f"{fact}.age"}, {"var": f"external.parameters.{parameter}"}]}
    return {"if": [{"var": fact}, young, False]}


def _tested(result: str, nucleic_acid: str, antigen: str) -> dict[str, Any]:
    return {"if": [recent("nucleic-acid", result, nucleic_acid), True, recent("antigen", result, antigen)]}


def _entry(name: str, when: Any, status: str, reason: str) -> dict[str, Any]:
    text = label(f"status-rules.{name}").by_language()
    return {"id": name, "when": when, "status": status, "reason": reason, "hours": CODE_HOURS, "text": text}
