"""``TX1:`` texts, and what may be taken off them without loss."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed, NotACredential, TooLarge
from credentials.formats import native, presentation, table
from credentials.profile.lists import Form
from credentials.qr.symbol import ALPHANUMERIC
from credentials.wire import base45, cose
from tests.samples import KEY, SIGNER, largest, live_text, read, text_of, typical

TEXT = text_of(typical())


@pytest.mark.parametrize("form", Form)
def test_what_is_issued_is_read(form: Form) -> None:
    """The way of every code."""
    credential = typical(form)
    text = native.issue_text(credential, SIGNER)
    assert text.startswith("TX1:")
    assert read(text) == credential
    assert native.unwrap(text).kid == KEY.kid


def test_a_text_is_in_qr_alphanumeric_mode() -> None:
    """One character outside it makes the symbol a third larger."""
    assert ALPHANUMERIC.issuperset(TEXT)


@pytest.mark.parametrize("space", [" ", "\n", "\r\n", "\t", "\u3000", "\u00a0", " \n \n"])
def test_white_space_around_it_is_taken_off(space: str) -> None:
    """Scanners append a line end, chat programs a space, Chinese keyboards a wide one (hcert-spec #64)."""
    assert native.unwrap(space + TEXT + space) == native.unwrap(TEXT)


@pytest.mark.parametrize(
    ("before", "after"),
    [("]Q1", "\t"), ("]Q0", "\r\n"), ("]Q6", ""), ("\ufeff", "\n"), ("\ufeff]Q1", "\t\r\n"), (" \ufeff ]Q3", "\ufeff")],
)
def test_what_hand_scanners_and_editors_add_is_taken_off(before: str, after: str) -> None:
    """A scanner's word for QR, its Tab or line end; the mark that an editor puts before a text."""
    assert native.unwrap(before + TEXT + after) == native.unwrap(TEXT)
    assert table.unwrap(before + live_text(typical()) + after)[0] is presentation


@pytest.mark.parametrize("before", ["]Q7", "]q1", "]C1", "Q1", "]Q1]Q1", "]Q1 ", "]Q", "x]Q1", "\0", "\u200b"])
def test_nothing_else_is_taken_off(before: str) -> None:
    """A format that forgives everything is read otherwise by everybody."""
    with pytest.raises(NotACredential):
        native.unwrap(before + TEXT)


def test_base45_never_ends_in_a_space() -> None:
    """That is why white space can be taken off without loss: 36 is above any last digit."""
    assert all(not base45.encode(value.to_bytes(2, "big")).endswith(" ") for value in range(65_536))
    assert all(not base45.encode(bytes([value])).endswith(" ") for value in range(256))


def test_escaped_spaces_are_undone() -> None:
    """Links and web forms write %20 for the space of Base45 (hcert-spec #72, vacdec #15)."""
    text = next(text for _ in range(100) if " " in (text := text_of(typical())) and "%20" not in text)
    assert native.unwrap(text.replace(" ", "%20")) == native.unwrap(text)


def test_a_text_may_be_long_only_because_of_its_escapes() -> None:
    """Escaping makes a code of the full length longer than any code."""
    text = next(text for _ in range(100) if " " in (text := text_of(largest(Form.ASSISTED))) and "%20" not in text)
    escaped = text.replace(" ", "%20")
    assert len(escaped) >= 419
    assert native.unwrap(escaped) == native.unwrap(text)


def test_a_broken_text_with_escapes_is_still_refused() -> None:
    """Undoing is tried once, and what it gives is judged like anything else."""
    with pytest.raises(Malformed):
        native.unwrap(TEXT[:50] + "%20" + TEXT[50:])
    with pytest.raises(TooLarge):
        native.unwrap(TEXT + "%20" * 200)


@pytest.mark.parametrize(
    "text", ["", " ", "TX1", "tx1:" + TEXT[4:], "HC1:" + TEXT[4:], TEXT[4:], "X" + TEXT, live_text(typical(Form.PHONE))]
)
def test_another_prefix_is_no_credential(text: str) -> None:
    """An EU certificate is another thing, not a broken one of ours."""
    with pytest.raises(NotACredential):
        native.unwrap(text)


@pytest.mark.parametrize(
    "text",
    [
        "TX1:",
        TEXT[:-1],
        TEXT[:-2],
        TEXT[:-3],
        TEXT + "0",
        TEXT + "00",
        TEXT.lower().replace("tx1:", "TX1:"),
        TEXT + TEXT[4:20],
    ],
)
def test_a_damaged_text_is_malformed(text: str) -> None:
    """The prefix fits, the rest does not: ask to refresh it."""
    with pytest.raises(Malformed):
        native.unwrap(text)


def test_the_limits_are_exact() -> None:
    """More than any symbol of ours holds, or more than is looked at at all."""
    with pytest.raises(Malformed):
        native.unwrap("TX1:" + "0" * 415)
    with pytest.raises(TooLarge):
        native.unwrap("TX1:" + "0" * 416)
    with pytest.raises(TooLarge):
        native.unwrap(" " * 4096 + TEXT)


def test_too_much_for_its_symbol_is_not_issued() -> None:
    """Paper has less room than a phone: the resident must not get a printout that nobody can scan."""
    credential = largest(Form.PAPER)._replace(holder_name="*" * 60)
    with pytest.raises(TooLarge):
        native.issue_text(credential, SIGNER)


def test_the_bytes_are_one_cose_sign1() -> None:
    """Nothing stands between Base45 and COSE: no zlib, no version byte."""
    data = base45.decode(TEXT.removeprefix("TX1:"))
    assert cose.open_layout(data, 300) == native.unwrap(TEXT)
