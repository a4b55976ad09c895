"""A phone's code without its phone."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed, PresentationSignature, TooLarge
from credentials.formats import presentation, table
from credentials.formats.presentation import Presentation
from credentials.profile.lists import Form
from credentials.wire import base45
from credentials.wire.cose import Envelope
from tests.samples import (
    HOLDER_KEY,
    HOLDER_POINT,
    SHOWN_AT,
    STRANGER_KEY,
    live_text,
    read,
    text_of,
    typical,
)


@pytest.mark.parametrize("form", [Form.PHONE, Form.ASSISTED])
def test_a_phone_code_shown_bare_is_no_presentation(form: Form) -> None:
    """A picture or a printout of it: the type says that nobody has shown it, and its form that somebody must."""
    _, bare = table.unwrap(text_of(typical(form)))
    assert type(bare) is Envelope
    assert not isinstance(bare, Presentation)
    assert read(text_of(typical(form))).form is not Form.PAPER


@pytest.mark.parametrize("form", [Form.PHONE, Form.ASSISTED])
def test_a_phone_code_without_a_key_is_malformed(form: Form) -> None:
    """An issuer that forgot cnf would make a code that any screenshot shows as well as the phone."""
    with pytest.raises(Malformed):
        read(text_of(typical(form)._replace(holder_key=None)))


def test_paper_with_a_key_is_malformed() -> None:
    """Printed it would pass as paper, live as a phone: one code, two carriers."""
    with pytest.raises(Malformed):
        read(text_of(typical(Form.PAPER)._replace(holder_key=HOLDER_POINT)))


def test_paper_inside_a_presentation_has_no_key_to_show_it() -> None:
    """A thief wraps a copied paper code with a key of his own."""
    wrapped = presentation.present(text_of(typical(Form.PAPER)), STRANGER_KEY, SHOWN_AT)
    with pytest.raises(Malformed):
        read(wrapped)


def test_a_bare_code_with_another_prefix_is_no_presentation() -> None:
    """And a live code is not its credential: neither text is read as the other."""
    bare, live = text_of(typical(Form.PHONE)), live_text(typical(Form.PHONE))
    for wrong in ("TXP1:" + bare[4:], "TX1:" + live[5:], "TX1:" + live[4:]):
        with pytest.raises((Malformed, TooLarge)):
            read(wrong)


def test_a_screenshot_with_a_new_time() -> None:
    """The time is signed: moved on by thirty seconds, the picture is worth nothing."""
    live = live_text(typical(Form.PHONE))
    data = base45.decode(live.removeprefix("TXP1:"))
    moved = data[:-72] + b"\x1a" + (SHOWN_AT + 30).to_bytes(4, "big") + data[-67:]
    assert presentation.unwrap(presentation.PREFIX + base45.encode(moved)).time == SHOWN_AT + 30
    with pytest.raises(PresentationSignature):
        read(presentation.PREFIX + base45.encode(moved))


def test_a_newer_credential_under_an_older_showing() -> None:
    """The hash is signed: a signature over yesterday's yellow does not show today's green."""
    before, after = text_of(typical(Form.PHONE)), text_of(typical(Form.PHONE))
    shown = base45.decode(presentation.present(before, HOLDER_KEY, SHOWN_AT).removeprefix("TXP1:"))
    other = b"\x84" + base45.decode(after.removeprefix("TX1:")) + shown[-72:]
    with pytest.raises(PresentationSignature):
        read(presentation.PREFIX + base45.encode(other))
