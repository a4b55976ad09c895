"""What may go before the officers: each bad statement is refused by its own name."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from credentials.errors import (
    KeyDenied,
    KeyRejected,
    ProofOfPossessionFailed,
    SequenceNotNewer,
    StatementRejected,
    TongxingError,
)
from credentials.keys import jwk_of, kid_of, new_private_key
from credentials.log.keys import WITNESS, signer
from credentials.signing import PemSigner
from credentials.wire import jws
from credentials.wire.strict_json import parse_json
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry, statement_of
from trust_registry.enrolment.examination import examine
from trust_registry.enrolment.possession import POSSESSION_TYPE, prove
from trust_registry.metadata.log_keys import LogKey, log_key_to_json
from trust_registry.metadata.statement import STATEMENT_TYPE, read_statement
from trust_registry.metadata.trust_list import BadEntry, read_trust_list
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.repository.published import Published, published_of, read_published

DAY = 24 * 3600


def published(registry: FoundedRegistry) -> Published:
    return read_published(registry.publication.repository())


def proofs_of(registry: FoundedRegistry, compact: str, member: str = "CN-41") -> list[str]:
    statement, province = read_statement(compact), registry.province(member)
    return [prove(statement, province.signer(key.kid.hex()), AUDIENCE) for key in statement.keys]


def examine_payload(registry: FoundedRegistry, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the payload of a good statement, sign it again and bring it."""
    compact, root = statement_of(registry.province())
    payload = parse_json(jws.read(compact).payload)
    change(payload)
    examine(jws.sign(payload, root, STATEMENT_TYPE), [], published(registry), AUDIENCE, NOW)


def test_a_good_statement_passes(registry: FoundedRegistry) -> None:
    """A province that does everything right must be let in."""
    compact, _ = statement_of(registry.province())
    statement = examine(compact, proofs_of(registry, compact), published(registry), AUDIENCE, NOW)
    assert statement.member == "CN-41"


def test_private_key_pasted_is_refused(registry: FoundedRegistry) -> None:
    """A private key where a public one belongs has leaked by being sent."""

    def paste(payload: dict[str, Any]) -> None:
        payload["keys"][0]["jwk"]["d"] = "AAAA"

    with pytest.raises(StatementRejected, match="key-rejected: a private key"):
        examine_payload(registry, paste)


def test_wrong_curve_is_refused(registry: FoundedRegistry) -> None:
    """ES256 with a P-384 key would be refused at every gate."""

    def change(payload: dict[str, Any]) -> None:
        payload["keys"][0]["jwk"]["crv"] = "P-384"

    with pytest.raises(StatementRejected, match="key-rejected: not an EC key on P-256"):
        examine_payload(registry, change)


def test_coordinate_of_31_bytes_is_brought_to_32(registry: FoundedRegistry) -> None:
    """257 of 368 keys in a WHO list had short coordinates: the same key must get the same kid."""
    province = registry.province()
    key = new_private_key()
    while len(_x_bytes(key.public_key())) != 31:
        key = new_private_key()
    signer = PemSigner(key, kid_of("CN-41", key.public_key()))
    state = province.state()
    short = {**jwk_of(key.public_key()), "x": _base64url(_x_bytes(key.public_key()))}
    compact, root = statement_of(province)
    payload = parse_json(jws.read(compact).payload)
    payload["keys"][0] |= {"jwk": short, "kid": signer.kid.hex()}
    compact = jws.sign(payload, root, STATEMENT_TYPE)
    statement = read_statement(compact)
    proofs = [prove(statement, signer, AUDIENCE)]
    proofs += [prove(statement, province.signer(other.kid), AUDIENCE) for other in state.keys[1:]]
    assert examine(compact, proofs, published(registry), AUDIENCE, NOW).keys[0].kid == signer.kid


def test_kid_that_is_not_the_keys_is_refused(registry: FoundedRegistry) -> None:
    """A chosen kid could stand in the way of another member's."""

    def change(payload: dict[str, Any]) -> None:
        payload["keys"][0]["kid"] = "0" * 16

    with pytest.raises(StatementRejected, match="kid is not that of the key"):
        examine_payload(registry, change)


def test_fewer_than_two_credential_keys_is_refused(registry: FoundedRegistry) -> None:
    """With one key, its loss would stop a province."""

    def change(payload: dict[str, Any]) -> None:
        del payload["keys"][0]

    with pytest.raises(StatementRejected, match="fewer than 2 active credential keys"):
        examine_payload(registry, change)


