"""A gate for the command line: by a gate's folder or an offline bundle, without network and without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from credentials.errors import SettingInvalid, TongxingError
from credentials.recognition.ruleset import RuleSet
from credentials.regions import is_member_id
from credentials.status.snapshot import StatusSnapshot
from service_kit.cache import InProcessCache
from service_kit.clock import Clock
from trust_registry.client.bundle import Bundle, read_bundle
from trust_registry.client.clock_bound import effective_now
from trust_registry.client.member_files import check_new, read_member_file
from trust_registry.client.status_chain import StatusChain
from verifier.config import FOLDER
from verifier.freshness import Freshness, Place
from verifier.gate import Gate
from verifier.policy import Policy, profile_named
from verifier.trust import Knowledge

_STORED = Path("trust", "trust.zip")


@dataclass(frozen=True)
class Sources:
    """What a gate on the command line goes by. ``trust``: a gate's folder, the data folder around it, or a bundle (a
    zip or an unpacked one). ``root``: the registry's root of trust. ``member``: the host."""

    trust: Path
    root: Path
    member: str
    profile: str
    environment: str

    def policy(self) -> Policy:
        """The profile, for members of this environment."""
        return profile_named(self.profile, self.environment)


def open_gate(sources: Sources, clock: Clock, at: int | None = None) -> Gate:
    """A gate that knows what ``sources`` hold. ``at``: reference time for a bundle, seconds UTC; None: now.

    What does not hold is told on standard error. Raises SettingInvalid, BundleRejected.
    """
    if not is_member_id(sources.member):
        raise SettingInvalid("--member: not a member id, as CN-44")
    gate = Gate(sources.policy(), clock, InProcessCache(clock))
    if _gate_folder(sources.trust) is not None:
        with stored(sources, clock, gate):
            return gate
    source = sources.trust if sources.trust.is_dir() else sources.trust.read_bytes()
    reference = clock.now() if at is None else at
    bundle = read_bundle(source, sources.root.read_bytes(), reference)
    now = effective_now(reference, bundle.snapshot.registry_time).now if at is None else at
    gate.learn(_knowledge(bundle, sources.member, now))
    return gate


@contextmanager
def stored(sources: Sources, clock: Clock, gate: Gate) -> Iterator[Freshness]:
    """The upkeep of a stored gate's folder, loaded into ``gate``. Raises SettingInvalid when there is none."""
    folder = _gate_folder(sources.trust)
    if folder is None:
        raise SettingInvalid("--trust: no gate's folder; `tongxing verifier sync` makes one")
    freshness = Freshness(Place(folder, sources.root.read_bytes()), sources.member, clock, gate.learn)
    try:
        freshness.load()
        for failure in freshness.failures():
            tell(failure.member, failure.file, failure.code, failure.detail)
        yield freshness
    finally:
        freshness.stop()


def tell(member: str, file: str, code: str, detail: str) -> None:
    """Say on standard error what was left out."""
    click.echo(f"{member or 'registry'}: {file}: {code}: {detail}", err=True)


def _gate_folder(path: Path) -> Path | None:
    return next((folder for folder in (path, path / FOLDER) if (folder / _STORED).is_file()), None)


def _knowledge(bundle: Bundle, host: str, at: int) -> Knowledge:
    chains: dict[str, StatusChain] = {}
    rules: dict[int, RuleSet] = {}
    for member, name, data in ((m, n, d) for m, files in bundle.member_files.items() for n, d in files.items()):
        try:
            file = read_member_file(name, data, member, bundle.snapshot)
            check_new(file, bundle.snapshot, at)
            if isinstance(file.content, StatusSnapshot):
                chains[member] = StatusChain.begin(file)
            elif isinstance(file.content, RuleSet):
                rules |= {file.content.sequence: file.content} if member == host else {}
            elif member in chains and file.sequence > chains[member].number:
                chains[member] = chains[member].follow(file)
        except TongxingError as error:
            tell(member, name, error.code, error.detail)
    statuses = {member: chain.state for member, chain in chains.items()}
    return Knowledge(bundle.snapshot, statuses, tuple(rules[number] for number in sorted(rules)))
