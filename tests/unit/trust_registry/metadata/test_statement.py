from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.errors import StatementRejected
from credentials.keys import jwk_of, kid_of, new_private_key
from credentials.wire import jws
from tests.unit.trust_registry.published import DAY, YEAR, Province
from trust_registry.metadata.statement import (
    MAX_STATEMENT_CHARACTERS,
    ROOT_CHANGE_TYPE,
    STATEMENT_TYPE,
    check_follows,
    check_usable,
    key_to_json,
    read_statement,
    sign_root_change,
    sign_statement,
    verify_root_change,
)

NOW = 1_669_000_000
HENAN = Province("CN-41", 410_000, NOW)
GUANGDONG = Province("CN-44", 440_000, NOW)


def payload(**changes: Any) -> dict[str, Any]:
    return {**json.loads(jws.read(HENAN.statement).payload), **changes}


def resigned(typ: str = STATEMENT_TYPE, **changes: Any) -> str:
    return jws.sign(payload(**changes), HENAN.root, typ)


def key(**changes: Any) -> dict[str, Any]:
    return {**key_to_json(HENAN.keys[0]), **changes}


def former(**changes: Any) -> dict[str, Any]:
    return {"jwk": jwk_of(GUANGDONG.root.public_key), "until": NOW, **changes}


def test_reads_what_the_province_signed() -> None:
    """The keys that a gate uses are those in the province's own words."""
    statement = read_statement(HENAN.statement)
    assert (statement.member, statement.sequence, statement.previous) == ("CN-41", 1, None)
    assert statement.root_kid == HENAN.root.kid
    assert [found.kid for found in statement.keys] == [made.kid for made in HENAN.keys]
    assert all(found.member == "CN-41" for found in statement.keys)


def test_fields_of_a_newer_version_are_ignored() -> None:
    """A field added later must not take a province off the gates that are not updated yet."""
    assert read_statement(resigned(contact="x", keys=[key(note="y")])).member == "CN-41"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"member": "CN-44"}, "header kid is not that of the root key"),
        ({"member": "CN-99"}, "member is not a member id"),
        ({"member": []}, "member is not a member id"),
        ({"sequence": 0}, "sequence is not an integer"),
        ({"previous": "xyz"}, "previous is not a SHA-256"),
        ({"previous": "Z" * 64}, "previous is not a SHA-256"),
        ({"issued_at": "today"}, "issued_at is not an integer"),
        ({"root_key": None}, "not a JWK"),
        ({"root_key": jwk_of(GUANGDONG.root.public_key)}, "header kid is not that of the root key"),
        ({"previous_root": 5}, "previous_root is not a plain text"),
        ({"former_roots": {}}, "former_roots is not an array"),
        ({"former_roots": [former()] * 9}, "former_roots is not an array"),
        ({"former_roots": [7]}, "former root is not an object"),
        ({"former_roots": [former(until="x")]}, "until is not an integer"),
        ({"former_roots": [former(), former(until=NOW - 1)]}, "a former root key stands twice"),
        ({"former_roots": [former(jwk=jwk_of(HENAN.root.public_key))]}, "or is the root key"),
        ({"keys": None}, "keys is not an array"),
        ({"keys": [key()] * 65}, "keys is not an array"),
        ({"keys": [key(), key(use="status")]}, "a key stands twice"),
        ({"keys": ["rubbish"]}, "key is not an object"),
        ({"keys": [key(kid="00" * 8)]}, "kid is not that of the key"),
        ({"keys": [key(kid=None)]}, "kid is not 16 lower-case hex digits"),
        (
            {"keys": [key(kid=GUANGDONG.keys[0].kid.hex(), jwk=jwk_of(GUANGDONG.keys[0].public_key))]},
            "kid is",
        ),
        ({"keys": [key(alg="none")]}, "algorithm is none of ES256"),
        ({"keys": [key(use="sign")]}, "unknown use"),
        ({"keys": [key(use=["status"])]}, "unknown use"),
        ({"keys": [key(jwk={**key()["jwk"], "d": "AA"})]}, "a private key where a public one belongs"),
        ({"keys": [key(not_after=NOW - DAY)]}, "not_after is not later"),
        ({"keys": [key(not_before=None)]}, "not_before is not an integer"),
    ],
)
def test_a_statement_that_says_something_odd_is_refused(changes: dict[str, Any], detail: str) -> None:
    """Everything odd about a key is found before a gate relies on it, and named."""
    with pytest.raises(StatementRejected, match=detail):
        read_statement(resigned(**changes))


