"""A gate follows a member's segments: what it does with each kind of bad news, none of which stops the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credentials.errors import IssuerMismatch, KeyDenied, KeyUseMismatch, Malformed
from credentials.status import segment as segments
from credentials.status import snapshot as snapshots
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot
from service_kit.fetch import Fetcher
from tests.unit.credentials.status.chained import Told, following
from tests.unit.trust_registry.client.members.test_mirror import rules_file, trusted
from tests.unit.trust_registry.published import DAY, HOUR, Province, Published
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.members import status_keeping
from trust_registry.client.members.folder import MemberFolder
from trust_registry.client.members.member_files import check_not_ahead, read_member_file
from trust_registry.client.members.mirror import MemberMirror
from trust_registry.client.members.news import MemberNews, read_news, read_news_if_sound, write_news
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import parse_name

NOW = 1_669_000_000
PATIENCE = 5.0
FOLDER = "members/CN-41"


class Scene:
    """A mirror with Henan's chain and Guangdong's snapshot, and a gate that follows it."""

    def __init__(self, served: Serving, published: Published, folder: Path) -> None:
        self.served, self.published, self.folder = served, published, folder
        self.henan, self.guangdong = published.provinces
        self.told = Told("CN-41", NOW)
        self.has_news = True
        self.lay_snapshot(self.told.snapshot)
        self.lay(self.told.segments[0])
        neighbour = StatusSnapshot("CN-44", 1, NOW, NOW + DAY, {3: StatusList.of(3, NOW + DAY, [1])})
        served.files["members/CN-44/status.cose"] = snapshots.seal(neighbour, self.guangdong.signer("status"))
        for province in published.provinces:
            served.files[f"members/{province.id}/rules/1.jws"] = rules_file(province)
            served.files[f"members/{province.id}/rules.jws"] = rules_file(province)
        self.trust = trusted(published)
        self.gate = self.another_gate()

    def another_gate(self, folder: Path | None = None) -> MemberMirror:
        return MemberMirror(folder or self.folder, self.served.url, Fetcher())

    def lay(self, made: Segment, *, by: Province | None = None, use: str = "status") -> None:
        """Put a segment on the mirror."""
        path = f"{FOLDER}/segments/{made.number}.cose"
        self.served.files[path] = segments.seal(made, (by or self.henan).signer(use))
        self.tell(segment=made.number)

    def lay_snapshot(self, made: StatusSnapshot) -> None:
        self.served.files[f"{FOLDER}/status.cose"] = snapshots.seal(made, self.henan.signer("status"))
        self.tell(snapshot=made.sequence)

    def tell(self, **changes: Any) -> None:
        known = read_news_if_sound(self.served.files.get("news.json"))
        entry = known.get("CN-41", MemberNews(rules=(1,)))._replace(**changes)
        if self.has_news:
            self.served.files["news.json"] = write_news({"CN-41": entry, "CN-44": MemberNews(1, 1, (1,))})

    def without_news(self) -> None:
        self.has_news = False
        self.served.files.pop("news.json", None)

    def sync(self, at: int, trust: TrustSnapshot | None = None) -> dict[str, str]:
        """One round; what went wrong, by file."""
        failures = self.gate.sync(trust or self.trust, at, PATIENCE)
        assert not [failure for failure in failures if failure.member == "CN-44"], "nothing may stop the others"
        return {failure.file: failure.code for failure in failures}

    def state(self) -> StatusSnapshot:
        status = self.gate.state(self.trust)["CN-41"].status
        assert status is not None
        return status

    def withdrawn(self) -> list[int]:
        return list(self.state().lists[3].withdrawn)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    published = Published(NOW)
    with serving({}) as served:
        scene = Scene(served, published, tmp_path)
        scene.served.files |= published.files
        assert scene.sync(NOW) == {}
        yield scene
        scene.gate.close()


@pytest.mark.parametrize("has_news", [True, False])
def test_segments_are_followed(scene: Scene, has_news: bool) -> None:
    """A withdrawal arrives within the round, at the price of one small file; also from a mirror without news."""
    if not has_news:
        scene.without_news()
    for number in (5, 6, 7):
        scene.lay(scene.told.next(number, after=60))
    scene.served.asked.clear()
    assert scene.sync(NOW + 180) == {}
    assert (scene.withdrawn(), scene.state().as_of) == ([5, 6, 7], NOW + 180)
    assert scene.gate.state(scene.trust)["CN-41"].status_synced_at == NOW + 180
    if has_news:
        expected = ["news.json", *(f"{FOLDER}/segments/{number}.cose" for number in (2, 3, 4))]
        assert sorted(scene.served.asked) == sorted(expected)


def test_nothing_new_is_one_question(scene: Scene) -> None:
    """A hundred thousand gates ask every half minute."""
    scene.served.asked.clear()
    assert scene.sync(NOW + 30) == {}
    assert scene.served.asked == ["news.json"]
    assert scene.gate.state(scene.trust)["CN-41"].status_synced_at == NOW + 30


def test_a_restart_takes_up_snapshot_and_segments(scene: Scene) -> None:
    """Verified again, segment by segment; what a stopped process left behind is passed over."""
    scene.lay(scene.told.next(5, after=60))
    scene.sync(NOW + 60)
    again = scene.another_gate()
    again.load(scene.trust, NOW + 60)
    assert again.failures() == ()
    state = again.state(scene.trust)["CN-41"]
    assert state.status == scene.state()
    assert len(state.segment_files) == 1
    damaged = scene.folder / "CN-41" / "segments" / "2.cose"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\x00")
    again.close()
    again = scene.another_gate()
    again.load(scene.trust, NOW + 60)
    assert [(failure.file, failure.code) for failure in again.failures()] == [("segments/2.cose", "wrong-signature")]
    held = again.state(scene.trust)["CN-41"].status
    assert held is not None
    assert held.sequence == 1
    again.close()


def test_forked_chain(scene: Scene) -> None:
    """Two stories: the gate keeps its own, says so, and lets it age; a newer snapshot heals, the report stays."""
    scene.lay(scene.told.next(5, after=60))
    scene.sync(NOW + 60)
    other = scene.told.another(9)
    scene.lay(following(other, [10], after=60))
    assert scene.sync(NOW + 120) == {"segments/3.cose": "chain-forked"}
    assert (scene.withdrawn(), scene.state().as_of) == ([5], NOW + 60)
    scene.told.next(6, after=60)
    scene.lay_snapshot(scene.told.snapshot)
    assert scene.sync(NOW + 180) == {"segments/3.cose": "chain-forked"}
    assert (scene.withdrawn(), scene.state().sequence) == ([5, 6], 3)
    assert scene.sync(NOW + 180 + DAY) == {}


def test_snapshot_at_another_segment_is_a_fork(scene: Scene) -> None:
    """The member's snapshot and its segments must be one story."""
    scene.without_news()
    scene.lay(scene.told.next(5, after=60))
    scene.sync(NOW + 60)
    scene.lay_snapshot(replace(scene.told.snapshot, head=bytes(32)))
    assert scene.sync(NOW + 120) == {"status.cose": "chain-forked"}
    assert scene.withdrawn() == [5]


