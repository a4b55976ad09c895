"""What fits: a symbol one size larger is one that cheap cameras fail on (ISO/IEC 18004 table 7)."""

from __future__ import annotations

import pytest

from credentials.profile.lists import Form
from credentials.qr.symbol import version_of
from tests.samples import largest, live_text, read, text_of, typical

PHONES = [Form.PHONE, Form.ASSISTED]


def test_typical_paper() -> None:
    """What nearly everybody prints stays at 300 characters."""
    assert len(text_of(typical())) <= 300


@pytest.mark.parametrize("form", PHONES)
def test_typical_live_code(form: Form) -> None:
    """Version 13: what nearly everybody shows."""
    text = live_text(typical(form))
    assert len(text) <= 483
    assert version_of(text) <= 13


@pytest.mark.parametrize("converted", [False, True])
def test_the_largest_paper_code(converted: bool) -> None:
    """Version 11 at level M, and 14 at level Q for small print: whoever has the longest legal name has a code too."""
    text = text_of(largest(Form.PAPER, converted=converted))
    assert len(text) <= 366
    assert version_of(text) <= 11
    assert version_of(text, "Q") <= 14


@pytest.mark.parametrize("form", PHONES)
@pytest.mark.parametrize("converted", [False, True])
def test_the_largest_phone_code(form: Form, converted: bool) -> None:
    """Version 12 alone and version 14 live: a code that can be issued but not shown would be the worst of all."""
    credential = largest(form, converted=converted)
    text, live = text_of(credential), live_text(credential)
    assert len(text) <= 419
    assert version_of(text) <= 12
    assert len(live) <= 528
    assert version_of(live) <= 14
    assert read(live) == credential


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("converted", [False, True])
def test_the_largest_credential_is_legal(form: Form, converted: bool) -> None:
    """A budget kept by content that no gate would read proves nothing."""
    credential = largest(form, converted=converted)
    assert read(text_of(credential)) == credential
