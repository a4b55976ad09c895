from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.errors import (
    IssuerMismatch,
    KeyDenied,
    KeyNotActive,
    KeyUseMismatch,
    Malformed,
    MemberChanged,
    SequenceNotNewer,
    StorageFull,
    TongxingError,
    TooLarge,
    UnknownKey,
    WrongSignature,
)
from credentials.profile.limits import MAX_JWS_CHARACTERS
from credentials.recognition.authoring.template import template
from credentials.recognition.document import sign_rule_set
from credentials.status.snapshot import StatusList, StatusSnapshot, seal
from service_kit.fetch import Fetcher
from tests.unit.trust_registry.client.trust.test_repository import verify
from tests.unit.trust_registry.published import DAY, HOUR, YEAR, Province, Published
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.members.failure import MAX_DETAIL_CHARACTERS, Failure
from trust_registry.client.members.member_files import read_member_file
from trust_registry.client.members.mirror import MemberMirror
from trust_registry.client.trust.pins import NOTHING_SEEN
from trust_registry.client.trust.snapshot import TrustSnapshot, build_snapshot

NOW = 1_669_000_000
PATIENCE = 5.0
STATUS = "members/CN-41/status.cose"
RULES = "members/CN-41/rules.jws"


def status_file(province: Province, sequence: int = 1, *, member: str = "", use: str = "status") -> bytes:
    withdrawn = StatusList.of(3, NOW + DAY, range(min(sequence, 9)))
    snapshot = StatusSnapshot(member or province.id, sequence, NOW, NOW + HOUR, {3: withdrawn})
    return seal(snapshot, province.signer(use))


def rules_file(province: Province, sequence: int = 1, valid_from: int = NOW, **changes: object) -> bytes:
    previous = None if sequence == 1 else "0" * 64
    document = template(province.id, 48, sequence=sequence, previous=previous, valid_from=valid_from)
    return sign_rule_set({**document, **changes}, province.signer("rules")).encode()


@pytest.fixture
def published() -> Published:
    published = Published(NOW)
    for province in published.provinces:
        published.files[f"members/{province.id}/status.cose"] = status_file(province)
        published.files[f"members/{province.id}/rules.jws"] = rules_file(province)
    return published


@pytest.fixture
def henan(published: Published) -> Province:
    return published.provinces[0]


@pytest.fixture
def served(published: Published) -> Iterator[Serving]:
    with serving(published.files) as served:
        yield served


@pytest.fixture
def mirror(served: Serving, tmp_path: Path) -> Iterator[MemberMirror]:
    mirror = MemberMirror(tmp_path, served.url, Fetcher())
    yield mirror
    mirror.close()


def trusted(published: Published) -> TrustSnapshot:
    return build_snapshot(verify(published), NOTHING_SEEN, NOW)[0]


def test_fetches_and_verifies_the_files_of_all_members(mirror: MemberMirror, published: Published) -> None:
    """A gate must know every province's withdrawals before the first traveller comes."""
    trust = trusted(published)
    assert mirror.sync(trust, NOW, PATIENCE) == ()
    for state in mirror.state(trust).values():
        assert state.status is not None
        assert list(state.status.lists[3].withdrawn) == [0]
        assert [rules.sequence for rules in state.rules] == [1]
        assert (state.status_synced_at, state.rules_synced_at, state.failures) == (NOW, NOW, ())


def test_what_has_not_changed_is_not_sent_again(mirror: MemberMirror, published: Published, tmp_path: Path) -> None:
    """Asked every minute by every gate, a mirror answers most with a line; and a gate's disk stays quiet."""
    trust = trusted(published)
    mirror.sync(trust, NOW, PATIENCE)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    mirror.sync(trust, NOW + 60, PATIENCE)
    assert mirror.state(trust)["CN-41"].status_synced_at == NOW + 60
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_newer_file_replaces_the_older(mirror: MemberMirror, published: Published, henan: Province) -> None:
    """A withdrawal must reach the gates."""
    trust = trusted(published)
    mirror.sync(trust, NOW, PATIENCE)
    published.files[STATUS] = status_file(henan, 2)
    mirror.sync(trust, NOW + 60, PATIENCE)
    status = mirror.state(trust)["CN-41"].status
    assert status is not None
    assert status.sequence == 2


