"""Which form a text is of."""

from __future__ import annotations

import pytest

from credentials.errors import NotACredential, TooLarge
from credentials.formats import native, presentation, table
from credentials.profile.lists import Form
from credentials.profile.steps import ALL_STEPS, StepName
from tests.samples import live_text, text_of, typical

TEXT = text_of(typical())
LIVE = live_text(typical(Form.PHONE))


def test_the_prefix_decides() -> None:
    """Each form is read by its own reader, whatever stands around it."""
    assert table.unwrap(TEXT) == (native, native.unwrap(TEXT))
    assert table.unwrap(LIVE) == (presentation, presentation.unwrap(LIVE))
    assert table.unwrap(f"\n {LIVE} \n") == (presentation, presentation.unwrap(LIVE))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "TX",
        "TX2:" + TEXT[4:],
        "TXP2:" + LIVE[5:],
        "HC2:6BF",
        "shc:5676",
        "shlx:/5676",
        "https://example.org/?TX1:",
        "tx1:",
        "健康码",
        "\x00TX1:",
        "\ud800",
    ],
)
def test_no_known_prefix_is_no_credential(text: str) -> None:
    """A payment code at a gate is "not a health code", not "forged" (shc-covid19-decoder #14)."""
    with pytest.raises(NotACredential):
        table.unwrap(text)


@pytest.mark.parametrize("text", [TEXT + " " * 5000, LIVE + "0" * 5000, "TX1:" * 5000])
def test_a_long_text_is_too_large(text: str) -> None:
    """Cut off before anything looks at it."""
    with pytest.raises(TooLarge):
        table.unwrap(text)


def test_ten_megabytes_of_space_cost_nothing() -> None:
    """Only so much of a text is looked at as a code may be long."""
    with pytest.raises(NotACredential):
        table.unwrap(" " * 10_000_000 + TEXT)


def test_every_format_begins_with_the_form_and_names_itself_apart() -> None:
    """A prefix that begins another would be read by the wrong reader."""
    for found in table.FORMATS:
        assert StepName.FORM in found.STEPS <= ALL_STEPS
        assert [each.PREFIX for each in table.FORMATS if each.PREFIX.startswith(found.PREFIX)] == [found.PREFIX]
