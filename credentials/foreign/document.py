"""The list of foreign keys as a document: strict JSON, signed by the host member's ``rules`` key.

::

    {"member": "CN-44", "sequence": 3, "issued_at": 1668902400,
     "keys": [{"format": "eu-dcc", "issuer": "DE", "kid": "<base64url>", "alg": "<name in the table>", "jwk": {…},
               "kinds": ["recovery", "test", "vaccination"], "not_before": 1620324000, "not_after": 1683396000,
               "revoked": ["<rid>", "<rid>.<seconds>"]}]}

``revoked`` stands with keys of whose cards somebody has asked what their issuer has withdrawn.

The newest sequence counts. Keys in it are looked at one by one: what is wrong with one is named, and none stops the
others. Whoever signs a list has each of them read whole first; a gate reads a key when a card first names it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from credentials.algorithms.table import FOR_FOREIGN, PublicKey
from credentials.base64url import from_base64url, to_base64url
from credentials.errors import IssuerMismatch, KeyRejected, Malformed, TooLarge
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import MAX_KEYS_OF_A_KID, ForeignKey, ForeignKeys, is_revocation, too_many_of_a_kid
from credentials.profile.limits import MAX_JWS_CHARACTERS, MAX_STATUS_SEQUENCE, MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.members import is_member_id
from credentials.signing import Signer
from credentials.wire import jws
from credentials.wire.strict_json import json_bytes, with_whole_numbers

FOREIGN_KEYS_TYPE = "tongxing-foreign-keys+jws"
"""``typ`` of the JWS (RFC 8725 section 3.11): a list of keys is no rule set, though the same key signs both."""
MAX_FOREIGN_KEYS = 4096
MAX_KID_BYTES = 64
MAX_REVOKED = 32_768
"""Withdrawn cards of all keys of a list: what 1.5 MB have room for beside a thousand keys."""
_FORMAT = re.compile("[a-z][a-z0-9-]{1,31}")
_ISSUER = re.compile("[!-~]{1,255}")
"""A country's two letters, or an address, without a space."""
_KINDS = {kind.value: kind for kind in CardKind}
_FIELDS = frozenset({"format", "issuer", "kid", "alg", "jwk", "kinds", "not_before", "not_after"})


def sign_foreign_keys(document: dict[str, Any], signer: Signer) -> str:
    """The document as a compact JWS, when every key of it can be used.

    Raises Malformed and KeyRejected, naming the key, and TooLarge for one that no gate would take.
    """
    for key in parse_foreign_keys(document).keys:
        try:
            key.public_key  # noqa: B018 - to have it read
        except KeyRejected as error:
            raise KeyRejected(f"{place_of(key)}: {error.detail}") from error
    return jws.read(jws.sign(document, signer, FOREIGN_KEYS_TYPE)).compact


def read_foreign_keys(compact: str, public_key: PublicKey, member: str) -> ForeignKeys:
    """Verify and load the list of ``member``, whose ``rules`` key ``public_key`` is.

    Raises TooLarge, Malformed, AlgorithmMismatch, WrongSignature, and IssuerMismatch for another member's.
    """
    document = jws.verify(jws.read(compact, MAX_JWS_CHARACTERS), public_key, FOREIGN_KEYS_TYPE)
    if document.get("member") != member:
        raise IssuerMismatch("list of foreign keys of another member")
    return parse_foreign_keys(document)


def parse_foreign_keys(document: object) -> ForeignKeys:
    """Check a document; its keys' numbers are not looked at yet. Raises Malformed, naming what is wrong; TooLarge."""
    if type(document) is not dict or document.keys() != {"member", "sequence", "issued_at", "keys"}:
        raise Malformed("list of foreign keys: not member, sequence, issued_at and keys")
    member, entries = document["member"], document["keys"]
    if not isinstance(member, str) or not is_member_id(member):
        raise Malformed("member is not a member id")
    if type(entries) is not list or not entries:
        raise Malformed("keys: not an array of keys")
    if len(entries) > MAX_FOREIGN_KEYS:
        raise TooLarge(f"more than {MAX_FOREIGN_KEYS} keys")
    keys = tuple(_key(number, entry) for number, entry in enumerate(entries, 1))
    if sum(len(key.revoked or ()) for key in keys) > MAX_REVOKED:
        raise TooLarge(f"more than {MAX_REVOKED} withdrawn cards")
    if crowded := too_many_of_a_kid(keys):
        raise Malformed(f"more than {MAX_KEYS_OF_A_KID} keys of one kid: {', '.join(crowded[:8])}")
    sequence = _whole(document, "sequence", 1, MAX_STATUS_SEQUENCE)
    return ForeignKeys(member, sequence, _whole(document, "issued_at", MIN_TIME_SECONDS, MAX_TIME_SECONDS), keys)


