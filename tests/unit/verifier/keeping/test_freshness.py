"""The upkeep of a gate's knowledge: whatever fails, it goes on with what it has and says what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest
import structlog

from credentials.errors import BundleRejected, MetadataRejected
from service_kit.cache.store import EVERYTHING
from tests.doubles.clock import FixedClock
from tests.unit.trust_registry.published import HOUR
from tests.unit.trust_registry.serving import Serving
from tests.unit.verifier.mirrored import HOST, MIRROR, TODAY, MirroredRegistry
from trust_registry.client.trust.bundle import pack
from verifier.judging.knowledge import NOTHING, Knowledge
from verifier.keeping.freshness import Freshness, KnowledgeSources
from verifier.keeping.rounds import REPORT, Watch

TIMESTAMP = MIRROR + "metadata/timestamp.json"


class Pupil:
    """Learns, and remembers every lesson. ``arrived``: it knows some member's withdrawals."""

    def __init__(self) -> None:
        self.lessons = [NOTHING]
        self.arrived = threading.Event()

    @property
    def denied(self) -> Collection[bytes]:
        trust = self.lessons[-1].trust
        return trust.denied if trust is not None else ()

    def learn(self, knowledge: Knowledge) -> None:
        self.lessons.append(knowledge)
        if knowledge.statuses:
            self.arrived.set()


class BrokenClock(FixedClock):
    """Fails as nothing of ours should, and ends the rounds at the third."""

    rounds = 0
    stop: Callable[[], None]

    def now(self) -> int:
        self.rounds += 1
        if self.rounds == 3:
            self.stop()
        raise ZeroDivisionError


class KeptGate:
    """A gate's folder, and what is made of it."""

    def __init__(self, folder: Path, registry: MirroredRegistry, url: str, clock: FixedClock) -> None:
        self.pupil = Pupil()
        place = KnowledgeSources(folder, registry.published.trusted_root, url)
        self.freshness = Freshness(place, HOST, clock, self.pupil.learn)

    @property
    def knowledge(self) -> Knowledge:
        return self.pupil.lessons[-1]


Keep = Callable[..., KeptGate]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(TODAY)


@pytest.fixture
def keep(tmp_path: Path, registry: MirroredRegistry, mirror: Serving, clock: FixedClock) -> Iterator[Keep]:
    made: list[KeptGate] = []

    def make(*, network: bool = True) -> KeptGate:
        made.append(KeptGate(tmp_path, registry, f"{mirror.url}/mirror" if network else "", clock))
        return made[-1]

    yield make
    for gate in made:
        gate.freshness.stop()


def test_one_round_brings_everything(keep: Keep) -> None:
    """A gate that is switched on in the morning must be able to work a moment later."""
    gate = keep()
    gate.freshness.load()
    assert gate.freshness.refresh() == ()
    assert gate.knowledge.trust is not None
    assert set(gate.knowledge.statuses) == {"CN-41", "CN-44"}
    assert [rule_set.member for rule_set in gate.knowledge.rule_sets] == [HOST]


def test_a_restart_without_network_knows_what_was_stored(keep: Keep, mirror: Serving) -> None:
    """The registry and the mirror are down, and the guard's device was just rebooted."""
    keep().freshness.refresh()
    mirror.broken.update(mirror.files)
    gate = keep()
    gate.freshness.load()
    assert set(gate.knowledge.statuses) == {"CN-41", "CN-44"}
    assert gate.knowledge.rules_at(TODAY) is not None
    codes = {(failure.file, failure.code) for failure in gate.freshness.refresh()}
    assert codes == {("trust", "fetch-failed"), ("status.cose", "fetch-failed"), ("rules.jws", "fetch-failed")}
    assert set(gate.knowledge.statuses) == {"CN-41", "CN-44"}


def test_nothing_stored_and_no_network_is_reported(keep: Keep, mirror: Serving) -> None:
    """A gate out of the box, in a cellar: it knows nothing, and the reason can be seen."""
    mirror.broken.add(TIMESTAMP)
    gate = keep()
    gate.freshness.load()
    assert gate.knowledge is NOTHING
    assert gate.freshness.members() == {}
    assert [failure.code for failure in gate.freshness.failures()] == ["trust-missing"]
    assert [failure.code for failure in gate.freshness.refresh()] == ["fetch-failed"]


