"""The EU Digital COVID Certificate: ``HC1:``, Base45, zlib and one COSE_Sign1 around a CWT (hcert-spec 1.3).

Its signers are many and read their specification in many ways; what is allowed to them stands in one table, see
:mod:`~credentials.formats.eu_dcc.leniences`.
"""

from __future__ import annotations

import re

from credentials.errors import NotACredential
from credentials.foreign.envelope import ForeignEnvelope
from credentials.formats import native
from credentials.formats.eu_dcc import card, sign1
from credentials.formats.eu_dcc.limits import MAX_CARD_BYTES, NAME
from credentials.profile.known_texts import HEALTH_LINK
from credentials.profile.limits import MAX_TEXT_CHARACTERS
from credentials.profile.steps import FOREIGN_STEPS
from credentials.wire.inflate import inflate

__all__ = ["IS_FOREIGN", "NAME", "PREFIX", "STEPS", "last_second_counts", "read", "unwrap"]
PREFIX = "HC1:"
STEPS, IS_FOREIGN = FOREIGN_STEPS, True
_HEALTH_LINK = re.compile(rb"\x39\x01\x03(?:\xa1|\xbf)\x05")
"""Claim -260 of a CWT with 5 alone in it, as CBOR: WHO's links (HCERT with SMART Health Links)."""
last_second_counts = True
read = card.read


def unwrap(text: str) -> ForeignEnvelope:
    """Take an ``HC1:`` text apart, without believing it. Raises NotACredential, TooLarge or Malformed."""
    return native.open_text(text, PREFIX, MAX_TEXT_CHARACTERS, _open)


def _open(data: bytes) -> ForeignEnvelope:
    envelope = sign1.open_card(inflate(data, MAX_CARD_BYTES))
    if _HEALTH_LINK.search(envelope.payload):
        raise NotACredential("a link to a certificate, where a certificate belongs", known=HEALTH_LINK)
    return envelope
