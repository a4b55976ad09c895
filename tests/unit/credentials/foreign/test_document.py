"""The host's list of foreign keys: signed under a type of its own, bounded, and checked key by key."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from credentials.errors import AlgorithmMismatch, IssuerMismatch, KeyRejected, Malformed, TooLarge, WrongSignature
from credentials.foreign.document import (
    FOREIGN_KEYS_TYPE,
    MAX_FOREIGN_KEYS,
    document_of,
    fingerprint,
    parse_foreign_keys,
    place_of,
    read_foreign_keys,
    sign_foreign_keys,
)
from credentials.foreign.keys import MAX_KEYS_OF_A_KID
from credentials.recognition.document import RULES_TYPE
from credentials.wire import jws
from tests.dcc import KID, key, rsa_key
from tests.samples import ISSUED_AT, ISSUER_KEY, SIGNER, STRANGER_KEY

HOST = "CN-44"
DOCUMENT = document_of(HOST, 3, ISSUED_AT, [rsa_key(), key()])
PUBLIC = ISSUER_KEY.public_key()


def altered(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    document: Any = copy.deepcopy(DOCUMENT)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(document)


def test_what_was_signed_is_what_a_gate_has() -> None:
    """The keys come in one order, so that two people who import the same sign the same."""
    listed = read_foreign_keys(sign_foreign_keys(DOCUMENT, SIGNER), PUBLIC, HOST)
    assert (listed.member, listed.sequence, listed.issued_at) == (HOST, 3, ISSUED_AT)
    assert [*map(fingerprint, listed.keys)] == [fingerprint(key()), fingerprint(rsa_key())]
    assert document_of(HOST, 3, ISSUED_AT, [key(), rsa_key()]) == DOCUMENT
    assert place_of(listed.keys[0]) == "eu-dcc AT d919375fc1e7b6b2"


def test_a_kid_leads_to_all_its_keys_and_to_those_of_its_format_alone() -> None:
    """46 kids of one directory stand under two issuers."""
    listed = parse_foreign_keys(DOCUMENT)
    assert [found.issuer for found in listed.named("eu-dcc", KID)] == ["AT", "CH"]
    assert listed.named("smart-health-card", KID) == ()
    assert listed.named("eu-dcc", b"other") == ()


def test_a_list_is_no_rule_set_and_a_rule_set_is_no_list() -> None:
    """One key signs both: without a type of its own each could stand for the other (RFC 8725 section 3.11)."""
    with pytest.raises(Malformed):
        read_foreign_keys(jws.sign(DOCUMENT, SIGNER, RULES_TYPE), PUBLIC, HOST)
    with pytest.raises(Malformed):
        jws.verify(jws.read(sign_foreign_keys(DOCUMENT, SIGNER)), PUBLIC, RULES_TYPE)


def test_another_members_list_and_another_signer() -> None:
    """A member vouches for its own gates alone."""
    signed = sign_foreign_keys(DOCUMENT, SIGNER)
    with pytest.raises(IssuerMismatch):
        read_foreign_keys(signed, PUBLIC, "CN-33")
    with pytest.raises(WrongSignature):
        read_foreign_keys(signed, STRANGER_KEY.public_key(), HOST)
    head, body, tail = signed.split(".")
    with pytest.raises((AlgorithmMismatch, Malformed, WrongSignature)):
        read_foreign_keys(f"{head}.{body[:-2]}.{tail}", PUBLIC, HOST)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("member",), "DE"),
        (("member",), 7),
        (("sequence",), 0),
        (("sequence",), True),
        (("issued_at",), 7),
        (("keys",), []),
        (("keys",), {}),
        (("keys", 0), 7),
        (("keys", 0, "more"), 1),
        (("keys", 0, "format"), "EU DCC"),
        (("keys", 0, "issuer"), "D E"),
        (("keys", 0, "issuer"), 7),
        (("keys", 0, "kid"), ""),
        (("keys", 0, "kid"), "A"),
        (("keys", 0, "kid"), "A" * 88),
        (("keys", 0, "alg"), "RS256"),
        (("keys", 0, "alg"), ["ES256"]),
        (("keys", 0, "jwk"), "x"),
        (("keys", 0, "jwk"), {"d": "x"}),
        (("keys", 0, "kinds"), []),
        (("keys", 0, "kinds"), "test"),
        (("keys", 0, "kinds"), ["travel"]),
        (("keys", 0, "not_before"), -1),
        (("keys", 0, "not_after"), 1.5),
    ],
)
def test_what_is_wrong_is_named(path: tuple[Any, ...], value: Any) -> None:
    """Whoever edits a list by hand needs the place."""
    with pytest.raises(Malformed) as raised:
        parse_foreign_keys(altered(path, value))
    if path[:1] == ("keys",) and len(path) > 1:
        assert "key 1 of the list" in raised.value.detail


@pytest.mark.parametrize("document", [None, [], {}, {**DOCUMENT, "more": 1}])
def test_what_is_no_list(document: Any) -> None:
    """An unknown field may be one that an older gate must not ignore."""
    with pytest.raises(Malformed):
        parse_foreign_keys(document)


def test_a_list_has_its_bounds() -> None:
    """A gate keeps it in memory and a browser reads it: 4,096 keys, eight of a kid."""
    entry = DOCUMENT["keys"][0]
    with pytest.raises(TooLarge):
        parse_foreign_keys({**DOCUMENT, "keys": [entry] * (MAX_FOREIGN_KEYS + 1)})
    with pytest.raises(Malformed, match=KID.hex()):
        parse_foreign_keys({**DOCUMENT, "keys": [entry] * (MAX_KEYS_OF_A_KID + 1)})


def test_a_key_that_nobody_can_use_is_not_signed() -> None:
    """A gate reads a key when a card first names it, which is too late to tell anybody."""
    with pytest.raises(KeyRejected, match="AT d919375fc1e7b6b2"):
        sign_foreign_keys(altered(("keys", 0, "jwk", "x"), "AAAA"), SIGNER)


def test_the_type_is_ours() -> None:
    """It stands in the wire format, for ever."""
    assert FOREIGN_KEYS_TYPE == "tongxing-foreign-keys+jws"


def test_what_issuers_have_withdrawn_stands_with_their_keys() -> None:
    """Bounded, in the one form, and the same again after writing."""
    entry = DOCUMENT["keys"][0]
    listed = parse_foreign_keys({**DOCUMENT, "keys": [{**entry, "revoked": ["b.1687450765", "a"]}]})
    assert listed.keys[0].revoked == ("b.1687450765", "a")
    assert document_of("CN-44", 1, DOCUMENT["issued_at"], listed.keys)["keys"][0]["revoked"] == ["a", "b.1687450765"]
    for wrong in ("a", [7], ["a b"], ["a.b"], ["a" * 25], [""], [f"a.{10**10}"]):
        with pytest.raises(Malformed, match="revoked"):
            parse_foreign_keys({**DOCUMENT, "keys": [{**entry, "revoked": wrong}]})
    with pytest.raises(TooLarge, match="withdrawn"):
        parse_foreign_keys({**DOCUMENT, "keys": [{**entry, "revoked": ["a"] * 32_769}]})


def test_a_key_of_many_issuers_is_no_crowd() -> None:
    """It is tried once, however many share it; nine different ones of a kid are somebody's way to keep a gate busy."""
    entry = DOCUMENT["keys"][0]
    shared = [{**entry, "issuer": f"https://{number}.example"} for number in range(20)]
    assert len(parse_foreign_keys({**DOCUMENT, "keys": shared}).keys) == 20
    different = [{**each, "jwk": {**entry["jwk"], "x": str(number)}} for number, each in enumerate(shared)]
    with pytest.raises(Malformed, match="more than 8"):
        parse_foreign_keys({**DOCUMENT, "keys": different})