def document_of(member: str, sequence: int, issued_at: int, keys: Iterable[ForeignKey]) -> dict[str, Any]:
    """A document for :func:`sign_foreign_keys`, its keys in one order whatever order they came in."""
    entries = [_entry(key) for key in keys]
    return {
        "member": member,
        "sequence": sequence,
        "issued_at": issued_at,
        "keys": sorted(entries, key=lambda entry: (entry["format"], entry["issuer"], entry["kid"], json_bytes(entry))),
    }


def place_of(key: ForeignKey) -> str:
    """A key in one line, for people: format, issuer, kid in hex."""
    return f"{key.format} {key.issuer} {key.kid.hex()}"


def fingerprint(key: ForeignKey) -> str:
    """What a key is, in hex: two entries say the same when this is equal."""
    return hashlib.sha256(json_bytes(_entry(key))).hexdigest()


def check_key(key: ForeignKey) -> None:
    """Raise Malformed, naming what is wrong, for a key that no list may hold."""
    _checked_key(_entry(key))


def _entry(key: ForeignKey) -> dict[str, Any]:
    return {
        "format": key.format,
        "issuer": key.issuer,
        "kid": to_base64url(key.kid),
        "alg": key.algorithm,
        "jwk": dict(key.jwk),
        "kinds": sorted(kind.value for kind in key.kinds),
        "not_before": key.not_before,
        "not_after": key.not_after,
        **({} if key.revoked is None else {"revoked": sorted(key.revoked)}),
    }


def _key(number: int, entry: object) -> ForeignKey:
    try:
        return _checked_key(entry)
    except Malformed as error:
        raise Malformed(f"key {number} of the list: {error.detail}") from error


def _checked_key(entry: object) -> ForeignKey:
    if type(entry) is not dict or entry.keys() - {"revoked"} != _FIELDS:
        raise Malformed(f"not the fields {', '.join(sorted(_FIELDS))} and perhaps revoked")
    kid = from_base64url(_text(entry, "kid", re.compile("[A-Za-z0-9_-]{1,88}")))
    algorithm, jwk, kinds = entry["alg"], entry["jwk"], entry["kinds"]
    if len(kid) > MAX_KID_BYTES:
        raise Malformed(f"kid of more than {MAX_KID_BYTES} bytes")
    if type(algorithm) is not str or algorithm not in FOR_FOREIGN:
        raise Malformed(f"alg is none of {', '.join(FOR_FOREIGN)}")
    if not isinstance(jwk, Mapping) or "d" in jwk:
        raise Malformed("jwk is no public key")
    if type(kinds) is not list or not kinds or not all(type(kind) is str and kind in _KINDS for kind in kinds):
        raise Malformed(f"kinds are none of {', '.join(CardKind)}")
    return ForeignKey(
        format=_text(entry, "format", _FORMAT),
        issuer=_text(entry, "issuer", _ISSUER),
        kid=kid,
        algorithm=algorithm,
        jwk=jwk,
        kinds=frozenset([_KINDS[kind] for kind in kinds]),
        not_before=_whole(entry, "not_before", 0, MAX_TIME_SECONDS),
        not_after=_whole(entry, "not_after", 0, MAX_TIME_SECONDS),
        revoked=_revoked(entry),
    )


def _revoked(entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "revoked" not in entry:
        return None
    revoked = entry["revoked"]
    if type(revoked) is not list or not all(map(is_revocation, revoked)):
        raise Malformed("revoked is no array of rid or rid.seconds")
    return tuple(revoked)


def _text(fields: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = fields[name]
    if type(value) is not str or not form.fullmatch(value):
        raise Malformed(f"{name} has not its form")
    return value


def _whole(fields: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = with_whole_numbers(fields[name])
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"{name} is not an integer from {least} to {most}")
    return value