@pytest.mark.parametrize(
    ("changes", "error", "detail"),
    [
        ({"sequence": 2, "previous": "0" * 64}, StatementRejected, "sequence 1"),
        ({"issued_at": NOW + DAY}, StatementRejected, "future"),
        ({"issued_at": NOW - 31 * DAY}, StatementRejected, "too old"),
    ],
)
def test_first_statement_out_of_order_or_time(
    registry: FoundedRegistry, changes: dict[str, Any], error: type[TongxingError], detail: str
) -> None:
    """A first statement starts the chain, and is made now: an old one found somewhere does not count."""
    compact, _ = statement_of(registry.province(), **changes)
    with pytest.raises(error, match=detail):
        examine(compact, [], published(registry), AUDIENCE, NOW)


@pytest.mark.parametrize(
    ("sequence", "previous", "error"),
    [(1, None, SequenceNotNewer), (2, "0" * 64, StatementRejected), (3, None, StatementRejected)],
)
def test_next_statement_must_follow(
    registry: FoundedRegistry, sequence: int, previous: str | None, error: type[TongxingError]
) -> None:
    """A chain that can fork or skip would let an old key set come back."""
    registry.enrol("CN-41")
    compact, _ = statement_of(registry.province(), sequence=sequence, previous=previous)
    with pytest.raises(error):
        examine(compact, [], published(registry), AUDIENCE, NOW)


def test_key_that_lasts_too_long_is_refused(registry: FoundedRegistry) -> None:
    """A key for ever is never replaced in time."""

    def change(payload: dict[str, Any]) -> None:
        payload["keys"][0]["not_after"] = NOW + 1200 * DAY

    with pytest.raises(KeyRejected, match="three years"):
        examine_payload(registry, change)


def test_taken_kid_is_refused(registry: FoundedRegistry) -> None:
    """A kid under two members would make the gate ask the wrong one."""
    held = published(registry)
    compact, _ = statement_of(registry.province())
    taken = {key.kid: "CN-44" for key in read_statement(compact).keys}
    with pytest.raises(KeyRejected, match="taken"):
        examine(compact, [], held._replace(members_by_kid=taken), AUDIENCE, NOW)


def test_denied_key_does_not_come_back(registry: FoundedRegistry) -> None:
    """Only a new key lifts a denial; the old one is in a thief's hands."""
    registry.enrol("CN-41")
    province = registry.province()
    kid = province.state().keys[0].kid
    deny(registry.publication, sign_request(province.root_signer(), kid, "compromised", AUDIENCE, NOW), NOW)
    with pytest.raises(KeyDenied, match=kid):
        registry.submit("CN-41")
    province.drop_key(kid)
    province.add_key("credential", NOW)
    province.make_statement(AUDIENCE, NOW, again=True)
    submission = province.submission()
    assert registry.publication.submit(submission.statement, submission.proofs, NOW).sequence == 2


def test_denied_root_does_not_come_back(registry: FoundedRegistry) -> None:
    """A stolen root key must not list keys."""
    registry.enrol("CN-41")
    root = registry.province().root_signer()
    deny(registry.publication, sign_request(root, root.kid.hex(), "compromised", AUDIENCE, NOW), NOW)
    with pytest.raises(KeyDenied, match="root"):
        registry.submit("CN-41")


def test_living_key_may_not_be_dropped(registry: FoundedRegistry) -> None:
    """Codes in people's hands must stay good when a key is rotated."""
    registry.enrol("CN-41")
    province = registry.province()
    kid = province.state().keys[0].kid
    province.add_key("credential", NOW)
    province.retire_key(kid, NOW)
    registry.submit("CN-41")
    province.drop_key(kid)
    province.make_statement(AUDIENCE, NOW, again=True)
    submission = province.submission()
    with pytest.raises(StatementRejected, match="dropped before"):
        registry.publication.submit(submission.statement, submission.proofs, NOW)


def test_key_may_not_change_its_use(registry: FoundedRegistry) -> None:
    """A rules key on a busy server must not become a credential key by a word."""
    registry.enrol("CN-41")
    province = registry.province()
    compact, root = statement_of(province, sequence=2, previous=province.state().digest)
    payload = parse_json(jws.read(compact).payload)
    payload["keys"][3]["use"] = "credential"
    with pytest.raises(KeyRejected, match="changes its use"):
        examine(jws.sign(payload, root, STATEMENT_TYPE), [], published(registry), AUDIENCE, NOW)


