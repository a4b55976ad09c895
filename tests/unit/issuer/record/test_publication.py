"""The province's log on a real registry's mirror: brought whole, refused when it is another, and taken back from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, update

from cli import tongxing
from credentials.decisions.leaves import Leaf
from credentials.errors import AheadOfTime, FetchFailed, InvalidRequest, RecordForked, StoreBehind
from credentials.log.checkpoint import open_checkpoint, sign_checkpoint
from credentials.log.ed25519 import new_private_key
from credentials.log.keys import LOG, NoteSigner, signer
from credentials.log.tiles import bundle_of, nodes_from
from credentials.log.tree import root_of
from issuer.issuing.issuance import ask_for
from issuer.publishing.publication import MirrorClient
from issuer.record.place import MirrorPlace
from issuer.record.publication import LogPublication
from issuer.storage import tables
from issuer.storage.feed import SqlStatusFeed
from issuer.storage.log_storage import SqlLogStorage
from service_kit.fetch import Fetcher
from service_kit.logs import configure
from service_kit.storage.database import transaction
from tests.doubles.clock import FixedClock
from tests.unit.issuer.office import MEMBER, NOW, SECRETS, IssuerOnDisk, by_hand, paper
from tests.unit.issuer.publishing.test_publication import served
from tests.unit.issuer.serving import environment
from tests.unit.trust_registry.founded import AUDIENCE as REGISTRY
from tests.unit.trust_registry.founded import FoundedRegistry
from tests.unit.trust_registry.record.logs import Follower
from trust_registry import service
from trust_registry.app import create_app
from trust_registry.client.log_reader import LogReader
from trust_registry.config import RegistrySettings
from trust_registry.record.publishing import Witnesses, nobody


@dataclass
class Province:
    """An issuer with a log that the registry lists, and that registry."""

    issuer: IssuerOnDisk
    registry: FoundedRegistry
    url: str
    log: NoteSigner
    witnesses: Witnesses = nobody
    needed: int = 1

    def record(self, log: NoteSigner | None = None, *, asks_for_time: bool = False) -> LogPublication:
        log, engine = log or self.log, self.issuer.engines[0]
        mirror = MirrorClient(self.url, MEMBER, Fetcher())
        place = MirrorPlace(mirror, Fetcher(), self.address, log)
        return LogPublication(
            SqlLogStorage(engine),
            SqlStatusFeed(engine),
            place,
            log,
            self.witnesses,
            SECRETS.record_key,
            self.needed,
            30,
            require_time=mirror.require_time if asks_for_time else lambda at: None,
        )

    @property
    def address(self) -> str:
        return f"{self.url}/mirror/members/{MEMBER}/log"

    def append(self, count: int, size: int = 0) -> None:
        with SqlLogStorage(self.issuer.engines[0]).appending() as log:
            for number in range(count):
                log.append(Leaf("note", {"n": number, "x": "x" * size}), NOW)

    def read(self, path: str) -> bytes | None:
        return self.registry.mirror.read(path.replace("log/", f"members/{MEMBER}/log/", 1))

    def forget(self, size: int) -> None:
        """An older database is put back."""
        log = tables.log
        with transaction(self.issuer.engines[0]) as connection:
            connection.execute(delete(log.leaf).where(log.leaf.c.number >= size))
            connection.execute(update(log.counter).values(size=size))
            connection.execute(delete(log.checkpoint))
            connection.execute(delete(log.tile_hash))


@pytest.fixture
def province(tmp_path: Path, issuer: IssuerOnDisk) -> Iterator[Province]:
    with FoundedRegistry(tmp_path) as registry:
        registry.enrol(MEMBER)
        app = create_app(RegistrySettings(data_dir=registry.folder, registry_url=REGISTRY), FixedClock(NOW + 10))
        configure("CRITICAL")
        with served(app) as url:
            yield Province(issuer, registry, url, registry.province(MEMBER).log_signer("log"))
        app.extensions[service.EXTENSION].publication.storage.engine.dispose()


def test_whatever_the_province_does_every_reader_can_follow(province: Province) -> None:
    """Over the end of a tile, from nothing, and without news nothing is brought."""
    record, follower = province.record(), Follower(province.read, province.log.key)
    sizes = []
    for more in (0, 3, 252, 2, 300):
        province.append(more)
        record.publish(NOW)
        sizes.append(follower.look())
    assert sizes == [0, 3, 255, 257, 557]
    assert json.loads(follower.entries[3]) == {
        "at": NOW, "kind": "note", "number": 3, "content": {"n": 0, "x": ""}
    }  # fmt: skip
    proof = LogReader(province.address, Fetcher()).prove(300)
    assert proof.extra == follower.entries[300]


def test_what_does_not_fit_into_one_request_comes_in_several(province: Province) -> None:
    """A mirror that lost everything gets it back, however long the log is."""
    province.append(60, size=50_000)
    record = province.record()
    with pytest.raises(FetchFailed, match="quota-exceeded"):
        record.publish(NOW)
    province.forget(0)
    province.append(3_000, size=700)
    province.record().publish(NOW)
    follower = Follower(province.read, province.log.key)
    assert follower.look() == 3_000


def test_a_decision_is_in_the_log_that_everybody_reads(province: Province) -> None:
    """By hand with the deed, by rule within the round."""
    province.issuer.issuance.issue("app", ask_for(paper(decision=by_hand())), NOW)
    province.issuer.issuance.issue("app", ask_for(paper(document={"number": "110105195001010012"})), NOW)
    province.record().publish(NOW)
    follower = Follower(province.read, province.log.key)
    follower.look()
    told = [json.loads(entry) for entry in follower.entries]
    assert [each["kind"] for each in told] == ["decided-by-hand", "decided-by-rule"]
    assert told[0]["content"]["unwitnessed"] is True


@pytest.mark.parametrize("what", ["another key", "other leaves", "fewer leaves", "a gap", "no bundle"])
def test_the_mirror_takes_nothing_but_what_follows_and_the_log_has_signed(province: Province, what: str) -> None:
    """Anybody can send; a thief of the log's key can send what he signed."""
    province.append(5)
    record = province.record()
    record.publish(NOW)
    client = MirrorClient(province.url, MEMBER, Fetcher())
    with SqlLogStorage(province.issuer.engines[0]).reading() as records:
        entries = [leaf.entry for leaf in records.log.read(0, 9)]
    stranger = signer(province.log.key.name, LOG, new_private_key())
    root = root_of(nodes_from(lambda tile: b"", 0), 0)
    sent: dict[str, Callable[[], tuple[int, bytes]]] = {
        "another key": lambda: (5, bundle_of([sign_checkpoint(5, bytes(32), stranger).content])),
        "other leaves": lambda: (5, bundle_of([sign_checkpoint(6, bytes(32), province.log).content, b"{}"])),
        "fewer leaves": lambda: (0, bundle_of([sign_checkpoint(0, root, province.log).content])),
        "a gap": lambda: (7, bundle_of([sign_checkpoint(7, bytes(32), province.log).content])),
        "no bundle": lambda: (5, entries[0]),
    }
    before = province.read("log/checkpoint")
    old, content = sent[what]()
    with pytest.raises(FetchFailed):
        client.put(f"log/{old}", content)
    assert province.read("log/checkpoint") == before


