"""A deployment under examination: its settings, and what earlier checks have found out for later ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from credentials.algorithms.table import PrivateKey
from credentials.errors import StorageUnavailable
from credentials.log.keys import NoteKey
from issuer.config import IssuerSettings
from issuer.service import IssuerService
from issuer.storage.ports.issuing import IssuedRow
from service_kit.cache.store import InProcessCache
from service_kit.clock import Clock
from service_kit.fetch import Fetcher
from service_kit.settings import ServiceSettings
from trust_registry.client.trust.repository import VerifiedRepository
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.config import RegistrySettings
from trust_registry.officer.remote import RemoteRegistry
from trust_registry.root.founding import TRUST_ROOT
from trust_registry.witness.config import WitnessSettings
from verifier.config import VerifierSettings
from verifier.gate.gate import Gate
from verifier.judging.policy import PROFILES, Policy
from verifier.keeping.freshness import Freshness, KnowledgeSources

_Kind = TypeVar("_Kind", bound=ServiceSettings)
FETCH_SECONDS = 15.0
"""The longest request of the doctor: somebody waits for the answer."""


class Deployment:
    """One environment with its roles. A context manager: what was opened and made for the examination ends with it.

    What a check needs of another one is an attribute that the other has set; the table of checks says which come first.
    """

    trusted_root: bytes
    verified: VerifiedRepository
    trust: TrustSnapshot
    office: IssuerService
    witness_key: NoteKey
    test_code: IssuedRow
    gate: Gate
    freshness: Freshness

    def __init__(self, environ: Mapping[str, str], roles: Sequence[str]) -> None:
        self.environ, self.roles = environ, tuple(roles)
        self.settings: dict[str, ServiceSettings] = {}
        self.keys: dict[str, PrivateKey] = {}
        self.ending = ExitStack()

    def __enter__(self) -> Deployment:
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.close()

    @cached_property
    def fetcher(self) -> Fetcher:
        """What fetches for the doctor, as the services do."""
        return self.ending.enter_context(self.any_settings.fetcher(FETCH_SECONDS))

    @property
    def any_settings(self) -> ServiceSettings:
        """What all roles have in common."""
        return next(iter(self.settings.values()))

    @property
    def registry(self) -> RegistrySettings:
        return _of(self.settings["registry"], RegistrySettings)

    @property
    def issuer(self) -> IssuerSettings:
        return _of(self.settings["issuer"], IssuerSettings)

    @property
    def verifier(self) -> VerifierSettings:
        return _of(self.settings["verifier"], VerifierSettings)

    @property
    def witness(self) -> WitnessSettings:
        return _of(self.settings["witness"], WitnessSettings)

    @property
    def clock(self) -> Clock:
        return self.any_settings.clock()

    def now(self) -> int:
        """Seconds UTC, by this deployment's clock."""
        return self.clock.now()

    @property
    def member(self) -> str:
        """The member that it issues for, or whose rules count at its gate."""
        return self.issuer.member if "issuer" in self.settings else self.verifier.member

    @property
    def registry_url(self) -> str:
        """The registry's base URL without a slash at its end; empty for a gate without network."""
        return self.environ.get("TONGXING_REGISTRY_URL", "").rstrip("/")

    @property
    def is_online(self) -> bool:
        return bool(self.registry_url)

    @property
    def remote(self) -> RemoteRegistry:
        """The registry, over the network."""
        return RemoteRegistry(self.registry_url, self.fetcher, self.clock)

    @property
    def root_file(self) -> Path | None:
        """Where the root of trust lies, if somewhere."""
        named = self.environ.get("TONGXING_TRUST_ROOT")
        if named:
            return Path(named)
        return self.registry.data_dir / TRUST_ROOT if "registry" in self.settings else None

    @property
    def policy(self) -> Policy:
        """The gate's own, or for an issuer alone that of any venue."""
        if "verifier" in self.settings:
            return self.verifier.policy
        venue = PROFILES["venue"]
        return Policy(venue.name, self.any_settings.environment)

    def open_gate(self) -> None:
        """A gate with a folder of its own, which goes with the examination; without network it goes by the real one."""
        if self.is_online:
            try:
                folder = Path(self.ending.enter_context(TemporaryDirectory(prefix="tongxing-doctor-")))
            except OSError as error:
                raise StorageUnavailable("no room for a temporary folder") from error
            place = KnowledgeSources(folder, self.trusted_root, f"{self.registry_url}/mirror")
        else:
            place = KnowledgeSources(self.verifier.folder, self.trusted_root)
        self.gate = Gate(self.policy, self.clock, InProcessCache(self.clock))
        self.freshness = Freshness(place, self.member, self.clock, self.gate.learn, self.any_settings.fetcher())
        self.ending.callback(self.freshness.stop)


def _of(settings: ServiceSettings, kind: type[_Kind]) -> _Kind:
    assert isinstance(settings, kind)
    return settings
