"""What the HTTP views work with, made once for an application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request

from service_kit.cache.store import Cache, is_there
from service_kit.clock import Clock
from service_kit.http.auth import JtiStore, authenticate
from service_kit.http.caller import caller
from service_kit.http.limits import Limit, Limits
from service_kit.process.upkeep import Upkeep
from trust_registry.client.trust.repository import version_of
from trust_registry.config import RegistrySettings
from trust_registry.enrolment.waiting import waiting_statements
from trust_registry.metrics import RegistryOverview, overview
from trust_registry.mirror.ports import ServedFiles
from trust_registry.mirror.turns import Turns
from trust_registry.publishing.publication import Publication
from trust_registry.repository.files import (
    Repository,
    expiry_of,
    officer_keys,
    registry_time_of,
    root_of,
    targets_of,
)
from trust_registry.repository.published import read_published

EXTENSION = "trust_registry"
MAX_SUBMISSIONS_PER_HOUR = 60
"""Statements, and as many requests for denials, from one address: nobody has to log in for them."""
MAX_FILES_PER_HOUR = {
    "status": 600,
    "segment": 7_200,
    "rules": 120,
    "foreign-keys": 120,
    "status-rules": 120,
    "token-list": 7_200,
    "log": 600,
}
"""Files of one member from one address, by kind: a segment every half second."""
MAX_READS_PER_HOUR = {"statement": 3_600, "draft": 600, "log": 3_600, "state": 3_600}
"""What anybody may ask for, from one address."""
MAX_COSIGNATURES_PER_HOUR = 3_600
"""Cosignatures from one address: a witness brings one a minute at most, and eighty may stand behind one proxy."""
MAX_OFFICERS_REQUESTS_PER_HOUR = 600
"""Drafts, approvals, publications from one address: their signatures are checked before they are refused."""


@dataclass(frozen=True)
class RegistryService:
    """The registry behind its views."""

    settings: RegistrySettings
    publication: Publication
    files: ServedFiles
    """The mirror's."""
    used_assertions: JtiStore
    cache: Cache
    clock: Clock
    upkeep: Upkeep
    turns: Turns

    def now(self) -> int:
        """Seconds UTC."""
        return self.clock.now()

    def officer(self) -> str:
        """The officer (TUF key id) who sent this request. Raises NotAuthenticated."""
        keys = officer_keys(self.publication.repository())
        return authenticate(
            request.headers.get("Authorization"),
            keys.get,
            self.settings.audience,
            self.now(),
            self.used_assertions,
        )

    def limit(self, what: str, most_per_hour: int) -> None:
        """Count this request under its address. Raises RateLimited."""
        Limits("registry", self.cache, self.clock).count(Limit(what, most_per_hour), caller())

    def announce(self, topic: str) -> None:
        """Tell gates that share our Redis that the mirror has news: of the trust list, or of a member."""
        self.cache.announce(topic)

    def state(self) -> dict[str, Any]:
        """What is in force, for people and for the command line."""
        with self.publication.storage.reading() as records:
            submitted = waiting_statements(records)
            log = self.publication.record.state(records)
        repository = self.publication.repository()
        published = read_published(repository)
        return {
            "audience": self.settings.audience,
            "environment": self.settings.environment,
            "now": self.now(),
            "clock_offset_seconds": self.settings.clock_offset_seconds,
            "shared_cache": is_there(self.cache),
            "members": sorted(published.trust_list.members),
            "denied": len(published.denied),
            "officers": sorted(officer_keys(repository)),
            "threshold": root_of(repository).roles["targets"].threshold,
            "versions": versions(repository),
            "expiries": {role: expiry_of(part) for role, part in _parts(repository).items()},
            "submitted": submitted,
            "log": log._asdict(),
            "timestamp": {
                "every_seconds": self.settings.timestamp_seconds,
                "signed_at": registry_time_of(repository),
                **self.upkeep.condition._asdict(),
            },
        }

    def overview(self) -> RegistryOverview:
        """What the metrics are made of."""
        return overview(self.publication, self.now())

    def probe(self) -> None:
        """Whether the registry can do its work: its database answers and holds a readable repository."""
        targets_of(self.publication.repository())


def versions(repository: Repository) -> dict[str, int]:
    """Version by role."""
    return {role: version_of(part) for role, part in _parts(repository).items()}


def service() -> RegistryService:
    """The service of the application that handles this request."""
    found: RegistryService = current_app.extensions[EXTENSION]
    return found


def _parts(repository: Repository) -> dict[str, bytes]:
    roles = ("root", "targets", "denials", "snapshot", "timestamp")
    return {role: getattr(repository, role) for role in roles}
