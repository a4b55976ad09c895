"""Who may be named as an issuer, and where evidence may come from."""

from __future__ import annotations

import pytest

from credentials.profile.members import MEMBERS, is_member_id, is_region


def test_the_table_has_every_province_once() -> None:
    """A province that is missing has no valid code anywhere: 34 provincial codes, the Corps, 45 departments."""
    provinces = [member for member in MEMBERS.values() if member.id[3:].isdigit()]
    assert len(provinces) == 34
    assert len(MEMBERS) == 80
    assert all(member.id == f"CN-{member.code}" for member in provinces)
    for special in ("CN-XPCC", "CN-81", "CN-82", "CN-71", "CN-D-HC", "CN-D-IM", "CN-D-CU", "CN-D-CU53"):
        assert special in MEMBERS


def test_every_member_has_its_own_names() -> None:
    """山西 and 陕西 are both Shanxi to the careless: two members of one name would be mistaken for one another."""
    assert all(member_id == member.id for member_id, member in MEMBERS.items())
    assert len({member.names.of("zh-CN") for member in MEMBERS.values()}) == len(MEMBERS)
    assert len({member.names.of("en") for member in MEMBERS.values()}) == len(MEMBERS)


@pytest.mark.parametrize("text", ["CN-41", "CN-XPCC", "CN-D-HC"])
def test_a_member_id_is_known(text: str) -> None:
    """The closed list must hold what the format promises."""
    assert is_member_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "cn-41",
        "CN-41 ",
        " CN-41",
        "CN-410",
        "CN-4",
        "CN-99",
        "CN-xpcc",
        "CN-D-XX",
        "CN-D-CU00",
        "CN-\uff14\uff11",
        "41",
        "",
        None,
        41,
        b"CN-41",
        ["CN-41"],
    ],
)
def test_anything_else_is_no_member_id(text: object) -> None:
    """A region code in another case chose the wrong rules (verifier-app #275); full-width digits look the same."""
    assert not is_member_id(text)


@pytest.mark.parametrize("code", [110_000, 410_102, 659_009, 660_000, 710_000, 810_000, 820_000, 829_999])
def test_a_region_is_built_like_one(code: int) -> None:
    """Districts change every year, so only the province is checked: a new district must not be malformed."""
    assert is_region(code)


@pytest.mark.parametrize(
    "code",
    [0, 41, 4_101, 109_999, 160_000, 41_010, 830_000, 999_999, 4_101_021, -410_102, 410_102.0, "410102", True, None],
)
def test_anything_else_is_no_region(code: object) -> None:
    """A float or a text that looks like a region must not reach a rule that compares numbers."""
    assert not is_region(code)
