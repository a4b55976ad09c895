"""Credentials for rules to look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from credentials.model import Evidence, RuleSetReference, StatusCredential
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Reason, Status

NOON = 1_668_916_800
"""2022-11-20T12:00:00+08:00"""

MakeFact = Callable[..., Evidence]
MakeCredential = Callable[..., StatusCredential]


@pytest.fixture
def noon() -> int:
    return NOON


@pytest.fixture
def fact() -> MakeFact:
    """A fact of so many hours before noon."""

    def make(
        kind: EvidenceKind,
        hours: float,
        result: EvidenceResult = EvidenceResult.NEGATIVE,
        region: int = 330_100,
    ) -> Evidence:
        return Evidence(kind, result, NOON - int(hours * 3600), region)

    return make


@pytest.fixture
def credential() -> MakeCredential:
    """A green phone code of Zhejiang with these facts."""

    def make(*facts: Evidence) -> StatusCredential:
        return StatusCredential(
            issuer="CN-33",
            issued_at=NOON - 600,
            expires_at=NOON + 80_000,
            cti=b"12345678",
            status=Status.GREEN,
            reason=Reason.TEST_RECENT,
            rule_set=RuleSetReference(0, 1),
            evaluated_before=60,
            evidence=facts,
            holder_name="张*",
            document_tail="1234",
            form=Form.PHONE,
        )

    return make
