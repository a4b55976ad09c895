"""Lint: whether what the registry shows is what a careful client would take, and what will end soon.

One bad entry is reported and does not end the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from credentials.errors import MetadataRejected, StatementRejected, TongxingError
from service_kit.clock import DAY_SECONDS, HOUR_SECONDS
from trust_registry.client.member_files import read_member_file
from trust_registry.client.pins import NOTHING_SEEN
from trust_registry.client.repository import MirrorFiles, VerifiedRepository, verify_repository
from trust_registry.client.snapshot import TrustSnapshot, build_snapshot
from trust_registry.metadata.statement import check_usable
from trust_registry.mirror import Mirror
from trust_registry.renewal import RENEW_SNAPSHOT_BEFORE_SECONDS

WARN_BEFORE_SECONDS = {
    "root": 60 * DAY_SECONDS,
    "targets": 21 * DAY_SECONDS,
    "denials": RENEW_SNAPSHOT_BEFORE_SECONDS - DAY_SECONDS,
    "snapshot": RENEW_SNAPSHOT_BEFORE_SECONDS - DAY_SECONDS,
    "timestamp": 20 * HOUR_SECONDS,
}
"""Remaining lifetime below which somebody should act: people for the first two, the timer for the rest."""
_BY_TIMER = "see whether the hourly `registry timestamp` runs"
_WHAT_TO_DO = {
    "root": "officers sign the next one, `registry root draft`",
    "targets": "officers sign the list anew, `registry draft`",
    "denials": _BY_TIMER,
    "snapshot": _BY_TIMER,
    "timestamp": _BY_TIMER,
}
WARN_KEY_BEFORE_SECONDS = 30 * DAY_SECONDS


class Finding(NamedTuple):
    """``level``: ``error`` (clients refuse it) or ``warning``; where; what, in English."""

    level: str
    place: str
    detail: str


def lint(mirror: Mirror, trusted_root: bytes, now: int) -> list[Finding]:
    """Everything that is wrong, or about to be, with the mirror as seen from ``trusted_root`` at ``now``."""
    try:
        verified = verify_repository(MirrorFiles(mirror.read), trusted_root)
    except MetadataRejected as error:
        return [Finding("error", "metadata", error.detail)]
    snapshot = build_snapshot(verified, NOTHING_SEEN, now)[0]
    return [*_expiries(verified, now), *_members(snapshot, now), *_files(mirror, snapshot)]


def _expiries(verified: VerifiedRepository, now: int) -> Iterator[Finding]:
    for role, expires in verified.expiries.items():
        left = expires - now
        if left <= 0:
            yield Finding("error", role, f"expired {-left} s ago")
        elif left < WARN_BEFORE_SECONDS[role]:
            yield Finding("warning", role, f"expires in {left // HOUR_SECONDS} h: {_WHAT_TO_DO[role]}")


def _members(snapshot: TrustSnapshot, now: int) -> Iterator[Finding]:
    for bad in snapshot.reported:
        yield Finding("error", bad.entry, bad.detail)
    for member, trusted in snapshot.members.items():
        try:
            check_usable(trusted.statement, now)
        except StatementRejected as error:
            yield Finding("warning", member, error.detail)
        for key in trusted.statement.keys:
            if 0 < key.not_after - now < WARN_KEY_BEFORE_SECONDS:
                days = (key.not_after - now) // DAY_SECONDS
                yield Finding("warning", member, f"{key.use} key {key.kid.hex()} ends in {days} days")
            if key.kid in snapshot.denied:
                yield Finding("warning", member, f"{key.use} key {key.kid.hex()} is denied and still listed")


def _files(mirror: Mirror, snapshot: TrustSnapshot) -> Iterator[Finding]:
    for member, name, content in mirror.member_files():
        try:
            read_member_file(name, content, member, snapshot)
        except TongxingError as error:
            yield Finding("error", f"{member}/{name}", str(error))
