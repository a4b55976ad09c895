"""Who plays in the vectors: members with keys from seeds, a holder, and what a gate may know of them.

Everything is the same in every run: keys come from hashes of their names, signatures are deterministic (RFC 6979).
These keys are public. Nothing may ever trust them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from credentials.keys import jwk_of, kid_of
from credentials.profile.lists import Form, Status
from credentials.signing import PemSigner
from credentials.status.snapshot import StatusList, StatusSnapshot, seal

NOW = 1_669_003_200
"""2022-11-21T12:00:00+08:00"""
HOUR, DAY = 3600, 24 * 3600
YEAR = 365 * DAY
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)

ALL_STATUSES = tuple(status.label for status in Status)
ALL_FORMS = tuple(form.label for form in Form)


class SeededKey:
    """A private key made from a name, which signs the same bytes the same way each time."""

    def __init__(self, name: str) -> None:
        secret = int.from_bytes(hashlib.sha256(f"tongxing vectors: {name}".encode()).digest(), "big")
        self._key = ec.derive_private_key(secret % (_ORDER - 1) + 1, ec.SECP256R1())

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._key.public_key()

    def sign(self, message: bytes, _algorithm: object) -> bytes:
        return self._key.sign(message, _DETERMINISTIC)


def signer(member: str, label: str) -> PemSigner:
    """The key of a member by its label, as ``credential-1``."""
    key = SeededKey(f"{member} {label}")
    return PemSigner(key, kid_of(member, key.public_key()))  # type: ignore[arg-type]


def key_entry(member: str, label: str, **changes: Any) -> dict[str, Any]:
    """A key as a trust list has it; its use is its label without the number."""
    made = signer(member, label)
    return {
        "kid": made.kid.hex(),
        "algorithm": "ES256",
        "use": label.rpartition("-")[0],
        "not_before": NOW - 30 * DAY,
        "not_after": NOW + YEAR,
        "jwk": jwk_of(made.public_key),
        **changes,
    }


def member_entry(
    member: str, zh: str, en: str, keys: list[dict[str, Any]], statuses: Iterable[str] = ALL_STATUSES, **changes: Any
) -> dict[str, Any]:
    """A member as a trust list has it."""
    region = int(member.removeprefix("CN-")) * 10_000
    return {
        "id": member,
        "names": {"zh": zh, "en": en},
        "region": region,
        "hotline": f"0{region // 1000}-12320",
        "environment": "production",
        "may_issue": {"statuses": list(statuses), "forms": list(ALL_FORMS)},
        "changed_until": 0,
        "keys": keys,
        **changes,
    }


def status_file(member: str, as_of: int, withdrawn: dict[int, list[int]], ends: dict[int, int] | None = None) -> str:
    """A member's ``status.cose`` in base64; ``withdrawn``: list -> set indices, ``ends``: list -> group expiry."""
    lists = {number: StatusList.of(number, (ends or {}).get(number, as_of + 8 * DAY), indices)
             for number, indices in withdrawn.items()}  # fmt: skip
    snapshot = StatusSnapshot(member, 1, as_of, as_of + 3 * DAY, lists)
    return base64.b64encode(seal(snapshot, signer(member, "status-1"))).decode()
