"""What all processes of a run of faults share: one database with an issuer and a registry in it, and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from credentials.algorithms.table import PrivateKey
from credentials.keys import VerificationKey, load_private_key, new_private_key, private_key_pem
from tests.unit.issuer.office import own_key
from tests.unit.trust_registry.founded import FoundedRegistry

OFFICERS = 3


@dataclass(frozen=True)
class Scene:
    """``url``: the database. ``folder``: the registry's folder, the journals, the issuer's key."""

    url: str
    folder: Path

    @property
    def registry_folder(self) -> Path:
        return self.folder / "registry"

    @property
    def journals(self) -> Path:
        """What was acknowledged, one file for each worker's life."""
        return self.folder / "journals"

    @property
    def refusals(self) -> Path:
        """What was not acknowledged, one file for each worker's life."""
        return self.folder / "refusals"

    @property
    def start(self) -> Path:
        """Workers begin, all at once, when this file is there."""
        return self.folder / "start"

    @property
    def end(self) -> Path:
        """Workers stop when this file is there: a lock in shared memory would be lost with whoever is killed."""
        return self.folder / "end"

    @property
    def issuer_key(self) -> Path:
        return self.folder / "issuer.pem"

    def set_up(self) -> bytes:
        """Found the registry with one member and make the issuer's key; the registry's trusted root.

        The issuer's tables are not made: that is the first thing that all processes do at once.
        """
        self.journals.mkdir()
        self.refusals.mkdir()
        self.issuer_key.write_bytes(private_key_pem(new_private_key()))
        with FoundedRegistry(self.folder, self.url) as registry:
            registry.enrol("CN-41")
            return registry.trusted_root

    def key(self) -> tuple[PrivateKey, VerificationKey]:
        """The issuer's key pair, and the key as gates know it."""
        private_key = load_private_key(self.issuer_key.read_bytes())
        return private_key, own_key(private_key)
