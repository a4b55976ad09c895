"""Challenges at the gate: known again without being kept, for a little while, by this gate alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from credentials.errors import SettingInvalid
from credentials.formats.presentation import challenge
from service_kit.durable import write_atomic
from tests.vectors.cast import NOW
from verifier.gate.challenges import (
    BUCKET_SECONDS,
    GATE_SECRET,
    LIFE_SECONDS,
    SECRET_BYTES,
    Challenges,
    open_challenges,
)

SECRET = bytes(range(SECRET_BYTES))
START = NOW - NOW % BUCKET_SECONDS


def test_its_own_is_known_again_by_every_worker() -> None:
    """The lane that shows it and the worker that checks the answer share nothing but the secret."""
    asked = Challenges("gate", SECRET).ask(NOW)
    assert Challenges("gate", SECRET).find(asked.challenge.nonce, NOW) == asked.challenge
    assert challenge.unwrap(asked.text) == asked.challenge


@pytest.mark.parametrize("age", [0, BUCKET_SECONDS - 1])
def test_it_lives_for_one_bucket_at_least_and_two_at_most(age: int) -> None:
    """A slow holder must have the time to scan; an answer must not be kept for the next day."""
    challenges = Challenges("gate", SECRET)
    asked = challenges.ask(START + age)
    assert asked.ends_at == START + LIFE_SECONDS
    assert asked.ends_at - (START + age) > BUCKET_SECONDS
    assert challenges.find(asked.challenge.nonce, asked.ends_at - 1) is not None
    assert challenges.find(asked.challenge.nonce, asked.ends_at) is None
    assert challenges.find(asked.challenge.nonce, START - 1) is None


@pytest.mark.parametrize(("gate", "secret"), [("other", SECRET), ("gate", bytes(SECRET_BYTES))])
def test_another_gates_is_not(gate: str, secret: bytes) -> None:
    """An answer that was meant for the next door opens this one never."""
    asked = Challenges(gate, secret).ask(NOW)
    assert Challenges("gate", SECRET).find(asked.challenge.nonce, NOW) is None


def test_a_changed_or_invented_one_is_not() -> None:
    """Whoever could make a nonce could have it answered in advance."""
    challenges = Challenges("gate", SECRET)
    nonce = challenges.ask(NOW).challenge.nonce
    for position in range(len(nonce)):
        changed = bytearray(nonce)
        changed[position] ^= 1
        assert challenges.find(bytes(changed), NOW) is None
    assert challenges.find(bytes(16), NOW) is None


def test_no_two_are_alike() -> None:
    """Two people who are asked at one time must not be able to answer for each other."""
    challenges = Challenges("gate", SECRET)
    assert len({challenges.ask(NOW).challenge.nonce for _ in range(200)}) == 200


def test_a_clock_before_1970() -> None:
    """A device whose battery was changed asks and knows again by what its clock says, whatever that is."""
    challenges = Challenges("gate", SECRET)
    assert challenges.find(challenges.ask(-500).challenge.nonce, -500) is not None


def test_the_secret_is_made_once_by_whichever_worker_is_first(tmp_path: Path) -> None:
    """Workers that start together with a secret each would refuse each other's challenges."""
    with ThreadPoolExecutor(8) as workers:
        made = list(workers.map(lambda _: open_challenges("gate", tmp_path / "gate"), range(8)))
    nonce = made[0].ask(NOW).challenge.nonce
    assert all(each.find(nonce, NOW) for each in made)
    assert stat.S_IMODE((tmp_path / "gate" / GATE_SECRET).stat().st_mode) == 0o600


def test_a_secret_that_was_brought(tmp_path: Path) -> None:
    """Several machines of one gate share a file; one that is missing or cut off is told, and none is made instead."""
    path = tmp_path / "shared"
    with pytest.raises(SettingInvalid):
        open_challenges("gate", tmp_path, path)
    write_atomic(path, SECRET[1:], mode=0o600)
    with pytest.raises(SettingInvalid, match="32 bytes"):
        open_challenges("gate", tmp_path, path)
    write_atomic(path, SECRET, mode=0o600)
    nonce = open_challenges("gate", tmp_path, path).ask(NOW).challenge.nonce
    assert Challenges("gate", SECRET).find(nonce, NOW) is not None
    assert not (tmp_path / GATE_SECRET).exists()
