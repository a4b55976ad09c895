from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.errors import Malformed, TooLarge
from credentials.profile.lists import Form, Status
from tests.unit.trust_registry.published import Province
from trust_registry.metadata.trust_list import (
    MAX_TRUST_LIST_BYTES,
    BadEntry,
    MayIssue,
    Names,
    kind_of,
    read_entry,
    read_trust_list,
    write_trust_list,
)

NOW = 1_669_000_000
HENAN = Province("CN-41", 410_000, NOW)


def document(**changes: Any) -> dict[str, Any]:
    return {**json.loads(write_trust_list(1, NOW, [HENAN.entry()])), **changes}


def entry(**changes: Any) -> dict[str, Any]:
    return {**document()["members"][0], **changes}


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def test_reads_back_what_was_written() -> None:
    """Officers approve the bytes, gates use the values: the two must be the same thing."""
    may_issue = MayIssue(frozenset({Status.GREEN, Status.RED}), frozenset({Form.PAPER}))
    listed = HENAN.entry(may_issue=may_issue)
    read = read_trust_list(write_trust_list(7, NOW, [listed]))
    assert (read.version, read.issued_at, read.bad_entries) == (7, NOW, ())
    assert read.members == {"CN-41": listed}


def test_same_members_same_bytes_in_any_order() -> None:
    """Two officers who draft the same list must sign the same bytes."""
    other = Province("CN-44", 440_000, NOW).entry()
    assert write_trust_list(1, NOW, [HENAN.entry(), other]) == write_trust_list(1, NOW, [other, HENAN.entry()])


def test_fields_of_a_newer_registry_are_ignored() -> None:
    """A field added later must not blind every gate that is not updated yet."""
    newer = document(log="checkpoint", members=[entry(note="x")])
    assert list(read_trust_list(encoded(newer)).members) == ["CN-41"]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"id": "CN-99"}, "id is not a member id"),
        ({"id": "cn-41"}, "id is not a member id"),
        ({"id": ["CN-41"]}, "id is not a member id"),
        ({"kind": "sar"}, "kind does not fit the id"),
        ({"kind": "city"}, "kind is not one of"),
        ({"names": {"zh": "河南"}}, "en is not a plain text"),
        ({"names": {"zh": "南河\u202e", "en": "Henan"}}, "zh is not a plain text"),
        ({"names": []}, "names is not an object"),
        ({"names": {"zh-CN": "河南"}}, "en is not a plain text"),
        ({"names": {"zh-HK": "河南", "en": "Henan"}}, "zh-CN is not a plain text"),
        ({"names": {"zh": "河南", "en": "Henan", "zh-HK": 5}}, "zh-HK is not a plain text"),
        ({"names": {"zh": "河南", "en": "Henan", "bo": "x" * 65}}, "bo is not a plain text"),
        ({"names": {"zh": "河南", "en": "Henan"} | {f"a{each}": "x" for each in "abcdefghijklmno"}}, "16 languages"),
        ({"region": 440_000}, "region is another member's"),
        ({"region": 419_9999}, "region is not an integer"),
        ({"region": 0}, "region is another member's"),
        ({"region": 41}, "region is not a GB/T 2260 code"),
        ({"region": True}, "region is not an integer"),
        ({"hotline": "call me"}, "hotline is not a telephone number"),
        ({"environment": "Production"}, "environment is not one of"),
        ({"may_issue": {"statuses": ["blue"], "forms": []}}, "unknown Status label"),
        ({"may_issue": {"statuses": [], "forms": ["phone"] * 9}}, "forms is not an array"),
        ({"statement": None}, "statement is not a plain text"),
    ],
)
def test_a_bad_entry_is_reported_and_does_not_stop_the_rest(changes: dict[str, Any], detail: str) -> None:
    """vci-directory #300: one bad entry blacked out a whole directory."""
    good = json.loads(write_trust_list(1, NOW, [Province("CN-44", 440_000, NOW).entry()]))["members"][0]
    read = read_trust_list(encoded(document(members=[entry(**changes), good])))
    assert list(read.members) == ["CN-44"]
    assert len(read.bad_entries) == 1
    assert detail in read.bad_entries[0].detail


def test_a_bad_entry_is_named_by_its_member_or_its_place() -> None:
    """Who reads the report must know whom to call."""
    read = read_trust_list(encoded(document(members=[entry(kind="sar"), "rubbish", entry(id={})])))
    assert [bad.entry for bad in read.bad_entries] == ["CN-41", "entry 1", "entry 2"]


def test_a_member_listed_twice_counts_once() -> None:
    """Which of two entries holds must not depend on the reader."""
    twice = document(members=[entry(hotline="111"), entry(hotline="222")])
    read = read_trust_list(encoded(twice))
    assert read.members["CN-41"].hotline == "111"
    assert read.bad_entries == (BadEntry("CN-41", "member listed twice; the first entry counts"),)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"version":1,"version":2}',
        encoded(document(version=0)),
        encoded(document(version=1.0)),
        encoded(document(issued_at=-1)),
        encoded(document(members={})),
        encoded(document(members=[{}] * 257)),
        b'{"members":' + b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_trust_list_is_refused_whole(data: bytes) -> None:
    """What cannot be read as a list must not be taken for an empty one."""
    with pytest.raises(Malformed):
        read_trust_list(data)


def test_a_file_too_large_is_refused_before_it_is_parsed() -> None:
    """A stolen key must not fill the memory of every gate."""
    with pytest.raises(TooLarge):
        read_trust_list(b" " * (MAX_TRUST_LIST_BYTES + 1))


def test_what_a_gate_would_not_read_is_not_written() -> None:
    """The mistake must show at the officer's desk, not at the gates."""
    with pytest.raises(Malformed, match="CN-41"):
        write_trust_list(1, NOW, [HENAN.entry(hotline="none")])
    with pytest.raises(Malformed, match="twice"):
        write_trust_list(1, NOW, [HENAN.entry(), HENAN.entry()])


def test_departments_have_no_region() -> None:
    """A department speaks for no province."""
    department = entry(id="CN-D-HC", kind="department", region=0)
    assert read_entry(department).region == 0
    with pytest.raises(Malformed):
        read_entry({**department, "region": 410_000})


def test_kinds_follow_from_ids() -> None:
    """The kind decides what a gate shows beside the name; it must not be free to choose."""
    kinds = [kind_of(member) for member in ("CN-41", "CN-XPCC", "CN-81", "CN-82", "CN-71", "CN-D-CU")]
    assert kinds == ["province", "corps", "sar", "sar", "province", "department"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"zh": "黑龙江", "en": "Heilongjiang"}, ("黑龙江", "黑龍江", "Heilongjiang")),
        ({"zh-CN": "龙江省", "en": "HLJ"}, ("龙江省", "黑龍江", "HLJ")),
        ({"zh": "龙江省", "zh-HK": "龍江省", "en": "HLJ", "bo": "x"}, ("龙江省", "龍江省", "HLJ")),
        ({"zh": "旧", "zh-CN": "新", "en": "HLJ"}, ("新", "黑龍江", "HLJ")),
    ],
    ids=["the pair of before", "by tag", "the pair with more, for old gates", "both, the tag counts"],
)
def test_a_name_is_said_in_the_readers_language(names: dict[str, str], said: tuple[str, ...]) -> None:
    """What the officers call a member goes first; what they do not say is as the profile has it."""
    assert Names(names).label("CN-23") == said