def test_each_key_must_prove_possession(registry: FoundedRegistry) -> None:
    """Else a province could list another's key as its own."""
    compact, _ = statement_of(registry.province())
    statement, held = read_statement(compact), published(registry)
    proofs = proofs_of(registry, compact)
    province = registry.province()
    signer = province.signer(statement.keys[0].kid.hex())
    stranger = PemSigner(new_private_key(), signer.kid)
    other_payload = {
        "member": "CN-41",
        "kid": signer.kid.hex(),
        "audience": AUDIENCE,
        "statement": "0" * 64,
    }
    bad_firsts = [
        [],
        ["not a jws"],
        [prove(statement, stranger, AUDIENCE)],
        [prove(statement, signer, "https://test.example/registry")],
        [jws.sign(other_payload, signer, POSSESSION_TYPE)],
        [jws.sign(other_payload, signer, STATEMENT_TYPE)],
        ["a.b.c"] * 65,
    ]
    for first in bad_firsts:
        with pytest.raises(ProofOfPossessionFailed):
            examine(compact, [*first, *proofs[1:]], held, AUDIENCE, NOW)


def test_list_with_a_kid_twice_or_anothers_statement_is_refused(registry: FoundedRegistry) -> None:
    """What is about to be signed has no bad entry; gates would drop it."""
    registry.enrol("CN-41", "CN-44")
    members = read_trust_list(registry.publication.repository().trust_list)
    henan, guangdong = members.members["CN-41"], members.members["CN-44"]
    swapped = {"CN-41": henan._replace(statement=guangdong.statement)}
    with pytest.raises(StatementRejected, match="another member's"):
        published_of(members._replace(members=swapped), {})
    held = published_of(members, {})
    assert held.key(b"unknown!") is None
    bad = members._replace(bad_entries=(BadEntry("CN-33", "odd"),))
    with pytest.raises(StatementRejected, match="CN-33"):
        published_of(bad, {})


def _x_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    x = key.public_numbers().x
    return x.to_bytes((x.bit_length() + 7) // 8, "big")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_dropped_key_is_let_go_when_its_codes_have_expired(registry: FoundedRegistry) -> None:
    """Otherwise a list would grow for ever."""
    registry.enrol("CN-41")
    province = registry.province()
    kid = province.state().keys[0].kid
    province.add_key("credential", NOW)
    province.retire_key(kid, NOW)
    registry.enrol("CN-41")
    later = NOW + 8 * DAY
    statement, _ = province.make_statement(AUDIENCE, later)
    assert bytes.fromhex(kid) not in {key.kid for key in statement.keys}
    submission = province.submission()
    registry.publication.submit(submission.statement, submission.proofs, later)


def with_logs(registry: FoundedRegistry, member: str, logs: list[dict[str, Any]]) -> None:
    """Bring the last statement that a member made with these keys of its log and witness instead."""
    province = registry.province(member)
    payload = parse_json(jws.read(province.submission().statement).payload)
    compact = jws.sign({**payload, "logs": logs}, province.root_signer(), STATEMENT_TYPE)
    examine(compact, [], published(registry), AUDIENCE, NOW)


def test_a_log_or_witness_of_another_member_is_refused(registry: FoundedRegistry) -> None:
    """A member that lists another's witness under its own name would count it twice, or be held to its history."""
    registry.enrol("CN-41")
    province = registry.province("CN-44")
    province.make_statement(AUDIENCE, NOW)
    henans = registry.province("CN-41").log_signer("witness")
    stolen = signer("tongxing/CN-44/witness", WITNESS, henans.private_key)
    named = signer(henans.key.name, WITNESS, province.log_signer("witness").private_key)
    for made in (stolen, named):
        key = LogKey("CN-44", made.key, None, NOW, NOW + DAY)
        with pytest.raises(KeyRejected, match="is that of CN-41"):
            with_logs(registry, "CN-44", [log_key_to_json(key, made)])


def test_the_name_of_a_log_stays(registry: FoundedRegistry) -> None:
    """A log that could take another name could begin another history."""
    registry.enrol("CN-41")
    registry.province("CN-41").make_statement(AUDIENCE, NOW)
    log, witness = parse_json(jws.read(registry.province("CN-41").submission().statement).payload)["logs"]
    for logs in ([log], [witness], []):
        with pytest.raises(StatementRejected, match="stays for good"):
            with_logs(registry, "CN-41", logs)


def test_a_key_of_a_log_does_not_last_for_ever(registry: FoundedRegistry) -> None:
    """Nor is a field that is not sound let in."""
    registry.province("CN-41").make_statement(AUDIENCE, NOW)
    made = registry.province("CN-41").log_signer("log")
    key = LogKey("CN-41", made.key, None, NOW, NOW + 4 * 366 * DAY)
    with pytest.raises(KeyRejected, match="three years"):
        with_logs(registry, "CN-41", [log_key_to_json(key, made)])
    with pytest.raises(StatementRejected, match="logs"):
        with_logs(registry, "CN-41", [{}])
