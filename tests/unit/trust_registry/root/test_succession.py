"""The next root: what officers understand before they sign, and what neither a thief nor a stop can make of it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.signer import CryptoSigner

from credentials.errors import ApprovalRejected, Conflict, InvalidRequest, SettingInvalid
from credentials.keys import new_private_key
from service_kit.clock import DAY_SECONDS
from tests.doubles.writers import Stopped
from tests.unit.trust_registry.founded import NOW, FoundedRegistry
from trust_registry.client.trust.repository import VerifiedRepository, verify_repository, version_of
from trust_registry.record.log import read_page
from trust_registry.repository.files import expiry_of, root_of
from trust_registry.repository.renewal import OnlineSigners, RegistryKeys
from trust_registry.root import founding, succession
from trust_registry.root.succession import Succession, draft_succession, put_into_force, read_succession

pytestmark = pytest.mark.enrolled("CN-41")

LATER = NOW + 300 * DAY_SECONDS


def keys_with(registry: FoundedRegistry, *officers: ec.EllipticCurvePrivateKey, **changed: Any) -> RegistryKeys:
    public = [CryptoSigner(key).public_key for key in officers or registry.officer_keys]
    online = OnlineSigners(*registry.publication.online)._replace(**changed)
    return online.keys_with(public)


def drafted(registry: FoundedRegistry, keys: RegistryKeys | None = None, now: int = NOW) -> Succession:
    return draft_succession(registry.publication.repository(), keys or keys_with(registry), now)


def signed(
    registry: FoundedRegistry, draft: Succession, *officers: ec.EllipticCurvePrivateKey, now: int = NOW
) -> Succession:
    """The draft after each of these officers reviewed and signed it on a machine of their own."""
    for key in officers:
        draft = read_succession(draft.to_json())
        reviewed = succession.review(draft, registry.source, registry.trusted_root, now)
        succession.sign(draft, reviewed.held, key)
    return draft


def seen(registry: FoundedRegistry) -> VerifiedRepository:
    """What a gate sees that has nothing but the first root."""
    return verify_repository(registry.source, registry.trusted_root)


def whats(registry: FoundedRegistry, draft: Succession) -> list[tuple[str, str | None]]:
    reviewed = succession.review(draft, registry.source, registry.trusted_root, NOW)
    return [(change.what, change.kid) for change in reviewed.changes]


def test_the_same_officers_for_another_year(registry: FoundedRegistry) -> None:
    """Without it every gate goes dark a year after the founding."""
    registry.publication.retime(LATER)
    draft = drafted(registry, now=LATER)
    draft = signed(registry, draft, *registry.officer_keys[:2], now=LATER)
    put_into_force(registry.publication, draft, LATER)
    leaf = read_page(registry.publication.storage, 0)[-1]
    assert (leaf.kind, json.loads(leaf.content)["version"], leaf.at) == ("root-published", 2, LATER)
    assert seen(registry).versions["root"] == 2
    assert seen(registry).expiries["root"] == LATER + 365 * DAY_SECONDS
    assert list(seen(registry).trust_list.members) == ["CN-41"]


def test_gates_with_the_first_root_follow_two_rotations(registry: FoundedRegistry) -> None:
    """A gate that slept through both changes of officers must wake up trusting the officers of today, and no others."""
    first, second, third = registry.officer_keys
    fourth, fifth = new_private_key(), new_private_key()
    draft = drafted(registry, keys_with(registry, first, second, fourth))
    put_into_force(registry.publication, signed(registry, draft, first, second), NOW)
    draft = drafted(registry, keys_with(registry, first, fourth, fifth))
    put_into_force(registry.publication, signed(registry, draft, first, fourth), NOW)
    assert seen(registry).versions["root"] == 3
    officers = {CryptoSigner(key).public_key.keyid for key in (first, fourth, fifth)}
    assert set(root_of(registry.publication.repository()).roles["targets"].keyids) == officers
    registry.officer_keys = [first, fourth, fifth]
    registry.keyids = sorted(officers)
    registry.enrol("CN-44")
    assert list(seen(registry).trust_list.members) == ["CN-41", "CN-44"]
    late = registry.draft(now=NOW)
    registry.officer_keys = [second, third]
    with pytest.raises(ApprovalRejected, match="not an officer"):
        registry.approve(late, 0)


def test_new_online_keys_count_from_the_root_that_names_them(registry: FoundedRegistry) -> None:
    """After a break-in at the server, the keys that the thief has must vouch for nothing any more."""
    stolen = registry.publication.online
    made = founding.make_next_online(registry.folder, None)
    assert founding.make_next_online(registry.folder, None).keys_with([]) == made.keys_with([])
    draft = drafted(registry, made.keys_with(CryptoSigner(key).public_key for key in registry.officer_keys))
    assert [what for what, _ in whats(registry, draft)] == ["online-key-changed"] * 3
    draft = signed(registry, draft, *registry.officer_keys[1:])
    with pytest.raises(SettingInvalid, match="online keys"):
        put_into_force(registry.publication, draft, NOW)
    registry.publication.online = made
    put_into_force(registry.publication, draft, NOW)
    founding.take_next_online(registry.folder, 2)
    assert founding.next_online(registry.folder, None) is None
    assert founding.load_online(registry.folder, None).keys_with([]) == made.keys_with([])
    assert seen(registry).versions["root"] == 2
    registry.publication.online = stolen
    with pytest.raises(Exception, match="self-check-failed"):
        registry.publication.retime(NOW)


@pytest.mark.parametrize("umask", [0o000, 0o077], ids=["umask 000", "umask 077"])
def test_folders_of_keys_stay_their_owners_alone_after_a_succession(registry: FoundedRegistry, umask: int) -> None:
    """Those that the founding made were; their successors took the place of these open to everybody's eyes."""
    before = os.umask(umask)
    try:
        founding.make_next_online(registry.folder, None)
        founding.take_next_online(registry.folder, 2)
    finally:
        os.umask(before)
    for folder in ("officers", "online", "online-before-root-2"):
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (registry.folder / folder).iterdir()}
        assert (stat.S_IMODE((registry.folder / folder).stat().st_mode), modes) == (0o700, {0o600})


