"""A changed code is refused, whatever was changed, and always by an error of our tree.

``judge`` turns those errors into verdicts and lets everything else through: another exception would be a gate that
crashes, and an accepted change would be a forgery.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import CredentialError
from credentials.profile.lists import Form
from credentials.wire import base45, jws
from credentials.wire.strict_json import json_bytes, parse_json
from tests.properties.naive import BASE45
from tests.samples import KEY, SIGNER, largest, live_text, read, signed_text, text_of, typical

TEXTS = [
    text_of(typical()),
    text_of(largest(Form.PAPER, converted=True)),
    live_text(typical(Form.PHONE)),
    live_text(largest(Form.ASSISTED)),
]
LETTERS = BASE45 + "a\n\x00é王"
TYP = "tongxing-sample+jws"
COMPACT = jws.sign({"member": "CN-41", "sequence": 7, "names": ["通行", None, 0.5]}, SIGNER, TYP)


def refused(text: str) -> None:
    with pytest.raises(CredentialError):
        read(text)


def parts(text: str) -> tuple[str, bytes]:
    prefix, _, body = text.partition(":")
    return f"{prefix}:", base45.decode(body)


@pytest.mark.parametrize("text", TEXTS)
def test_the_texts_are_sound(text: str) -> None:
    """Else every change would be refused for nothing."""
    assert read(text)


@pytest.mark.parametrize("text", TEXTS)
def test_every_changed_byte_is_refused(text: str) -> None:
    """Header, kid, claims, times, mode, both signatures: nothing is outside what is checked."""
    prefix, data = parts(text)
    chance = random.Random(45)
    for at in range(len(data)):
        for value in (data[at] ^ 1, data[at] ^ 0x80, data[at] ^ chance.randrange(1, 256)):
            refused(prefix + base45.encode(data[:at] + bytes([value]) + data[at + 1 :]))


@pytest.mark.parametrize("text", TEXTS)
def test_every_changed_character_is_refused(text: str) -> None:
    """A reader's error in one place, or somebody's pen."""
    chance = random.Random(9285)
    for at in range(len(text)):
        for char in chance.sample(LETTERS, 4):
            if char != text[at]:
                refused(text[:at] + char + text[at + 1 :])


@pytest.mark.parametrize("text", TEXTS)
def test_every_missing_doubled_or_swapped_character_is_refused(text: str) -> None:
    """Typing errors, and texts cut by a form field."""
    for at in range(len(text)):
        refused(text[:at] + text[at + 1 :])
        refused(text[:at])
        changed = text[:at] + text[at] * 2 + text[at + 1 :]
        refused(changed)
        swapped = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        if swapped != text:
            refused(swapped)


@given(st.sampled_from(TEXTS), st.data())
def test_every_cut_and_paste_is_refused(text: str, data: st.DataObject) -> None:
    """Parts of two sound codes make no third."""
    prefix, ours = parts(text)
    _, other = parts(data.draw(st.sampled_from(TEXTS)))
    start, end = sorted(data.draw(st.integers(0, len(ours))) for _ in range(2))
    pasted = ours[:start] + other[start:end] + ours[end:]
    if pasted != ours:
        refused(prefix + base45.encode(pasted))


@given(st.sampled_from(["", "TX1:", "TXP1:"]), st.text(max_size=200) | st.text(BASE45, max_size=600))
def test_garbage_is_refused(prefix: str, garbage: str) -> None:
    """Whatever a camera, a clipboard or an attacker puts there."""
    refused(prefix + garbage)


@given(st.sampled_from(["TX1:", "TXP1:"]), st.binary(max_size=360))
def test_garbage_in_base45_is_refused(prefix: str, garbage: bytes) -> None:
    """Past the text, against the layout."""
    refused(prefix + base45.encode(garbage))


@given(st.binary(min_size=24, max_size=190), st.binary(min_size=64, max_size=64))
def test_garbage_in_the_layout_is_refused(payload: bytes, signature: bytes) -> None:
    """Past the layout, against the signature."""
    _, data = parts(signed_text(payload))
    refused("TX1:" + base45.encode(data[:-64] + signature))


@given(st.binary(min_size=24, max_size=190))
def test_garbage_under_a_good_signature_is_refused(payload: bytes) -> None:
    """Past the signature, against the claims."""
    refused(signed_text(payload))


@given(st.sampled_from(TEXTS), st.integers(0, 5), st.integers(0, 5))
def test_white_space_around_changes_nothing(text: str, before: int, after: int) -> None:
    """The one repair that is made on every text."""
    assert read(" \n"[before % 2] * before + text + "\t\r\n"[after % 3] * after) == read(text)


@pytest.mark.parametrize("at", range(len(COMPACT)))
def test_every_changed_character_of_a_jws_is_refused(at: int) -> None:
    """Statements, rule sets and proofs come the same way from strangers."""
    for char in "A_-.=+/ zé" + chr(ord(COMPACT[at]) ^ 1):
        if char != COMPACT[at]:
            with pytest.raises(CredentialError):
                jws.verify(jws.read(COMPACT[:at] + char + COMPACT[at + 1 :]), KEY.public_key, TYP)


@given(st.text(max_size=300) | st.text('eyJhbGciOiJ.{}[]"\\', max_size=300))
def test_garbage_is_no_jws(garbage: str) -> None:
    """Never another exception."""
    with pytest.raises(CredentialError):
        jws.verify(jws.read(garbage), KEY.public_key, TYP)


@given(st.binary(max_size=300) | st.text('{}[]",:\\u0d8e1.-+Etrufalsn ', max_size=80).map(str.encode))
def test_json_is_read_or_malformed(data: bytes) -> None:
    """And what is read can be written: half a surrogate pair once could not."""
    try:
        value = parse_json(data)
    except CredentialError:
        return
    assert parse_json(json_bytes(value)) == value
