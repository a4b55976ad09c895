"""What people show in place of a health code, each told as what it is."""

from __future__ import annotations

import re

import pytest
from cbor2 import dumps

from credentials.errors import NotACredential
from credentials.formats import table
from credentials.profile.known_texts import KNOWN_TEXTS, kind_of_text, words_of
from tests.dcc import card_text, sign1, text_of_parts
from tests.samples import ISSUED_AT
from tests.unit.verifier.known import VENUE, known
from tests.vectors.cast import NOW
from verifier.judging.recipe import judge

BOARDING_PASS = "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100"
SHOWN = {
    "shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0": "health-link",
    "vhlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0": "health-link",
    "https://viewer.example.org/#shlink:/eyJ1": "health-link",
    "SHLINK:/EYJ1": "health-link",
    BOARDING_PASS: "boarding-pass",
    "M2DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100": "boarding-pass",
    "281234567890123456": "payment",
    "134567890123456789": "payment",
    "6212345678901234567": "payment",
    "https://qr.alipay.com/fkx1234": "payment",
    "HTTPS://QR.ALIPAY.COM/FKX1234": "payment",
    "wxp://f2f0abc": "payment",
    "https://qr.95516.com/00010000/62": "payment",
    "00020101021129370016A000000677010111": "payment",
    "hQVDUFYwMWE": "payment",
    "BEGIN:VCARD\nVERSION:3.0\nN:王;小明": "contact",
    "MECARD:N:Wang,Xiaoming;TEL:13800000000;;": "contact",
    "tel:+8613800000000": "contact",
    "https://u.wechat.com/abc": "contact",
    "https://example.org/?TX1:": "web-address",
    "http://example.org": "web-address",
    "www.example.org": "web-address",
    "https://qr.alipay.com.attacker.example/": "web-address",
    "WIFI:T:WPA;S:gate;P:secret;;": "wifi",
    "11010519491231002X": "identity-number",
    "130105194912310025": "identity-number",
    "6901234567892": "number",
    "1234 5678": "number",
    "TX": "",
    "M1": "",
    "hello": "",
    "": "",
    "12": "",
    "shc:5676": "",
    "M1 is a motorway that goes from London to Leeds and further": "",
}
"""A text, and what it is."""


@pytest.mark.parametrize("text", SHOWN)
def test_each_is_known_for_what_it_is(text: str) -> None:
    """Its neighbours in shape are not."""
    assert kind_of_text(text) == SHOWN[text]
    with pytest.raises(NotACredential) as raised:
        table.unwrap(f" {text}\n")
    assert raised.value.known == SHOWN[text]


def test_the_guard_reads_what_it_is_and_what_to_do() -> None:
    """After the one sentence that every such text gets."""
    found = judge(BOARDING_PASS, known(), NOW, VENUE)
    (reason,) = found.reasons
    assert (found.outcome, reason.code) == ("refused", "not-a-credential")
    assert "It is a boarding pass: ask for the health code or certificate." in reason.words.of("en")
    assert "登机牌" in reason.words.of("zh-CN")


def test_a_health_link_in_an_eu_cards_clothes() -> None:
    """Claim -260/5 is an address and no certificate, whoever has signed it; a certificate beside a link is one."""
    link = dumps({1: "AT", 4: ISSUED_AT + 9, -260: {5: [{"u": "shlink:/eyJ1"}]}})
    found = judge(text_of_parts(sign1(link)), known(), NOW, VENUE)
    assert [reason.code for reason in found.reasons] == ["not-a-credential"]
    assert "link to a health certificate" in found.reasons[0].words.of("en")
    assert table.unwrap(card_text())[0].PREFIX == "HC1:"


def test_every_row_has_words_and_a_pattern_that_both_languages_read() -> None:
    """No look-around, no named group, no letter but ASCII; and nothing that backtracks for ever."""
    for kind, pattern in KNOWN_TEXTS:
        assert all(words_of(kind))
        assert pattern.isascii()
        assert not re.search(r"\(\?[^:]|\\[bBAZpP]", pattern)
    assert words_of("") == ("", "", "")


@pytest.mark.parametrize("unit", ["https://", "1", " ", "M1", "-", "A", "#", "62"])
def test_a_long_text_costs_nothing(unit: str) -> None:
    """Only the beginning is looked at."""
    assert kind_of_text(unit * 1_000_000) in {"", "web-address", "number"}
