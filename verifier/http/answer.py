"""Verdicts as JSON text, as they go over HTTP: what is the same in many verdicts is written once.

The list of steps is two thirds of a verdict's text and has a few dozen different values; writing it anew for every code
would cost as much as reading the code.
"""

from __future__ import annotations

import json
from functools import lru_cache

from credentials.profile.reasons import Outcome
from credentials.profile.steps import StepName
from credentials.verdict import Finding, Verdict, checks_json, shown_json

_KEPT = 256
"""Different lists of each kind."""
_write = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def to_text(verdict: Verdict) -> str:
    """What :func:`credentials.verdict.to_json` gives, as JSON text."""
    shown = _write(shown_json(verdict))
    checks = _checks(verdict.outcome, verdict.steps, verdict.last_step, verdict.open_steps)
    return (
        f'{{"outcome":"{verdict.outcome}","reasons":{_findings(verdict.reasons)},"notes":{_findings(verdict.notes)},'
        f'"checks":{checks},{shown[1:]}'
    )


@lru_cache(_KEPT)
def _findings(findings: tuple[Finding, ...]) -> str:
    return _write([finding.to_dict() for finding in findings])


@lru_cache(_KEPT)
def _checks(outcome: Outcome, steps: frozenset[StepName], last_step: StepName, open_steps: tuple[StepName, ...]) -> str:
    return _write(checks_json(outcome, steps, last_step, open_steps))
