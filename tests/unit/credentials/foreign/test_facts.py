"""Facts of foreign cards as values."""

from __future__ import annotations

from credentials.foreign.facts import COVID_19, CardKind, ForeignEvidence, ForeignFacts
from credentials.profile.lists import EvidenceKind, EvidenceResult

PIECE = ForeignEvidence(
    EvidenceKind.RECOVERY, EvidenceResult.COMPLETED, 0, COVID_19, "AT", "Ministry", "URN:UVCI:01:AT:1"
)
FACTS = ForeignFacts(
    "eu-dcc", CardKind.RECOVERY, "AT", "AT", 0, 1, "Gabriele", "1998-02-26", (PIECE,), (), revocation="some-rid"
)


def test_what_names_a_person_is_not_printed() -> None:
    """A value that is printed ends in a log, and logs name nobody."""
    printed = repr(FACTS) + repr([PIECE])
    assert "AT" in printed and "RECOVERY" in printed
    assert not any(secret in printed for secret in ("Gabriele", "1998", "URN:UVCI", "some-rid"))
