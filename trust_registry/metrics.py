"""What follows from the registry's state: what waits, what ends soon, how old each member's files are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prometheus_client.metrics_core import Metric

from service_kit.metrics import DAY_SECONDS, gauge, gauges
from trust_registry.client.member_files import is_rules
from trust_registry.client.repository import version_of
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.member_files import trust_of
from trust_registry.publication import MAX_DRAFT_AGE_SECONDS, Publication, current
from trust_registry.repository import Repository, expiry_of
from trust_registry.storage.ports import MemberFileRecord

ROLES = ("root", "targets", "denials", "snapshot", "timestamp")


class Overview(NamedTuple):
    """The registry at ``now`` (seconds UTC): statements and drafts that wait, and what is in force."""

    now: int
    statements: int
    drafts: int
    repository: Repository
    trust: TrustSnapshot
    files: Sequence[MemberFileRecord]


def overview(publication: Publication, now: int) -> Overview:
    """Ask the database. Raises StorageUnavailable."""
    with publication.storage.reading() as records:
        repository = current(records)
        base, since = version_of(repository.targets), now - MAX_DRAFT_AGE_SECONDS
        return Overview(
            now=now,
            statements=len(records.statements.submitted()),
            drafts=records.drafts.count_open(base, since),
            repository=repository,
            trust=trust_of(records, now),
            files=records.member_files.all(),
        )


def collect(found: Overview) -> Iterator[Metric]:
    """The numbers of one moment."""
    yield gauge("tongxing_statements_waiting", "Statements that no list has taken up yet", found.statements)
    yield gauge("tongxing_drafts_waiting", "Drafts that officers may still sign", found.drafts)
    days = [((role,), _days(expiry_of(getattr(found.repository, role)), found.now)) for role in ROLES]
    yield gauges("tongxing_role_days_left", "Days until a role's metadata expires; below 0 since", ("role",), days)
    meaning = "Seconds since a member last brought a file of this kind to the mirror"
    yield gauges("tongxing_member_file_age_seconds", meaning, ("member", "kind"), sorted(_ages(found).items()))
    yield key_days_left(found.trust, found.now)


def key_days_left(trust: TrustSnapshot, now: int) -> Metric:
    """Days until each member has no key of a use any more; keys that are denied or not yet begun do not count."""
    last: dict[tuple[str, ...], int] = {}
    for member, trusted in trust.members.items():
        for key in trusted.statement.keys:
            usable = key.kid not in trust.denied and key.not_before <= now
            # A use without any usable key has 0 days.
            last[member, key.use] = max(last.get((member, key.use), now), key.not_after if usable else now)
    meaning = "Days until a member has no key of this use any more"
    values = [(labels, _days(ends, now)) for labels, ends in sorted(last.items())]
    return gauges("tongxing_key_days_left", meaning, ("member", "use"), values)


def _ages(found: Overview) -> dict[tuple[str, ...], int]:
    ages: dict[tuple[str, ...], int] = {}
    for file in found.files:
        labels = (file.member, "rules" if is_rules(file.name) else "status")
        age = found.now - file.received_at
        ages[labels] = min(age, ages.get(labels, age))
    return ages


def _days(ends: int, now: int) -> float:
    return (ends - now) / DAY_SECONDS
