from __future__ import annotations

import dataclasses
import json

import pytest

from credentials.algorithms.table import PublicKey
from credentials.keys import member_key_from_jwk
from credentials.profile.members import MEMBERS
from tests.unit.trust_registry.client.trust.test_repository import verify
from tests.unit.trust_registry.published import DAY, HOUR, LIFETIMES, Province, Published
from trust_registry.client.trust.pins import NOTHING_SEEN, Pins
from trust_registry.client.trust.snapshot import TrustSnapshot, build_snapshot

NOW = 1_669_000_000


@pytest.fixture
def published() -> Published:
    return Published(NOW)


def built(published: Published, pins: Pins = NOTHING_SEEN, at: int = NOW) -> tuple[TrustSnapshot, Pins]:
    return build_snapshot(verify(published), pins, at)


def test_finds_a_key_and_whose_it_is(published: Published) -> None:
    """The whole point: from the kid in a code to the key, its member and what that member may do."""
    snapshot, _ = built(published)
    signer = published.provinces[1].signer("credential")
    found = snapshot.find(signer.kid)
    assert found is not None
    assert (found.key.kid, found.key.member, found.key.use) == (signer.kid, "CN-44", "credential")
    assert found.entry == snapshot.members["CN-44"].entry
    assert not found.is_changed(NOW)
    assert snapshot.find(b"nobodys!") is None
    assert snapshot.reported == ()
    assert snapshot.is_whole


def test_nobody_can_change_it(published: Published) -> None:
    """Threads of a gate share it; a change in the middle of a check would be a check of nothing."""
    snapshot, _ = built(published)
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.verified_at = 0  # type: ignore[misc]
    with pytest.raises(TypeError):
        snapshot.keys[b"12345678"] = snapshot.keys[next(iter(snapshot.keys))]  # type: ignore[index]


def test_a_statement_is_verified_again_at_the_gate(published: Published) -> None:
    """dgc-gateway PR #88: the officers' signature over the list is not the province's over its keys."""
    header, payload, signature = published.provinces[0].statement.split(".")
    published.provinces[0].statement = f"{header}.{payload}.{signature[::-1]}"
    published.publish()
    snapshot, pins = built(published)
    assert list(snapshot.members) == ["CN-44"]
    assert [bad.entry for bad in snapshot.reported] == ["CN-41"]
    assert not snapshot.is_whole
    assert "CN-41" not in pins.members


def test_a_bad_entry_and_a_bad_denial_do_not_stop_the_rest(published: Published) -> None:
    """vci-directory #300; and whoever watches the gate must see it."""
    members = json.loads(published.trust_list())
    members["members"][0]["region"] = 440_000
    denials = {"sequence": 1, "issued_at": NOW, "denied": [{}, {"kid": "00" * 8}]}
    published.publish(trust_list=json.dumps(members).encode(), denials=json.dumps(denials).encode())
    snapshot, _ = built(published)
    assert list(snapshot.members) == ["CN-44"]
    assert list(snapshot.denied) == [bytes(8)]
    assert [bad.entry for bad in snapshot.reported] == ["CN-41", "denials"]


def test_a_statement_under_another_members_name_is_left_out(published: Published) -> None:
    """hcert-spec #52: a member that signs for another's region."""
    henan, guangdong = published.provinces
    published.publish(trust_list=_listed(published, guangdong.entry(statement=henan.statement)))
    snapshot, _ = built(published)
    assert not snapshot.members
    assert snapshot.reported[0].detail == "statement of another member"