def test_the_root_key_is_for_statements_alone() -> None:
    """A root key that also signs credentials would lie on a busy server."""
    root = HENAN.root
    listed = key(kid=root.kid.hex(), jwk=jwk_of(root.public_key))
    with pytest.raises(StatementRejected, match="is the root key"):
        read_statement(resigned(keys=[listed]))


def test_another_kind_of_signed_object_is_no_statement() -> None:
    """What the root key signed for another purpose must not pass (RFC 8725 section 3.11)."""
    with pytest.raises(StatementRejected, match="typ"):
        read_statement(resigned(typ=ROOT_CHANGE_TYPE))


def test_a_changed_statement_is_refused() -> None:
    """dgc-gateway PR #88: entries were signed at every hop and checked at none."""
    header, _, signature = HENAN.statement.split(".")
    _, forged, _ = jws.sign(payload(sequence=9), HENAN.root, STATEMENT_TYPE).split(".")
    with pytest.raises(StatementRejected, match="wrong-signature"):
        read_statement(".".join([header, forged, signature]))


@pytest.mark.parametrize("text", ["", "a.b", "....", "x" * (MAX_STATEMENT_CHARACTERS + 1)])
def test_rubbish_is_refused(text: str) -> None:
    """The route that takes statements is open to everybody."""
    with pytest.raises(StatementRejected):
        read_statement(text)


def test_only_what_a_gate_would_take_is_signed() -> None:
    """The mistake must show in the province, not at the registry."""
    with pytest.raises(StatementRejected):
        sign_statement(
            root=HENAN.root,
            root_key=GUANGDONG.root.public_key,
            member="CN-41",
            sequence=1,
            previous=None,
            issued_at=NOW,
            keys=HENAN.keys,
        )


def test_statements_form_a_chain() -> None:
    """Nobody, the registry included, can slip in, drop or bring back a statement."""
    province = Province("CN-33", 330_000, NOW)
    first = read_statement(province.statement)
    following = read_statement(province.statement)._replace(sequence=2, previous=first.digest)
    check_follows(first, None)
    check_follows(following, first)
    for wrong in (
        first,
        following._replace(sequence=3),
        following._replace(previous="0" * 64),
        following._replace(member="CN-44"),
    ):
        with pytest.raises(StatementRejected):
            check_follows(wrong, first)
    with pytest.raises(StatementRejected, match="it is number 3, 2 is next; have that published first"):
        check_follows(following._replace(sequence=3), first)
    for wrong in (following, first._replace(previous="0" * 64)):
        with pytest.raises(StatementRejected):
            check_follows(wrong, None)


def test_a_province_needs_keys_in_reserve() -> None:
    """With a single credential key its loss would stop a province from issuing."""
    statement = read_statement(HENAN.statement)
    check_usable(statement, NOW)
    with pytest.raises(StatementRejected, match="credential"):
        check_usable(statement, NOW + YEAR)
    with pytest.raises(StatementRejected, match="credential"):
        check_usable(statement._replace(keys=statement.keys[1:]), NOW)
    without_status = tuple(found for found in statement.keys if found.use != "status")
    with pytest.raises(StatementRejected, match="status"):
        check_usable(statement._replace(keys=without_status), NOW)


def test_the_old_root_hands_over() -> None:
    """A planned change of the root key must not make the province's codes undetermined."""
    province = Province("CN-33", 330_000, NOW)
    old = province.root.public_key
    statement = read_statement(province.replace_root(signed_by_old=True))
    verify_root_change(statement, old)


def test_only_the_old_root_can_hand_over() -> None:
    """Else whoever the registry lists next could declare itself the successor."""
    province = Province("CN-33", 330_000, NOW)
    old = province.root
    statement = read_statement(province.replace_root(signed_by_old=False))
    thief = new_private_key()
    for change in (
        None,
        "rubbish",
        sign_root_change(GUANGDONG.root, "CN-33", statement.root_kid, NOW),
        sign_root_change(old, "CN-44", statement.root_kid, NOW),
        sign_root_change(old, "CN-33", kid_of("CN-33", thief.public_key()), NOW),
        jws.sign({"member": "CN-33", "root_kid": None}, old, ROOT_CHANGE_TYPE),
    ):
        with pytest.raises(StatementRejected):
            verify_root_change(statement._replace(root_change=change), old.public_key)
