"""Denial: at once, by one officer or the member itself, and never taken back."""

from __future__ import annotations

import pytest

from credentials.errors import InvalidRequest, NotAuthorised, QuotaExceeded
from credentials.keys import new_private_key
from credentials.signing import PemSigner
from credentials.wire import jws
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from trust_registry.client.trust.repository import verify_repository
from trust_registry.publishing import denials
from trust_registry.publishing.denials import DENIAL_TYPE, deny, sign_request

pytestmark = pytest.mark.enrolled("CN-41", "CN-44")


def officer(registry: FoundedRegistry, number: int = 0) -> PemSigner:
    return PemSigner(registry.officer_keys[number], bytes.fromhex(registry.keyids[number]))


def first_kid(registry: FoundedRegistry, member: str) -> str:
    return registry.province(member).state().keys[0].kid


def ask(registry: FoundedRegistry, signer: PemSigner, kid: str, reason: str = "compromised") -> int:
    return deny(registry.publication, sign_request(signer, kid, reason, AUDIENCE, NOW), NOW).sequence


def test_member_denies_its_own_key(registry: FoundedRegistry) -> None:
    """A province that finds a key stolen at night cannot wait for two officers."""
    kid = first_kid(registry, "CN-41")
    assert ask(registry, registry.province().root_signer(), kid) == 1
    published = verify_repository(registry.source, registry.trusted_root)
    denial = published.denials.denied[bytes.fromhex(kid)]
    assert (denial.sequence, denial.reason, denial.denied_at) == (1, "compromised", NOW)
    assert published.versions["targets"] == 2


def test_denials_only_grow(registry: FoundedRegistry) -> None:
    """The set is cumulative: asking again changes nothing, another key joins the first."""
    henan, guangdong = first_kid(registry, "CN-41"), first_kid(registry, "CN-44")
    assert ask(registry, officer(registry), henan) == 1
    assert ask(registry, officer(registry), henan, "lost") == 1
    assert ask(registry, officer(registry, 2), guangdong) == 2
    denied = verify_repository(registry.source, registry.trusted_root).denials.denied
    assert {kid.hex(): denial.sequence for kid, denial in denied.items()} == {henan: 1, guangdong: 2}
    with registry.publication.storage.reading() as records:
        kept = records.denials.get(henan)
        assert kept is not None
        assert kept.asked_by == registry.keyids[0]
        assert records.denials.get("0" * 16) is None


def test_officer_denies_a_key_that_is_not_listed(registry: FoundedRegistry) -> None:
    """A key known as stolen before it is published must never come in."""
    assert ask(registry, officer(registry), "ab" * 8) == 1


def test_member_may_not_deny_anothers_key(registry: FoundedRegistry) -> None:
    """Else one province could switch off another."""
    with pytest.raises(NotAuthorised):
        ask(registry, registry.province("CN-44").root_signer(), first_kid(registry, "CN-41"))


def test_strangers_may_deny_nothing(registry: FoundedRegistry) -> None:
    """Neither a key that nobody lists, nor a working key of the member, nor a root that is itself denied."""
    province, kid = registry.province(), first_kid(registry, "CN-41")
    stranger = PemSigner(new_private_key(), b"12345678")
    for signer in (stranger, province.signer(kid)):
        with pytest.raises(NotAuthorised):
            ask(registry, signer, kid)
    root = province.root_signer()
    ask(registry, root, root.kid.hex())
    with pytest.raises(NotAuthorised):
        ask(registry, root, kid)


def test_requests_that_are_not_for_us_or_not_of_today(registry: FoundedRegistry) -> None:
    """A request made for a test registry, found in an old mail, or forged, denies nothing."""
    signer, kid = officer(registry), first_kid(registry, "CN-41")
    forged = PemSigner(new_private_key(), signer.kid)
    requests = [
        sign_request(signer, kid, "compromised", "https://test.example", NOW),
        sign_request(signer, kid, "compromised", AUDIENCE, NOW - 3601),
        sign_request(signer, kid, "compromised", AUDIENCE, NOW + 3601),
        sign_request(signer, kid, "because", AUDIENCE, NOW),
        sign_request(signer, "short", "compromised", AUDIENCE, NOW),
        sign_request(forged, kid, "compromised", AUDIENCE, NOW),
        jws.sign({"kid": kid}, signer, "another+jws"),
        jws.sign({"kid": kid, "audience": AUDIENCE, "issued_at": True}, signer, DENIAL_TYPE),
        "garbage",
        "x" * 5000,
    ]
    for request in requests:
        with pytest.raises(InvalidRequest):
            deny(registry.publication, request, NOW)
    assert not verify_repository(registry.source, registry.trusted_root).denials.denied


def test_denials_end_at_their_bound(registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that gates would refuse as too large would switch off every later denial."""
    monkeypatch.setattr(denials, "MAX_DENIED", 1)
    ask(registry, officer(registry), "ab" * 8)
    with pytest.raises(QuotaExceeded):
        ask(registry, officer(registry), "cd" * 8)


def test_denial_goes_out_although_the_officers_are_late(registry: FoundedRegistry) -> None:
    """Targets that ended yesterday must not keep a thief's key alive."""
    late = NOW + 100 * 24 * 3600
    kid = first_kid(registry, "CN-41")
    deny(registry.publication, sign_request(officer(registry), kid, "lost", AUDIENCE, late), late)
    assert verify_repository(registry.source, registry.trusted_root).denials.denied


def test_one_officer_cannot_use_up_the_places(registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up kids end at a bound of their own; a stolen key, or a root, that is listed can be denied all the same."""
    monkeypatch.setattr(denials, "MAX_UNLISTED_DENIED", 2)
    for kid in ("ab" * 8, "cd" * 8):
        ask(registry, officer(registry), kid)
    with pytest.raises(QuotaExceeded, match="listed ones can still be denied"):
        ask(registry, officer(registry), "ef" * 8)
    assert ask(registry, officer(registry), first_kid(registry, "CN-41")) == 3
    assert ask(registry, officer(registry), registry.province("CN-44").root_signer().kid.hex()) == 4
    assert ask(registry, officer(registry), "ab" * 8) == 1, "what is denied is denied"
