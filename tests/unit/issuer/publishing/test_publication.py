"""Withdrawals reach the registry's mirror, on a real registry on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from credentials.errors import AheadOfTime, FetchFailed
from credentials.model import StatusReference
from credentials.profile.limits import MAX_SEGMENT_CHANGES
from credentials.signing import PemSigner
from credentials.status import segment as status_segment
from credentials.status import snapshot as status_snapshot
from credentials.status.segment import Segment, apply
from credentials.status.snapshot import StatusSnapshot
from credentials.status.token import read_token, unwrap_token
from issuer.issuing.issuance import ask_for
from issuer.publishing.lists import overview
from issuer.publishing.publication import (
    DAYS_AHEAD,
    HEARTBEAT_SECONDS,
    SEGMENTS_KEPT,
    SNAPSHOT_EVERY_SECONDS,
    SNAPSHOT_EVERY_SEGMENTS,
    SNAPSHOT_SECONDS,
    TOKEN_SECONDS,
    MirrorClient,
    PublishedStatus,
    StatusPublication,
)
from issuer.publishing.withdrawal import withdraw
from issuer.storage.feed import SqlStatusFeed
from issuer.storage.indices import group_end, reference_of
from issuer.storage.ports.issuing import SegmentRow
from service_kit.fetch import Fetcher
from service_kit.logs import configure
from tests.doubles.clock import FixedClock
from tests.serving import in_thread
from tests.unit.credentials.status.chained import status_key
from tests.unit.issuer.office import DAY, MEMBER, NOW, SECRETS, IssuerOnDisk, paper
from tests.unit.trust_registry.founded import AUDIENCE as REGISTRY
from tests.unit.trust_registry.founded import FoundedRegistry
from trust_registry import service
from trust_registry.app import create_app, mend
from trust_registry.config import RegistrySettings


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with in_thread(server):
        yield f"http://127.0.0.1:{server.server_port}"


class Member:
    """A province that is enrolled, its publication, and the registry that takes it."""

    def __init__(self, registry: FoundedRegistry, issuer: IssuerOnDisk, url: str, clock: FixedClock) -> None:
        province = registry.province(MEMBER)
        kids = {key.use: key.kid for key in province.state().keys}
        self.issuer, self.url, self.clock = issuer, url, clock
        self.signer, self.rules_signer = province.signer(kids["status"]), province.signer(kids["rules"])
        self.mirror = MirrorClient(f"{url}/", MEMBER, Fetcher())
        self.feed = SqlStatusFeed(issuer.engines[0])
        self.registry = registry
        self.publication = self.publishing_with(self.signer)

    def publishing_with(self, signer: PemSigner, mirror: MirrorClient | None = None) -> StatusPublication:
        return StatusPublication(self.issuer.store, self.feed, signer, MEMBER, SECRETS.index_key, mirror or self.mirror)

    def publish(self, at: int) -> PublishedStatus:
        self.clock.time = at
        return self.publication.publish(at)

    def withdrawn(self, name: str, at: int = NOW, lifetime: int = DAY) -> StatusReference:
        """A code issued and withdrawn."""
        row = self.issuer.issuance.issue("app", ask_for(paper(lifetime=lifetime), name), at)
        withdraw(self.issuer.store, self.issuer.people, row.handle, "lost-device", "app", at)
        return reference_of(row.place, SECRETS.index_key)

    def segment(self, number: int) -> Segment:
        return status_segment.open(self.fetched(f"segments/{number}.cose"), status_key(self.signer.public_key, MEMBER))

    def followed(self) -> StatusSnapshot:
        """What a gate comes to: the snapshot and every segment after it."""
        state = self.snapshot()
        newest = self.feed.newest()
        assert newest is not None
        for number in range(state.sequence + 1, newest.number + 1):
            state = apply(state, self.segment(number))
        return state

    def fetched(self, name: str) -> bytes:
        with Fetcher() as fetcher:
            return fetcher.get(f"{self.url}/mirror/members/{MEMBER}/{name}", limit=10**6).body

    def snapshot(self) -> StatusSnapshot:
        return status_snapshot.open(self.fetched("status.cose"), status_key(self.signer.public_key, MEMBER))


@pytest.fixture
def member(tmp_path: Path, issuer: IssuerOnDisk) -> Iterator[Member]:
    with FoundedRegistry(tmp_path) as registry:
        registry.enrol(MEMBER)
        clock = FixedClock(NOW + 10)
        app = create_app(RegistrySettings(data_dir=registry.folder, registry_url=REGISTRY), clock)
        # The server's log lines would stand in the commands' output: both are this process.
        configure("CRITICAL")
        with served(app) as url:
            yield Member(registry, issuer, url, clock)
        app.extensions[service.EXTENSION].publication.storage.engine.dispose()


@pytest.mark.parametrize("name", ["status.cose", "segments/2.cose", "segments/3.cose"])
def test_publishing_by_hand_brings_at_once_what_the_mirror_has_lost(member: Member, name: str) -> None:
    """A snapshot, a segment in the middle or the last one is cut to 60 bytes, and nothing new is to be said: by itself
    the service would come with its next sign of life, minutes later."""
    lost = [member.withdrawn("one")]
    member.publish(NOW)
    for each in range(1, 3):
        lost.append(member.withdrawn(f"{each}", NOW + each))
        member.publish(NOW + each)
    path = member.registry.mirror_folder / "members" / MEMBER / name
    path.write_bytes(path.read_bytes()[:60])
    member.publish(NOW + 3)
    assert len(path.read_bytes()) == 60, "nothing was due"
    # As the registry does every minute.
    mend(member.registry.publication, NOW + 4)
    member.clock.time = NOW + 4
    member.publication.publish(NOW + 4, at_once=True)
    state = member.followed()
    assert all(map(state.is_withdrawn, lost))


def test_lists_are_there_before_the_first_code(member: Member) -> None:
    """A gate must know a list before a code in it is shown; who withdrew nothing says so too."""
    published = member.publish(NOW)
    assert (published.number, published.segments, published.withdrawn) == (1, 1, 0)
    assert published.token_lists == DAYS_AHEAD + 1
    snapshot = member.snapshot()
    assert (snapshot.as_of, snapshot.expires_at) == (NOW, NOW + SNAPSHOT_SECONDS)
    assert (snapshot.sequence, snapshot.head) == (1, member.segment(1).digest)
    ends = {each.expires_at for each in snapshot.lists.values()}
    assert ends == {group_end(NOW + day * DAY) for day in range(DAYS_AHEAD + 1)}
    row = member.issuer.issuance.issue("app", ask_for(paper()), NOW)
    assert row.place.list_id in snapshot.lists


def test_withdrawn_bit_reaches_gates_and_outsiders(member: Member) -> None:
    """The snapshot and the token say the same, and nothing of the neighbours."""
    rows = [member.issuer.issuance.issue("app", ask_for(paper(), str(n)), NOW) for n in range(3)]
    withdraw(member.issuer.store, member.issuer.people, rows[1].handle, "lost-device", "app", NOW)
    published = member.publish(NOW + 5)
    snapshot = member.snapshot()
    references = [reference_of(row.place, SECRETS.index_key) for row in rows]
    assert [snapshot.is_withdrawn(reference) for reference in references] == [False, True, False]
    assert (published.withdrawn, published.snapshot_bytes) == (1, len(member.fetched("status.cose")))
    list_id = rows[1].place.list_id
    subject = member.mirror.address_of_list(list_id)
    assert subject == f"{member.url}/mirror/members/{MEMBER}/token-status-lists/{list_id}.jwt"
    envelope = unwrap_token(member.fetched(f"token-status-lists/{list_id}.jwt").decode())
    token = read_token(envelope, member.signer.public_key, subject)
    assert list(token.withdrawn) == [references[1].index]
    assert (token.issued_at, token.expires_at) == (NOW + 5, NOW + 5 + TOKEN_SECONDS)


def test_only_what_is_new_is_brought(member: Member) -> None:
    """A minute's news is one small segment and one token list; without news there is silence."""
    member.publish(NOW)
    reference = member.withdrawn("a")
    published = member.publish(NOW + 60)
    assert published[2:] == (1, 1, 0, 1)
    assert dict(member.segment(2).withdrawn).keys() == {reference.list}
    assert member.followed().is_withdrawn(reference)
    assert not member.snapshot().is_withdrawn(reference)
    assert member.publish(NOW + 120)[2:] == (0, 0, 0, 0)


