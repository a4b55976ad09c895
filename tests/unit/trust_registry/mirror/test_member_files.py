"""What a member may put on the mirror, and what is refused there before it reaches a gate."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from credentials.base64url import to_base64url
from credentials.errors import (
    AheadOfTime,
    ChainForked,
    Conflict,
    InvalidRequest,
    IssuerMismatch,
    KeyDenied,
    KeyNotActive,
    KeyUseMismatch,
    Malformed,
    QuotaExceeded,
    SegmentBackdated,
    SegmentMissing,
    SegmentRepeated,
    SequenceNotNewer,
    TooLarge,
    UnknownKey,
    WrongSignature,
)
from credentials.foreign.document import FOREIGN_KEYS_TYPE, document_of, sign_foreign_keys
from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from credentials.signing import PemSigner
from credentials.status import segment as segments
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot, seal
from credentials.status.token import TYP, StatusToken, make_token
from credentials.wire import jws
from tests.dcc import key as foreign_key
from tests.doubles.writers import Stopped
from tests.unit.credentials.status.chained import Told
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from trust_registry.client.members.news import MemberNews, read_news
from trust_registry.mirror import member_files, shelf
from trust_registry.mirror.offered import MAX_STATUS_FILE_BYTES
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.storage.ports import MemberFileRecord

pytestmark = pytest.mark.enrolled("CN-41", "CN-44")

DAY = 24 * 3600


def signer_for(registry: FoundedRegistry, use: str, member: str = "CN-41") -> PemSigner:
    province = registry.province(member)
    return province.signer(next(key.kid for key in province.state().keys if key.use == use))


def status(
    registry: FoundedRegistry,
    sequence: int,
    *,
    use: str = "status",
    member: str = "CN-41",
    owner: str = "",
    head: bytes = bytes(32),
    lists: dict[int, StatusList] | None = None,
    as_of: int = NOW,
) -> bytes:
    if lists is None:
        lists = {0: StatusList.of(0, NOW + DAY, [1, 5])}
    snapshot = StatusSnapshot(member, sequence, as_of, as_of + 3600, lists, head)
    return seal(snapshot, signer_for(registry, use, owner or member))


def token(registry: FoundedRegistry, subject: str, issued_at: int = NOW) -> bytes:
    content = StatusToken(subject, issued_at, issued_at + DAY, 300, array("I", [7]))
    return make_token(content, signer_for(registry, "status")).encode()


def rules(registry: FoundedRegistry) -> bytes:
    return sign_rule_set(template("CN-41", 48), signer_for(registry, "rules")).encode()


def put_status(registry: FoundedRegistry, content: bytes, member: str = "CN-41", now: int = NOW) -> MemberFileRecord:
    publication = registry.publication
    return member_files.accept_status(publication.storage, publication.mirror, member, content, now)


def put_token(registry: FoundedRegistry, number: int, content: bytes) -> MemberFileRecord:
    publication = registry.publication
    return member_files.accept_token_list(publication.storage, publication.mirror, "CN-41", number, content, NOW)


def test_status_is_put_and_replaced_by_newer_only(registry: FoundedRegistry) -> None:
    """An old status served again would bring withdrawn codes back to life."""
    first, second = status(registry, 1), status(registry, 2)
    assert put_status(registry, first).sequence == 1
    assert put_status(registry, second).sequence == 2
    assert registry.mirror.read("members/CN-41/status.cose") == second
    with pytest.raises(SequenceNotNewer):
        put_status(registry, first)
    assert registry.mirror.read("members/CN-41/status.cose") == second


def test_retry_of_the_same_file_is_taken(registry: FoundedRegistry) -> None:
    """A member whose answer was lost sends it again; another file under the same sequence is a fork."""
    content = status(registry, 1)
    assert put_status(registry, content) == put_status(registry, content, now=NOW + 5)
    assert put_status(registry, status(registry, 1)).received_at == NOW
    with pytest.raises(Conflict):
        put_status(registry, status(registry, 1, lists={}))


@pytest.mark.parametrize(
    ("changes", "member", "error"),
    [
        ({"use": "rules"}, "CN-41", KeyUseMismatch),
        ({"owner": "CN-44"}, "CN-41", IssuerMismatch),
        ({}, "CN-44", IssuerMismatch),
        ({}, "CN-33", IssuerMismatch),
        ({"member": "CN-44", "owner": "CN-41"}, "CN-41", IssuerMismatch),
    ],
)
def test_only_the_members_own_status_key_counts(
    registry: FoundedRegistry, changes: dict[str, Any], member: str, error: type[Exception]
) -> None:
    """A member who writes another's withdrawals could blacken a whole province (hcert-spec #52)."""
    with pytest.raises(error):
        put_status(registry, status(registry, 1, **changes), member)