def test_what_was_verified_is_there_after_a_restart(
    mirror: MemberMirror, served: Serving, published: Published, tmp_path: Path
) -> None:
    """A gate that starts without network checks withdrawals from what it has."""
    trust = trusted(published)
    mirror.sync(trust, NOW, PATIENCE)
    again = MemberMirror(tmp_path, served.url, Fetcher())
    again.load(trust, NOW)
    held, kept = mirror.state(trust)["CN-41"], again.state(trust)["CN-41"]
    assert (kept.status, kept.status_synced_at, kept.rules_synced_at) == (held.status, NOW, NOW)
    assert [rules.digest for rules in kept.rules] == [rules.digest for rules in held.rules]
    served.asked.clear()
    again.sync(trust, NOW + 60, PATIENCE)
    again.close()
    assert again.state(trust)["CN-44"].rules_synced_at == NOW + 60
    # The news, which this mirror has not got; of each member the next segment, two files that have not changed, and the
    # list of foreign keys, which neither has.
    assert len(served.asked) == 9


@pytest.mark.parametrize(
    "fault", ["half", "broken", "gone", "tampered", "rubbish", "older", "other member's", "forked"]
)
def test_a_bad_answer_changes_nothing_and_is_reported(
    mirror: MemberMirror, served: Serving, published: Published, henan: Province, fault: str
) -> None:
    """The old verified state stays, its time does not move, and somebody is told."""
    trust = trusted(published)
    published.files[STATUS] = status_file(henan, 5)
    mirror.sync(trust, NOW, PATIENCE)
    newer = status_file(henan, 6)
    published.files[STATUS] = {
        "tampered": newer[:-1] + bytes([newer[-1] ^ 1]),
        "rubbish": b"<html>",
        "older": status_file(henan, 4),
        "other member's": published.files["members/CN-44/status.cose"],
        "forked": seal(StatusSnapshot("CN-41", 5, NOW, NOW + HOUR, {}), henan.signer("status")),
    }.get(fault, newer)
    if fault in ("half", "broken"):
        getattr(served, fault).add(STATUS)
    if fault == "gone":
        del published.files[STATUS]
    failures = mirror.sync(trust, NOW + 60, PATIENCE)
    assert [(failure.member, failure.file, failure.at) for failure in failures] == [("CN-41", "status.cose", NOW + 60)]
    state = mirror.state(trust)["CN-41"]
    assert state.status is not None
    assert (state.status.sequence, state.status_synced_at, state.failures) == (5, NOW, failures)
    assert state.rules_synced_at == NOW + 60
    assert mirror.state(trust)["CN-44"].status_synced_at == NOW + 60


def test_a_failure_is_forgotten_once_it_is_healed(mirror: MemberMirror, served: Serving, published: Published) -> None:
    """An alarm that never goes out is not read."""
    trust = trusted(published)
    served.broken.add(RULES)
    assert [failure.file for failure in mirror.sync(trust, NOW, PATIENCE)] == ["rules.jws"]
    served.broken.clear()
    assert mirror.sync(trust, NOW, PATIENCE) == ()


def test_a_slow_member_delays_nobody(mirror: MemberMirror, served: Serving, published: Published) -> None:
    """One province's giant or stuck file must not age the other thirty-three."""
    trust = trusted(published)
    served.held_back.add(STATUS)
    mirror.sync(trust, NOW, 5)
    state = mirror.state(trust)
    assert state["CN-41"].status is None
    assert state["CN-44"].status_synced_at == NOW
    mirror.sync(trust, NOW + 1, 0.1)
    assert served.asked.count(STATUS) == 1
    served.go.set()
    served.held_back.clear()
    mirror.sync(trust, NOW + 2, PATIENCE)
    assert mirror.state(trust)["CN-41"].status is not None


def test_a_denied_key_takes_its_files_along(mirror: MemberMirror, published: Published, henan: Province) -> None:
    """A denied kid verifies nothing: not even the withdrawals fetched an hour ago."""
    mirror.sync(trusted(published), NOW, PATIENCE)
    published.deny(henan.signer("status").kid)
    published.publish()
    trust = trusted(published)
    assert mirror.state(trust)["CN-41"].status is None
    assert mirror.state(trust)["CN-41"].rules


def test_a_thief_cannot_spend_the_sequences(mirror: MemberMirror, published: Published, henan: Province) -> None:
    """A stolen key signs the highest sequence there is; once it is denied, the member goes on from its own."""
    published.files[STATUS] = status_file(henan, 2**31)
    mirror.sync(trusted(published), NOW, PATIENCE)
    published.deny(henan.signer("status").kid)
    henan.signers.remove(("status", henan.signer("status")))
    henan.add_key("status")
    henan.next_statement()
    published.publish()
    published.files[STATUS] = status_file(henan, 2)
    trust = trusted(published)
    assert mirror.sync(trust, NOW, PATIENCE) == ()
    status = mirror.state(trust)["CN-41"].status
    assert status is not None
    assert status.sequence == 2