def test_a_kid_that_is_taken_is_left_out(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two members under one kid: which of them signed would depend on the order of the list."""
    roots = {province.root.kid for province in published.provinces}

    def colliding(member: str, jwk: object) -> tuple[bytes, PublicKey]:
        kid, key = member_key_from_jwk(member, jwk)
        return (kid if kid in roots else b"the same"), key

    monkeypatch.setattr("trust_registry.metadata.statement.member_key_from_jwk", colliding)
    for province in published.provinces:
        province.keys = [province.keys[0]._replace(kid=b"the same")]
        province.next_statement()
    published.publish()
    snapshot, _ = built(published)
    assert list(snapshot.members) == ["CN-41"]
    assert snapshot.reported[0].detail == "a kid that another member has"


def test_a_denied_key_stays_denied(published: Published) -> None:
    """A thief of the online key publishes an empty list: what a gate has seen denied stays denied."""
    kid = published.provinces[0].signer("credential").kid
    published.deny(kid)
    published.publish()
    snapshot, pins = built(published)
    assert snapshot.denied[kid].reason == "compromised"
    published.denied = []
    published.publish()
    snapshot, _ = built(published, pins)
    assert kid in snapshot.denied


def test_a_denied_root_denies_all_that_it_listed(published: Published) -> None:
    """A thief of a root key signs any statement; nothing that it lists may open a gate."""
    henan, guangdong = published.provinces
    published.deny(henan.root.kid)
    published.publish()
    snapshot, _ = built(published)
    assert {key.kid for key in henan.keys} <= snapshot.denied.keys()
    assert not {key.kid for key in guangdong.keys} & snapshot.denied.keys()


def test_a_changed_root_is_reported_and_waits(published: Published) -> None:
    """Section 4: a different root key counts after 72 hours; until then the member is undetermined."""
    _, pins = built(published)
    henan = published.provinces[0]
    henan.replace_root(signed_by_old=False)
    published.publish(NOW + HOUR)
    snapshot, pins = built(published, pins, NOW + HOUR)
    found = snapshot.find(henan.signer("credential").kid)
    assert found is not None
    assert found.is_changed(NOW + 72 * HOUR)
    assert not found.is_changed(NOW + 73 * HOUR)
    assert [(bad.entry, bad.detail) for bad in snapshot.reported] == [("CN-41", "root key changed")]
    assert snapshot.is_whole
    snapshot, pins = built(published, pins, NOW + 73 * HOUR)
    assert snapshot.reported == ()
    assert pins.members["CN-41"].root_kid == henan.root.kid


def test_retired_keys_stay_findable(published: Published) -> None:
    """What a retired key signed may still be alive; its times judge it, not its absence."""
    henan = published.provinces[0]
    henan.keys[0] = henan.keys[0]._replace(not_after=NOW - 1)
    henan.next_statement()
    published.publish()
    found = built(published)[0].find(henan.keys[0].kid)
    assert found is not None
    assert found.key.not_after == NOW - 1


def test_age_counts_from_the_registrys_signature(published: Published) -> None:
    """A mirror that serves the same timestamp for ever must age in the open, whenever it was fetched."""
    snapshot, _ = built(published, at=NOW + 5 * HOUR)
    assert snapshot.verified_at == NOW + 5 * HOUR
    assert snapshot.age(NOW + 5 * HOUR) == 5 * HOUR
    assert snapshot.age(NOW - HOUR) == 0


def test_age_counts_from_an_expiry_as_well(published: Published) -> None:
    """A bundle with a fresh timestamp over expired targets is as old as an online gate would be by then."""
    published.publish(NOW - 92 * DAY)
    published.now = NOW
    published.publish_timestamp()
    snapshot, _ = built(published)
    assert snapshot.registry_time == NOW
    assert snapshot.age(NOW) == (92 - LIFETIMES["snapshot"] // DAY) * DAY


def test_a_full_registry_loads_fast(published: Published) -> None:
    """Every member of the table at once; nothing reported, every key findable."""
    published.provinces = [Province(m.id, m.code * 10_000, NOW) for m in MEMBERS.values() if m.code]
    published.publish()
    snapshot, _ = built(published)
    assert len(snapshot.members) == len(published.provinces)
    assert len(snapshot.keys) == sum(len(province.keys) for province in published.provinces)


def _listed(published: Published, *entries: object) -> bytes:
    kept, published.provinces = published.provinces, []
    data = published.trust_list(*entries)  # type: ignore[arg-type]
    published.provinces = kept
    return data