def test_a_stop_while_the_online_keys_change_place(registry: FoundedRegistry) -> None:
    """Killed between two renames, the registry must not be left without keys: the same command ends it."""
    made = founding.make_next_online(registry.folder, None)
    (registry.folder / "online").rename(registry.folder / "online-before-root-2")
    founding.take_next_online(registry.folder, 2)
    assert founding.load_online(registry.folder, None).keys_with([]) == made.keys_with([])


def test_too_few_of_the_old_or_of_the_new_officers(registry: FoundedRegistry) -> None:
    """One officer with two friends must not be able to take the registry over, nor two who leave."""
    first, second, third = registry.officer_keys
    friends = [new_private_key(), new_private_key()]
    taken = drafted(registry, keys_with(registry, first, *friends))
    taken = signed(registry, taken, first, *friends)
    with pytest.raises(ApprovalRejected, match="1 of the old root's officers and 3 of the new one's"):
        put_into_force(registry.publication, taken, NOW)
    left = drafted(registry, keys_with(registry, first, *friends))
    with pytest.raises(ApprovalRejected, match="2 of the old root's officers and 0 of the new one's"):
        put_into_force(registry.publication, signed(registry, left, second, third), NOW)
    assert seen(registry).versions["root"] == 1


def test_a_root_without_its_list_is_refused(registry: FoundedRegistry) -> None:
    """A root under which the list does not hold would stop every gate at once."""
    draft = signed(registry, drafted(registry), *registry.officer_keys[:2])
    draft.targets.signatures.clear()
    with pytest.raises(ApprovalRejected, match="list"):
        put_into_force(registry.publication, draft, NOW)


def test_a_stranger_signs_nothing(registry: FoundedRegistry) -> None:
    """Told at the officer's desk, not after the file has travelled."""
    with pytest.raises(ApprovalRejected, match="not an officer's key"):
        signed(registry, drafted(registry), new_private_key())


def test_copies_signed_side_by_side_are_united(registry: FoundedRegistry) -> None:
    """Three officers in three cities need not wait for one stick."""
    draft = drafted(registry)
    copies = [signed(registry, draft, key) for key in registry.officer_keys[:2]]
    other = drafted(registry, now=NOW + 1)
    with pytest.raises(ApprovalRejected, match="copies"):
        succession.unite([read_succession(copies[0].to_json()), other])
    put_into_force(registry.publication, succession.unite(copies), NOW)
    assert seen(registry).versions["root"] == 2


def test_a_change_of_officers_is_said(registry: FoundedRegistry) -> None:
    """What an officer reads before signing is who comes and who goes."""
    new = new_private_key()
    keyid = CryptoSigner(new).public_key.keyid
    draft = drafted(registry, keys_with(registry, *registry.officer_keys[:2], new))
    assert whats(registry, draft) == [("officer-removed", registry.keyids[2]), ("officer-added", keyid)]
    assert whats(registry, drafted(registry)) == []


def _raise_threshold(content: dict[str, Any]) -> None:
    content["root"]["signed"]["roles"]["root"]["threshold"] = 1


def _second_online_key(content: dict[str, Any]) -> None:
    roles = content["root"]["signed"]["roles"]
    roles["timestamp"]["keyids"].append(roles["root"]["keyids"][0])


def _one_key_under_two_ids(content: dict[str, Any]) -> None:
    signed = content["root"]["signed"]
    old, twin = signed["roles"]["root"]["keyids"][:2]
    signed["keys"][twin] = signed["keys"][old]