def test_rules_for_later_do_not_displace_those_in_force(
    mirror: MemberMirror, served: Serving, published: Published, henan: Province, tmp_path: Path
) -> None:
    """Clients hold the current and the future version, over corrections of the future one and over a restart."""
    trust = trusted(published)
    mirror.sync(trust, NOW, PATIENCE)
    for sequence in (2, 3):
        published.files[RULES] = rules_file(henan, sequence, NOW + DAY)
        mirror.sync(trust, NOW + sequence, PATIENCE)
        assert [rules.sequence for rules in mirror.state(trust)["CN-41"].rules] == [1, sequence]
    again = MemberMirror(tmp_path, served.url, Fetcher())
    again.load(trust, NOW)
    again.close()
    assert [rules.sequence for rules in again.state(trust)["CN-41"].rules] == [1, 3]


def test_damage_on_disk_costs_a_fetch(
    mirror: MemberMirror, served: Serving, published: Published, tmp_path: Path
) -> None:
    """What is read at start is verified again; what does not hold is told and fetched anew."""
    trust = trusted(published)
    mirror.sync(trust, NOW, PATIENCE)
    (tmp_path / "CN-41" / "status.cose").write_bytes(b"rubbish")
    (tmp_path / "CN-41" / "rules" / "2.jws").write_bytes(b"rubbish")
    (tmp_path / "CN-41" / "rules.sync.json").write_bytes(b"[1]")
    (tmp_path / "CN-44" / "status.sync.json").unlink()
    (tmp_path / "CN-44" / "rules" / "1.jws").unlink()
    (tmp_path / "CN-44" / "rules" / "1.jws").mkdir()
    again = MemberMirror(tmp_path, served.url, Fetcher())
    again.load(trust, NOW)
    assert again.state(trust)["CN-41"].status is None
    assert again.state(trust)["CN-44"].status_synced_at == 0
    assert {failure.code for failure in again.failures()} == {"malformed", "storage-unavailable"}
    assert [rules.sequence for rules in again.state(trust)["CN-41"].rules] == [1]
    (tmp_path / "CN-44" / "rules" / "1.jws").rmdir()
    assert again.sync(trust, NOW, PATIENCE) == ()
    again.close()


def test_a_record_that_says_odd_things_is_ignored(
    mirror: MemberMirror, served: Serving, published: Published, tmp_path: Path
) -> None:
    """It is a convenience, not a truth."""
    trust = trusted(published)
    mirror.sync(trust, NOW, PATIENCE)
    (tmp_path / "CN-41" / "status.sync.json").write_bytes(b'{"etag":7,"synced_at":"now"}')
    again = MemberMirror(tmp_path, served.url, Fetcher())
    again.load(trust, NOW)
    assert again.state(trust)["CN-41"].status_synced_at == 0
    assert again.sync(trust, NOW, PATIENCE) == ()
    again.close()