def test_repeated_segment(scene: Scene) -> None:
    """An old segment under a new name takes nobody back, and does not count as news."""
    scene.lay(scene.told.next(5, after=60))
    scene.sync(NOW + 60)
    scene.served.files[f"{FOLDER}/segments/3.cose"] = scene.served.files[f"{FOLDER}/segments/2.cose"]
    scene.tell(segment=3)
    assert scene.sync(NOW + 120) == {"segments/3.cose": "malformed"}
    assert (scene.withdrawn(), scene.state().as_of) == ([5], NOW + 60)


def test_future_segment(scene: Scene) -> None:
    """A time to come would look fresh for ever; when the time has come it is taken."""
    scene.lay(scene.told.next(5, after=HOUR))
    assert scene.sync(NOW + 60) == {"segments/2.cose": "ahead-of-time"}
    assert scene.state().as_of == NOW
    assert scene.sync(NOW + HOUR) == {}
    assert scene.withdrawn() == [5]


def test_snapshot_of_a_far_future(scene: Scene) -> None:
    """A slow gate may begin with a snapshot that is ahead of its clock, but not by more than a day."""
    data = snapshots.seal(replace(scene.told.snapshot, as_of=NOW + 2 * DAY, sequence=2), scene.henan.signer("status"))
    file = read_member_file("status.cose", data, "CN-41", scene.trust)
    check_not_ahead(file, NOW + DAY)
    scene.served.files[f"{FOLDER}/status.cose"] = data
    scene.without_news()
    assert scene.sync(NOW) == {"status.cose": "ahead-of-time"}