def test_a_second_history_under_the_same_size_is_refused(province: Province) -> None:
    """Whoever rewrites the last leaf in the database, and signs that, shows it to nobody."""
    province.append(5)
    province.record().publish(NOW)
    with transaction(province.issuer.engines[0]) as connection:
        connection.execute(update(tables.log.leaf).where(tables.log.leaf.c.number == 4).values(at=1, hash=None))
        connection.execute(delete(tables.log.checkpoint))
    province.append(1)
    with pytest.raises(FetchFailed, match="record-forked"):
        province.record().publish(NOW)


def test_an_older_database_writes_nothing_until_it_has_recovered(province: Province) -> None:
    """Else the same numbers would stand for other deeds, and nobody could believe the log again."""
    province.append(700)
    province.record().publish(NOW)
    province.forget(300)
    record = province.record()
    with pytest.raises(StoreBehind, match="issuer recover"):
        record.publish(NOW + 60)
    with pytest.raises(StoreBehind, match="issuer recover"):
        province.issuer.issuance.issue("app", ask_for(paper(decision=by_hand())), NOW + 60)
    # What leaves no leaf by itself goes on.
    province.issuer.issuance.issue("app", ask_for(paper()), NOW + 60)
    assert record.recover(NOW + 61) == 400
    assert record.recover(NOW + 61) == 0
    province.issuer.issuance.issue("app", ask_for(paper(decision=by_hand()), "again"), NOW + 62)
    record.publish(NOW + 62)
    follower = Follower(province.read, province.log.key)
    assert follower.look() == 704
    assert [json.loads(entry)["kind"] for entry in follower.entries[699:]] == [
        "note", "recovered", "decided-by-hand", "decided-by-rule", "withdrawn"
    ]  # fmt: skip


def test_an_older_database_is_noticed_before_the_first_leaf_and_not_after_it(province: Province) -> None:
    """One leaf more, by a command or in the first second of a service, and it could never be recovered."""
    province.append(7)
    province.record().publish(NOW)
    province.forget(3)
    record = province.record()
    record.look_at_first()
    with pytest.raises(StoreBehind, match="issuer recover"):
        province.append(1)
    assert record.recover(NOW + 1) == 4