def _other_list(content: dict[str, Any]) -> None:
    content["targets"]["signed"]["targets"]["trust-list.json"]["length"] += 1


def _more_targets(content: dict[str, Any]) -> None:
    targets = content["targets"]["signed"]["targets"]
    targets["more.json"] = targets["trust-list.json"]


def _for_ten_years(content: dict[str, Any]) -> None:
    content["root"]["signed"]["expires"] = "2036-01-01T00:00:00Z"


def _nobody_denies(content: dict[str, Any]) -> None:
    content["targets"]["signed"]["delegations"]["roles"][0]["keyids"] = []


def _no_delegation(content: dict[str, Any]) -> None:
    del content["targets"]["signed"]["delegations"]


def _no_p256(content: dict[str, Any]) -> None:
    keyid = content["root"]["signed"]["roles"]["snapshot"]["keyids"][0]
    content["root"]["signed"]["keys"][keyid]["keyval"]["public"] = "x"


@pytest.mark.parametrize(
    "change",
    [
        _raise_threshold, _second_online_key, _one_key_under_two_ids, _other_list, _more_targets, _for_ten_years,
        _nobody_denies, _no_delegation, _no_p256,
    ],
)  # fmt: skip
def test_what_a_server_hides_in_a_draft_is_refused(
    registry: FoundedRegistry, change: Callable[[dict[str, Any]], None]
) -> None:
    """The registry's server may be broken into: two officers who sign what it shows them would be one."""
    content = json.loads(drafted(registry).to_json())
    change(content)
    with pytest.raises(ApprovalRejected):
        signed(registry, read_succession(json.dumps(content).encode()), registry.officer_keys[0])


def test_an_officers_key_is_no_online_key(registry: FoundedRegistry) -> None:
    """A key that lies on the server would make whoever breaks into it an officer."""
    draft = drafted(registry, keys_with(registry, timestamp=CryptoSigner(registry.officer_keys[0])))
    with pytest.raises(ApprovalRejected, match="stands twice"):
        whats(registry, draft)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"root": {}, "targets": {}}', b" " * 300_000])
def test_what_is_no_draft(data: bytes) -> None:
    """The wrong file on the stick."""
    with pytest.raises(ApprovalRejected):
        read_succession(data)


def test_root_and_targets_in_each_others_place(registry: FoundedRegistry) -> None:
    """Types are checked, not assumed."""
    content = json.loads(drafted(registry).to_json())
    swapped = {"root": content["targets"], "targets": content["root"]}
    with pytest.raises(ApprovalRejected, match="not a root"):
        read_succession(json.dumps(swapped).encode())


def test_another_number_of_officers(registry: FoundedRegistry) -> None:
    """Two left of three is one accident from none."""
    with pytest.raises(InvalidRequest, match="3 officers"):
        drafted(registry, keys_with(registry, *registry.officer_keys[:2]))


def test_an_overtaken_or_old_draft(registry: FoundedRegistry) -> None:
    """A signature of long ago must not surprise its giver, nor bring an old list back."""
    draft = signed(registry, drafted(registry), *registry.officer_keys[:2])
    with pytest.raises(ApprovalRejected, match="seven days"):
        put_into_force(registry.publication, draft, NOW + 8 * DAY_SECONDS)
    registry.enrol("CN-44")
    with pytest.raises(Conflict, match="another publication"):
        put_into_force(registry.publication, draft, NOW)
    with pytest.raises(ApprovalRejected, match="another publication"):
        whats(registry, draft)


def test_a_stop_on_the_way_to_the_mirror_is_completed(registry: FoundedRegistry) -> None:
    """Power may fail between two files: clients stay on the old root, and the same command finishes it."""
    draft = signed(registry, drafted(registry), *registry.officer_keys[:2])
    registry.writer.stop_before = len(registry.writer.written) + 1
    with pytest.raises(Stopped):
        put_into_force(registry.publication, draft, NOW)
    registry.writer.stop_before = None
    again = put_into_force(registry.publication, draft, NOW)
    assert version_of(again.root) == seen(registry).versions["root"] == 2
    assert expiry_of(again.root) == seen(registry).expiries["root"]


def test_officers_may_begin_from_a_later_root(registry: FoundedRegistry) -> None:
    """A new officer is given the newest root by hand, and there may be one more by now."""
    put_into_force(registry.publication, signed(registry, drafted(registry), *registry.officer_keys[:2]), NOW)
    registry.trusted_root = registry.publication.repository().root
    put_into_force(registry.publication, signed(registry, drafted(registry), *registry.officer_keys[:2]), NOW)
    registry.enrol("CN-44")
    draft = signed(registry, drafted(registry), *registry.officer_keys[:2])
    put_into_force(registry.publication, draft, NOW)
    assert seen(registry).versions["root"] == 4
