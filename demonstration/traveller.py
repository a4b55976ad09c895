"""A traveller with a certificate from abroad: its issuer, which no member is, and a card as EU countries write it."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any

from cbor2 import CBORTag, dumps

from credentials.algorithms.table import NATIVE
from credentials.foreign.document import document_of, sign_foreign_keys
from credentials.foreign.keys import ALL_KINDS, ForeignKey
from credentials.formats import eu_dcc
from credentials.keys import jwk_of, new_private_key
from credentials.signing import Signer
from credentials.wire import base45
from demonstration.props import HOUR

_COUNTRY, _KID = "AT", b"demo-key"
_DAY = 24 * HOUR
NAME = "Mustermann Maximilian"


class ForeignIssuer:
    """A country's signer of cards. Nobody but a host that lists its key believes it."""

    def __init__(self, now: int) -> None:
        self._key, self._now = new_private_key(), now

    def listed(self, member: str, signer: Signer) -> str:
        """The list of foreign keys of ``member``, signed by its rules key, with this issuer's alone."""
        key = ForeignKey(
            eu_dcc.NAME, _COUNTRY, _KID, NATIVE.NAME, jwk_of(self._key.public_key()), ALL_KINDS,
            self._now - _DAY, self._now + 365 * _DAY,
        )  # fmt: skip
        return sign_foreign_keys(document_of(member, 1, self._now, [key]), signer)

    def card(self, *, hours: int = 10, name: str = NAME, bit: int | None = None) -> str:
        """Somebody's negative test, sampled ``hours`` ago. ``bit``: one of what is signed is changed afterwards."""
        payload = dumps(_claims(self._now, hours, name))
        head = dumps({1: NATIVE.COSE_NUMBER, 4: _KID})
        signature = NATIVE.sign(self._key, dumps(["Signature1", head, b"", payload]))
        data = bytearray(dumps(CBORTag(18, [head, {}, payload, signature])))
        if bit is not None:
            data[data.index(payload) + bit // 8] ^= 1 << bit % 8
        return eu_dcc.PREFIX + base45.encode(zlib.compress(bytes(data), 9))


def _claims(now: int, hours: int, name: str) -> dict[int, Any]:
    family, _, given = name.partition(" ")
    test = {
        "tg": "840539006", "tt": "LP6464-4", "nm": "PCR", "tr": "260415000", "tc": "Vienna",
        "sc": datetime.fromtimestamp(now - hours * HOUR, UTC).isoformat(), "co": _COUNTRY,
        "is": "Ministry of Health", "ci": "URN:UVCI:01:AT:DEMONSTRATION",
    }  # fmt: skip
    names = {"fn": family, "gn": given, "fnt": family.upper(), "gnt": given.upper()}
    certificate = {"ver": "1.3.0", "nam": names, "dob": "1988-06-07", "t": [test]}
    return {1: _COUNTRY, 4: now + 30 * _DAY, 6: now - HOUR, -260: {1: certificate}}
