"""The client workflow of the TUF specification 1.0.31, sections 5.3 to 5.7, step by step against the command.

One case a numbered step, by that number; docs/tuf-conformance.md names what each asks for. A case that must fail fails
at its own step: everything before it is kept, and nothing of it or after it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.trust_registry.client.test_conformance import PAST, ROLES, Client, Repository
from tests.unit.trust_registry.serving import serving
from trust_registry.client import conformance
from trust_registry.client.trust.updater import MAX_FILE_BYTES, MAX_ROOT_BYTES, MAX_TIMESTAMP_BYTES

DOCS = Path(__file__).parents[4] / "docs" / "tuf-conformance.md"
NAME = "file.txt"
YEAR_SECONDS = 366 * 24 * 3600


class Case(Client):
    """A client that has refreshed once, and the repository that it asks."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        super().__init__(folder, repository.mirror)
        self.repository, self.mirror = repository, repository.mirror
        repository.with_hashes = True
        self.place = repository.add(NAME, b"content")
        self.mirror.files[self.place] = b"content"
        repository.publish("targets", "snapshot", "timestamp")
        assert self.init() == 0 and self.refresh() == 0
        assert self.versions() == {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 2}

    def publish(self, *roles: str, version: int | None = None) -> None:
        """New versions on the mirror."""
        self.repository.publish(*roles, version=version)

    def stops(self, **kept: int) -> None:
        """The next refresh fails; these versions are held then, and of other roles those of before."""
        before = self.versions()
        assert self.refresh() == 1
        assert self.versions() == before | kept

    def goes_on(self, **held: int) -> None:
        """The next refresh succeeds; these versions are held then, and of other roles those of before."""
        before = self.versions()
        assert self.refresh() == 0
        assert self.versions() == before | held

    def spoil(self, role: str, version: int) -> None:
        """One character of a role's file is another than was signed; what lists it has the hash of the spoilt file."""
        for name in (f"metadata/{role}.json", f"metadata/{version}.{role}.json"):
            content = self.mirror.files[name]
            self.mirror.files[name] = re.sub(rb'"sig": ?"(..)', b'"sig":"31', content)

    @property
    def asked(self) -> list[str]:
        """What was asked for since the last command."""
        return [path.removeprefix("metadata/") for path in self.mirror.asked]


STEPS: dict[str, Callable[[Case], None]] = {}


def step(number: str) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    """A case of this step."""

    def keep(case: Callable[[Case], None]) -> Callable[[Case], None]:
        assert number not in STEPS
        STEPS[number] = case
        return case

    return keep


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with serving({}) as mirror:
        yield Case(tmp_path, Repository(mirror))


