"""A gate for the command line: by a gate's folder or an offline bundle, without network and without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from credentials.errors import BundleRejected, InvalidRequest, MetadataRejected, SettingInvalid, TongxingError
from credentials.foreign.keys import ForeignKeys
from credentials.profile.members import is_member_id, no_member_id
from credentials.profile.words import label
from credentials.recognition.ruleset import RuleSet
from credentials.status.snapshot import StatusSnapshot
from service_kit.cache.store import InProcessCache
from service_kit.clock import Clock
from service_kit.inputs import Input
from service_kit.terminal import in_words
from service_kit.terminal import print_line as say
from trust_registry.client.members.member_files import check_new, read_member_file
from trust_registry.client.members.status_chain import StatusChain
from trust_registry.client.trust.bundle import Bundle, bundle_at, read_bundle
from trust_registry.client.trust.clock_bound import effective_now
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS
from trust_registry.client.trust.repository import OTHER_ROOT
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import FOREIGN_KEYS
from verifier.config import FOLDER
from verifier.gate.gate import Gate
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import Policy, profile_named
from verifier.keeping.freshness import Freshness, KnowledgeSources

WRONG_SETTING, OWN_FAULT = 64, 70
_STORED = Path("trust", "trust.zip")


@dataclass(frozen=True)
class Sources:
    """What a gate on the command line goes by. ``trust``: a gate's folder, the data folder around it, or a bundle (a
    zip or an unpacked one). ``root``: the registry's root of trust. ``member``: the host. ``foreign_keys``: its signed
    list of whose cards it reads, instead of what the folder or bundle has. ``change_wait``: as the service that keeps
    the folder has it. ``mirror_url``: asked for tiles of the registry's log alone; empty: nobody is asked."""

    trust: Path
    root: Input
    member: str
    profile: str
    environment: str
    foreign_keys: Input | None = None
    change_wait: int = CHANGE_WAIT_SECONDS
    mirror_url: str = ""

    def policy(self) -> Policy:
        """The profile, for members of this environment."""
        return profile_named(self.profile, self.environment)


def open_gate(sources: Sources, clock: Clock, at: int | None = None) -> Gate:
    """A gate that knows what ``sources`` hold. ``at``: reference time for a bundle, seconds UTC; None: now.

    What does not hold is told on standard error. Raises SettingInvalid, BundleRejected, and
    InvalidRequest for a list of foreign keys that the member has not signed.
    """
    gate = _open_gate(sources, clock, at)
    if sources.foreign_keys is not None and gate.knowledge.trust is not None:
        listed = _foreign_keys(sources.foreign_keys, sources.member, gate.knowledge.trust)
        gate.learn(replace(gate.knowledge, foreign_keys=listed))
    return gate


def _open_gate(sources: Sources, clock: Clock, at: int | None) -> Gate:
    if not is_member_id(sources.member):
        raise SettingInvalid(f"--member {sources.member[:16]}: {no_member_id(sources.member)}")
    gate = Gate(sources.policy(), clock, InProcessCache(clock))
    if _gate_folder(sources.trust) is not None:
        with stored(sources, clock, gate):
            return gate
    if sources.trust.is_dir() and not (sources.trust / "metadata").exists():
        told = "neither a gate's folder nor a bundle; `tongxing verifier sync` makes one"
        raise SettingInvalid(f"--trust {sources.trust}: {told}")
    source = bundle_at(sources.trust)
    reference = clock.now() if at is None else at
    try:
        bundle = read_bundle(source, sources.root.data, reference)
    except BundleRejected as error:
        raise bundle_error(sources.trust, error) from error
    now = effective_now(reference, bundle.snapshot.registry_time).now if at is None else at
    gate.learn(_knowledge(bundle, sources.member, now))
    return gate


def _foreign_keys(file: Input, member: str, trust: TrustSnapshot) -> ForeignKeys:
    try:
        return read_member_file(FOREIGN_KEYS, file.data.strip(), member, trust).foreign_keys
    except TongxingError as error:
        raise InvalidRequest(f"{file.name}: no list of foreign keys of {member}: {error}") from error


@contextmanager
def stored(sources: Sources, clock: Clock, gate: Gate) -> Iterator[Freshness]:
    """The upkeep of a stored gate's folder, loaded into ``gate``. Raises SettingInvalid when there is none."""
    folder = _gate_folder(sources.trust)
    if folder is None:
        raise SettingInvalid(f"--trust {sources.trust}: no gate's folder; `tongxing verifier sync` makes one")
    place = KnowledgeSources(folder, sources.root.data, sources.mirror_url, sources.change_wait)
    freshness = Freshness(place, sources.member, clock, gate.learn)
    try:
        freshness.load()
        for failure in freshness.failures():
            report_failure(failure.member, failure.file, failure.code, failure.detail)
        yield freshness
    finally:
        freshness.stop()


def report_failure(member: str, file: str, code: str, detail: str) -> None:
    """Say on standard error what was left out."""
    say(f"{member or 'registry'}: {file}: {code}: {detail}", err=True)


def trust_exit(freshness: Freshness, root: str) -> int:
    """0, or after saying why what a ``root`` (its file) does not fit: 64 for the setting, 70 where nothing is held, or
    where what the registry gives is refused though the root fits, since what is held was verified by it.

    A gate that could not fetch goes on by what it has.
    """
    failure = next((failure for failure in freshness.failures() if not failure.member), None)
    if failure is None:
        return 0
    if failure.code == MetadataRejected.code and freshness.holds_trust:
        say(in_words(label("terminal.news-refused")), err=True)
        return OWN_FAULT
    if failure.code == MetadataRejected.code:
        say(in_words(label("terminal.other-root", root=root)), err=True)
        return WRONG_SETTING
    return 0 if freshness.holds_trust else OWN_FAULT


def bundle_error(path: Path, error: BundleRejected) -> BundleRejected:
    """The same with the file's name, and what is most likely where its signatures do not fit."""
    hint = f"; if it is the root: {OTHER_ROOT}" if isinstance(error.__cause__, MetadataRejected) else ""
    return BundleRejected(f"{path}: {error.detail}{hint}")


def _gate_folder(path: Path) -> Path | None:
    return next((folder for folder in (path, path / FOLDER) if (folder / _STORED).is_file()), None)


def _knowledge(bundle: Bundle, host: str, at: int) -> Knowledge:
    chains: dict[str, StatusChain] = {}
    rules: dict[int, RuleSet] = {}
    foreign_keys: ForeignKeys | None = None
    for member, name, data in ((m, n, d) for m, files in bundle.member_files.items() for n, d in files.items()):
        try:
            file = read_member_file(name, data, member, bundle.snapshot)
            check_new(file, bundle.snapshot, at)
            if isinstance(file.content, StatusSnapshot):
                chains[member] = StatusChain.begin(file)
            elif isinstance(file.content, ForeignKeys):
                foreign_keys = file.content if member == host else foreign_keys
            elif isinstance(file.content, RuleSet):
                rules |= {file.content.sequence: file.content} if member == host else {}
            elif member in chains and file.sequence > chains[member].number:
                chains[member] = chains[member].follow(file)
        except TongxingError as error:
            report_failure(member, name, error.code, error.detail)
    statuses = {member: chain.state for member, chain in chains.items()}
    return Knowledge(bundle.snapshot, statuses, tuple(rules[number] for number in sorted(rules)), foreign_keys)