def test_a_database_that_went_on_after_an_older_one_was_put_back_is_told_to_put_it_back_once_more(
    province: Province,
) -> None:
    """It was told to call the registry about two histories."""
    province.append(7)
    province.record().publish(NOW)
    province.forget(3)
    with SqlLogStorage(province.issuer.engines[0]).appending() as log:
        log.append(Leaf("note", {"n": 0, "x": "since"}), NOW)
    with pytest.raises(RecordForked, match="put it back once more, and type `tongxing issuer recover`"):
        province.record().recover(NOW + 1)
    province.forget(3)
    assert province.record().recover(NOW + 2) == 4


def test_a_mirror_that_is_away_stops_nobody_who_begins(province: Province) -> None:
    province.url = "http://127.0.0.1:1"
    province.record().look_at_first()
    province.append(1)


def test_a_mirror_out_of_reach_stops_neither_sealing_nor_decisions(province: Province) -> None:
    """A network must not stop a province; what waits is brought later."""
    record = province.record()
    province.url = "http://127.0.0.1:1"
    away = province.record()
    province.issuer.issuance.issue("app", ask_for(paper()), NOW)
    with pytest.raises(FetchFailed):
        away.publish(NOW)
    away.publish_in_turn(NOW, 60)
    province.issuer.issuance.issue("app", ask_for(paper(decision=by_hand()), "k"), NOW + 1)
    published = record.publish(NOW + 60)
    assert published is not None
    # What was decided, and the green code that it took back.
    assert published.checkpoint.size == 3
    assert open_checkpoint(province.read("log/checkpoint") or b"", [province.log.key])[0].size == 3


def test_without_a_key_leaves_are_sealed_and_nothing_is_published(province: Province) -> None:
    """A province that has not made its log's key yet loses none of its leaves."""
    engine = province.issuer.engines[0]
    record = LogPublication(SqlLogStorage(engine), SqlStatusFeed(engine), None, None, nobody, bytes(32), 1, 30)
    province.issuer.issuance.issue("app", ask_for(paper()), NOW)
    assert record.publish(NOW) is None
    assert (record.state(), record.recover(NOW)) == (None, 0)
    with SqlLogStorage(engine).reading() as records:
        assert records.log.size() == 1


def test_text_and_salt_go_when_the_appeal_is_over(province: Province) -> None:
    """What nobody needs any more is no longer there to be stolen; the leaf stays and says nothing."""
    row = province.issuer.issuance.issue("app", ask_for(paper(decision=by_hand())), NOW)
    record = province.record()
    day = 24 * 3600
    assert record.drop_texts(NOW + 89 * day) == 0
    assert record.drop_texts(NOW + 91 * day) == 1
    assert record.drop_texts(NOW + 91 * day) == 0
    with transaction(province.issuer.engines[0]) as connection:
        (kept,) = connection.execute(tables.decision_record.select())
    assert (kept.text, kept.sealed, kept.leaf) == (None, None, 0)
    assert row.text


def test_a_monitor_at_the_province_holds_the_log_against_its_database(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the issuer's own settings: what its log's key signed and its database does not have ends with 1."""
    settings = environment(
        tmp_path / "issuer", TONGXING_DATABASE_URL=province.issuer.url, TONGXING_LOG_NAME=province.log.key.name
    )
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    policy, state = tmp_path / "policy", tmp_path / "state.json"
    policy.write_text(f"log {province.log.key.vkey} {province.address}\nquorum none\n")
    words = ["log", "monitor", "--registry", province.url, "--policy", str(policy), "--state", str(state), "--issuer"]

    def look() -> tuple[int, list[str]]:
        result = CliRunner().invoke(tongxing, [*words, "--json"], standalone_mode=False, catch_exceptions=False)
        if result.exception:
            raise result.exception
        return int(result.return_value), [each["word"] for each in json.loads(result.stdout)["findings"]]

    province.append(3)
    province.record().publish(NOW)
    assert look() == (0, [])
    province.append(2)
    province.record().publish(NOW + 60)
    province.forget(4)
    assert look() == (1, ["not-ours"])
    policy.write_text(f"log {signer('another/log', LOG, new_private_key()).key.vkey}\nquorum none\n")
    with pytest.raises(InvalidRequest, match=province.log.key.name):
        look()


def test_a_clock_that_is_ahead_deletes_no_text_and_tells_nothing_for_good(province: Province) -> None:
    """One round of a year ahead took from everybody the proof of a decision that they could still appeal."""
    province.issuer.issuance.issue("app", ask_for(paper(decision=by_hand())), NOW)
    record, year = province.record(asks_for_time=True), 365 * 24 * 3600
    with pytest.raises(AheadOfTime, match="this clock is"):
        record.publish(NOW + year)
    with SqlLogStorage(province.issuer.engines[0]).reading() as records:
        assert max(leaf.at for leaf in records.log.read(0, 99)) < NOW + 24 * 3600
    province.url = "http://127.0.0.1:1"
    with pytest.raises(FetchFailed):
        province.record(asks_for_time=True).publish(NOW + year)
    assert record.drop_texts(NOW + year) == 1, "it was still there"
