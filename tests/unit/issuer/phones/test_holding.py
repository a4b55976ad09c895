"""How many phones a person has: the rule, without a database."""

from __future__ import annotations

from issuer.phones.holding import surplus
from issuer.storage.holder_ports import PhoneRow

OLD, NEW, ENDED = PhoneRow(1, b"old", False), PhoneRow(2, b"new", False), PhoneRow(3, b"older", True)


def test_the_phone_before_ends() -> None:
    """A stolen phone must not go on beside the one that its owner claims on."""
    assert surplus([OLD, ENDED], b"new") == [OLD]


def test_a_phone_that_claims_again_does_not_end_itself() -> None:
    """It lost the answer, or asks after a new claim code: its own code would be withdrawn with it."""
    assert surplus([NEW, ENDED], b"new") == []