def test_snapshot_older_than_the_segments(scene: Scene, tmp_path: Path) -> None:
    """A mirror that serves yesterday's snapshot must not bring withdrawn codes back to life."""
    scene.lay(scene.told.next(5, after=60))
    scene.lay_snapshot(scene.told.snapshot)
    scene.gate.close()
    scene.gate = scene.another_gate(tmp_path / "another")
    scene.sync(NOW + 60)
    scene.without_news()
    scene.lay_snapshot(scene.told.snapshots[0])
    assert scene.sync(NOW + 120) == {"status.cose": "sequence-not-newer"}
    assert scene.withdrawn() == [5]


def test_segment_out_of_range(scene: Scene) -> None:
    """A bit of a list that nobody has opened is refused, and the next snapshot heals."""
    made = following(scene.told.segments[0], [5], after=60)
    scene.lay(replace(made, withdrawn={4: made.withdrawn[3]}))
    assert scene.sync(NOW + 60) == {"segments/2.cose": "status-reference-invalid"}
    assert scene.withdrawn() == []


def test_gap_is_healed_from_the_snapshot(scene: Scene) -> None:
    """The mirror keeps the last hour; a gate that was away for a day begins anew."""
    for number in range(5):
        scene.lay(scene.told.next(number, after=60))
    del scene.served.files[f"{FOLDER}/segments/2.cose"]
    assert scene.sync(NOW + 300) == {"segments/2.cose": "fetch-failed"}
    scene.lay_snapshot(scene.told.snapshots[3])
    assert scene.sync(NOW + 300) == {}
    assert (scene.withdrawn(), scene.state().sequence) == ([0, 1, 2, 3, 4], 6)


def test_far_behind_is_one_snapshot(scene: Scene) -> None:
    """Cheaper than a hundred small files."""
    for number in range(status_keeping.FAR_BEHIND + 1):
        scene.lay(scene.told.next(number, after=60))
    scene.lay_snapshot(scene.told.snapshots[-2])
    scene.served.asked.clear()
    assert scene.sync(NOW + DAY) == {}
    assert len([path for path in scene.served.asked if "CN-41" in path]) == 2
    assert scene.state().sequence == status_keeping.FAR_BEHIND + 2


