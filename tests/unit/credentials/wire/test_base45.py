"""Base45 on big integers: fast, and exactly RFC 9285."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed
from credentials.wire import base45

# RFC 9285 section 4.3 and 4.4.
PUBLISHED = [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]


@pytest.mark.parametrize(("plain", "coded"), PUBLISHED)
def test_the_published_examples(plain: str, coded: str) -> None:
    """Every other implementation gives these."""
    assert base45.encode(plain.encode()) == coded
    assert base45.decode(coded) == plain.encode()


def test_every_pair_of_bytes() -> None:
    """The division by multiplication and the lanes are proved by trying all 65,536 values, in one text and alone."""
    data = b"".join(value.to_bytes(2, "big") for value in range(65_536))
    text = base45.encode(data)
    assert base45.decode(text) == data
    for value in range(65_536):
        c, d, e = (base45.ALPHABET.index(symbol) for symbol in text[3 * value : 3 * value + 3])
        assert c + 45 * d + 2025 * e == value


def test_every_single_byte() -> None:
    """A last odd byte takes two characters."""
    for value in range(256):
        text = base45.encode(bytes([value]))
        assert len(text) == 2
        assert base45.decode(text) == bytes([value])


def test_nothing_is_nothing() -> None:
    """The empty text is no error of its own."""
    assert base45.encode(b"") == ""
    assert base45.decode("") == b""


@pytest.mark.parametrize("length", [1, 4, 7, 100])
def test_a_length_of_three_n_plus_one_is_malformed(length: int) -> None:
    """RFC 9285 section 6: no bytes give that length, so something was cut off."""
    with pytest.raises(Malformed):
        base45.decode("0" * length)


@pytest.mark.parametrize("text", ["GGW", ":::", "000GGW", "GGW000", "::", "000::", "V5", "000V5"])
def test_a_value_above_its_bytes_is_malformed(text: str) -> None:
    """FGW is 65535 and GGW one more (RFC 9285 section 6): wrapping round would give one code many texts."""
    with pytest.raises(Malformed):
        base45.decode(text)


def test_the_largest_values_are_read() -> None:
    """The bound must not be one too low."""
    assert base45.decode("FGW") == b"\xff\xff"
    assert base45.decode("FGWU5") == b"\xff\xff\xff"


@pytest.mark.parametrize(
    "wrong", ["a", "!", "\n", "\t", "\x00", "\x7f", "\xa0", "\xff", "é", "\uff10", "王", "\ud800", "\U0001f600"]
)
@pytest.mark.parametrize("text", ["{}", "BB{}", "BB8{}B8", "BB8B{}"])
def test_a_character_outside_the_alphabet_is_malformed(wrong: str, text: str) -> None:
    """Lower case too: a reader that folds case accepts 2^n texts for one code."""
    with pytest.raises(Malformed):
        base45.decode(text.format(wrong))
