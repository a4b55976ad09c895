"""The closed lists: frozen numbers, and words in three languages for each member."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from credentials.profile.lists import (
    FORM_LABELS,
    GUARDIAN_LABELS,
    KIND_LABELS,
    REASON_LABELS,
    RESULT_LABELS,
    STATUS_LABELS,
    ClosedList,
    EvidenceKind,
    EvidenceResult,
    Form,
    Guardian,
    Reason,
    Status,
)
from credentials.profile.members import MEMBERS
from credentials.profile.words import Label

WORDS = [
    (Status, STATUS_LABELS),
    (Reason, REASON_LABELS),
    (Form, FORM_LABELS),
    (EvidenceKind, KIND_LABELS),
    (EvidenceResult, RESULT_LABELS),
    (Guardian, GUARDIAN_LABELS),
]


@pytest.mark.parametrize(("closed_list", "labels"), WORDS, ids=[each.__name__ for each, _ in WORDS])
def test_every_member_has_words_in_three_languages(
    closed_list: type[ClosedList], labels: Mapping[ClosedList, Label]
) -> None:
    """A word that is missing in one language is an empty place on somebody's screen."""
    assert [*labels] == [*closed_list]
    for label in labels.values():
        assert re.search("[一-鿿]", label.of("zh-CN")) and re.search("[一-鿿]", label.of("zh-HK"))
        label.of("zh-CN").encode("gb2312")
        label.of("zh-HK").encode("big5hkscs")
        assert label.of("en") and label.of("en").isascii()


@pytest.mark.parametrize("closed_list", [each for each, _ in WORDS], ids=[each.__name__ for each, _ in WORDS])
def test_numbers_are_places(closed_list: type[ClosedList]) -> None:
    """Browsers go by the place in the list; a gap would shift every member behind it."""
    assert [int(member) for member in closed_list] == [*range(1, len(closed_list) + 1)]


def test_every_member_has_a_name_in_traditional_characters() -> None:
    """A hotline's member is named on gates in Hong Kong."""
    for member in MEMBERS.values():
        assert member.names.of("zh-HK")
        member.names.of("zh-HK").encode("big5hkscs")