def test_tampered_and_oversize_files_are_refused(registry: FoundedRegistry) -> None:
    """Garbage ends before it costs anything, and a flipped bit is seen."""
    content = status(registry, 1)
    with pytest.raises(WrongSignature):
        put_status(registry, content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Malformed):
        put_status(registry, b"garbage")
    with pytest.raises(TooLarge):
        put_status(registry, bytes(MAX_STATUS_FILE_BYTES + 1))


def test_unknown_inactive_and_denied_keys_are_refused(registry: FoundedRegistry) -> None:
    """The registry's list decides who may publish, and when."""
    stranger = FoundedRegistry(registry.folder.parent / "elsewhere")
    with pytest.raises(UnknownKey):
        put_status(registry, status(stranger, 1))
    with pytest.raises(KeyNotActive):
        put_status(registry, status(registry, 1), now=NOW + 400 * DAY)
    kid = signer_for(registry, "status").kid.hex()
    _deny(registry, kid)
    with pytest.raises(KeyDenied):
        put_status(registry, status(registry, 1))


def test_thief_of_a_status_key_cannot_block_the_member_for_ever(registry: FoundedRegistry) -> None:
    """A stolen key publishes the highest sequence; once it is denied the member's next file must count."""
    put_status(registry, status(registry, 2**50))
    province = registry.province()
    old = signer_for(registry, "status").kid.hex()
    _deny(registry, old)
    province.drop_key(old)
    province.add_key("status", NOW)
    registry.enrol("CN-41")
    assert put_status(registry, status(registry, 7)).sequence == 7


def test_rules_are_put(registry: FoundedRegistry) -> None:
    """Gates of the member judge by them."""
    compact = rules(registry)
    publication = registry.publication
    record = member_files.accept_rules(publication.storage, publication.mirror, "CN-41", compact, NOW)
    assert (record.name, record.sequence) == ("rules.jws", 1)
    assert registry.mirror.read("members/CN-41/rules.jws") == compact


def foreign_keys(registry: FoundedRegistry, sequence: int = 1, use: str = "rules", member: str = "CN-41") -> bytes:
    document = document_of(member, sequence, NOW, [foreign_key(not_before=sequence)])
    return sign_foreign_keys(document, signer_for(registry, use)).encode()


def test_a_list_of_foreign_keys_is_put_and_told(registry: FoundedRegistry) -> None:
    """Gates of the member read foreign cards by it; an older one, and what is none, stays outside."""
    publication = registry.publication

    def put(content: bytes) -> MemberFileRecord:
        return member_files.accept_foreign_keys(publication.storage, publication.mirror, "CN-41", content, NOW)

    record = put(foreign_keys(registry, 3))
    assert (record.name, record.sequence) == ("foreign-keys.jws", 3)
    assert put(foreign_keys(registry, 3)).sequence == 3
    assert read_news(registry.mirror.read("news.json") or b"")["CN-41"].foreign_keys == 3
    other = document_of("CN-41", 3, NOW, [foreign_key("DE")])
    for content, error in (
        (foreign_keys(registry, 2), SequenceNotNewer),
        (sign_foreign_keys(other, signer_for(registry, "rules")).encode(), Conflict),
        (foreign_keys(registry, 4, use="status"), KeyUseMismatch),
        (foreign_keys(registry, 4, member="CN-44"), IssuerMismatch),
        (rules(registry), Malformed),
        (
            jws.sign({"member": "CN-41", "sequence": "x"}, signer_for(registry, "rules"), FOREIGN_KEYS_TYPE).encode(),
            Malformed,
        ),
        (b"no list", Malformed),
    ):
        with pytest.raises(error):
            put(content)


def test_token_lists_are_bound_to_their_number(registry: FoundedRegistry) -> None:
    """Else anybody could lay one list of a member over another and revive its codes."""
    uri = f"{AUDIENCE}/mirror/members/CN-41/token-status-lists"
    assert put_token(registry, 3, token(registry, f"{uri}/3.jwt")).name == "token-status-lists/3.jwt"
    assert put_token(registry, 4, token(registry, f"{uri}/4")).sequence == NOW
    with pytest.raises(Malformed, match="number"):
        put_token(registry, 5, token(registry, f"{uri}/3.jwt", NOW + 1))
    with pytest.raises(SequenceNotNewer):
        put_token(registry, 3, token(registry, f"{uri}/3.jwt", NOW - 1))
    with pytest.raises(Malformed):
        put_token(registry, 3, "令牌".encode())
    with pytest.raises(InvalidRequest):
        put_token(registry, 65_536, token(registry, f"{uri}/65536.jwt"))


