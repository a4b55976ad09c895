"""What a file on the mirror may be called."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed
from trust_registry.mirror.offered import LIST_FOLDER, kind_of


@pytest.mark.parametrize("number", ["", "-1", "01", "1.0", "１", "٣", "4294967296", "9" * 4301, "1/2", "1\n"])
def test_a_token_list_is_named_by_a_number_written_one_way(number: str) -> None:
    """Anybody who can write the folder can put a file there, and looking at it must end nothing."""
    with pytest.raises(Malformed):
        kind_of(f"{LIST_FOLDER}{number}.jwt")


def test_names_of_token_lists() -> None:
    """From the first one on."""
    assert {kind_of(f"{LIST_FOLDER}{number}.jwt") for number in (0, 7, 1024)} == {"token-list"}
    with pytest.raises(Malformed):
        kind_of(f"{LIST_FOLDER}7")
