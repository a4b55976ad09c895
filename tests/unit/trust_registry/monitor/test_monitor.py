"""A monitor follows logs and gives everything that can be wrong with one its own word; a sound log never gets one."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.errors import FetchFailed, MetadataRejected
from credentials.log.checkpoint import open_checkpoint
from credentials.log.keys import LOG, signer
from tests.doubles.fetcher import FetcherOfFiles
from tests.unit.trust_registry.monitor.logs import NOW, ORIGIN, PLACE, SIGNER, GrowingLog, altered, leaf
from trust_registry.client.log_reader import LogReader
from trust_registry.monitor.following import FollowedLog, Following
from trust_registry.monitor.in_force import InForce
from trust_registry.monitor.monitor import GRACE_SECONDS, SIGNED_SECONDS, Monitor
from trust_registry.monitor.own_records import OwnRecords
from trust_registry.monitor.state import MonitorState, Watched

OURS = OwnRecords("CN-41", frozenset({"aa" * 32}), frozenset({"11" * 8}), frozenset({"22" * 8}))


class Watch:
    """A monitor with its memory, and the network between it and the log."""

    def __init__(self, own: OwnRecords | None = None) -> None:
        self.fetcher, self.state, self.monitor = FetcherOfFiles({}), MonitorState(), Monitor(own)
        self.evidence: tuple[str, ...] = ()

    def look(self, files: dict[str, bytes], in_force: InForce | None = None, now: int = NOW) -> list[tuple[str, str]]:
        """Word and subject of all that is found when the log shows these files."""
        self.fetcher.files = files
        log = FollowedLog(ORIGIN, [SIGNER.key], LogReader(f"https://{PLACE}", self.fetcher))
        looked = self.monitor.look(self.state, [log], ORIGIN, in_force, now)
        self.state = looked.state
        self.evidence = next((each.evidence for each in looked.findings if each.evidence), ())
        return [(each.word, each.about) for each in looked.findings]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def in_force(*deeds: str, at: int = NOW) -> InForce:
    return InForce(frozenset(deeds), at, {})


def test_a_log_that_grows_is_followed_and_counted(watch: Watch) -> None:
    """Over the ends of tiles, with nothing new, and from a first look at a log that is old already."""
    log = GrowingLog()
    for more in (0, 1, 6, 248, 1, 1, 0, 300):
        assert watch.look(log.add(more).files()) == []
    log.add(1, "key-denied", kid="ab" * 8)
    assert watch.look(log.files()) == Watch().look(log.files()) == []
    assert watch.state.of(ORIGIN).kinds == {"draft-made": 557, "key-denied": 1}
    assert watch.state.of(ORIGIN).deeds == {f"denial {'ab' * 8}"}


def test_only_what_is_new_is_fetched(watch: Watch) -> None:
    """A look costs a checkpoint where nothing is new but the edge of the tree, and no whole log."""
    log = GrowingLog().add(1_000)
    watch.look(log.files())
    watch.fetcher.asked.clear()
    watch.look(log.add(1).files())
    assert sorted(path.removeprefix(PLACE) for path in watch.fetcher.asked) == [
        "checkpoint", "tile/0/003.p/233", "tile/1/000.p/3", "tile/entries/003.p/233",
    ]  # fmt: skip


def test_a_look_reads_so_many_leaves_and_the_next_goes_on(watch: Watch) -> None:
    """A log of millions does not hold a monitor up; what is in force is compared when all has been read."""
    log = FollowedLog(ORIGIN, [SIGNER.key], LogReader(f"https://{PLACE}", watch.fetcher))
    watch.fetcher.files = GrowingLog().add(700).files()
    watched, reads = watch.state.of(ORIGIN), []
    while watched.read < 700:
        watched = Following(log, watched, None, most=300).look()
        reads.append(watched.read)
    assert reads == [300, 600, 700]


@pytest.mark.parametrize("seen, forked_at", [(10, 9), (10, 0), (300, 255), (300, 3), (256, 256 - 1)])
@pytest.mark.parametrize("more", [0, 1, 300])
def test_a_fork_before_what_was_seen_is_a_fork(watch: Watch, seen: int, forked_at: int, more: int) -> None:
    """Of the same size or longer; the two notes show it to anybody, at each look until somebody acts."""
    log = GrowingLog().add(seen + more)
    watch.look(log.files(seen))
    log.entries[forked_at] = leaf(forked_at, draft="another")
    for _ in range(2):
        assert watch.look(log.files()) == [("log-forked", "checkpoint")]
        checkpoints = [open_checkpoint(each.encode(), [SIGNER.key])[0] for each in watch.evidence]
        assert [each.size for each in checkpoints] == [seen, seen + more]


def test_fewer_leaves_are_a_rollback_and_a_cache_is_none(watch: Watch) -> None:
    """Whoever keeps an old copy on the way is asked past."""
    log = GrowingLog().add(300)
    watch.look(log.files())
    assert watch.look(log.files(299)) == [("log-rolled-back", "checkpoint")]
    assert watch.look({}) == [("log-unreachable", "checkpoint")]
    assert watch.look(log.files()) == []


def test_one_bit_in_any_file_is_wrong_and_nothing_of_it_is_remembered(watch: Watch) -> None:
    """In the checkpoint, a tile of hashes, or the leaves; at the first look and at a later one."""
    log = GrowingLog().add(600)
    whole = log.files()
    first = {path: Watch().look(altered(whole, path)) for path in whole}
    assert {path for path, found in first.items() if found != [("log-wrong", "checkpoint")]} == set()
    watch.look(log.files(300))
    before = watch.state
    read_anew = [path for path in whole if not path.endswith(("tile/0/000", "entries/000"))]
    for path in read_anew:
        assert watch.look(altered(whole, path)) == [("log-wrong", "checkpoint")], path
        assert watch.state == before
    assert watch.look(whole) == []


def test_another_log_and_another_key_are_wrong(watch: Watch) -> None:
    """A key that the policy does not name, one that bears another name, and somebody else's checkpoint."""
    other = signer(ORIGIN, LOG, Ed25519PrivateKey.from_private_bytes(b"\10" * 32))
    named = signer("tongxing/registry/other", LOG, SIGNER.private_key)
    for key in (other, named):
        assert watch.look(GrowingLog(key=key).add(3).files()) == [("log-wrong", "checkpoint")]