def test_quota(registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """One member must not fill the mirror, and with it every gate's disk."""
    put_status(registry, status(registry, 1))
    put_status(registry, status(registry, 2))
    monkeypatch.setattr(shelf, "MAX_FILES", 1)
    with pytest.raises(QuotaExceeded):
        put_token(registry, 3, token(registry, "https://registry.example/3"))
    put_status(registry, status(registry, 3))
    monkeypatch.setattr(shelf, "MAX_MEMBER_BYTES", 10)
    with pytest.raises(QuotaExceeded):
        put_status(registry, status(registry, 4))


def test_stop_before_the_write_loses_nothing(registry: FoundedRegistry) -> None:
    """A process killed while a member publishes: the old file stands, and the retry is taken (case 47)."""
    first, second = status(registry, 1), status(registry, 2)
    put_status(registry, first)
    registry.writer.stop_before = 0
    with pytest.raises(Stopped):
        put_status(registry, second)
    assert registry.mirror.read("members/CN-41/status.cose") == first
    registry.writer.stop_before = None
    assert put_status(registry, second).sequence == 2


def _deny(registry: FoundedRegistry, kid: str) -> None:
    request = sign_request(registry.province().root_signer(), kid, "compromised", AUDIENCE, NOW)
    deny(registry.publication, request, NOW)


class Chain:
    """Henan's chain as its issuer brings it."""

    def __init__(self, registry: FoundedRegistry) -> None:
        self.registry, self.told = registry, Told("CN-41", NOW)

    def put(self, made: Segment, *, use: str = "status", owner: str = "CN-41", now: int = NOW) -> MemberFileRecord:
        content = segments.seal(made, signer_for(self.registry, use, owner))
        return self.put_bytes(made.number, content, now)

    def put_bytes(self, number: int, content: bytes, now: int = NOW) -> MemberFileRecord:
        publication = self.registry.publication
        return member_files.accept_segment(publication.storage, publication.mirror, "CN-41", number, content, now)

    def put_snapshot(self, at: int = -1) -> MemberFileRecord:
        return put_status(self.registry, seal(self.told.snapshots[at], signer_for(self.registry, "status")))

    def news(self) -> MemberNews:
        return read_news(self.registry.mirror.read("news.json") or b"")["CN-41"]

    def is_there(self, number: int) -> bool:
        return self.registry.mirror.read(f"members/CN-41/segments/{number}.cose") is not None


@pytest.fixture
def chain(registry: FoundedRegistry) -> Chain:
    chain = Chain(registry)
    chain.put(chain.told.segments[0])
    return chain


def test_segments_are_taken_in_order(chain: Chain) -> None:
    """A gap on the mirror would be a gap at every gate."""
    made = [chain.told.next(number) for number in range(3)]
    with pytest.raises(SegmentMissing):
        chain.put(made[1])
    for each in made:
        assert chain.put(each).sequence == each.number
    assert chain.news() == MemberNews(segment=4, snapshot=0, rules=())
    chain.put_snapshot()
    assert chain.news() == MemberNews(segment=4, snapshot=4, rules=())


def test_first_segment_must_be_the_first(registry: FoundedRegistry) -> None:
    """Without a snapshot nobody could follow from the middle."""
    chain = Chain(registry)
    with pytest.raises(SegmentMissing):
        chain.put(chain.told.next(5))


def test_repeated_segment_is_the_same_or_a_fork(chain: Chain) -> None:
    """A lost answer makes a member send it again, with another signature; another content is another story."""
    made = chain.told.next(5)
    record = chain.put(made)
    assert chain.put(made, now=NOW + 5) == record
    for other in (chain.told.another(6), replace(chain.told.next(7), previous=chain.told.another(6).digest)):
        with pytest.raises(ChainForked):
            chain.put(other)


def test_snapshot_must_stand_at_the_segment_held(chain: Chain) -> None:
    """Gates would see a fork; the member must see it first."""
    chain.put(chain.told.next(5))
    told = replace(chain.told.snapshot, head=bytes(32))
    with pytest.raises(ChainForked):
        put_status(chain.registry, seal(told, signer_for(chain.registry, "status")))
    chain.put_snapshot()


def test_chain_goes_on_from_a_snapshot(chain: Chain) -> None:
    """A registry that lost its disk, or whose member lost its line for long, begins again at the snapshot."""
    for number in range(3):
        chain.told.next(number)
    chain.put_snapshot()
    assert not chain.is_there(1)
    with pytest.raises(SegmentRepeated):
        chain.put(chain.told.segments[2])
    with pytest.raises(ChainForked):
        chain.put(replace(chain.told.next(9), previous=bytes([1]) * 32))
    chain.put(chain.told.segments[-1])
    assert chain.news() == MemberNews(segment=5, snapshot=4, rules=())


def test_old_segments_are_removed(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror keeps what gates a little behind still follow, and no more."""
    monkeypatch.setattr(member_files, "SEGMENTS_BEHIND", 1)
    for number in range(3):
        chain.put(chain.told.next(number))
    chain.put_snapshot(-2)
    assert [chain.is_there(number) for number in (1, 2, 3, 4)] == [False, False, True, True]
    monkeypatch.setattr(member_files, "MAX_SEGMENTS", 2)
    with pytest.raises(QuotaExceeded):
        chain.put(chain.told.next(7))


def test_a_snapshot_for_which_there_is_no_room_takes_nothing_away(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gates that were behind found neither the segments that it would have replaced nor the snapshot."""
    chain.put(chain.told.next(5))
    news = chain.news()
    monkeypatch.setattr(member_files, "SEGMENTS_BEHIND", 0)
    monkeypatch.setattr(shelf, "MAX_MEMBER_BYTES", 10)
    with pytest.raises(QuotaExceeded):
        chain.put_snapshot()
    assert chain.is_there(1) and chain.is_there(2) and chain.news() == news
    monkeypatch.undo()
    monkeypatch.setattr(member_files, "SEGMENTS_BEHIND", 0)
    chain.put_snapshot()
    assert not chain.is_there(1) and not chain.is_there(2)


def test_future_segments_and_snapshots_are_refused(chain: Chain) -> None:
    """They would look fresh for too long at every gate."""
    made = chain.told.next(5, after=61)
    with pytest.raises(AheadOfTime):
        chain.put(made)
    with pytest.raises(AheadOfTime):
        chain.put_snapshot()
    chain.put(made, now=NOW + 1)


@pytest.mark.parametrize(
    ("changes", "error"), [({"use": "rules"}, KeyUseMismatch), ({"owner": "CN-44"}, IssuerMismatch)]
)
def test_only_the_members_own_key_makes_segments(chain: Chain, changes: dict[str, str], error: type[Exception]) -> None:
    """A neighbour could withdraw a whole province's codes."""
    with pytest.raises(error):
        chain.put(chain.told.next(5), **changes)  # type: ignore[arg-type]


def test_rubbish_and_giants_are_refused(chain: Chain) -> None:
    """100 MB, half a file, another number than the address says."""
    content = segments.seal(chain.told.next(5), signer_for(chain.registry, "status"))
    for number, wrong, error in (
        (2, bytes(2**20 + 1), TooLarge),
        (2, content[: len(content) // 2], Malformed),
        (3, content, Malformed),
        (0, content, Malformed),
        (2, content[:-1] + bytes([content[-1] ^ 1]), WrongSignature),
    ):
        with pytest.raises(error):
            chain.put_bytes(number, wrong)
    assert not chain.is_there(2)


def test_thief_of_a_status_key_cannot_end_the_chain(chain: Chain) -> None:
    """What the denied key put at the end goes, and the member goes on from its own snapshot with its new key."""
    chain.put_snapshot()
    chain.put(chain.told.next(666))
    thief = chain.told.segments.pop()
    chain.told.snapshots.pop()
    province, old = chain.registry.province(), signer_for(chain.registry, "status").kid.hex()
    _deny(chain.registry, old)
    province.drop_key(old)
    province.add_key("status", NOW)
    chain.registry.enrol("CN-41")
    chain.told.next(5)
    with pytest.raises(SegmentMissing):
        chain.put(chain.told.segments[-1])
    assert chain.put_snapshot().sequence == 2
    assert not chain.is_there(thief.number)
    chain.put(chain.told.next(6))


def test_retired_token_lists_are_removed(chain: Chain) -> None:
    """Outsiders must not find a list whose codes have all expired."""
    uri = f"{AUDIENCE}/mirror/members/CN-41/token-status-lists"
    for number in (2, 3):
        put_token(chain.registry, number, token(chain.registry, f"{uri}/{number}.jwt"))
    chain.put_snapshot()
    names = [chain.registry.mirror.read(f"members/CN-41/token-status-lists/{number}.jwt") for number in (2, 3)]
    assert [name is not None for name in names] == [False, True]


def test_bomb_in_a_token_list(chain: Chain) -> None:
    """A kilobyte that inflates to a megabyte is refused before it is inflated."""
    uri = f"{AUDIENCE}/mirror/members/CN-41/token-status-lists/3.jwt"
    bomb = to_base64url(zlib.compress(bytes(2**24), 9))
    claims = {"sub": uri, "iat": NOW, "exp": NOW + DAY, "ttl": 300, "status_list": {"bits": 1, "lst": bomb}}
    content = jws.sign(claims, signer_for(chain.registry, "status"), TYP).encode()
    with pytest.raises(TooLarge):
        put_token(chain.registry, 3, content)


def test_rules_in_force_stay_beside_those_to_come(registry: FoundedRegistry) -> None:
    """A gate that begins while tomorrow's rules are already published needs today's."""

    def put(sequence: int, valid_from: int, now: int = NOW) -> None:
        previous = None if sequence == 1 else "0" * 64
        document = template("CN-41", 48, sequence=sequence, previous=previous, valid_from=valid_from)
        content = sign_rule_set(document, signer_for(registry, "rules")).encode()
        publication = registry.publication
        for _ in range(2):
            member_files.accept_rules(publication.storage, publication.mirror, "CN-41", content, now)

    def there() -> list[int]:
        return [n for n in range(1, 6) if registry.mirror.read(f"members/CN-41/rules/{n}.jws")]

    put(1, NOW - 9 * DAY)
    put(2, NOW + DAY)
    put(3, NOW + 2 * DAY)
    assert there() == [1, 2, 3]
    assert read_news(registry.mirror.read("news.json") or b"")["CN-41"].rules == (1, 2, 3)
    put(4, NOW + 2 * DAY)
    assert there() == [1, 2, 4]
    put(5, NOW + 3 * DAY, NOW + 3 * DAY)
    assert there() == [4, 5]


def test_news_of_other_members_stays(chain: Chain) -> None:
    """Each member's files tell of that member alone; a damaged file of news is made anew."""
    put_status(chain.registry, status(chain.registry, 3, member="CN-44"), "CN-44")
    assert chain.news() == MemberNews(segment=1, snapshot=0, rules=())
    chain.registry.mirror_folder.joinpath("news.json").write_bytes(b"{")
    chain.put(chain.told.next(5))
    assert chain.news() == MemberNews(segment=2, snapshot=0, rules=())


def test_a_segment_as_of_an_earlier_time_is_refused_here_too(chain: Chain) -> None:
    """Every gate refuses it; a mirror that took it would end the member's chain."""
    chain.put(chain.told.next(5, after=30), now=NOW + 30)
    with pytest.raises(SegmentBackdated):
        chain.put(replace(chain.told.next(6), as_of=NOW + 29), now=NOW + 60)


@pytest.mark.parametrize("ahead", [1, 7])
def test_a_snapshot_ahead_in_number_and_behind_in_time_is_refused(chain: Chain, ahead: int) -> None:
    """The next one, or far ahead: gates that hold the segment could never take it."""
    chain.put(chain.told.next(5))
    told = replace(chain.told.snapshot, sequence=2 + ahead, as_of=NOW - 1, head=bytes(32))
    with pytest.raises(SegmentBackdated):
        put_status(chain.registry, seal(told, signer_for(chain.registry, "status")))


def test_a_snapshot_later_than_the_segment_after_it_is_refused(chain: Chain) -> None:
    """It says that all up to then is in it, which the next segment denies."""
    chain.put(chain.told.next(5))
    behind = replace(chain.told.snapshots[0], as_of=NOW + 30, expires_at=NOW + DAY)
    with pytest.raises(SegmentBackdated):
        put_status(chain.registry, seal(behind, signer_for(chain.registry, "status")), now=NOW + 30)


def test_a_trust_list_that_changes_meanwhile_is_asked_again(registry: FoundedRegistry) -> None:
    """A key that is denied while its file is being read must not bring it in."""
    kid = signer_for(registry, "status").kid.hex()

    @contextmanager
    def denied_meanwhile(_member: str) -> Iterator[None]:
        _deny(registry, kid)
        yield

    publication = registry.publication
    with pytest.raises(KeyDenied):
        member_files.accept_status(
            publication.storage, publication.mirror, "CN-41", status(registry, 1), NOW, denied_meanwhile
        )
    assert registry.mirror.read("members/CN-41/status.cose") is None
