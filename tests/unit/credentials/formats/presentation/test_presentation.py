"""Live codes: the holder's signature over this credential, now or for this gate."""

from __future__ import annotations

import hashlib

import pytest

from credentials.algorithms.table import NATIVE
from credentials.errors import Malformed, NotACredential, PresentationSignature, TooLarge
from credentials.formats import native, presentation
from credentials.formats.presentation import Mode, Presentation
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.profile.lists import Form
from credentials.wire import base45, cbor
from tests.samples import HOLDER_KEY, ISSUED_AT, SHOWN_AT, STRANGER_KEY, live_text, read, text_of, typical

HOLDER = HOLDER_KEY.public_key()
TEXT = text_of(typical(Form.PHONE))
DATA = base45.decode(TEXT.removeprefix("TX1:"))
LIVE = presentation.present(TEXT, HOLDER_KEY, SHOWN_AT)
NONCE, GATE = bytes(range(16)), "郑州东站 3"
ANSWER = presentation.present(TEXT, HOLDER_KEY, SHOWN_AT, NONCE, GATE)


def text(data: bytes) -> str:
    return presentation.PREFIX + base45.encode(data)


def test_a_live_code_carries_the_credential() -> None:
    """The issuer's bytes unchanged, and where they end."""
    live = presentation.unwrap(LIVE)
    assert live.envelope == native.unwrap(TEXT)
    assert live.credential_hash == hashlib.sha256(DATA).digest()
    assert (live.time, live.mode) == (SHOWN_AT, Mode.TIME)
    assert read(LIVE) == typical(Form.PHONE)


def test_what_the_holder_signs_is_deterministic_cbor() -> None:
    """Written by hand for speed, and yet what any CBOR library writes: wallets are built on it."""
    live, answer = presentation.unwrap(LIVE), presentation.unwrap(ANSWER)
    for shown, nonce, gate in ((live, None, None), (answer, NONCE, GATE)):
        signed = cbor.dumps(["TXP1", hashlib.sha256(DATA).digest(), SHOWN_AT, nonce, gate])
        NATIVE.verify(HOLDER, shown.signature, signed)


def test_nonce_mode_answers_one_gate() -> None:
    """Needs no clock of the holder; the nonce of another gate, or of another minute, does not fit."""
    answer = presentation.unwrap(ANSWER)
    assert answer.mode is Mode.NONCE
    presentation.verify(answer, HOLDER, NONCE, GATE)
    for nonce, gate in ((NONCE[::-1], GATE), (NONCE, "郑州东站 4"), (NONCE, None), (None, GATE), (None, None)):
        with pytest.raises(PresentationSignature):
            presentation.verify(answer, HOLDER, nonce, gate)


def test_a_live_code_answers_no_nonce() -> None:
    """A border that asked with a nonce must not be content with a clock."""
    with pytest.raises(PresentationSignature):
        presentation.verify(presentation.unwrap(LIVE), HOLDER, NONCE, GATE)


@pytest.mark.parametrize(("live", "nonce", "gate"), [(LIVE, None, None), (ANSWER, NONCE, GATE)])
def test_the_mode_cannot_be_turned(live: str, nonce: bytes | None, gate: str | None) -> None:
    """The mode byte itself is not signed: turned round, a code would escape the check of its age."""
    shown = presentation.unwrap(live)
    turned = shown._replace(mode=Mode(1 - shown.mode))
    for given in ((nonce, gate), (None, None), (NONCE, GATE)):
        with pytest.raises(PresentationSignature):
            presentation.verify(turned, HOLDER, *given)


@pytest.mark.parametrize(
    "changed",
    [{"time": SHOWN_AT + 1}, {"time": 0}, {"credential_hash": bytes(32)}, {"signature": bytes(64)}, {"signature": b""}],
)  # fmt: skip
def test_time_and_credential_are_signed(changed: dict[str, object]) -> None:
    """A screenshot with a new time, or another person's credential under one's own signature."""
    shown: Presentation = presentation.unwrap(LIVE)._replace(**changed)  # type: ignore[arg-type]
    with pytest.raises(PresentationSignature):
        presentation.verify(shown, HOLDER)


def test_another_phone_is_refused() -> None:
    """A friend who has the picture has not the key."""
    stolen = presentation.present(TEXT, STRANGER_KEY, SHOWN_AT)
    with pytest.raises(PresentationSignature):
        read(stolen)