def test_a_full_disk_is_reported_and_nothing_is_half(
    mirror: MemberMirror, published: Published, henan: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be kept durably does not count as had."""
    trust = trusted(published)
    mirror.sync(trust, NOW, PATIENCE)
    published.files[STATUS] = status_file(henan, 2)

    def full(path: Path, data: bytes) -> None:
        raise StorageFull

    monkeypatch.setattr("trust_registry.client.members.folder.write_atomic", full)
    assert [failure.code for failure in mirror.sync(trust, NOW + 60, PATIENCE)] == ["storage-full"]
    status = mirror.state(trust)["CN-41"].status
    assert status is not None
    assert status.sequence == 1


def test_files_of_a_bundle_pass_the_same_checks(mirror: MemberMirror, published: Published, henan: Province) -> None:
    """The carrier of a stick is believed as little as a mirror."""
    trust = trusted(published)
    mirror.accept("CN-41", "status.cose", status_file(henan, 2), trust, NOW)
    mirror.accept("CN-41", "status.cose", status_file(henan, 2), trust, NOW + 1)
    assert mirror.state(trust)["CN-41"].status_synced_at == NOW + 1
    with pytest.raises(SequenceNotNewer):
        mirror.accept("CN-41", "status.cose", status_file(henan, 1), trust, NOW)
    with pytest.raises(WrongSignature):
        mirror.accept("CN-41", "rules.jws", rules_file(henan)[:-8] + b"AAAAAAAA", trust, NOW)


def test_only_the_right_key_signs_a_file(published: Published, henan: Province) -> None:
    """Each refusal by its own name: the province must find out which of its machines is wrong."""
    guangdong = published.provinces[1]
    stranger = Province("CN-33", 330_000, NOW)
    published.deny(guangdong.signer("rules").kid)
    published.publish()
    trust = trusted(published)
    cases: list[tuple[type[TongxingError], str, bytes, str]] = [
        (UnknownKey, "status.cose", status_file(stranger), "CN-41"),
        (IssuerMismatch, "status.cose", status_file(guangdong), "CN-41"),
        (IssuerMismatch, "status.cose", status_file(henan, member="CN-44"), "CN-41"),
        (KeyUseMismatch, "status.cose", status_file(henan, use="rules"), "CN-41"),
        (KeyDenied, "rules.jws", rules_file(guangdong), "CN-44"),
        (Malformed, "rules.jws", "规则".encode(), "CN-41"),
        (TooLarge, "rules.jws", b"." * (MAX_JWS_CHARACTERS + 1), "CN-41"),
    ]
    for expected, name, data, member in cases:
        with pytest.raises(expected):
            read_member_file(name, data, member, trust)


def test_a_new_file_needs_an_active_key(mirror: MemberMirror, published: Published, henan: Province) -> None:
    """A retired key may have leaked; what it signed before stays, what comes after does not count."""
    trust = trusted(published)
    old = status_file(henan)
    mirror.accept("CN-41", "status.cose", old, trust, NOW)
    with pytest.raises(KeyNotActive):
        mirror.accept("CN-41", "status.cose", status_file(henan, 2), trust, NOW + YEAR)
    with pytest.raises(KeyNotActive):
        mirror.accept("CN-41", "status.cose", status_file(henan, 2), trust, NOW - 2 * DAY)
    mirror.accept("CN-41", "status.cose", old, trust, NOW + YEAR)


def test_a_member_that_has_just_changed_brings_nothing_new(
    mirror: MemberMirror, published: Published, henan: Province
) -> None:
    """Whoever took a member over must not be able to clear its withdrawals either."""
    trust, pins = build_snapshot(verify(published), NOTHING_SEEN, NOW)
    henan.replace_root(signed_by_old=False)
    published.publish()
    trust, _ = build_snapshot(verify(published), pins, NOW)
    with pytest.raises(MemberChanged):
        mirror.accept("CN-41", "status.cose", status_file(henan), trust, NOW)


def test_one_members_unexpected_fault_does_not_end_the_round(
    mirror: MemberMirror, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours that one file brings out must leave all others their news, and be seen."""

    def broken(name: str, data: bytes, member: str, trust: TrustSnapshot) -> object:
        if member == "CN-41":
            raise ZeroDivisionError(member)
        return read_member_file(name, data, member, trust)

    monkeypatch.setattr("trust_registry.client.members.status_keeping.read_member_file", broken)
    trust = trusted(published)
    assert [(each.member, each.code) for each in mirror.sync(trust, NOW, PATIENCE)] == [("CN-41", "unexpected")]
    assert mirror.state(trust)["CN-44"].status is not None


def test_a_round_has_its_share_of_bytes(
    mirror: MemberMirror, published: Published, henan: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror that serves without end must not keep a gate's line busy all day; the next round goes on."""
    monkeypatch.setattr("trust_registry.client.members.fetching.MAX_ROUND_BYTES", 100)
    assert {each.code for each in mirror.sync(trusted(published), NOW, PATIENCE)} == {"fetch-too-large"}
    monkeypatch.undo()
    assert mirror.sync(trusted(published), NOW, PATIENCE) == ()


def test_a_large_snapshot_is_taken_in_its_turn(
    mirror: MemberMirror, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A province may withdraw millions at once; its snapshot is larger than the usual, and sound."""
    monkeypatch.setattr("trust_registry.client.members.status_keeping.USUAL_SNAPSHOT_BYTES", 100)
    trust = trusted(published)
    assert mirror.sync(trust, NOW, PATIENCE) == ()
    assert mirror.state(trust)["CN-41"].status is not None


def test_a_long_detail_is_cut() -> None:
    """What is kept and reported of a failure must be small, whatever somebody sent."""
    error = Malformed("x" * 10_000)
    assert len(Failure.of("CN-41", STATUS, error, NOW).detail) == MAX_DETAIL_CHARACTERS
