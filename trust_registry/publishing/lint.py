"""Lint: whether what the registry shows is what a careful client would take, and what will end soon.

One bad entry is reported and does not end the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tuf.api.metadata import Root

from credentials.errors import MetadataRejected, StatementRejected, TongxingError
from service_kit.clock import DAY_SECONDS, HOUR_SECONDS
from trust_registry.client.members.news import NEWS
from trust_registry.client.trust.pins import NOTHING_SEEN
from trust_registry.client.trust.repository import MirrorFiles, VerifiedRepository, metadata_path, verify_repository
from trust_registry.client.trust.snapshot import TrustSnapshot, build_snapshot
from trust_registry.metadata.file_names import RULES, STATUS, rules_name, segment_name
from trust_registry.metadata.statement import check_usable
from trust_registry.mirror.layout import Mirror
from trust_registry.mirror.offered import kind_of, open_offered
from trust_registry.mirror.stocktaking import WHAT_TO_DO
from trust_registry.repository.files import signed_part
from trust_registry.repository.renewal import RENEW_SNAPSHOT_BEFORE_SECONDS

WARN_BEFORE_SECONDS = {
    "root": 60 * DAY_SECONDS,
    "targets": 21 * DAY_SECONDS,
    "denials": RENEW_SNAPSHOT_BEFORE_SECONDS - DAY_SECONDS,
    "snapshot": RENEW_SNAPSHOT_BEFORE_SECONDS - DAY_SECONDS,
    "timestamp": 20 * HOUR_SECONDS,
}
"""Remaining lifetime below which somebody should act: people for the first two, the timer for the rest."""
_BY_TIMER = "see whether the hourly `registry timestamp` runs"
_BY_DATABASE = "the service writes it anew from its database within a minute, or `tongxing registry timestamp`"
_WHAT_TO_DO = {
    "root": "officers sign the next one, `registry root draft`",
    "targets": "officers sign the list anew, `registry draft`",
    "denials": _BY_TIMER,
    "snapshot": _BY_TIMER,
    "timestamp": _BY_TIMER,
}
WARN_KEY_BEFORE_SECONDS = 30 * DAY_SECONDS


class LintFinding(NamedTuple):
    """``level``: ``error`` (clients refuse it) or ``warning``; where; what, in English."""

    level: str
    place: str
    detail: str


def lint(mirror: Mirror, trusted_root: bytes, now: int) -> list[LintFinding]:
    """Everything that is wrong, or about to be, with the mirror as seen from ``trusted_root`` at ``now``."""
    try:
        verified = verify_repository(MirrorFiles(mirror.read), trusted_root)
    except MetadataRejected as error:
        return [LintFinding("error", "metadata", f"{error.detail}: {_BY_DATABASE}")]
    snapshot = build_snapshot(verified, NOTHING_SEEN, now)[0]
    return [
        *_roots(mirror, verified),
        *_expiries(verified, now),
        *_members(snapshot, now),
        *_files(mirror, snapshot),
        *_missing(mirror),
    ]


def _roots(mirror: Mirror, verified: VerifiedRepository) -> Iterator[LintFinding]:
    """Who begins from an older root needs each that came after it."""
    for version in range(1, verified.versions["root"] + 1):
        path = metadata_path("root", version)
        try:
            signed_part(mirror.read(path) or b"", Root)
        except MetadataRejected as error:
            yield LintFinding("error", "metadata", f"{path}: {error.detail}: {_BY_DATABASE}")


def _expiries(verified: VerifiedRepository, now: int) -> Iterator[LintFinding]:
    for role, expires in verified.expiries.items():
        left = expires - now
        if left <= 0:
            yield LintFinding("error", role, f"expired {-left} s ago")
        elif left < WARN_BEFORE_SECONDS[role]:
            yield LintFinding("warning", role, f"expires in {left // HOUR_SECONDS} h: {_WHAT_TO_DO[role]}")


def _members(snapshot: TrustSnapshot, now: int) -> Iterator[LintFinding]:
    for bad in snapshot.reported:
        yield LintFinding("error", bad.entry, bad.detail)
    for member, trusted in snapshot.members.items():
        try:
            check_usable(trusted.statement, now)
        except StatementRejected as error:
            yield LintFinding("warning", member, error.detail)
        for key in trusted.statement.keys:
            if 0 < key.not_after - now < WARN_KEY_BEFORE_SECONDS:
                days = (key.not_after - now) // DAY_SECONDS
                yield LintFinding("warning", member, f"{key.use} key {key.kid.hex()} ends in {days} days")
            if key.kid in snapshot.denied:
                yield LintFinding("warning", member, f"{key.use} key {key.kid.hex()} is denied and still listed")


def _files(mirror: Mirror, snapshot: TrustSnapshot) -> Iterator[LintFinding]:
    for member in mirror.members():
        for name in sorted(mirror.names_of(member)):
            try:
                open_offered(name, mirror.read_member_file(member, name) or b"", member, snapshot).read()
            except TongxingError as error:
                detail = str(error)
                yield LintFinding("error", f"{member}/{name}", f"{detail}: {WHAT_TO_DO[kind_of(name)]}")


def _missing(mirror: Mirror) -> Iterator[LintFinding]:
    """What the news tells gates to ask for, and is not there."""
    news = mirror.news()
    if mirror.members() and not news:
        yield LintFinding("error", NEWS, "missing or damaged: the service writes it anew within a minute")
    for member, told in news.items():
        names = [segment_name(number) for number in range(told.snapshot + 1, told.segment + 1)]
        names += [*map(rules_name, told.rules), *([RULES] if told.rules else ())]
        for name in [*([STATUS] if told.snapshot else ()), *names]:
            if mirror.size_of(member, name) is None:
                yield LintFinding("error", f"{member}/{name}", f"missing: {WHAT_TO_DO[kind_of(name)]}")
