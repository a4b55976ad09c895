"""Challenges as text: what a gate draws is what a phone reads, and nothing else is read."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from credentials.errors import ChallengeShown, Malformed, NotACredential, TooLarge
from credentials.formats import table
from credentials.formats.presentation import challenge
from credentials.formats.presentation.challenge import Challenge
from credentials.profile.limits import MAX_CHALLENGE_TEXT_CHARACTERS, MAX_GATE_NAME_BYTES, NONCE_BYTES
from credentials.qr import draw_png, read_texts
from credentials.wire import base45

NONCE = bytes(range(NONCE_BYTES))
ASKED = Challenge("广东 3", NONCE)


def text_of(content: Any) -> str:
    return challenge.PREFIX + base45.encode(content if isinstance(content, bytes) else cbor2.dumps(content))


@pytest.mark.parametrize("gate", ["x", "广东 3", "南" * 8, "g" * MAX_GATE_NAME_BYTES])
def test_what_is_drawn_is_read(gate: str) -> None:
    """The phone signs over name and nonce: one byte read otherwise and the honest answer is refused."""
    asked = Challenge(gate, NONCE)
    text = challenge.draw(asked)
    assert challenge.unwrap(f" {text}\n") == asked
    assert len(text) <= MAX_CHALLENGE_TEXT_CHARACTERS
    assert read_texts(draw_png(text)) == [text]


def test_the_longest_is_exactly_as_long_as_the_limit() -> None:
    """A limit above what can be is a door left open; one below turns a gate's name away."""
    assert len(challenge.draw(Challenge("g" * MAX_GATE_NAME_BYTES, NONCE))) == MAX_CHALLENGE_TEXT_CHARACTERS


@pytest.mark.parametrize(
    ("gate", "nonce"),
    [("", NONCE), ("g" * 25, NONCE), ("南" * 9, NONCE), ("a\nb", NONCE), ("g", NONCE[1:]), ("g", NONCE + b"\0")],
)
def test_what_cannot_be_asked(gate: str, nonce: bytes) -> None:
    """A gate finds out when it is set up, and a phone never shows a line break as a gate's name."""
    with pytest.raises(Malformed):
        challenge.draw(Challenge(gate, nonce))
    with pytest.raises((Malformed, TooLarge)):
        challenge.unwrap(text_of([gate, nonce]))


@pytest.mark.parametrize(
    "content",
    [
        [],
        ["g"],
        ["g", NONCE, 1],
        {"g": NONCE},
        [NONCE, "g"],
        [7, NONCE],
        ["g", NONCE.hex()],
        cbor2.dumps(["g", NONCE]) + b"\0",
        b"\x9f" + cbor2.dumps("g") + cbor2.dumps(NONCE) + b"\xff",
        b"\x82\x78\x01g" + cbor2.dumps(NONCE),
        b"",
    ],
)
def test_other_content_is_malformed(content: Any) -> None:
    """The name a phone shows must be the one it signs: there is one way to write it."""
    with pytest.raises(Malformed):
        challenge.unwrap(text_of(content))


def test_other_texts() -> None:
    """A phone that is shown something else says so, and does not sign it."""
    for text in ("https://example.org/", "TX1:" + challenge.draw(ASKED)[5:], ""):
        with pytest.raises(NotACredential):
            challenge.unwrap(text)
    with pytest.raises(TooLarge):
        challenge.unwrap(challenge.draw(ASKED) + "0" * 40)


def test_at_a_gate_it_is_named_for_what_it_is() -> None:
    """A guard who scans the gate's own screen must not be told that it is no code at all."""
    for text in (challenge.draw(ASKED), "TXN1:", "  TXN1:rubbish"):
        with pytest.raises(ChallengeShown):
            table.unwrap(text)