def test_rubbish_from_the_mirror_changes_nothing(keep: Keep, mirror: Serving) -> None:
    """Somebody took over the mirror: what was verified before stays."""
    gate = keep()
    gate.freshness.refresh()
    before = gate.knowledge
    for path in mirror.files:
        mirror.files[path] = b"\x00{rubbish"
    assert {failure.code for failure in gate.freshness.refresh()} >= {"metadata-rejected", "malformed"}
    assert gate.knowledge.trust == before.trust
    assert gate.knowledge.statuses == before.statuses


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "denials"])
def test_metadata_cut_to_60_bytes_is_named_and_withdrawals_arrive_all_the_same(
    keep: Keep, registry: MirroredRegistry, mirror: Serving, role: str
) -> None:
    """A disk was full while a mirror copied. What was verified stays, and the whole file heals it."""
    gate = keep()
    gate.freshness.refresh()
    registry.published.deny(registry.guangdong.keys[0].kid)
    registry.publish()
    registry.put_status(registry.henan, 2, (5,))
    newest = max((path for path in mirror.files if path.endswith(f"{role}.json")), key=_version)
    whole, mirror.files[newest] = mirror.files[newest], mirror.files[newest][:60]
    (failure,) = gate.freshness.refresh()
    assert (failure.file, failure.code) == ("trust", "metadata-rejected")
    assert role in failure.detail
    assert gate.knowledge.trust is not None
    assert gate.knowledge.statuses["CN-41"].sequence == 2
    mirror.files[newest] = whole
    assert gate.freshness.refresh() == ()
    assert registry.guangdong.keys[0].kid in gate.knowledge.trust.denied


def _version(path: str) -> int:
    number = path.rpartition("/")[2].partition(".")[0]
    return int(number) if number.isdecimal() else 0


def test_a_denial_counts_before_anybodys_files_are_fetched(keep: Keep, registry: MirroredRegistry) -> None:
    """A stolen key dies within the round, however slowly some member's file arrives."""
    gate = keep()
    gate.freshness.refresh()
    registry.published.deny(registry.henan.keys[0].kid)
    registry.publish()
    before = len(gate.pupil.lessons)
    gate.freshness.refresh()
    lists = [lesson.trust for lesson in gate.pupil.lessons[before:]]
    assert [trust is not None and registry.henan.keys[0].kid in trust.denied for trust in lists] == [True, True]


def test_one_members_failure_does_not_touch_the_others(keep: Keep, mirror: Serving, registry: MirroredRegistry) -> None:
    """Half a file of one province must not leave the gate without another's withdrawals."""
    gate = keep()
    gate.freshness.refresh()
    registry.put_status(registry.henan, 2, (5,))
    registry.put_status(registry.guangdong, 2, (6,))
    mirror.half.add(MIRROR + "members/CN-41/status.cose")
    (failure,) = gate.freshness.refresh()
    assert (failure.member, failure.file) == ("CN-41", "status.cose")
    assert gate.knowledge.statuses["CN-41"].sequence == 1
    assert gate.knowledge.statuses["CN-44"].sequence == 2
    assert gate.freshness.members()["CN-41"].failures == (failure,)
    mirror.half.clear()
    assert gate.freshness.refresh() == ()


def test_a_gate_without_network_lives_on_bundles(keep: Keep, registry: MirroredRegistry, mirror: Serving) -> None:
    """A mountain post: once a week somebody brings a stick."""
    gate = keep(network=False)
    gate.freshness.load()
    assert [failure.code for failure in gate.freshness.refresh()] == ["trust-missing"]
    keep(network=False).freshness.take_bundle(registry.bundle())
    assert gate.freshness.refresh() == ()
    assert set(gate.knowledge.statuses) == {"CN-41", "CN-44"}
    assert mirror.asked == []
    lessons = len(gate.pupil.lessons)
    gate.freshness.refresh()
    assert len(gate.pupil.lessons) == lessons


def test_a_gate_whose_network_is_down_sees_a_bundle_too(
    keep: Keep, registry: MirroredRegistry, mirror: Serving
) -> None:
    """The line is cut for a week; the stick must help without a restart, and the cut stays visible."""
    gate = keep()
    gate.freshness.refresh()
    mirror.broken.update(mirror.files)
    registry.put_status(registry.henan, 2, (7,))
    registry.publish()
    keep(network=False).freshness.take_bundle(registry.bundle())
    mirror.broken.update(mirror.files)
    assert "fetch-failed" in {failure.code for failure in gate.freshness.refresh()}
    assert gate.knowledge.statuses["CN-41"].sequence == 2


def test_a_mirror_older_than_the_bundle_takes_nothing_back(
    keep: Keep, registry: MirroredRegistry, mirror: Serving, clock: FixedClock
) -> None:
    """A mirror that serves yesterday's timestamp for ever must not undo what somebody carried here."""
    gate = keep()
    gate.freshness.refresh()
    stale = dict(mirror.files)
    registry.published.now += HOUR
    clock.time += HOUR
    registry.published.deny(registry.henan.keys[0].kid)
    registry.publish()
    gate.freshness.take_bundle(registry.bundle())
    mirror.files.clear()
    mirror.files.update(stale)
    gate.freshness.refresh()
    assert gate.knowledge.trust is not None
    assert registry.henan.keys[0].kid in gate.knowledge.trust.denied


