"""An issuer looks its own keys up as a gate does, before it signs what every gate would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.errors import KeyNotListed, SettingInvalid
from credentials.keys import new_private_key
from credentials.signing import PemSigner
from issuer.issuing.listing import PAUSE_SECONDS, Listing, OwnKey
from service_kit.fetch import Fetcher
from tests.doubles.clock import FixedClock
from tests.unit.trust_registry.serving import Serving, serving
from tests.unit.verifier.mirrored import TODAY, MirroredRegistry
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater


class Office:
    """Henan's issuer, with whichever keys are in its files."""

    def __init__(self, folder: Path, registry: MirroredRegistry, mirror: Serving) -> None:
        self.folder, self.registry, self.mirror = folder, registry, mirror
        self.clock = FixedClock(TODAY)

    def listing(
        self,
        credential: PemSigner | None = None,
        status: PemSigner | None = None,
        member: str = "CN-41",
        environment: str = "demo",
        not_listed_yet: bool = False,
        root: bytes | None = None,
    ) -> Listing:
        henan = self.registry.henan
        credential, status = credential or henan.signer("credential"), status or henan.signer("status")
        keys = (
            OwnKey(credential.kid, "credential", "TONGXING_KEY_FILE"),
            OwnKey(status.kid, "status", "TONGXING_STATUS_KEY_FILE"),
        )
        store = TrustStore(self.folder / "trust", root or self.registry.published.trusted_root)
        updater = TrustUpdater(store, f"{self.mirror.url}/mirror", Fetcher())
        made = Listing(member, environment, keys, self.clock, store, updater, not_listed_yet=not_listed_yet)
        made.load()
        return made

    def refresh(self, listing: Listing) -> None:
        self.clock.time += PAUSE_SECONDS
        listing.refresh()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    registry = MirroredRegistry()
    with serving(registry.served) as mirror:
        yield Office(tmp_path, registry, mirror)


def test_listed(office: Office) -> None:
    """And the list is there at the next start, with no network."""
    listing = office.listing()
    listing.refresh()
    listing.require()
    assert listing.condition().faults == ()
    office.mirror.broken.add("mirror/metadata/timestamp.json")
    again = office.listing()
    again.require()
    assert again.condition().age is not None


def test_the_wrong_key_file(office: Office) -> None:
    """The status key, the root key, another province's key, a key of nobody: each is said with its setting."""
    henan, guangdong = office.registry.henan, office.registry.guangdong
    for credential in (henan.signer("status"), henan.root, guangdong.signer("credential"), henan.signer("rules")):
        listing = office.listing(credential)
        office.refresh(listing)
        with pytest.raises(KeyNotListed, match=f"TONGXING_KEY_FILE: key {credential.kid.hex()}") as caught:
            listing.require()
        assert "TONGXING_STATUS_KEY_FILE" not in caught.value.detail
    swapped = office.listing(henan.signer("status"), henan.signer("credential"))
    assert len(swapped.condition().faults) == 2
    office.listing(henan.signer("status"), not_listed_yet=True).require()


def test_the_wrong_member_or_environment(office: Office) -> None:
    """A member that nobody enrolled is told what to do."""
    listing = office.listing(PemSigner(new_private_key(), bytes(8)), member="CN-33")
    office.refresh(listing)
    with pytest.raises(KeyNotListed, match=r"CN-33 .which is not in the trust list: submit a statement"):
        listing.require()
    with pytest.raises(KeyNotListed, match="TONGXING_ENVIRONMENT"):
        office.listing(environment="production").require()


def test_an_unreachable_registry_stops_nobody(office: Office) -> None:
    """With no list ever held codes are issued; with one, the last counts, however old."""
    office.mirror.broken.add("mirror/metadata/timestamp.json")
    listing = office.listing()
    listing.refresh()
    listing.require()
    assert (listing.condition().age, listing.condition().failure) == (None, "fetch-failed")
    office.mirror.broken.clear()
    office.refresh(listing)
    office.mirror.broken.add("mirror/metadata/timestamp.json")
    office.clock.time += 90 * 24 * 3600
    office.refresh(listing)
    listing.require()


def test_a_denied_key_stops_at_the_next_look(office: Office) -> None:
    """Also one that was good until then, in a service that has been running for weeks."""
    listing, kid = office.listing(), office.registry.henan.signer("credential").kid
    listing.refresh()
    office.registry.published.deny(kid)
    office.registry.publish()
    listing.refresh()
    listing.require()
    office.refresh(listing)
    with pytest.raises(KeyNotListed, match="is denied"):
        listing.require()


def test_a_clock_that_is_set_back_does_not_keep_the_issuer_from_looking(office: Office) -> None:
    """A denial of its own key was not heard for as long as the clock had been ahead."""
    listing = office.listing()
    office.clock.time += 3600
    listing.refresh()
    office.clock.time -= 3600
    kid = office.registry.henan.signer("credential").kid
    office.registry.published.deny(kid)
    office.registry.publish()
    listing.refresh()
    with pytest.raises(KeyNotListed, match="is denied"):
        listing.require()


def test_without_a_root_nobody_looks() -> None:
    """It is said, and stops nothing."""
    listing = Listing("CN-41", "demo", (), FixedClock(TODAY), None, None)
    listing.load()
    listing.refresh()
    listing.require()
    assert listing.condition() == ((), None, "")


def test_another_registrys_root_stops_and_so_does_a_mirror_that_gives_no_metadata(office: Office) -> None:
    """By a wrong root nobody would ever look; that was said as if the registry had been away."""
    listing = office.listing(root=MirroredRegistry().published.trusted_root, not_listed_yet=True)
    listing.refresh()
    with pytest.raises(SettingInvalid, match=r"TONGXING_TRUST_ROOT.* another registry's root"):
        listing.require()
    office.mirror.files["mirror/metadata/timestamp.json"] = b"<html>sign in to this network</html>"
    listing = office.listing()
    listing.refresh()
    with pytest.raises(SettingInvalid, match="TONGXING_TRUST_ROOT"):
        listing.require()


def test_a_mirror_that_is_wrong_later_stops_nobody_who_holds_a_list(office: Office) -> None:
    """What is held was verified by the root, so the root is right; also at the next start."""
    listing = office.listing()
    listing.refresh()
    office.mirror.files["mirror/metadata/timestamp.json"] = b"{}"
    for each in (listing, office.listing()):
        office.refresh(each)
        assert each.condition().failure == "metadata-rejected"
        each.require()


def test_another_registrys_root_and_a_registry_away_stop_nobody(office: Office) -> None:
    """Nobody can tell then whose root it is."""
    office.mirror.broken.add("mirror/metadata/timestamp.json")
    listing = office.listing(root=MirroredRegistry().published.trusted_root)
    listing.refresh()
    listing.require()
