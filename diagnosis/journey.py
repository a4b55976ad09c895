"""The whole way of one code: issued, published, fetched, accepted, withdrawn, published, fetched, refused.

The code is for nobody: the person is called 测试, and their number is one that nobody can have (:data:`NUMBER`); the
idempotency key is the client ``doctor:``'s, the withdrawal has the cause ``doctor``. It lives for minutes and is always
withdrawn.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from credentials.errors import (
    FetchFailed,
    FormNotAccepted,
    RecognitionDenied,
    RuleFailed,
    RuleOpen,
    RulesMissing,
    StateBehind,
    StatusNotAccepted,
    Withdrawn,
)
from credentials.profile.lists import Status
from credentials.profile.reasons import Outcome
from credentials.verdict import Verdict
from diagnosis.deployment import Deployment
from diagnosis.report import Diagnosis, warning, wrong
from issuer.decisions.causes import DOCTOR
from issuer.issuing.issuance import ask_for
from issuer.publishing.withdrawal import withdraw

CLIENT = "doctor:"
"""Whose idempotency key it is; no client over HTTP can have this id."""
NUMBER = "119999180001010012"
"""Of nobody, living or dead: numbers were given out from 1999 on, and this one says born in 1800, in a district that
there is not. No example has it, so that what is decided about an example's person says nothing here, nor this there."""
LIFETIME_SECONDS = 600
NEWS_SECONDS = 40.0
"""How long a publication may take to come back through the mirror and its caches."""
_TRIES = 5
"""Publications that another one, by the timer, may get ahead of."""
_PAUSE_SECONDS = 1.0
_CONFLICT = 409
_OWN_RULES = {
    error.code for error in (RuleFailed, RuleOpen, RulesMissing, StatusNotAccepted, FormNotAccepted, RecognitionDenied)
}
"""What the host's own rules or profile say of a sound code that is green."""


def issue(deployment: Deployment) -> Diagnosis | None:
    """A test code, by all that the service does, unless its place may be another code's already."""
    try:
        deployment.office.recovery.require_current()
    except StateBehind as error:
        return wrong("status-of-another", "TONGXING_DATABASE_URL", detail=error.detail)
    now = deployment.now()
    sampled = {"kind": "nucleic-acid", "result": "negative", "sampled_at": now - 3600, "region": _region(deployment)}
    fields = {
        "name": "测试",
        "document": {"number": NUMBER},
        "form": "paper",
        "evidence": [sampled],
        "lifetime": LIFETIME_SECONDS,
    }
    ask = ask_for(fields, secrets.token_hex(16))
    deployment.test_code = deployment.office.issuance.issue(CLIENT, ask, now)
    return None


def publish(deployment: Deployment) -> Diagnosis | None:
    """The status with the test code's list."""
    return _published(deployment)


def verify(deployment: Deployment) -> Diagnosis | None:
    """A gate that fetches takes the code, or leaves it to its own rules."""
    verdict = _checked_until(deployment, is_sound)
    if not is_sound(verdict):
        return _unexpected(verdict)
    if verdict.outcome is Outcome.ACCEPTED:
        return None
    return warning("by-own-rules", detail=", ".join(sorted(_codes(verdict))))


def is_sound(verdict: Verdict) -> bool:
    """Whether a gate took the code, or left a green one to its own rules: of another colour, rules say nothing."""
    if verdict.outcome is Outcome.ACCEPTED:
        return True
    is_green = verdict.credential is not None and verdict.credential.status is Status.GREEN
    return is_green and bool(verdict.reasons) and _codes(verdict) <= _OWN_RULES


def take_back(deployment: Deployment) -> Diagnosis | None:
    """The test code is withdrawn, whatever came of it."""
    office = deployment.office
    withdraw(office.store, office.issuance.people, deployment.test_code.handle, DOCTOR, CLIENT, deployment.now())
    return None


def withdrawn(deployment: Deployment) -> Diagnosis | None:
    """The withdrawal is published, and a gate that fetches refuses the code."""
    found = _published(deployment)
    if found is not None:
        return found
    verdict = _checked_until(deployment, lambda verdict: Withdrawn.code in _codes(verdict))
    return None if Withdrawn.code in _codes(verdict) else _unexpected(verdict)


def _published(deployment: Deployment) -> Diagnosis | None:
    for _ in range(_TRIES):
        try:
            deployment.office.publication.publish(deployment.now())
            return None
        except FetchFailed as error:
            failure = error
        # Two publications of one second have one number, and the timer's may come between.
        if failure.status != _CONFLICT:
            break
        time.sleep(_PAUSE_SECONDS)
    if failure.status == _CONFLICT:
        return wrong("status-of-another", "TONGXING_DATABASE_URL", "TONGXING_STATUS_KEY_FILE", detail=failure.detail)
    settings = ("TONGXING_REGISTRY_URL", "TONGXING_STATUS_KEY_FILE")
    return wrong("publication-refused", *settings, detail=failure.detail)


def _checked_until(deployment: Deployment, is_awaited: Callable[[Verdict], bool]) -> Verdict:
    end = time.monotonic() + NEWS_SECONDS
    while True:
        deployment.freshness.refresh()
        verdict = deployment.gate.check(deployment.test_code.text)
        if is_awaited(verdict) or time.monotonic() > end:
            return verdict
        time.sleep(_PAUSE_SECONDS)


def _region(deployment: Deployment) -> int:
    listed = deployment.trust.members[deployment.member].entry.region
    return listed or 110000


def _codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.reasons}


def _unexpected(verdict: Verdict) -> Diagnosis:
    codes = ", ".join(finding.code for finding in verdict.reasons) or verdict.outcome.value
    return wrong("verdict-unexpected", detail=codes)