def test_a_leaf_that_was_left_out_is_missed_after_the_grace(watch: Watch) -> None:
    """The log has moved on without it; before the grace it may still come, and when it comes all is well."""
    log, denied = GrowingLog().add(3), in_force(f"denial {'ab' * 8}")
    assert watch.look(log.files(), denied) == []
    assert watch.look(log.add(1).files(), denied, NOW + GRACE_SECONDS - 1) == []
    omitted = [("log-omitted", f"denial {'ab' * 8}")]
    assert watch.look(log.files(), denied, NOW + GRACE_SECONDS) == omitted
    assert watch.look(log.add(1, "key-denied", kid="ab" * 8).files(), denied, NOW + GRACE_SECONDS) == []


def test_a_log_that_stands_still_while_things_happen_is_frozen(watch: Watch) -> None:
    """And so is a whole mirror whose signed time grows old."""
    log, listed = GrowingLog().add(3), in_force("list ab")
    watch.look(log.files(), listed)
    later = in_force("list ab", at=NOW + GRACE_SECONDS)
    assert watch.look(log.files(), later, NOW + GRACE_SECONDS) == [("log-frozen", "list ab")]
    old = NOW + SIGNED_SECONDS
    assert Watch().look(log.files(), in_force(), old) == []
    assert Watch().look(log.files(), in_force(), old + 1) == [("log-frozen", "signed time")]


def test_what_is_in_force_and_cannot_be_verified_is_wrong_or_unknown() -> None:
    """Two words: a lie, and no answer."""
    log = FollowedLog(ORIGIN, [SIGNER.key], LogReader(f"https://{PLACE}", FetcherOfFiles(GrowingLog().add(1).files())))
    for error, word in ((MetadataRejected("x"), "log-wrong"), (FetchFailed("x"), "log-unreachable")):
        looked = Monitor().look(MonitorState(), [log], ORIGIN, error, NOW)
        assert [(each.word, each.about) for each in looked.findings] == [(word, "trust list")]


