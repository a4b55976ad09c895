"""The codes on SMART Health Cards that rules can be about: vaccines, tests and results, each list closed.

Sources: CVX by the US CDC, LOINC's terms for SARS-CoV-2, SNOMED CT. What is on no list is no fault of the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from credentials.profile.lists import EvidenceKind, EvidenceResult

CVX: Final = "http://hl7.org/fhir/sid/cvx"
SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
ATC: Final = "http://www.whocc.no/atc"
_SINGLE, _USUAL, _SMALL_CHILDREN = 1, 2, 3
"""Doses of a whole series."""


def _doses(usual: str, single: str = "", small_children: str = "") -> dict[str, int]:
    by_doses = {_USUAL: usual, _SINGLE: single, _SMALL_CHILDREN: small_children}
    return {code: doses for doses, codes in by_doses.items() for code in codes.split()}


COVID_VACCINES: Final[Mapping[str, Mapping[str, int]]] = {
    CVX: _doses(
        "207 208 210 211 213 217 218 221 225 226 227 228 229 230 300 301 311 313 500 501 502 503 505 507 508 509 510"
        " 511 512 513 514 515 516 517 518 519 520 521",
        single="212 309 310 312 504 506",
        small_children="219 302 308",
    ),
    SNOMED: _doses(
        "1119349007 1119305005 28531000087107 28571000087109 28581000087106 28761000087108 28961000087105"
        " 29171000087106 1142178009 1142180003 1142181004 1142182006 840534001",
        single="28951000087107",
    ),
    ATC: _doses("J07BX03 J07BN01 J07BN03 J07BN04 J07BN05", single="J07BN02"),
}
"""Vaccines against COVID-19 by system and code, with the doses that make a series of it whole."""

_NUCLEIC_ACID = (
    "94500-6 94306-8 94307-6 94308-4 94309-2 94310-0 94314-2 94315-9 94316-7 94502-2 94531-1 94532-9 94533-7 94534-5"
    " 94559-2 94565-9 94639-2 94640-0 94641-8 94646-7 94647-5 94660-8 94756-4 94757-2 94758-0 94759-8 94760-6 94765-5"
    " 94766-3 94767-1 94819-0 94822-4 94845-5 95406-5 95409-9 95425-5 95521-1 95522-9 95608-6 95609-4 95823-1 95824-9"
    " 96091-4 96120-1 96121-9 96122-7 96123-5 96448-6 96741-4 96751-3 96752-1 96763-8 96764-6 96765-3 96797-6 96829-7"
    " 96895-8 96896-6 96897-4 96898-2 96899-0 96900-6 96957-6 96958-4 96986-5 97098-8 97104-4"
)
_ANTIGEN = "94558-4 95209-3 95942-9 96119-3 97097-0"
TESTS: Final[Mapping[str, EvidenceKind]] = {
    **dict.fromkeys(_NUCLEIC_ACID.split(), EvidenceKind.NUCLEIC_ACID),
    **dict.fromkeys(_ANTIGEN.split(), EvidenceKind.ANTIGEN),
}
"""Tests for SARS-CoV-2 by LOINC: amplification of nucleic acids, and antigens. Antibodies are no test of these."""

RESULTS: Final[Mapping[str, Mapping[str, EvidenceResult]]] = {
    SNOMED: {
        "260415000": EvidenceResult.NEGATIVE,
        "260385009": EvidenceResult.NEGATIVE,
        "260373001": EvidenceResult.POSITIVE,
        "10828004": EvidenceResult.POSITIVE,
        "419984006": EvidenceResult.INCONCLUSIVE,
        "82334004": EvidenceResult.INCONCLUSIVE,
    },
    LOINC: {
        "LA11883-8": EvidenceResult.NEGATIVE,
        "LA6577-6": EvidenceResult.NEGATIVE,
        "LA11882-0": EvidenceResult.POSITIVE,
        "LA6576-8": EvidenceResult.POSITIVE,
        "LA9663-1": EvidenceResult.INCONCLUSIVE,
    },
}
"""What came of a test: not detected, negative, detected, positive, inconclusive, indeterminate."""
