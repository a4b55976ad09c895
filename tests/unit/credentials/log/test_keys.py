"""Keys of logs and witnesses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import KeyRejected, Malformed, TooLarge, WrongSignature
from credentials.keys import new_private_key as new_p256_key
from credentials.keys import private_key_pem
from credentials.log import ed25519
from credentials.log.keys import LOG, WITNESS, from_base64, is_key_name, note_key, read_vkey, signer, time_of
from tests.unit.credentials.log.logs import LOG_SIGNER, witness

TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
RAW = LOG_SIGNER.key.public_key


def test_a_key_of_somebody_elses_log_reads_and_writes_the_same() -> None:
    """The number is computed as others compute it."""
    key = read_vkey(TESSERA)
    assert (key.name, key.type, key.id.hex(), key.vkey) == ("example.com/log/testdata", LOG, "33d7b496", TESSERA)


@given(st.text(min_size=1, max_size=80).filter(is_key_name), st.sampled_from([LOG, WITNESS]))
def test_every_key_reads_back(name: str, kind: int) -> None:
    """Base64 holds a plus too, and a name any letter."""
    key = note_key(name, kind, RAW)
    assert read_vkey(key.vkey) == key


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\nb", "a\u3000b", "a\xa0b", "a\x85", "a\u2028", "a\0", "\ud800", "é" * 128]
)
def test_names_that_no_key_can_have(name: str) -> None:
    """A space or line end in a name would forge another line of a note."""
    assert not is_key_name(name)
    with pytest.raises(KeyRejected):
        note_key(name, LOG, RAW)


@pytest.mark.parametrize(
    ("vkey", "error"),
    [
        ("", Malformed),
        ("a", Malformed),
        ("a+33d7b496", KeyRejected),
        (TESSERA.replace("33d7b496", "33D7B496"), Malformed),
        (TESSERA.replace("33d7b496", "33d7b497"), KeyRejected),
        (TESSERA + "=", Malformed),
        (TESSERA[:-4], KeyRejected),
        ("a+33d7b496+", KeyRejected),
        ("a+33d7b496+B" + TESSERA[-43:], KeyRejected),
        ("a" * 513, TooLarge),
        (TESSERA.replace("example", "another"), KeyRejected),
        (TESSERA + "\n", Malformed),
    ],
)
def test_what_is_no_vkey(vkey: str, error: type[Exception]) -> None:
    """One way to write each key, and a number that is its own."""
    with pytest.raises(error):
        read_vkey(vkey)


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def doubled(x: int, y: int) -> tuple[int, int]:
    product = D * x * x * y * y
    return (2 * x * y * pow(1 + product, -1, P) % P, (y * y + x * x) * pow(1 - product, -1, P) % P)


def test_the_points_of_small_order_are_those_of_the_curve() -> None:
    """The constant is checked by the curve's own arithmetic: eight times the point is the neutral one."""
    y = ed25519._ORDER_EIGHT
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    assert doubled(*doubled(*doubled(x, y))) == (0, 1) != doubled(*doubled(x, y))


@pytest.mark.parametrize("y", [0, 1, P - 1, ed25519._ORDER_EIGHT, P - ed25519._ORDER_EIGHT, P, P + 1, P + 18])
@pytest.mark.parametrize("sign", [0, 2**255])
def test_a_key_of_small_order_or_with_a_second_spelling_is_refused(y: int, sign: int) -> None:
    """Whoever lists such a key signs everything, and can prove possession of it without a private key."""
    with pytest.raises(KeyRejected, match="small order"):
        ed25519.check_public_key((y + sign).to_bytes(32, "little"))


def test_a_signature_by_no_private_key_holds_under_a_key_of_small_order() -> None:
    """Why these keys are refused: the neutral point verifies the same signature over any text."""
    neutral = (1).to_bytes(32, "little")
    for message in (b"one", b"two"):
        ed25519.verify(neutral, neutral + bytes(32), message)


def test_a_key_has_thirty_two_bytes_and_is_a_point() -> None:
    """Anything else verifies nothing."""
    with pytest.raises(KeyRejected, match="32 bytes"):
        ed25519.check_public_key(RAW[1:])
    for key in (RAW[1:], (2).to_bytes(32, "little")):
        with pytest.raises(WrongSignature):
            ed25519.verify(key, bytes(64), b"")


def test_a_cosignature_says_its_time_and_holds_for_one_text_alone() -> None:
    """The time is signed with the text; what a log signs is never what a witness signs."""
    made = witness(0).sign(b"text\n", 1_660_000_000)
    assert time_of(made) == 1_660_000_000
    key = witness(0).key
    key.verify(made, b"text\n")
    later = (1_660_000_001).to_bytes(8, "big") + made[8:]
    for signature, text in [
        (made, b"Text\n"),
        (later, b"text\n"),
        (made[8:], b"text\n"),
        (b"\xff" * 8 + made[8:], b"text\n"),
    ]:
        with pytest.raises(WrongSignature):
            key.verify(signature, text)
    same_private = signer("witness-0.example", LOG, witness(0).private_key)
    with pytest.raises(WrongSignature):
        key.verify(bytes(8) + same_private.sign(b"text\n"), b"text\n")


def test_key_files_are_ed25519_alone() -> None:
    """A key of a code must never end as that of a log."""
    key = ed25519.new_private_key()
    pem, locked = ed25519.private_key_pem(key), ed25519.private_key_pem(key, b"word")
    for loaded in (ed25519.load_private_key(pem), ed25519.load_private_key(locked, b"word")):
        assert ed25519.public_key_of(loaded) == ed25519.public_key_of(key)
    with pytest.raises(KeyRejected, match="passphrase"):
        ed25519.load_private_key(locked)
    for content, detail in [
        (private_key_pem(new_p256_key()), "not an Ed25519"),
        (b"x", "not a readable"),
        (pem + b" " * 20_000, "too large"),
    ]:
        with pytest.raises(KeyRejected, match=detail):
            ed25519.load_private_key(content)


@pytest.mark.parametrize("text", ["YQ", "YQ==\n", "YR==", "Y Q==", "é"])
def test_base64_has_one_spelling(text: str) -> None:
    """Two spellings of one signature are two notes of one meaning."""
    with pytest.raises(Malformed):
        from_base64(text)