def test_a_members_log_is_not_forgotten_while_the_list_that_says_where_it_lies_cannot_be_had() -> None:
    """Its findings were gone for as long, and told to have ended."""
    watched = Watched(strange={"leaf 3": ("leaf-strange", "odd"), "leaf 5": ("leaf-strange", "known")})
    state = MonitorState({"tongxing/CN-44/log": watched.with_acknowledged(["leaf 5"])})
    away = Monitor().look(state, [], None, FetchFailed("nobody listens there"), NOW)
    assert away.state == state
    assert [(each.word, each.about) for each in away.findings] == [
        ("log-unreachable", "checkpoint"), ("leaf-strange", "leaf 3"),
    ]  # fmt: skip
    assert all(each.log == "tongxing/CN-44/log" for each in away.findings)


def test_everything_under_our_name_is_compared_with_our_records() -> None:
    """A statement that we never made, and a root key that we never had; of others nothing is said."""
    watch, log = Watch(OURS), GrowingLog()
    log.add(1, "statement-received", member="CN-41", sequence=1, digest="aa" * 32, root="11" * 8)
    log.add(1, "root-change-announced", member="CN-41", root="11" * 8, version=2)
    log.add(1, "statement-received", member="CN-44", sequence=1, digest="cc" * 32, root="33" * 8)
    assert watch.look(log.files()) == []
    log.add(1, "statement-received", member="CN-41", sequence=2, digest="bb" * 32, root="11" * 8)
    log.add(1, "statement-received", member="CN-41", sequence=1, digest="aa" * 32, root="33" * 8)
    log.add(1, "root-change-announced", member="CN-41", root="33" * 8, version=3)
    found = [("not-ours", f"leaf {number}") for number in (3, 4, 5)]
    assert watch.look(log.files()) == found
    # At each look, until somebody has looked into it.
    assert watch.look(log.add(1).files()) == found


def test_a_key_of_ours_that_is_denied_and_still_in_use_is_told() -> None:
    """From the log or from what is in force, whichever says so first."""
    watch, log = Watch(OURS), GrowingLog().add(1, "key-denied", kid="22" * 8, asked_by="CN-41")
    assert watch.look(log.files(), in_force()) == [("key-denied", f"denial {'22' * 8}")]
    assert ("key-denied", f"denial {'22' * 8}") in Watch(OURS).look(
        GrowingLog().add(1).files(), in_force(f"denial {'22' * 8}")
    )


def test_what_was_acknowledged_is_not_told_again_and_a_fork_cannot_be() -> None:
    """Somebody has looked into leaf 0; a fork stays one."""
    watch, log = Watch(OURS), GrowingLog().add(1, "root-change-announced", member="CN-41", root="33" * 8, version=2)
    assert watch.look(log.files()) == [("not-ours", "leaf 0")]
    watched = watch.state.of(ORIGIN)
    watch.state = watch.state.with_log(ORIGIN, watched.with_acknowledged(["leaf 0", "checkpoint"]))
    assert watch.look(log.add(1).files()) == []
    log.entries[0] = leaf(0)
    assert watch.look(log.files()) == [("log-forked", "checkpoint")]


@pytest.mark.parametrize(
    "entry",
    [b"x", b"{}", b"7", leaf(8), leaf(7, "Draft"), leaf(7)[:-1] + b',"more":1}', leaf(7).replace(b"7}", b"7.0}")],
)
def test_a_leaf_that_is_not_written_as_it_must_be_is_strange(watch: Watch, entry: bytes) -> None:
    """It is in the tree all the same, so the log is followed."""
    log = GrowingLog().add(7)
    log.entries.append(entry)
    assert watch.look(log.add(1).files()) == [("leaf-strange", "leaf 7")]
    assert watch.state.of(ORIGIN).read == 9


class Foreign(NamedTuple):
    """A log of other software."""

    log: GrowingLog
    origin: str


def test_a_log_of_other_software_is_followed_without_reading_its_leaves() -> None:
    """Any log in tiles: what its entries mean is not ours to say."""
    key = signer("other.example/log", LOG, SIGNER.private_key)
    foreign = Foreign(GrowingLog([b"a", b"b"], key), key.key.name)
    fetcher = FetcherOfFiles(foreign.log.files())
    log = FollowedLog(foreign.origin, [key.key], LogReader(f"https://{PLACE}", fetcher))
    looked = Monitor().look(MonitorState(), [log], None, None, NOW)
    assert not looked.findings
    assert looked.state.of(foreign.origin).kinds == {"unreadable": 2}
