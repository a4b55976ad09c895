from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.errors import StorageUnavailable
from credentials.profile.limits import MAX_TIME_SECONDS
from tests.unit.trust_registry.published import DAY, HOUR, Province
from trust_registry.client.trust.pins import NOTHING_SEEN, MemberStanding, Pins, read_pins, review, write_pins
from trust_registry.metadata.denials import KeyDenial
from trust_registry.metadata.statement import Statement, read_statement

NOW = 1_669_000_000
WAIT = 72 * HOUR


@pytest.fixture
def henan() -> Province:
    return Province("CN-41", 410_000, NOW)


def seen(*statements: Statement, at: int = NOW, pins: Pins = NOTHING_SEEN) -> Pins:
    for statement in statements:
        pins = Pins({**pins.members, statement.member: judged(pins, statement, at).pin}, pins.denied)
    return pins


def judged(pins: Pins, statement: Statement, at: int = NOW) -> MemberStanding:
    return review(pins, statement, pins.denied, at)


def test_a_member_seen_for_the_first_time_is_taken_as_listed(henan: Province) -> None:
    """A gate that was just unpacked has nobody to ask but the registry."""
    assert judged(NOTHING_SEEN, read_statement(henan.statement)).changed_until == 0


def test_a_newer_statement_under_the_same_root_counts_at_once(henan: Province) -> None:
    """Rotating a credential key is daily work and must not stop anybody."""
    pins = seen(read_statement(henan.statement))
    henan.add_key("credential")
    newer = read_statement(henan.next_statement())
    assert judged(pins, newer).changed_until == 0
    assert seen(newer, pins=pins).members["CN-41"].sequence == 2


def test_an_unsigned_root_change_waits_72_hours_from_when_it_was_seen(henan: Province) -> None:
    """The registry alone, forced or mistaken, must not be able to speak for a province at once."""
    pins = seen(read_statement(henan.statement))
    changed = read_statement(henan.replace_root(signed_by_old=False))
    assert judged(pins, changed).changed_until == NOW + WAIT
    pins = seen(changed, pins=pins)
    later = NOW + 50 * HOUR
    assert judged(pins, changed, later).changed_until == NOW + WAIT
    pins = seen(changed, pins=pins, at=later)
    assert judged(pins, changed, NOW + WAIT - 1).changed_until == NOW + WAIT
    ripe = judged(pins, changed, NOW + WAIT)
    assert (ripe.changed_until, ripe.pin.root_kid, ripe.pin.announced) == (0, changed.root_kid, None)


def test_another_change_starts_the_wait_anew(henan: Province) -> None:
    """Else a thief could announce any key early and swap it at the end."""
    pins = seen(read_statement(henan.statement), read_statement(henan.replace_root(signed_by_old=False)))
    other = read_statement(henan.replace_root(signed_by_old=False))
    assert judged(pins, other, NOW + 71 * HOUR).changed_until == NOW + 71 * HOUR + WAIT


def test_the_way_back_to_the_known_root_is_open(henan: Province) -> None:
    """A change withdrawn after a protest must not leave the province waiting."""
    old = henan.root
    pins = seen(read_statement(henan.statement), read_statement(henan.replace_root(signed_by_old=False)))
    henan.root = old
    back = judged(pins, read_statement(henan.next_statement()))
    assert (back.changed_until, back.pin.announced) == (0, None)


def test_a_clock_that_ran_ahead_does_not_put_the_member_off_for_ever(henan: Province) -> None:
    """The wait must end for a gate whose clock was once set to 2035."""
    changed_province = read_statement(henan.statement)
    changed = read_statement(henan.replace_root(signed_by_old=False))
    pins = seen(changed, pins=seen(changed_province), at=NOW + 4000 * DAY)
    pins = seen(changed, pins=pins, at=NOW)
    assert judged(pins, changed, NOW + WAIT).changed_until == 0


def test_a_root_change_signed_by_the_old_root_counts_at_once(henan: Province) -> None:
    """The planned way: the province itself said so."""
    pins = seen(read_statement(henan.statement))
    assert judged(pins, read_statement(henan.replace_root(signed_by_old=True))).changed_until == 0


def test_a_denied_old_root_cannot_hand_over(henan: Province) -> None:
    """Whoever stole the old root key would otherwise name its own successor."""
    pins = seen(read_statement(henan.statement))
    denial = KeyDenial(henan.root.kid, 1, "compromised", NOW)
    changed = read_statement(henan.replace_root(signed_by_old=True))
    assert review(pins, changed, {denial.kid: denial}, NOW).changed_until == NOW + WAIT


def test_an_older_statement_never_counts(henan: Province) -> None:
    """Retired, perhaps stolen, keys must not come back by serving old words."""
    older = read_statement(henan.statement)
    pins = seen(older, read_statement(henan.next_statement()))
    standing = judged(pins, older, NOW + 100 * DAY)
    assert (standing.changed_until, standing.pin.sequence) == (MAX_TIME_SECONDS, 2)


def test_two_statements_of_one_sequence_are_a_contradiction(henan: Province) -> None:
    """A member, or its stolen root key, that tells two stories is believed in neither until a newer one."""
    pins = seen(read_statement(henan.statement))
    henan.sequence -= 1
    henan.add_key("credential")
    assert judged(pins, read_statement(henan.next_statement())).changed_until == MAX_TIME_SECONDS
    assert judged(pins, read_statement(henan.next_statement())).changed_until == 0


def test_the_memory_survives_a_restart(henan: Province) -> None:
    """A reboot must not make a gate forget whom it knew."""
    pins = seen(read_statement(henan.statement), read_statement(henan.replace_root(signed_by_old=False)))
    other = Province("CN-44", 440_000, NOW)
    pins = seen(read_statement(other.statement), pins=pins)
    denial = KeyDenial(b"12345678", 1, "lost", NOW)
    pins = pins._replace(denied={denial.kid: denial})
    assert read_pins(write_pins(pins)) == pins


def damaged(**changes: Any) -> bytes:
    province = Province("CN-41", 410_000, NOW)
    whole = json.loads(write_pins(seen(read_statement(province.statement))))
    return json.dumps({**whole, **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        damaged(members=[]),
        damaged(members={"CN-41": {}}),
        damaged(denied=[{}]),
        damaged(denied=None),
    ],
)
def test_a_damaged_memory_is_not_taken_for_none(data: bytes) -> None:
    """To begin anew without a word would be to trust whoever damaged it."""
    with pytest.raises(StorageUnavailable):
        read_pins(data)


def test_a_damaged_announcement_is_noticed(henan: Province) -> None:
    """Half a memory of a change would count the wait from nowhere."""
    pins = seen(read_statement(henan.statement), read_statement(henan.replace_root(signed_by_old=False)))
    document = json.loads(write_pins(pins))
    document["members"]["CN-41"]["announced"]["seen_at"] = "yesterday"
    with pytest.raises(StorageUnavailable):
        read_pins(json.dumps(document).encode())
