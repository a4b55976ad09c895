"""Closed lists: what is not in them is malformed, and no colour is ever inferred."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed
from credentials.profile.lists import ClosedList, EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status

LISTS = (Status, Form, Reason, EvidenceKind, EvidenceResult, Guardian)


@pytest.mark.parametrize("kind", LISTS)
def test_labels_and_numbers_lead_back(kind: type[ClosedList]) -> None:
    """Rules name labels, codes carry numbers: one that did not lead back would be judged by another rule."""
    for member in kind:
        assert kind.from_label(member.label) is member
        assert kind.from_number(member.value) is member
        assert member.label == member.label.lower()


def test_the_numbers_are_frozen() -> None:
    """Codes on paper live for seven days: a renumbered list would turn yellow into red on them."""
    assert [(status.label, int(status)) for status in Status] == [
        ("green", 1), ("yellow", 2), ("red", 3), ("pending", 4),
    ]  # fmt: skip
    assert [(form.label, int(form)) for form in Form] == [("phone", 1), ("assisted", 2), ("paper", 3)]
    assert EvidenceKind.NUCLEIC_ACID.label == "nucleic-acid"
    for kind in LISTS:
        assert [int(member) for member in kind] == list(range(1, len(kind) + 1))


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("number", [0, 99, -1, True, 1.0, "1", None, b"\x01", [1], 2**70])
def test_an_unknown_number_is_malformed(kind: type[ClosedList], number: object) -> None:
    """In Python 1 == 1.0 == True: a browser would read those otherwise, and two readers must agree."""
    with pytest.raises(Malformed):
        kind.from_number(number)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("label", ["GREEN", "Green", " green", "", "blue", None, 1, "nucleic_acid"])
def test_an_unknown_label_is_malformed(kind: type[ClosedList], label: object) -> None:
    """Labels come from command lines and rule sets of other members: no guessing (verifier-app #275)."""
    with pytest.raises(Malformed):
        kind.from_label(label)
