"""A registry whose log provinces cosign, its mirror over HTTP, and gates that keep what they make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from credentials.log.checkpoint import Checkpoint
from credentials.log.note import Note, SignatureLine, sign_text
from service_kit.fetch import Fetcher
from tests.unit.trust_registry.founded import ADDITIONS, HENAN, NOW, FoundedRegistry
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.record.keeper import RecordKeeper
from trust_registry.client.record.standing import RecordStanding
from trust_registry.client.trust.bundle import ZipFiles
from trust_registry.client.trust.repository import MirrorFiles, VerifiedRepository, verify_repository
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.client.trust.store import TrustStore
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.officer.witnesses import next_policy
from trust_registry.record.publishing import ProveFrom
from trust_registry.repository.published import read_published

WITNESSES = ("CN-41", "CN-44", "CN-33", "CN-51", "CN-31")
HOUR = 3600
WAIT = 72 * HOUR
ADDITIONS |= {
    member: {**HENAN, "names": {"zh": name, "en": name}, "region": int(member[3:]) * 10_000}
    for member, name in {"CN-33": "Zhejiang", "CN-51": "Sichuan", "CN-31": "Shanghai", "CN-11": "Beijing"}.items()
}


class WitnessedRegistry(FoundedRegistry):
    """``awake``: the members whose witnesses answer."""

    awake: Sequence[str] = ()
    now = NOW

    def hear(self) -> None:
        """Ask the witnesses that are awake in each round from now on."""
        self.publication.record.witnesses = self._cosigned

    def raise_policy(self, *members: str, least: int) -> None:
        text = next_policy(read_published(self.publication.repository()), members, least, self.now)
        self.put_policy(text)

    def put_policy(self, text: str) -> None:
        self.publish(DraftRequest([], {}, witness_policy=text))

    def publish(self, request: DraftRequest) -> None:
        draft = self.publication.draft(request, self.keyids[0], self.now)
        self.approve(draft, 0, 1, now=self.now)
        self.publication.publish(draft.record.id, self.now)

    def files(self) -> dict[str, bytes]:
        """All that is on the mirror."""
        folder = self.mirror_folder
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".gz"
        }

    def trust(self) -> TrustSnapshot:
        """The list in force, as a gate that has never seen another has it."""
        return TrustStore(self.folder.parent / "fresh", self.trusted_root).accept(self.verified(), self.now)

    def verified(self) -> VerifiedRepository:
        return verify_repository(MirrorFiles(self.mirror.read), self.trusted_root)

    def _cosigned(self, note: Note, _checkpoint: Checkpoint, _prove: ProveFrom) -> Sequence[SignatureLine]:
        return [sign_text(note.text, self.province(each).log_signer("witness"), self.now) for each in self.awake]


class RecordingGate:
    """A gate's folder, and what it makes of the record, round by round."""

    def __init__(self, registry: WitnessedRegistry, folder: Path, mirror: Serving, wait: int = WAIT) -> None:
        self.registry, self.mirror = registry, mirror
        self.store = TrustStore(folder, registry.trusted_root, wait)
        self.keeper = RecordKeeper(folder, mirror.url, Fetcher(), wait)
        self.folder, self.wait = folder, wait

    def round(self) -> RecordStanding:
        """Take what the mirror has."""
        self.mirror.files = self.registry.files()
        return self.again()

    def again(self) -> RecordStanding:
        """Take what is served, whatever that is."""
        files = self.mirror.files
        repository = verify_repository(MirrorFiles(files.get), self.registry.trusted_root)
        self.trust = self.store.accept(repository, self.registry.now)
        return self.keeper.refresh(self.trust, self.registry.now)

    def restarted(self) -> RecordStanding:
        """Another process, which reads what the first has kept."""
        self.keeper = RecordKeeper(self.folder, self.mirror.url, Fetcher(), self.wait)
        return self.keeper.load(self.store.load(self.registry.now), self.registry.now)


@contextmanager
def witnessed(folder: Path, *members: str, least: int = 0) -> Iterator[tuple[WitnessedRegistry, Serving]]:
    """A registry of these members, and its mirror; ``least``: of their witnesses that gates ask for."""
    with WitnessedRegistry(folder) as registry, serving({}) as mirror:
        registry.hear()
        registry.awake = members
        registry.enrol(*members)
        if least:
            registry.raise_policy(*members, least=least)
        yield registry, mirror


def bundle_of(registry: WitnessedRegistry) -> ZipFiles:
    return ZipFiles(registry.mirror.bundle())
