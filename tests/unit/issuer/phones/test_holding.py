"""How many phones a person has: the rule, without a database."""

from __future__ import annotations

import pytest

from issuer.phones import holding
from issuer.phones.holding import surplus
from issuer.storage.ports.holders import PhoneRow

OLD, NEW, ENDED = PhoneRow(1, b"old", 10, False), PhoneRow(2, b"new", 20, False), PhoneRow(3, b"older", 5, True)


def test_the_phone_before_ends() -> None:
    """A stolen phone must not go on beside the one that its owner claims on."""
    assert surplus([OLD, ENDED], b"new") == [OLD]


def test_a_phone_that_claims_again_does_not_end_itself() -> None:
    """It lost the answer, or asks after a new claim code: its own code would be withdrawn with it."""
    assert surplus([NEW, ENDED], b"new") == []


def test_of_more_phones_than_a_person_may_have_the_oldest_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many is one number: nothing else of the rule says that it is one."""
    monkeypatch.setattr(holding, "PHONES_A_PERSON", 3)
    phones = [PhoneRow(number, bytes([number]), number, False) for number in (4, 2, 3, 1)]
    assert [phone.device_id for phone in surplus(phones, b"new")] == [1, 2]
    assert surplus(phones[:2], b"new") == []