@step("5.1")
def _one_moment_for_the_whole_refresh(case: Case) -> None:
    """What ends after it has begun has not ended: the clock is asked once, though it leaps a year at each look."""
    looks = iter(range(10))
    leaping = type("Leaping", (), {"now": staticmethod(lambda: int(time.time()) + next(looks) * YEAR_SECONDS)})
    case.publish("targets", "snapshot", "timestamp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conformance, "SystemClock", leaping)
        case.goes_on(timestamp=3, snapshot=3, targets=3)


@step("5.2")
def _the_trusted_root_is_loaded(case: Case) -> None:
    """Without one that stands for itself nothing is asked for."""
    root = case.metadata / "root.json"
    sound = root.read_bytes()
    root.write_bytes(b"{}")
    assert case.refresh() == 1 and not case.mirror.asked
    root.write_bytes(sound)


@step("5.3.2")
def _the_next_root_is_asked_for_by_its_number(case: Case) -> None:
    """From the one that is trusted on, whatever else the mirror has."""
    case.publish("root", version=7)
    case.goes_on()
    assert case.asked[0] == "2.root.json" and "7.root.json" not in case.asked


@step("5.3.3")
def _a_root_has_a_bounded_size(case: Case) -> None:
    """More is not read."""
    case.mirror.files["metadata/2.root.json"] = b" " * (MAX_ROOT_BYTES + 1)
    case.stops()


@step("5.3.4")
def _a_root_is_signed_by_the_old_keys_and_the_new(case: Case) -> None:
    """By the new ones alone it is anybody's."""
    old = list(case.repository.signers["root"])
    case.repository.rotate("root")
    case.repository.signers["root"] = [each for each in case.repository.signers["root"] if each not in old]
    case.publish("root")
    case.stops()


@step("5.3.5")
def _a_root_says_the_number_that_was_asked_for(case: Case) -> None:
    """An older one under the next one's name is a rollback."""
    case.publish("root", version=1)
    case.mirror.files["metadata/2.root.json"] = case.mirror.files["metadata/1.root.json"]
    case.stops()


@step("5.3.6")
def _a_root_in_between_may_have_ended(case: Case) -> None:
    """Only of the last one it matters."""
    root = case.repository.root
    root.expires, lasting = PAST, root.expires
    case.publish("root")
    root.expires = lasting
    case.publish("root")
    case.goes_on(root=3)


@step("5.3.8")
def _a_root_is_kept_as_soon_as_it_was_verified(case: Case) -> None:
    """Whatever becomes of the rest of the refresh."""
    case.publish("root")
    case.mirror.files.pop("metadata/timestamp.json")
    case.stops(root=2)


@step("5.3.9")
def _roots_are_followed_until_there_is_no_next(case: Case) -> None:
    """One after the other, in one refresh."""
    for _ in range(3):
        case.publish("root")
    case.goes_on(root=4)
    assert case.asked[:4] == [f"{number}.root.json" for number in (2, 3, 4, 5)]


@step("5.3.10")
def _a_last_root_that_has_ended_is_a_freeze(case: Case) -> None:
    """It is kept, and nothing is asked for by its keys."""
    case.repository.root.expires = PAST
    case.publish("root")
    case.stops(root=2)
    assert "timestamp.json" not in case.asked


@step("5.3.11")
def _new_online_keys_let_timestamp_and_snapshot_begin_anew(case: Case) -> None:
    """A thief who drove the versions up has not shut anybody out for ever."""
    case.publish("snapshot", version=9_999)
    case.publish("timestamp", version=9_999)
    case.goes_on(timestamp=9_999, snapshot=9_999)
    for role in ("timestamp", "snapshot"):
        case.repository.rotate(role)
    case.publish("root")
    case.publish("snapshot", version=3)
    case.publish("timestamp", version=3)
    case.goes_on(root=2, timestamp=3, snapshot=3)


@step("5.3.12")
def _the_last_root_says_whether_names_have_versions(case: Case) -> None:
    """Snapshot and targets by their plain names where snapshots are not consistent."""
    case.repository.root.consistent_snapshot = False
    case.publish("root", "targets", "snapshot", "timestamp")
    case.goes_on(root=2, timestamp=3, snapshot=3, targets=3)
    assert case.asked[2:] == ["timestamp.json", "snapshot.json", "targets.json"]


@step("5.4.1")
def _a_timestamp_has_a_bounded_size_and_no_version_in_its_name(case: Case) -> None:
    """More is not read."""
    case.mirror.files["metadata/timestamp.json"] = b" " * (MAX_TIMESTAMP_BYTES + 1)
    case.stops()
    assert case.asked[-1] == "timestamp.json"


@step("5.4.2")
def _a_timestamp_is_signed_by_its_keys(case: Case) -> None:
    """An arbitrary software attack begins here."""
    case.publish("timestamp")
    case.spoil("timestamp", 3)
    case.stops()


@step("5.4.3.1")
def _a_timestamp_is_not_older(case: Case) -> None:
    """And one of the same version changes nothing."""
    held = (case.metadata / "timestamp.json").read_bytes()
    case.publish("timestamp", version=2)
    case.goes_on()
    assert (case.metadata / "timestamp.json").read_bytes() == held and case.asked[-1] == "timestamp.json"
    case.publish("timestamp", version=1)
    case.stops()


@step("5.4.3.2")
def _a_timestamp_lists_no_older_snapshot(case: Case) -> None:
    """The snapshot's version in it counts, whatever its own is."""
    case.publish("snapshot", version=1)
    case.publish("timestamp", version=3)
    case.stops()
    assert case.asked[-1] == "timestamp.json"


@step("5.4.4")
def _a_timestamp_that_has_ended_is_a_freeze(case: Case) -> None:
    """It is not kept either."""
    case.repository.signed["timestamp"].expires = PAST
    case.publish("timestamp")
    case.stops()


@step("5.4.5")
def _a_timestamp_is_kept_as_soon_as_it_was_verified(case: Case) -> None:
    """So that an older one is refused although the snapshot did not come."""
    case.publish("snapshot", "timestamp")
    case.mirror.files.pop("metadata/3.snapshot.json")
    case.stops(timestamp=3)
    case.publish("timestamp", version=2)
    case.stops()


@step("5.5.1")
def _a_snapshot_is_asked_for_by_its_version_and_bounded(case: Case) -> None:
    """By the length that the timestamp names, and by a bound of ours."""
    case.publish("snapshot", "timestamp")
    case.mirror.files["metadata/3.snapshot.json"] += b" " * MAX_FILE_BYTES
    case.stops(timestamp=3)
    assert case.asked[-1] == "3.snapshot.json"


@step("5.5.2")
def _a_snapshot_has_the_hashes_that_the_timestamp_names(case: Case) -> None:
    """Whoever signed it: a blank more is another file."""
    case.publish("snapshot", "timestamp")
    case.mirror.files["metadata/3.snapshot.json"] += b" "
    case.stops(timestamp=3)


@step("5.5.3")
def _a_snapshot_is_signed_by_its_keys(case: Case) -> None:
    """Whatever the timestamp says of it."""
    case.repository.with_hashes = False
    case.publish("snapshot", "timestamp")
    case.spoil("snapshot", 3)
    case.stops(timestamp=3)


@step("5.5.4")
def _a_snapshot_says_the_version_that_the_timestamp_names(case: Case) -> None:
    """Another one under this one's name is a mix."""
    case.repository.with_hashes = False
    case.publish("snapshot", "timestamp")
    case.mirror.files["metadata/3.snapshot.json"] = case.mirror.files["metadata/2.snapshot.json"]
    case.stops(timestamp=3)


@step("5.5.5")
def _a_snapshot_lists_every_role_and_none_that_is_older(case: Case) -> None:
    """Targets may neither go back nor go away."""
    meta = case.repository.signed["snapshot"].meta
    case.publish("targets", version=1)
    case.publish("snapshot", "timestamp")
    case.stops(timestamp=3)
    del meta["targets.json"]
    case.publish("snapshot", "timestamp")
    case.stops(timestamp=4)


@step("5.5.6")
def _a_snapshot_that_has_ended_is_a_freeze(case: Case) -> None:
    """It is not kept."""
    case.repository.signed["snapshot"].expires = PAST
    case.publish("snapshot", "timestamp")
    case.stops(timestamp=3)


@step("5.5.7")
def _a_snapshot_is_kept_as_soon_as_it_was_verified(case: Case) -> None:
    """So that it lists no older targets afterwards, although these did not come."""
    case.publish("targets", "snapshot", "timestamp")
    case.mirror.files.pop("metadata/3.targets.json")
    case.stops(timestamp=3, snapshot=3)


@step("5.6.1")
def _targets_are_asked_for_by_their_version_and_bounded(case: Case) -> None:
    """By the length that the snapshot names, and by a bound of ours."""
    case.publish("targets", "snapshot", "timestamp")
    case.mirror.files["metadata/3.targets.json"] += b" " * MAX_FILE_BYTES
    case.stops(timestamp=3, snapshot=3)
    assert case.asked[-1] == "3.targets.json"


@step("5.6.2")
def _targets_have_the_hashes_that_the_snapshot_names(case: Case) -> None:
    """Whoever signed them."""
    case.publish("targets", "snapshot", "timestamp")
    case.mirror.files["metadata/3.targets.json"] += b" "
    case.stops(timestamp=3, snapshot=3)


@step("5.6.3")
def _targets_are_signed_by_their_keys(case: Case) -> None:
    """A thief of the online keys signs none."""
    case.repository.with_hashes = False
    case.publish("targets", "snapshot", "timestamp")
    case.spoil("targets", 3)
    case.stops(timestamp=3, snapshot=3)


@step("5.6.4")
def _targets_say_the_version_that_the_snapshot_names(case: Case) -> None:
    """Another one under this one's name is a mix."""
    case.repository.with_hashes = False
    case.publish("targets", "snapshot", "timestamp")
    case.mirror.files["metadata/3.targets.json"] = case.mirror.files["metadata/2.targets.json"]
    case.stops(timestamp=3, snapshot=3)


@step("5.6.5")
def _targets_that_have_ended_are_a_freeze(case: Case) -> None:
    """They are not kept."""
    case.repository.signed["targets"].expires = PAST
    case.publish("targets", "snapshot", "timestamp")
    case.stops(timestamp=3, snapshot=3)


@step("5.6.6")
def _targets_are_kept(case: Case) -> None:
    """In the very bytes that were verified."""
    case.publish("targets", "snapshot", "timestamp")
    case.goes_on(timestamp=3, snapshot=3, targets=3)
    assert (case.metadata / "targets.json").read_bytes() == case.mirror.files["metadata/3.targets.json"]


@step("5.7.1")
def _a_target_that_no_metadata_names_is_none(case: Case) -> None:
    """It is not even asked for."""
    case.mirror.files["targets/another.txt"] = b"content"
    assert case.download("another.txt") == 1
    assert not [path for path in case.mirror.asked if path.startswith("targets/")]


@step("5.7.2")
def _a_target_that_is_there_already_is_not_fetched(case: Case) -> None:
    """As long as it is the one that is signed for."""
    assert case.download(NAME) == 0
    assert case.download(NAME) == 0
    assert not [path for path in case.mirror.asked if path.startswith("targets/")]


@step("5.7.3")
def _a_target_is_fetched_by_its_digest_and_as_it_is_signed_for(case: Case) -> None:
    """Of its length and its hashes, or not at all."""
    for wrong in (b"forgery", b"content and more", b""):
        case.mirror.files[case.place] = wrong
        assert case.download(NAME) == 1 and not list(case.targets.glob("*"))
    case.mirror.files[case.place] = b"content"
    assert case.download(NAME) == 0
    assert case.mirror.asked[-1] == case.place and re.match(r"targets/[0-9a-f]{64}\.file\.txt$", case.place)


@pytest.mark.parametrize("number", STEPS)
def test_a_step_of_the_clients_workflow(case: Case, number: str) -> None:
    """By its number in the specification."""
    STEPS[number](case)
    assert set(case.versions()) == set(ROLES)


def test_the_docs_name_each_step_and_no_other() -> None:
    """Whoever compares with the specification finds what is asked of each."""
    named = re.findall(r"^\| (5\.[\d.]+) \|", DOCS.read_text("utf-8"), re.M)
    assert named == list(STEPS)
