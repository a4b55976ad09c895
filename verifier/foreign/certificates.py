"""Signers' certificates of EU cards (document signer certificates) as keys of a list.

A certificate only carries a key here: who vouches for it is whoever signs the list. X.509 that a strict reader refuses
is in use (defaults that are encoded, negative serial numbers), so its extensions are read a second time by their plain
encoding before their limits on the key's use are given up for unknown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from credentials.algorithms.table import FOR_FOREIGN
from credentials.errors import KeyRejected
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ALL_KINDS, ISO_COUNTRIES, NO_COUNTRY, ForeignKey, country_of
from credentials.formats import eu_dcc
from credentials.profile.limits import MAX_TIME_SECONDS

KID_BYTES = 8
"""Of the SHA-256 of the certificate (hcert-spec, section 3.3.1)."""
MAX_CERTIFICATE_BYTES = 16_384
_USAGES = {"1": CardKind.TEST, "2": CardKind.VACCINATION, "3": CardKind.RECOVERY}
_USAGE_ROOTS = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")
"""Extended key usages, as registered, and as the first guidelines misspelled them; both are in certificates."""
_EXTENDED_KEY_USAGE = bytes.fromhex("0603551d25")
"""The object identifier 2.5.29.37, encoded."""


class Certificate(NamedTuple):
    """``der``: the certificate. ``kid``, ``country``: as the list it came in has them, where it does."""

    der: bytes
    kid: bytes | None = None
    country: str | None = None


def key_of(certificate: Certificate) -> ForeignKey:
    """The key that a certificate carries. Raises KeyRejected, naming what is wrong."""
    if len(certificate.der) > MAX_CERTIFICATE_BYTES:
        raise KeyRejected(f"certificate of more than {MAX_CERTIFICATE_BYTES} bytes")
    try:
        parsed = x509.load_der_x509_certificate(certificate.der)
        public_key = parsed.public_key()
        not_before, not_after = parsed.not_valid_before_utc.timestamp(), parsed.not_valid_after_utc.timestamp()
        country = certificate.country or _country(parsed) or NO_COUNTRY
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRejected("not an X.509 certificate that can be read") from error
    algorithm = next((each for each in FOR_FOREIGN.values() if each.is_public_key(public_key)), None)
    if algorithm is None:
        raise KeyRejected(f"its key is for none of {', '.join(FOR_FOREIGN)}")
    return ForeignKey(
        format=eu_dcc.NAME,
        issuer=ISO_COUNTRIES.get(country, country),
        kid=certificate.kid or hashlib.sha256(certificate.der).digest()[:KID_BYTES],
        algorithm=algorithm.NAME,
        jwk=algorithm.jwk_of(public_key),
        kinds=_kinds(parsed, certificate.der),
        not_before=_bounded(not_before),
        not_after=_bounded(not_after),
    )


def kinds_of_usages(usages: Iterator[str]) -> frozenset[CardKind]:
    """The kinds that extended key usages allow: those that are named, and all where none is of cards."""
    named = {
        _USAGES[usage.removeprefix(root)]
        for usage in usages
        for root in _USAGE_ROOTS
        if usage.startswith(root) and usage.removeprefix(root) in _USAGES
    }
    return frozenset(named) or ALL_KINDS


def _kinds(parsed: x509.Certificate, der: bytes) -> frozenset[CardKind]:
    try:
        usages = parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ALL_KINDS
    except (ValueError, x509.DuplicateExtension):
        return kinds_of_usages(_plain_usages(der))
    return kinds_of_usages(usage.dotted_string for usage in usages)


def _plain_usages(der: bytes) -> Iterator[str]:
    """The usages of an extension that the strict reader does not reach: name, perhaps "critical", octet string."""
    at = der.find(_EXTENDED_KEY_USAGE)
    if at < 0:
        return
    at += len(_EXTENDED_KEY_USAGE)
    if der[at : at + 2] == b"\x01\x01":
        at += 3
    octets, end = _element(der, at, 0x04)
    sequence, end = _element(der[:end], octets, 0x30)
    while sequence < end:
        content, sequence = _element(der[:end], sequence, 0x06)
        yield _dotted(der[content:sequence])


def _element(der: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of an element with a length below 128 begins and ends. Raises KeyRejected for any other."""
    if len(der) < at + 2 or der[at] != tag or der[at + 1] > 0x7F or at + 2 + der[at + 1] > len(der):
        raise KeyRejected("its extended key usage cannot be read")
    return at + 2, at + 2 + der[at + 1]


def _dotted(content: bytes) -> str:
    """An object identifier in dots (X.690 section 8.19)."""
    arcs, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2) if arcs else 0
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]] if arcs else []))


def _country(parsed: x509.Certificate) -> str | None:
    for name in (parsed.subject, parsed.issuer):
        for attribute in name.get_attributes_for_oid(NameOID.COUNTRY_NAME):
            if country := country_of(str(attribute.value).strip()):
                return country
    return None


def _bounded(seconds: float) -> int:
    return max(0, min(int(seconds), MAX_TIME_SECONDS))