def test_every_redrawing_is_new() -> None:
    """Redrawn each 30 s, and a time of 1970 from a phone without battery must still be told, not crash."""
    assert presentation.unwrap(live_text(typical(Form.PHONE), SHOWN_AT + 30)).time == SHOWN_AT + 30
    for at in (0, MAX_TIME_SECONDS):
        assert presentation.unwrap(live_text(typical(Form.PHONE), at)).time == at


@pytest.mark.parametrize("at", [-1, MAX_TIME_SECONDS + 1])
def test_a_time_that_does_not_fit_is_malformed(at: int) -> None:
    """Four bytes, and no exception of int."""
    with pytest.raises(Malformed):
        presentation.present(TEXT, HOLDER_KEY, at)


@pytest.mark.parametrize(("nonce", "gate"), [(NONCE, None), (None, GATE)])
def test_nonce_and_gate_go_together(nonce: bytes | None, gate: str | None) -> None:
    """A nonce without a name can be fetched at one gate and shown at another."""
    with pytest.raises(Malformed):
        presentation.present(TEXT, HOLDER_KEY, SHOWN_AT, nonce, gate)


def test_only_a_credential_is_presented() -> None:
    """The wallet finds out, not the gate."""
    with pytest.raises(NotACredential):
        presentation.present(LIVE, HOLDER_KEY, SHOWN_AT)
    with pytest.raises(Malformed):
        presentation.present(TEXT[:-3], HOLDER_KEY, SHOWN_AT)
    with pytest.raises(TooLarge):
        presentation.present("TX1:" + "0" * 420, HOLDER_KEY, SHOWN_AT)


def parts() -> tuple[bytes, bytes, bytes, bytes]:
    data = base45.decode(LIVE.removeprefix("TXP1:"))
    return data[:1], data[1:-72], data[-72:-66], data[-66:]


def test_every_cut_is_malformed() -> None:
    """Never an index past the end."""
    data = base45.decode(LIVE.removeprefix("TXP1:"))
    for length in range(len(data)):
        with pytest.raises(Malformed):
            presentation.unwrap(text(data[:length]))


@pytest.mark.parametrize("place", range(4))
def test_the_layout_is_fixed(place: int) -> None:
    """One encoding: else the same showing has many texts, and each would count as a new one."""
    head, credential, clock, signature = parts()
    time, mode = clock[:5], clock[5:]
    for data in (
        [b"\x83" + credential + clock + signature, b"\x9f" + credential + clock + signature, b""],
        [head + b"\x58\xd6" + credential + clock + signature, head + credential[1:] + clock + signature],
        [
            head + credential + b"\x19" + time[3:] + mode + signature,
            head + credential + b"\x1b" + bytes(4) + time[1:] + mode + signature,
            head + credential + b"\x3a" + time[1:] + mode + signature,
            head + credential + b"\xfa" + time[1:] + mode + signature,
            head + credential + b"\xc1" + time + mode + signature,
            head + credential + time + b"\x02" + signature,
            head + credential + time + b"\xf5" + signature,
            head + credential + time + b"\x20" + signature,
        ],
        [
            head + credential + clock + b"\x58\x3f" + signature[2:-1],
            head + credential + clock + b"\x58\x41" + signature[2:] + b"\0",
            head + credential + clock + b"\x59\x40" + signature[2:],
            head + credential + clock + signature + b"\0",
            head + credential + clock + signature[1:] + b"\0",
        ],
    )[place]:
        with pytest.raises(Malformed):
            presentation.unwrap(text(data))


def test_the_limits_are_exact() -> None:
    """Symbol version 14 is the largest that a cheap camera reads from a phone."""
    with pytest.raises(Malformed):
        presentation.unwrap("TXP1:" + "0" * 523)
    with pytest.raises(TooLarge):
        presentation.unwrap("TXP1:" + "0" * 524)
    # Not to be had through a text of legal length; whoever raises that bound still meets this one.
    with pytest.raises(TooLarge):
        presentation._open(bytes(401))


def test_a_live_code_is_signed_after_it_was_issued_by_whoever_judges() -> None:
    """The format takes any time; age is for the gate, which has the clock."""
    assert presentation.unwrap(presentation.present(TEXT, HOLDER_KEY, ISSUED_AT - 10**8)).time == ISSUED_AT - 10**8