def test_heartbeat_after_a_silence(member: Member) -> None:
    """A gate must see that a province without withdrawals is alive."""
    member.publish(NOW)
    assert member.publish(NOW + HEARTBEAT_SECONDS - 1).number == 1
    assert member.publish(NOW + HEARTBEAT_SECONDS).number == 2
    assert (member.segment(2).opened, member.segment(2).withdrawn) == ({}, {})
    assert member.followed().as_of == NOW + HEARTBEAT_SECONDS


def test_snapshot_comes_now_and_then(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that begins must not have to follow a whole day."""
    member.publish(NOW)
    assert member.publish(NOW + SNAPSHOT_EVERY_SECONDS).snapshot_bytes
    assert member.snapshot().sequence == 2
    for number in range(SNAPSHOT_EVERY_SEGMENTS):
        member.withdrawn(f"{number}", NOW + 601)
        published = member.publish(NOW + 602 + number)
        assert bool(published.snapshot_bytes) is (number == SNAPSHOT_EVERY_SEGMENTS - 1)
    assert member.snapshot().sequence == 2 + SNAPSHOT_EVERY_SEGMENTS
    assert member.snapshot().withdrawn_count == SNAPSHOT_EVERY_SEGMENTS


def test_retired_lists_go_with_their_bits_and_tokens(member: Member) -> None:
    """A bit once published stays set as long as its list is alive, and no longer; nor does its token list stay."""
    reference = member.withdrawn("a", lifetime=3600)
    end = group_end(NOW + 3600)
    member.publish(NOW)
    member.publish(end - 1)
    assert member.followed().is_withdrawn(reference)
    late = member.withdrawn("late", end - 100, lifetime=60)
    member.publish(end + SNAPSHOT_EVERY_SECONDS)
    assert {reference.list, late.list}.isdisjoint(member.followed().lists)
    with pytest.raises(FetchFailed, match="404"):
        member.fetched(f"token-status-lists/{reference.list}.jwt")
    assert f"token-status-lists/{reference.list}" not in member.feed.deliveries()


def test_token_is_renewed_before_it_ends(member: Member) -> None:
    """Outsiders must never find an expired list."""
    member.publish(NOW)
    # A list for one more day may be new by then.
    assert member.publish(NOW + TOKEN_SECONDS // 2 - 1).token_lists <= 1
    assert member.publish(NOW + TOKEN_SECONDS // 2).token_lists >= DAYS_AHEAD


def test_many_withdrawals_go_into_several_segments(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first part of a wave must not pass for the whole: only the last segment is as of now."""
    member.publish(NOW)
    monkeypatch.setattr("issuer.publishing.publication.MAX_SEGMENT_CHANGES", 2)
    references = [member.withdrawn(f"{number}") for number in range(5)]
    published = member.publish(NOW + 60)
    assert (published.number, published.segments, published.withdrawn) == (4, 3, 5)
    assert [member.segment(number).as_of for number in (2, 3, 4)] == [NOW, NOW, NOW + 60]
    assert all(member.followed().is_withdrawn(reference) for reference in references)
    assert MAX_SEGMENT_CHANGES > 2


def test_clock_set_back_does_not_break_the_chain(member: Member) -> None:
    """Gates refuse a segment older than the one before it; a province's clock must not silence it."""
    member.publish(NOW)
    reference = member.withdrawn("a")
    assert member.publish(NOW - 30).number == 2
    assert (member.segment(2).as_of, member.followed().is_withdrawn(reference)) == (NOW, True)


def test_push_that_fails_half_way_goes_on_where_it_ended(member: Member) -> None:
    """Nothing is lost and nothing comes in another order, however often the line breaks."""
    member.publish(NOW)
    broken = BrokenMirror(member.url, allowed=1)
    reference = [member.withdrawn("a")]
    for at in (NOW + 60, NOW + 120):
        with pytest.raises(FetchFailed):
            member.publishing_with(member.signer, MirrorClient("http://127.0.0.1:1", MEMBER, Fetcher())).publish(at)
        reference.append(member.withdrawn(f"{at}"))
    with pytest.raises(FetchFailed):
        member.publishing_with(member.signer, broken).publish(NOW + 180)
    assert [row.number for row in member.feed.undelivered()] == [3, 4]
    assert member.publish(NOW + 181).segments == 2
    assert all(member.followed().is_withdrawn(each) for each in reference)


def test_killed_between_sign_and_push_makes_no_fork(member: Member) -> None:
    """What a number says is in the database before it leaves; whoever pushes it later pushes the same."""
    member.publish(NOW)
    member.withdrawn("a")

    class Killed(BaseException):
        pass

    class KillingMirror(MirrorClient):
        def offer(self, name: str, content: bytes, expected: tuple[str, ...]) -> str:
            super().offer(name, content, expected)
            raise Killed

    with pytest.raises(Killed):
        member.publishing_with(member.signer, KillingMirror(member.url, MEMBER, Fetcher())).publish(NOW + 60)
    member.withdrawn("b")
    before = member.fetched("segments/2.cose")
    assert member.publish(NOW + 61).segments == 2
    assert member.fetched("segments/2.cose") == before
    assert member.followed().withdrawn_count == 2


def test_two_publishers_at_once_make_one_chain(member: Member) -> None:
    """Two processes on one database, a timer and a hand: each withdrawal is carried once, no number twice."""
    member.publish(NOW)
    other = StatusPublication(
        member.issuer.another_process(),
        SqlStatusFeed(member.issuer.engines[-1]),
        member.signer,
        MEMBER,
        SECRETS.index_key,
        member.mirror,
    )
    references = []
    for round_number in range(4):
        references += [member.withdrawn(f"{round_number} {n}") for n in range(2)]
        at = NOW + 60 * (round_number + 1)
        member.clock.time = at
        threads = [threading.Thread(target=each.publish, args=(at,)) for each in (member.publication, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    member.publish(member.clock.time)
    state = member.followed()
    assert all(state.is_withdrawn(reference) for reference in references)
    carried = [sum(map(len, member.segment(n).withdrawn.values())) for n in range(1, state.sequence + 1)]
    assert sum(carried) == len(references) == state.withdrawn_count


def test_one_worker_at_a_time(member: Member) -> None:
    """Of several workers one publishes; when it is killed another takes over."""
    other = member.publishing_with(member.signer)
    assert member.publication.publish_in_turn(NOW, 60) is not None
    assert other.publish_in_turn(NOW + 60, 60) is None
    member.clock.time = NOW + 150
    assert member.publication.publish_in_turn(NOW + 60, 60) is not None
    assert other.publish_in_turn(NOW + 150, 60) is not None
    assert member.publication.publish_in_turn(NOW + 151, 60) is None


@pytest.mark.parametrize("ahead", [3600, 400 * DAY])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_clock_that_was_ahead_stops_publication_no_longer_than_it_was(
    member: Member, ahead: int, is_new: bool
) -> None:
    """One round an hour ahead, and the mirror took nothing for that hour; of a year ahead, nothing for that year, and
    what was withdrawn before was told to nobody."""
    if not is_new:
        member.publish(NOW)
    withdrawn = member.withdrawn("waits", NOW + 5)
    with pytest.raises(AheadOfTime, match="this clock is"):
        member.publication.publish_in_turn(NOW + ahead, 60)
    member.clock.time = NOW + 60
    restarted = member.publishing_with(member.signer)
    published = restarted.publish_in_turn(NOW + 60, 60)
    assert published is not None and published.withdrawn == 1
    assert member.followed().is_withdrawn(withdrawn)


def test_new_status_key_brings_a_snapshot_at_once(member: Member) -> None:
    """After a stolen key gates have nothing of this province until there is one by the new key."""
    member.publish(NOW)
    registry, province = member.registry, member.registry.province(MEMBER)
    old = member.signer.kid.hex()
    for use in ("status",):
        province.drop_key(old)
        kid = province.add_key(use, NOW)
    registry.enrol(MEMBER)
    member.signer = province.signer(kid if isinstance(kid, str) else province.state().keys[-1].kid)
    member.publication = member.publishing_with(member.signer)
    member.withdrawn("a")
    published = member.publish(NOW + 60)
    assert published.snapshot_bytes
    assert member.snapshot().sequence == 2
    member.withdrawn("b")
    assert member.publish(NOW + 120).segments == 1
    assert member.followed().withdrawn_count == 2


def test_mirror_that_lost_everything_is_filled_again(member: Member) -> None:
    """A registry that burned down comes back from its own backup; the members' files come with their next news."""
    member.publish(NOW)
    publication = member.registry.publication
    with publication.storage.writing() as records:
        for record in records.member_files.of_member(MEMBER):
            records.member_files.drop(MEMBER, record.name)
            publication.mirror.drop_member_file(MEMBER, record.name)
    reference = member.withdrawn("a")
    assert member.publish(NOW + 60).snapshot_bytes
    assert member.followed().is_withdrawn(reference)


def test_old_segments_leave_the_database(member: Member) -> None:
    """A year of minutes must not be kept; what is undelivered and the newest are."""
    with member.feed.cutting() as cutting:
        for number in range(1, 6):
            cutting.record(SegmentRow(number, NOW, bytes(32), b"payload"))
    member.feed.mark_delivered(4)
    member.feed.drop(10, [])
    assert [row.number for row in member.feed.undelivered()] == [5]
    assert member.issuer.rows("issuer_segment") == 1
    assert SEGMENTS_KEPT > SNAPSHOT_EVERY_SEGMENTS


def test_registry_that_refuses_is_heard(member: Member) -> None:
    """A key that is not listed, or a file that is none, must be told to whoever publishes."""
    stranger = member.publishing_with(PemSigner(member.issuer.private_key, member.issuer.key.kid))
    with pytest.raises(FetchFailed, match="unknown-key") as caught:
        stranger.publish(NOW)
    assert caught.value.status == 422
    with pytest.raises(FetchFailed, match="malformed"):
        member.mirror.put("rules", b"no rules")
    with pytest.raises(FetchFailed, match="404") as caught:
        member.mirror.put("nonsense", b"")
    assert "TONGXING_REGISTRY_URL" in str(caught.value)
    assert caught.value.address.startswith("http://127.0.0.1:")


class BrokenMirror(MirrorClient):
    """A line that breaks after so many files."""

    def __init__(self, url: str, allowed: int) -> None:
        super().__init__(url, MEMBER, Fetcher())
        self._allowed = allowed

    def offer(self, name: str, content: bytes, expected: tuple[str, ...]) -> str:
        if not self._allowed:
            raise FetchFailed("the line is broken")
        self._allowed -= 1
        return super().offer(name, content, expected)


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"\xff", b"[]", b"[" * 60_000, b'{"title":"x"}', b'{"code":7}', b'{"code":"\\u001b[2Jspoof"}'],
)
def test_answer_that_is_no_problem_document(body: bytes) -> None:
    """A proxy's page is an error all the same."""

    def proxy(_environ: object, start: object) -> list[bytes]:
        start("502 Bad Gateway", [("Content-Length", str(len(body)))])  # type: ignore[operator]
        return [body]

    with served(proxy) as url, pytest.raises(FetchFailed, match=r"answers 502 $"):  # type: ignore[arg-type]
        MirrorClient(url, MEMBER, Fetcher()).put("status", b"x")


def test_only_what_the_mirror_took_counts_as_published(member: Member) -> None:
    """The alarm on withdrawals that wait must not be silenced by an attempt."""
    store = member.issuer.store
    with pytest.raises(FetchFailed):
        member.publishing_with(PemSigner(member.issuer.private_key, member.issuer.key.kid)).publish(NOW)
    assert overview(store, NOW).published_at is None
    member.publication.publish(NOW)
    assert overview(store, NOW).published_at == NOW