def test_a_long_chain_is_rebased(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disk and memory stay bounded, and so does the work of a restart."""
    monkeypatch.setattr(status_keeping, "MAX_SEGMENTS_HELD", 3)
    for number in range(4):
        scene.lay(scene.told.next(number, after=60))
    scene.sync(NOW + 240)
    scene.lay_snapshot(scene.told.snapshots[2])
    assert scene.sync(NOW + 240) == {}
    state = scene.gate.state(scene.trust)["CN-41"]
    assert (len(state.segment_files), scene.withdrawn()) == (2, [0, 1, 2, 3])
    assert sorted(path.name for path in (scene.folder / "CN-41" / "segments").iterdir()) == ["4.cose", "5.cose"]


@pytest.mark.parametrize(
    ("by", "use", "code"),
    [
        ("CN-44", "status", "issuer-mismatch"),
        ("CN-41", "rules", "key-use-mismatch"),
        ("CN-33", "status", "unknown-key"),
    ],
)
def test_segment_by_a_key_that_may_not(scene: Scene, by: str, use: str, code: str) -> None:
    """Another member's, another use's or nobody's key: each refusal by its own name."""
    stranger = Province("CN-33", 330_000, NOW)
    signer = {"CN-41": scene.henan, "CN-44": scene.guangdong, "CN-33": stranger}[by]
    scene.lay(scene.told.next(5, after=60), by=signer, use=use)
    assert scene.sync(NOW + 60) == {"segments/2.cose": code}
    assert scene.state().as_of == NOW


def test_segment_by_a_denied_key(scene: Scene) -> None:
    """What a denied key signed is dropped at once, snapshot and all: nothing is known, rather than something wrong."""
    scene.published.deny(scene.henan.signer("status").kid)
    scene.published.publish()
    trust = trusted(scene.published)
    scene.lay(scene.told.next(5, after=60))
    assert scene.sync(NOW + 60, trust) == {"status.cose": "key-denied"}
    assert scene.gate.state(trust)["CN-41"].status is None
    with pytest.raises(KeyDenied):
        data = scene.served.files[f"{FOLDER}/segments/2.cose"]
        read_member_file("segments/2.cose", data, "CN-41", trust)


@pytest.mark.parametrize("content", [b"", b"<html>", bytes(2**20 + 1)], ids=["empty", "a page", "too large"])
def test_rubbish_for_a_segment(scene: Scene, content: bytes) -> None:
    """Whatever the mirror serves, what is held stays and nothing is stamped."""
    scene.told.next(5, after=60)
    scene.served.files[f"{FOLDER}/segments/2.cose"] = content
    scene.tell(segment=2)
    assert scene.sync(NOW + 60).keys() == {"segments/2.cose"}
    assert scene.gate.state(scene.trust)["CN-41"].status_synced_at == NOW


def test_truncated_download(scene: Scene) -> None:
    """Half a segment is no segment: the cursor stays, and the next round goes on."""
    scene.lay(scene.told.next(5, after=60))
    scene.lay(scene.told.next(6, after=60))
    scene.served.half.add(f"{FOLDER}/segments/3.cose")
    assert scene.sync(NOW + 120) == {"segments/3.cose": "fetch-failed"}
    assert (scene.withdrawn(), scene.state().as_of) == ([5], NOW + 60)
    scene.served.half.clear()
    assert scene.sync(NOW + 150) == {}
    assert scene.withdrawn() == [5, 6]


def cut(scene: Scene, path: str, size: int) -> bytes:
    """Cut a file of the mirror; what it was. A newer snapshot of the neighbour waits beside it."""
    whole = scene.served.files[path]
    scene.served.files[path] = whole[:size]
    newer = StatusSnapshot("CN-44", 2, NOW + 60, NOW + DAY, {3: StatusList.of(3, NOW + DAY, [1, 2])})
    scene.served.files["members/CN-44/status.cose"] = snapshots.seal(newer, scene.guangdong.signer("status"))
    told = read_news(scene.served.files["news.json"]) | {"CN-44": MemberNews(2, 2, (1,))}
    scene.served.files["news.json"] = write_news(told)
    return whole


def require_neighbours_news(scene: Scene, gate: MemberMirror) -> None:
    status = gate.state(scene.trust)["CN-44"].status
    assert status is not None
    assert status.sequence == 2


@pytest.mark.parametrize("size", [0, 1, 60])
@pytest.mark.parametrize("is_healed_by", ["the file", "a snapshot"])
def test_a_segment_cut_short_with_withdrawals_waiting_is_named_and_heals(
    scene: Scene, size: int, is_healed_by: str
) -> None:
    """What was held is kept; the neighbour's withdrawals arrive in the same round. It heals by the same file whole, or
    by the snapshot that its issuer brings, whatever became of the file."""
    for number in (5, 6):
        scene.lay(scene.told.next(number, after=60))
    path = f"{FOLDER}/segments/2.cose"
    whole = cut(scene, path, size)
    assert scene.sync(NOW + 120) == {"segments/2.cose": "malformed"}
    assert scene.state().sequence == 1
    require_neighbours_news(scene, scene.gate)
    if is_healed_by == "the file":
        scene.served.files[path] = whole
    else:
        scene.lay_snapshot(scene.told.snapshot)
        scene.lay(scene.told.next(7, after=60))
    assert scene.sync(NOW + 240) == {}
    assert scene.withdrawn() == ([5, 6] if is_healed_by == "the file" else [5, 6, 7])


@pytest.mark.parametrize("size", [0, 1, 60])
def test_a_snapshot_cut_short_stops_no_gate_that_follows_and_is_named_by_one_that_begins(
    scene: Scene, tmp_path: Path, size: int
) -> None:
    """Withdrawals that wait behind it are in segments, which say all that is new."""
    scene.lay(scene.told.next(5, after=60))
    path = f"{FOLDER}/status.cose"
    whole = cut(scene, path, size)
    assert scene.sync(NOW + 60) == {}
    assert scene.withdrawn() == [5]
    require_neighbours_news(scene, scene.gate)
    fresh = scene.another_gate(tmp_path / "fresh")
    failures = fresh.sync(scene.trust, NOW + 60, PATIENCE)
    assert [(each.member, each.file, each.code) for each in failures] == [("CN-41", "status.cose", "malformed")]
    require_neighbours_news(scene, fresh)
    scene.served.files[path] = whole
    assert fresh.sync(scene.trust, NOW + 90, PATIENCE) == ()
    assert fresh.state(scene.trust)["CN-41"].status == scene.state()
    fresh.close()


@pytest.mark.parametrize("size", [0, 1, 60])
def test_rules_cut_short_are_named_by_a_gate_that_begins_and_nobody_waits(
    scene: Scene, tmp_path: Path, size: int
) -> None:
    """A gate that has them goes on; withdrawals arrive at both."""
    scene.lay(scene.told.next(5, after=60))
    for name in ("rules.jws", "rules/1.jws"):
        cut(scene, f"{FOLDER}/{name}", size)
    assert scene.sync(NOW + 60) == {}
    fresh = scene.another_gate(tmp_path / "fresh")
    failures = fresh.sync(scene.trust, NOW + 60, PATIENCE)
    assert {(each.member, each.file, each.code) for each in failures} == {("CN-41", "rules/1.jws", "malformed")}
    require_neighbours_news(scene, fresh)
    assert fresh.state(scene.trust)["CN-41"].status == scene.state()
    fresh.close()


def test_a_slow_member_delays_nobody(scene: Scene) -> None:
    """One province's stuck segment must not age the others."""
    scene.lay(scene.told.next(5, after=60))
    scene.served.held_back.add(f"{FOLDER}/segments/2.cose")
    scene.gate.sync(scene.trust, NOW + 60, 0.3)
    assert scene.gate.state(scene.trust)["CN-44"].status_synced_at == NOW + 60
    assert scene.state().as_of == NOW
    scene.served.go.set()


@pytest.mark.parametrize(
    "news",
    [
        b"<html>",
        b"[]",
        b'{"CN-41":{"segment":1,"snapshot":1,"rules":[1]}}',
        b'{"CN-41":7}',
        b'{"CN-41":{"segment":-1,"snapshot":0,"rules":"x"}}',
    ],
)
def test_lying_or_broken_news_only_withholds(scene: Scene, news: bytes) -> None:
    """It is signed by nobody: it may hide what is new, as a mirror can, and never makes old data look new."""
    scene.lay(scene.told.next(5, after=60))
    scene.served.files["news.json"] = news
    assert scene.sync(NOW + 60) == {}
    is_hidden = b'"segment":1' in news
    assert (scene.withdrawn(), scene.state().as_of) == (([], NOW) if is_hidden else ([5], NOW + 60))


def test_news_of_what_is_not_there(scene: Scene) -> None:
    """A number out of the air costs a question and shows as a failure."""
    scene.tell(segment=10**15, snapshot=10**15)
    assert scene.sync(NOW + 60) == {"segments/2.cose": "fetch-failed"}
    assert scene.state().as_of == NOW


def test_tightening_counts_from_its_time_also_from_a_cold_start(scene: Scene, tmp_path: Path) -> None:
    """Tomorrow's rules are already out, and a gate that begins today must still have today's."""
    rules = {2: rules_file(scene.henan, 2, NOW + HOUR), 3: rules_file(scene.henan, 3, NOW + 2 * HOUR)}
    for number, data in rules.items():
        scene.served.files[f"{FOLDER}/rules/{number}.jws"] = data
    scene.served.files[f"{FOLDER}/rules.jws"] = rules[3]
    for has_news in (True, False):
        scene.served.files["news.json"] = write_news(
            {"CN-41": MemberNews(1, 1, (1, 2, 3)), "CN-44": MemberNews(1, 1, (1,))}
        )
        if not has_news:
            scene.without_news()
        folder = tmp_path / f"cold {has_news}"
        cold = scene.another_gate(folder)
        assert cold.sync(scene.trust, NOW, PATIENCE) == ()
        cold.close()
        restarted = scene.another_gate(folder)
        restarted.load(scene.trust, NOW)
        restarted.close()
        for gate in (cold, restarted):
            held = gate.state(scene.trust)["CN-41"].rules
            assert [each.sequence for each in held] == [1, 2, 3]
            assert [[each.sequence for each in held if each.in_force(at)][-1] for at in (NOW, NOW + HOUR)] == [1, 2]


def test_past_rules_go_and_do_not_come_back(scene: Scene) -> None:
    """Memory stays bounded, and nothing is fetched in circles."""
    scene.served.files[f"{FOLDER}/rules/2.jws"] = rules_file(scene.henan, 2, NOW)
    scene.served.files["news.json"] = write_news({"CN-41": MemberNews(1, 1, (1, 2)), "CN-44": MemberNews(1, 1, (1,))})
    scene.sync(NOW)
    assert [each.sequence for each in scene.gate.state(scene.trust)["CN-41"].rules] == [2]
    scene.served.asked.clear()
    scene.sync(NOW + 2 * DAY)
    assert scene.served.asked == ["news.json"]


def test_one_bad_rule_set_does_not_stop_the_others(scene: Scene) -> None:
    """A correction must arrive even where what it corrects cannot be read."""
    scene.served.files[f"{FOLDER}/rules/2.jws"] = b"rubbish"
    scene.served.files[f"{FOLDER}/rules/3.jws"] = rules_file(scene.henan, 3, NOW + HOUR)
    scene.served.files["news.json"] = write_news(
        {"CN-41": MemberNews(1, 1, (1, 2, 3)), "CN-44": MemberNews(1, 1, (1,))}
    )
    assert scene.sync(NOW) == {"rules/2.jws": "malformed"}
    assert [each.sequence for each in scene.gate.state(scene.trust)["CN-41"].rules] == [1, 3]


def test_names_of_files() -> None:
    """A mirror's path is no way to put one file in the place of another, or to leave the folder."""
    assert parse_name("segments/12.cose").number == 12
    for odd in ("segments/0.cose", "segments/01.cose", "segments/1.jws", "rules/1.cose", "rules/../1.jws", "x", ""):
        with pytest.raises(Malformed):
            parse_name(odd)


def test_files_say_who_may_sign_them(scene: Scene) -> None:
    """Each refusal by its own name, before anything is taken."""
    made = scene.told.next(5)
    for province, use, error in ((scene.guangdong, "status", IssuerMismatch), (scene.henan, "rules", KeyUseMismatch)):
        with pytest.raises(error):
            read_member_file("segments/2.cose", segments.seal(made, province.signer(use)), "CN-41", scene.trust)


def test_news_is_bounded() -> None:
    """Signed by nobody, it is read with care."""
    assert read_news(write_news({"CN-41": MemberNews(3, 1, (1, 2))})) == {"CN-41": MemberNews(3, 1, (1, 2))}
    assert read_news(b'{"CN-41":{"segment":1,"snapshot":1,"rules":[1.5]},"CN-44":{}}') == {}
    assert read_news_if_sound(b"[" * 100) == {}


def test_what_cannot_be_read_on_disk_makes_a_gate_forget_nothing(scene: Scene) -> None:
    """A worker off duty reads what another stores: a disk that fails for a moment lost it every withdrawal."""
    scene.lay(scene.told.next(5, after=60))
    assert scene.sync(NOW + 60) == {}
    before = scene.gate.state(scene.trust)["CN-41"]
    for name in ("status.cose", "rules/1.jws"):
        (scene.folder / "CN-41" / name).write_bytes(b"damaged")
    scene.gate.load(scene.trust, NOW + 61)
    after = scene.gate.state(scene.trust)["CN-41"]
    assert {failure.file for failure in after.failures} == {"status.cose", "rules/1.jws"}
    assert scene.withdrawn() == [5]
    assert (after.status_file, after.rules_files) == (before.status_file, before.rules_files)
    assert after.status_synced_at == NOW + 60


def test_what_another_worker_is_writing_takes_no_worker_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its new snapshot and the segments that it removes, a code that was withdrawn was good again."""
    reader = scene.another_gate()
    scene.lay(scene.told.next(5, after=60))
    assert scene.sync(NOW + 60) == {}
    reader.load(scene.trust, NOW + 60)
    scene.lay_snapshot(scene.told.snapshot)
    names = MemberFolder.names

    def names_after_the_other_has_written(folder: MemberFolder, below: str) -> list[str]:
        monkeypatch.undo()
        scene.without_news()
        scene.sync(NOW + 61)
        return names(folder, below)

    monkeypatch.setattr(MemberFolder, "names", names_after_the_other_has_written)
    reader.load(scene.trust, NOW + 61)
    status = reader.state(scene.trust)["CN-41"].status
    assert status is not None and list(status.lists[3].withdrawn) == [5]
    reader.close()
