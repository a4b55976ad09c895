"""What follows from the registry's state: what waits, what ends soon, how old each member's files are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prometheus_client.metrics_core import Metric

from service_kit.metrics import gauge, gauges
from trust_registry.client.metrics import days_left, key_days_left
from trust_registry.client.trust.repository import version_of
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.enrolment.waiting import open_drafts, waiting_statements
from trust_registry.metadata.file_names import FOREIGN_KEYS, is_rules
from trust_registry.mirror.offered import STATUS_RULES_FOLDER
from trust_registry.publishing.publication import Publication
from trust_registry.record.publishing import LogState
from trust_registry.repository.files import Repository, expiry_of
from trust_registry.repository.in_force import in_force
from trust_registry.storage.ports import MemberFileRecord

ROLES = ("root", "targets", "denials", "snapshot", "timestamp")


class RegistryOverview(NamedTuple):
    """The registry at ``now`` (seconds UTC): statements and drafts that wait, and what is in force."""

    now: int
    statements: int
    drafts: int
    repository: Repository
    trust: TrustSnapshot
    files: Sequence[MemberFileRecord]
    log: LogState


def overview(publication: Publication, now: int) -> RegistryOverview:
    """Ask the database. Raises StorageUnavailable."""
    with publication.storage.reading() as records:
        known = in_force(records)
        return RegistryOverview(
            now=now,
            statements=len(waiting_statements(records)),
            drafts=records.drafts.count(open_drafts(version_of(known.repository.targets), now)),
            repository=known.repository,
            trust=known.trust,
            files=records.member_files.all(),
            log=publication.record.state(records),
        )


def collect(found: RegistryOverview) -> Iterator[Metric]:
    """The numbers of one moment."""
    yield gauge("tongxing_statements_waiting", "Statements that no list has taken up yet", found.statements)
    yield gauge("tongxing_drafts_waiting", "Drafts that officers may still sign", found.drafts)
    unpublished = found.log.leaves - found.log.published
    yield gauge("tongxing_log_leaves_unpublished", "Leaves that no checkpoint holds yet", unpublished)
    yield gauge("tongxing_log_cosignatures", "Cosignatures on the newest checkpoint", len(found.log.cosigned_by))
    days = [((role,), days_left(expiry_of(getattr(found.repository, role)), found.now)) for role in ROLES]
    yield gauges("tongxing_role_days_left", "Days until a role's metadata expires; below 0 since", ("role",), days)
    meaning = "Seconds since a member last brought a file of this kind to the mirror"
    yield gauges("tongxing_member_file_age_seconds", meaning, ("member", "kind"), sorted(_ages(found).items()))
    yield key_days_left(found.trust, found.now)


def _ages(found: RegistryOverview) -> dict[tuple[str, ...], int]:
    ages: dict[tuple[str, ...], int] = {}
    for file in found.files:
        if file.name == FOREIGN_KEYS:
            # Brought when it changes, which may be never: its age alarms nobody.
            continue
        labels = (file.member, _kind(file.name))
        age = found.now - file.received_at
        ages[labels] = min(age, ages.get(labels, age))
    return ages


def _kind(name: str) -> str:
    if name.startswith(STATUS_RULES_FOLDER):
        return "status-rules"
    return "rules" if is_rules(name) else "status"