def test_a_bad_file_in_a_bundle_does_not_stop_the_others(keep: Keep, registry: MirroredRegistry) -> None:
    """Whoever packs the bundle is believed in nothing; one province's bad file is that province's affair."""
    registry.published.files["members/CN-41/status.cose"] = b"rubbish" * 20
    gate = keep(network=False)
    with structlog.testing.capture_logs() as logs:
        gate.freshness.take_bundle(pack(registry.published.files))
    assert [(entry["member"], entry["code"]) for entry in logs] == [("CN-41", "malformed")]
    assert set(gate.knowledge.statuses) == {"CN-44"}


def test_a_bundle_that_is_damaged_or_older_is_refused(keep: Keep, registry: MirroredRegistry) -> None:
    """An old stick from the drawer must not bring back a denied key."""
    gate = keep(network=False)
    old = registry.bundle()
    registry.publish()
    gate.freshness.take_bundle(registry.bundle())
    with pytest.raises(MetadataRejected):
        gate.freshness.take_bundle(old)
    with pytest.raises(BundleRejected):
        gate.freshness.take_bundle(old[: len(old) // 2])


def test_a_slow_devices_rounds_go_by_the_registrys_time(
    keep: Keep, registry: MirroredRegistry, clock: FixedClock
) -> None:
    """With a clock half a day slow, new keys of members would look as if they were not active yet."""
    clock.time -= 12 * HOUR
    gate = keep()
    assert gate.freshness.refresh() == ()
    assert set(gate.knowledge.statuses) == {"CN-41", "CN-44"}


def test_the_thread_survives_what_nobody_thought_of(tmp_path: Path, registry: MirroredRegistry) -> None:
    """If the thread died of a fault of ours, the gate would go stale in silence, and nobody would know."""
    clock = BrokenClock(TODAY)
    gate = KeptGate(tmp_path, registry, "http://127.0.0.1:9/mirror", clock)
    clock.stop = gate.freshness.stop
    with structlog.testing.capture_logs() as logs:
        gate.freshness.run(0.001)
    assert clock.rounds == 3
    assert [entry["error"] for entry in logs] == ["ZeroDivisionError"] * 3


def test_the_thread_refreshes_at_once(keep: Keep) -> None:
    """A gate that was just started must not wait half a minute for its first news."""
    gate = keep()
    gate.freshness.start(3600)
    assert gate.pupil.arrived.wait(20)


def test_a_file_that_is_replaced_while_one_looks_is_no_fault(tmp_path: Path) -> None:
    """Another process writes into the folder all the time."""
    member = tmp_path / "members" / "CN-41"
    member.mkdir(parents=True)
    (member / "status.cose").symlink_to(tmp_path / "nowhere")
    assert Watch(tmp_path).changes() == frozenset()


def test_a_called_round_asks_for_that_member_alone(keep: Keep, registry: MirroredRegistry, mirror: Serving) -> None:
    """Thirty-four provinces publish every minute: each time asking for everybody's files would be a thousand."""
    gate = keep()
    gate.freshness.refresh()
    registry.put_status(registry.henan, 2, (5,))
    mirror.asked.clear()
    gate.freshness.refresh(frozenset({"CN-41", "no member"}))
    assert gate.knowledge.statuses["CN-41"].sequence == 2
    assert MIRROR + "members/CN-41/status.cose" in mirror.asked
    assert not [path for path in mirror.asked if "members/CN-44" in path]


def test_a_called_round_for_the_trust_list_alone(keep: Keep, mirror: Serving) -> None:
    """A denial is one small file, and every second counts."""
    gate = keep()
    gate.freshness.refresh()
    mirror.asked.clear()
    gate.freshness.refresh(frozenset({"trust"}))
    assert TIMESTAMP in mirror.asked
    assert not [path for path in mirror.asked if "members/" in path]


def test_everything_called_with_something_is_everything(keep: Keep, mirror: Serving) -> None:
    """After an outage a member's news must not hide that all others may have some."""
    gate = keep()
    gate.freshness.refresh()
    mirror.asked.clear()
    gate.freshness.refresh(frozenset({*EVERYTHING, "CN-41"}))
    assert MIRROR + "members/CN-44/status.cose" in mirror.asked


def test_what_is_no_topic_is_not_heard(keep: Keep) -> None:
    """Whoever can write to Redis can write a million of them."""
    gate = keep()
    gate.freshness.call_for(frozenset({"CN-41", "trust", "x" * 1000}))
    assert gate.freshness._rounds._called == {"CN-41", "trust"}


def test_a_worker_off_duty_reads_what_the_other_stores(keep: Keep, registry: MirroredRegistry, mirror: Serving) -> None:
    """It asks the mirror for nothing, and knows, says and refuses the same a moment later."""
    on_duty = keep()
    on_duty.freshness.start(3600)
    _wait(lambda: set(on_duty.knowledge.statuses) == {"CN-41", "CN-44"})
    _wait(lambda: (on_duty.freshness._place.folder / REPORT).exists())
    other = keep()
    other.freshness.load()
    mirror.asked.clear()
    other.freshness.start(3600)
    registry.put_status(registry.henan, 2, (5,))
    registry.published.deny(registry.guangdong.keys[0].kid)
    registry.publish()
    mirror.broken.add(MIRROR + "members/CN-44/status.cose")
    on_duty.freshness.call_for(EVERYTHING)
    _wait(lambda: other.knowledge.statuses.get("CN-41") is not None)
    _wait(lambda: other.knowledge.statuses["CN-41"].sequence == 2)
    _wait(lambda: registry.guangdong.keys[0].kid in other.pupil.denied)
    _wait(lambda: bool(other.freshness.failures()))
    assert other.freshness.failures() == on_duty.freshness.failures()
    assert other.freshness.members()["CN-44"].failures == on_duty.freshness.members()["CN-44"].failures
    assert other.freshness.members()["CN-41"].status_synced_at == on_duty.freshness.members()["CN-41"].status_synced_at
    assert mirror.asked.count(MIRROR + "members/CN-41/status.cose") == 1


def test_a_worker_off_duty_that_cannot_read_says_so_and_tries_again(keep: Keep, tmp_path: Path) -> None:
    """Somebody else's write goes wrong: what was known stays, and the next whole file is taken."""
    on_duty, other = keep(), keep()
    on_duty.freshness.refresh()
    other.freshness.load()
    stored = tmp_path / "trust" / "trust.zip"
    whole = stored.read_bytes()
    stored.write_bytes(b"half")
    other.freshness._read_on(frozenset({"trust"}))
    assert [failure.file for failure in other.freshness.failures()] == ["trust"]
    assert other.knowledge.trust is not None
    assert "trust" in other.freshness._rounds.watch.changes()
    stored.write_bytes(whole)
    other.freshness._read_on(frozenset({"trust"}))
    assert other.freshness.failures() == ()


def test_a_report_that_cannot_be_written_does_not_stop_the_rounds(keep: Keep, tmp_path: Path) -> None:
    """The disk is full: the gate goes on."""
    (tmp_path / REPORT).mkdir()
    gate = keep()
    with structlog.testing.capture_logs() as logs:
        gate.freshness._make_round(EVERYTHING)
    assert [entry["code"] for entry in logs] == ["storage-unavailable"]
    assert set(gate.knowledge.statuses) == {"CN-41", "CN-44"}


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_news_that_cannot_be_had_are_reported(keep: Keep, mirror: Serving) -> None:
    """Every gate then asks for every file of every member: somebody must be able to see why the mirror is so busy."""
    mirror.files[MIRROR + "news.json"] = b"<html>"
    gate = keep()
    assert [(failure.file, failure.code) for failure in gate.freshness.refresh()] == [("news.json", "malformed")]
    assert gate.knowledge.statuses
    del mirror.files[MIRROR + "news.json"]
    assert gate.freshness.refresh() == ()


def test_only_the_hosts_rules_are_fetched(keep: Keep, mirror: Serving) -> None:
    """No others decide anything here; a mirror without any key could name sixty-four of each member."""
    keep().freshness.refresh()
    asked = {path.removeprefix(MIRROR) for path in mirror.asked if "rules" in path}
    assert asked == {f"members/{HOST}/rules.jws"}


def test_a_folder_put_back_beneath_a_running_gate_takes_nothing_back(
    keep: Keep, registry: MirroredRegistry, mirror: Serving, tmp_path: Path
) -> None:
    """Yesterday's backup, and a mirror that is just as old: the gate goes by what it knows, and says what is wrong."""
    gate, kid = keep(), registry.henan.keys[0].kid
    gate.freshness.refresh()
    yesterday = {path: path.read_bytes() for path in tmp_path.rglob("trust/*.*")}
    old = {path: data for path, data in mirror.files.items() if "metadata" in path}
    registry.published.deny(kid)
    registry.publish()
    mirror.files.update(registry.served)
    gate.freshness.refresh()
    assert kid in gate.pupil.denied
    for path, data in yesterday.items():
        path.write_bytes(data)
    mirror.files.update(old)
    assert [failure.code for failure in gate.freshness.refresh()] == ["metadata-rejected"]
    assert kid in gate.pupil.denied
