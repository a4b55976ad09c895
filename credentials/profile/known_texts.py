"""Texts that people show at gates and that are known for what they are, though nothing here takes them apart.

Somebody who shows a boarding pass has taken the wrong code, and "not a health code" helps neither of the two. The first
row that fits counts. A pattern is read from the beginning of the bare text by Python and by browsers alike: ASCII, no
look-around, no group that is asked for, no letter's case. Words: ``known-text.<kind>`` in the catalogues.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from credentials.profile.words import NO_WORDS, Label, labels

MAX_LOOKED_AT_CHARACTERS = 512
"""More of a text is not needed to know it."""


class KnownText(NamedTuple):
    """What it is, and how it begins."""

    kind: str
    pattern: str


HEALTH_LINK: Final = "health-link"
"""Also inside ``HC1:``, in claim -260/5."""
KNOWN_TEXTS: Final = (
    KnownText(HEALTH_LINK, r"(?:https?://[!-~]{1,300}#)?(?:shlink|vhlink):/"),
    # IATA Resolution 792: M, legs, name of 20, ticket, booking of 7, from and to, carrier of 3, flight of 5, day of 3.
    KnownText("boarding-pass", r"M[1-9][A-Z0-9 /.'-]{20}[E ][A-Z0-9 ]{7}[A-Z]{6}[A-Z0-9 ]{3}[0-9 ]{4}[A-Z0-9 ]"),
    # A number of GB 11643 begins as a payment code may; what has a birthday in it is a person's.
    KnownText(
        "identity-number", r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$"
    ),
    # What a payer shows: WeChat 10 to 15, Alipay 25 to 30, UnionPay 62.
    KnownText("payment", r"(?:1[0-5][0-9]{16}|(?:2[5-9]|30)[0-9]{14,22}|62[0-9]{14,17})$"),
    # What a payee shows: EMVCo's form and, in Base64, that of its payers; the addresses of the three.
    KnownText("payment", r"000201[0-9]{2}[!-~]|(?:wxp|upi|alipays?|alipayqr|weixin|upwrp)://|hQVDUFYwM"),
    KnownText(
        "payment",
        r"https?://(?:qr\.alipay\.com|wx\.tenpay\.com|payapp\.weixin\.qq\.com|qr\.95516\.com|qr\.unionpay\.com)(?:$|[/:?#])",
    ),
    KnownText("contact", r"BEGIN:VCARD|(?:MECARD|BIZCARD|mailto|tel|sms|smsto|matmsg):|https?://u\.wechat\.com/"),
    KnownText("web-address", r"https?://|www\."),
    KnownText("wifi", r"WIFI:"),
    KnownText("number", r"[0-9][0-9 -]{2,39}$"),
)
"""The closed list, in the order in which a text is looked up."""
_COMPILED = [(kind, re.compile(pattern, re.IGNORECASE | re.ASCII)) for kind, pattern in KNOWN_TEXTS]
_WORDS = labels("known-text")


def kind_of_text(text: str) -> str:
    """What a bare text is known for; empty when it is not."""
    head = text[:MAX_LOOKED_AT_CHARACTERS]
    for kind, pattern in _COMPILED:
        if pattern.match(head):
            return kind
    return ""


def words_of(kind: str) -> Label:
    """What it is and what to do, for people; nothing for an empty kind."""
    return _WORDS.get(kind, NO_WORDS)
