"""The EU Digital COVID Certificate: ``HC1:``, Base45, zlib and one COSE_Sign1 around a CWT (hcert-spec 1.3).

Its signers are many and read their specification in many ways; what is allowed to them stands in one table, see
:mod:`~credentials.formats.eu_dcc.leniences`.
"""

from __future__ import annotations

from credentials.foreign.envelope import ForeignEnvelope
from credentials.formats import native
from credentials.formats.eu_dcc import card, sign1
from credentials.formats.eu_dcc.limits import MAX_CARD_BYTES, NAME
from credentials.profile.limits import MAX_TEXT_CHARACTERS
from credentials.profile.steps import FOREIGN_STEPS
from credentials.wire.inflate import inflate

__all__ = ["NAME", "PREFIX", "STEPS", "last_second_counts", "read", "unwrap"]
PREFIX = "HC1:"
STEPS = FOREIGN_STEPS
last_second_counts = True
read = card.read


def unwrap(text: str) -> ForeignEnvelope:
    """Take an ``HC1:`` text apart, without believing it. Raises NotACredential, TooLarge or Malformed."""
    return native.open_text(text, PREFIX, MAX_TEXT_CHARACTERS, _open)


def _open(data: bytes) -> ForeignEnvelope:
    return sign1.open_card(inflate(data, MAX_CARD_BYTES))
