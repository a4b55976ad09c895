"""Keys that are published as JWK: WHO's trust list (GDHCN), the VCI's directory of SMART Health Card issuers, a JWKS.

Each key is brought into the one form that gates read, or named with what is wrong with it; none stops the others. What
is odd about a key that is taken all the same is told too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from credentials.algorithms.table import FOR_FOREIGN, FOR_HEALTH_CARDS, FOREIGN_BY_KEY_TYPE
from credentials.base64url import from_base64url
from credentials.errors import InvalidRequest, KeyRejected, Malformed
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ALL_KINDS, NO_COUNTRY, ForeignKey, country_of, is_revocation
from credentials.formats import eu_dcc, smart_health_card
from credentials.keys import key_from_jwk
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.wire.strict_json import json_bytes
from service_kit.inputs import Input
from verifier.foreign.certificates import Certificate, key_of
from verifier.foreign.collecting import ImportedEntry, left_out

_MAX_KID_CHARACTERS = 88
_MAX_REVOKED_OF_A_KEY = 16_384
_ADDRESS = re.compile("https://[!-~]{1,247}")
_EVERY_KIND = frozenset(CardKind)


def in_gdhcn(file: Input, now: int) -> Iterator[ImportedEntry]:
    """The keys of a trust list of WHO's (GDHCN version 2: a DID document), for EU cards.

    Its proof is not what this trust rests on. A reference to another document is named, and not followed. Raises
    InvalidRequest for what is no such list.
    """
    document = file.json_object()
    methods = document.get("verificationMethod")
    if type(methods) is not list or not methods:
        raise InvalidRequest(f"{file.name}: no DID document: verificationMethod is missing or empty")
    for number, method in enumerate(methods):
        yield from _guarded(f"verificationMethod[{number}]", _gdhcn_entry, method, now)


def _gdhcn_entry(place: str, method: object, now: int) -> Iterator[ImportedEntry]:
    if type(method) is str:
        yield left_out(f"{place} {method[:80]}", "a reference to another document: fetch it and import it by itself")
        return
    jwk = method.get("publicKeyJwk") if type(method) is dict else None
    if type(method) is not dict or type(jwk) is not dict:
        raise KeyRejected("no key in the form of a JWK")
    name = str(method.get("id", ""))[:255]
    kid_text = jwk.get("kid", name.rpartition("#")[2])
    place = f"{place} {str(kid_text)[:_MAX_KID_CHARACTERS]}"
    try:
        key = _of_jwk(jwk, eu_dcc.NAME, NO_COUNTRY, _kid(kid_text))
        country = next((each for part in name.split("#")[0].split(":") if (each := country_of(part))), NO_COUNTRY)
        certified, words = _certified(jwk, key, now)
        if certified.issuer == NO_COUNTRY:
            certified = replace(certified, issuer=country)
        yield ImportedEntry(place, certified, words)
    except KeyRejected as error:
        yield left_out(place, error.detail)


def _certified(jwk: Mapping[str, Any], key: ForeignKey, now: int) -> tuple[ForeignKey, str]:
    """The key with the country, the times and the kinds of its certificate, and what must be told of it."""
    chain = jwk.get("x5c")
    if type(chain) is not list or not chain or type(chain[0]) is not str:
        return key, "no certificate: no country and no end are known"
    try:
        certificate = key_of(Certificate(base64.b64decode(chain[0], validate=True), key.kid))
    except (KeyRejected, binascii.Error, ValueError):
        return key, "its certificate cannot be read: no country and no end are known"
    if not certificate.is_same_as(key):
        raise KeyRejected("its certificate is of another key")
    ended = certificate.not_after <= now
    return certificate, "its certificate has ended: only cards of its time count" if ended else ""


def in_vci(file: Input) -> Iterator[ImportedEntry]:
    """The keys of a snapshot of the VCI's directory, with what it has of issuers' withdrawals (``crls``).

    Raises InvalidRequest for what is no snapshot.
    """
    issuers = file.json_object().get("issuerInfo")
    if type(issuers) is not list or not issuers:
        raise InvalidRequest(f"{file.name}: no snapshot of a directory: issuerInfo is missing or empty")
    for number, info in enumerate(issuers):
        yield from _guarded(f"issuerInfo[{number}]", _vci_entry, info)


def _vci_entry(place: str, info: object) -> Iterator[ImportedEntry]:
    issuer = info.get("issuer") if type(info) is dict else None
    address = issuer.get("iss") if type(issuer) is dict else None
    if type(info) is not dict or not is_address(address):
        raise KeyRejected("its issuer has no https address")
    if type(info.get("keys")) is not list or not info["keys"]:
        raise KeyRejected(f"{address}: none of its keys is there; was the directory fetched whole?")
    yield from _jwks(place, str(address), info["keys"], info.get("crls"))


def in_jwks(issuer: str, file: Input, withdrawals: tuple[Input, ...] = ()) -> Iterator[ImportedEntry]:
    """The keys of one issuer's JWKS: of SMART Health Cards where it is an address, of EU cards where it is a country.

    ``withdrawals``: what it has published of withdrawn cards, a file for each key. Raises InvalidRequest.
    """
    keys = file.json_object().get("keys")
    if type(keys) is not list or not keys:
        raise InvalidRequest(f"{file.name}: no JWKS: keys is missing or empty")
    if country := country_of(issuer):
        for number, jwk in enumerate(keys):
            yield from _guarded(f"keys[{number}]", _country_entry, jwk, country)
    elif is_address(issuer):
        yield from _jwks("", issuer, keys, [each.json() for each in withdrawals])
    else:
        raise InvalidRequest(f"{issuer[:80]}: neither an https address nor a country's two letters")


def _country_entry(place: str, jwk: object, country: str) -> Iterator[ImportedEntry]:
    kid = _kid(jwk.get("kid")) if type(jwk) is dict else b""
    yield ImportedEntry(place, _of_jwk(jwk, eu_dcc.NAME, country, kid))


def _jwks(place: str, issuer: str, keys: list[Any], withdrawals: object) -> Iterator[ImportedEntry]:
    revoked: dict[str, Mapping[str, Any]] = {}
    for number, published in enumerate(withdrawals if type(withdrawals) is list else ()):
        if wrong := _wrong_with(published):
            yield left_out(f"{place} {issuer} crls[{number}]".strip(), wrong)
        else:
            revoked[published["kid"]] = published
    for number, jwk in enumerate(keys):
        yield from _guarded(f"{place} {issuer} keys[{number}]".strip(), _health_card_entry, jwk, issuer, revoked)


def _health_card_entry(
    place: str, jwk: object, issuer: str, revoked: Mapping[str, Mapping[str, Any]]
) -> Iterator[ImportedEntry]:
    kid = jwk.get("kid") if type(jwk) is dict else None
    if type(jwk) is not dict or type(kid) is not str:
        raise KeyRejected("no JWK with a kid")
    try:
        key = _of_jwk(jwk, smart_health_card.NAME, issuer, from_base64url(kid))
    except Malformed as error:
        raise KeyRejected(f"kid is {error.detail}") from error
    if key.algorithm != FOR_HEALTH_CARDS.NAME:
        raise KeyRejected(f"not a key for {FOR_HEALTH_CARDS.NAME}")
    if hashlib.sha256(json_bytes(dict(key.jwk))).digest() != key.kid:
        raise KeyRejected("kid is not the thumbprint of the key")
    published, version = revoked.get(kid), jwk.get("crlVersion")
    if published is not None:
        stale = type(version) is int and published["ctr"] < version
        words = "its withdrawals are older than the issuer says there are" if stale else ""
        yield ImportedEntry(place, replace(key, revoked=tuple(published["rids"])), words)
    elif version is None:
        # An issuer that publishes no withdrawals says so by not counting them.
        yield ImportedEntry(place, replace(key, revoked=()))
    else:
        yield ImportedEntry(
            place, key, "its issuer publishes withdrawals, and they are not there: its cards may stay open"
        )


def _wrong_with(published: object) -> str:
    """What is wrong with a file of withdrawals; empty for a sound one."""
    if type(published) is not dict or type(published.get("kid")) is not str or published.get("method") != "rid":
        return "no list of withdrawn cards by rid"
    rids = published.get("rids")
    if type(published.get("ctr")) is not int or type(rids) is not list or len(rids) > _MAX_REVOKED_OF_A_KEY:
        return f"no list of at most {_MAX_REVOKED_OF_A_KEY} withdrawn cards, with its count"
    return "" if all(map(is_revocation, rids)) else "an entry that is no rid"


def _of_jwk(jwk: object, card_format: str, issuer: str, kid: bytes) -> ForeignKey:
    """A key in the one form. Raises KeyRejected, naming what is odd."""
    kind = jwk.get("kty") if type(jwk) is dict else None
    algorithm = FOREIGN_BY_KEY_TYPE.get(kind) if type(kind) is str else None
    if algorithm is None:
        raise KeyRejected(f"its key is for none of {', '.join(FOR_FOREIGN)}")
    return ForeignKey(
        format=card_format,
        issuer=issuer,
        kid=kid,
        algorithm=algorithm.NAME,
        jwk=algorithm.jwk_of(key_from_jwk(jwk, algorithm)),
        kinds=ALL_KINDS if card_format == eu_dcc.NAME else _EVERY_KIND,
        not_before=0,
        not_after=MAX_TIME_SECONDS,
    )


def _kid(text: object) -> bytes:
    """A kid in base64, in either alphabet, padded or not, as identifiers escape it or plain."""
    if type(text) is not str or not text.isascii() or len(text) > _MAX_KID_CHARACTERS:
        raise KeyRejected("kid is missing or no base64")
    plain = text.replace("%3D", "").replace("%2B", "+").replace("%2F", "/").rstrip("=")
    try:
        kid = base64.b64decode(plain.replace("-", "+").replace("_", "/") + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyRejected("kid is missing or no base64") from error
    if not kid:
        raise KeyRejected("kid is missing or no base64")
    return kid


def _guarded(place: str, entries: Callable[..., Iterator[ImportedEntry]], *arguments: Any) -> Iterator[ImportedEntry]:
    """One bad entry in a thousand is named."""
    try:
        yield from entries(place, *arguments)
    except KeyRejected as error:
        yield left_out(place, error.detail)


def is_address(value: object) -> bool:
    """Whether it can be the ``iss`` of a SMART Health Card: an https address without blanks."""
    return type(value) is str and _ADDRESS.fullmatch(value) is not None
