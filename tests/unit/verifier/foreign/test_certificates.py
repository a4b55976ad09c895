"""Signers' certificates as keys of a list: what each carries, and what is named when it carries nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from credentials.errors import KeyRejected
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ALL_KINDS
from tests.dcc import RSA_KEY
from tests.samples import ISSUER_KEY
from verifier.foreign.certificates import Certificate, key_of, kinds_of_usages

BEGINS, ENDS = datetime(2021, 5, 5, tzinfo=UTC), datetime(2023, 5, 5, tzinfo=UTC)
TEST, VACCINATION, RECOVERY = "1.3.6.1.4.1.1847.2021.1.1", "1.3.6.1.4.1.1847.2021.1.2", "1.3.6.1.4.1.1847.2021.1.3"
MISSPELLED = "1.3.6.1.4.1.0.1847.2021.1.2"
CLIENT = "1.3.6.1.5.5.7.3.2"


def certificate(
    country: str | None = "AT", usages: tuple[str, ...] = (), key: Any = ISSUER_KEY, critical: bool = False
) -> bytes:
    """A signer's certificate, by itself."""
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "DSC")]
        + ([x509.NameAttribute(NameOID.COUNTRY_NAME, country)] if country else [])
    )
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, BEGINS, ENDS)
    if usages:
        found = x509.ExtendedKeyUsage([x509.ObjectIdentifier(each) for each in usages])
        made = made.add_extension(found, critical)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def unreadable(der: bytes) -> bytes:
    """The same with a default that is encoded, which a strict reader refuses when it looks for extensions."""
    parsed = x509.load_der_x509_certificate(der)
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.19"), bytes.fromhex("3003010100"))
    made = x509.CertificateBuilder(
        parsed.issuer, parsed.subject, ISSUER_KEY.public_key(), 7, BEGINS, ENDS
    ).add_extension(odd, False)
    for extension in parsed.extensions:
        made = made.add_extension(extension.value, extension.critical)
    found = made.sign(ISSUER_KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    with pytest.raises(ValueError, match="EncodedDefault"):
        list(x509.load_der_x509_certificate(found).extensions)
    return found


def test_a_certificate_carries_a_key_its_country_and_its_time() -> None:
    """The kid is the beginning of the certificate's hash (hcert-spec 3.3.1)."""
    der = certificate()
    found = key_of(Certificate(der))
    assert (found.format, found.issuer, found.algorithm, found.kinds) == ("eu-dcc", "AT", "ES256", ALL_KINDS)
    assert found.kid == hashlib.sha256(der).digest()[:8]
    assert (found.not_before, found.not_after) == (int(BEGINS.timestamp()), int(ENDS.timestamp()))
    assert found.public_key.public_numbers() == ISSUER_KEY.public_key().public_numbers()
    assert key_of(Certificate(certificate(key=RSA_KEY))).algorithm == "PS256"


def test_what_a_list_says_counts_before_the_certificate() -> None:
    """Some countries have kids of their own."""
    found = key_of(Certificate(certificate("DE"), b"own kid", "EL"))
    assert (found.kid, found.issuer) == (b"own kid", "GR")
    assert key_of(Certificate(certificate(None))).issuer == "XX"
    assert key_of(Certificate(certificate("at"))).issuer == "AT"


@pytest.mark.parametrize(
    ("usages", "kinds"),
    [
        ((), ALL_KINDS),
        ((CLIENT,), ALL_KINDS),
        ((TEST,), {CardKind.TEST}),
        ((VACCINATION, CLIENT), {CardKind.VACCINATION}),
        ((MISSPELLED,), {CardKind.VACCINATION}),
        ((RECOVERY, TEST), {CardKind.RECOVERY, CardKind.TEST}),
    ],
)
def test_a_key_is_for_the_kinds_that_it_names(usages: tuple[str, ...], kinds: Any) -> None:
    """In both spellings of the identifiers; a test centre's key must not vaccinate anybody. Also where the certificate
    cannot be read strictly: whole countries have such."""
    for critical in (False, True):
        der = certificate(usages=usages, critical=critical)
        assert key_of(Certificate(der)).kinds == kinds
        assert key_of(Certificate(unreadable(der))).kinds == kinds


def test_usages_that_nobody_could_read_are_no_permission() -> None:
    """Given up for unknown they would allow every kind."""
    der = unreadable(certificate(usages=(TEST,)))
    at = der.index(bytes.fromhex("0603551d25")) + 5
    for offset in (0, 1, 3):
        broken = bytearray(der)
        broken[at + offset] = 0xFF
        with pytest.raises(KeyRejected):
            key_of(Certificate(bytes(broken)))


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"0",
        certificate()[:-20],
        bytes(20_000),
        certificate(key=ec.derive_private_key(7, ec.SECP384R1())),
    ],
    ids=["empty", "one byte", "cut", "zeros", "a curve that no card uses"],
)
def test_what_carries_no_key_for_a_gate_is_named(der: bytes) -> None:
    """One bad entry of a thousand is told, and stops none of the others."""
    with pytest.raises(KeyRejected) as raised:
        key_of(Certificate(der))
    assert raised.value.detail


def test_identifiers_that_only_look_alike() -> None:
    """A longer one is another one."""
    assert kinds_of_usages(iter([f"{TEST}.1", "1.3.6.1.4.1.1847.2021.1.9"])) == ALL_KINDS
    assert BEGINS + timedelta(days=730) == ENDS
