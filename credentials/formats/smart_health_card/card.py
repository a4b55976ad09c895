"""The facts of a SMART Health Card, read from a payload whose signature holds: a JWT around a FHIR R4 bundle.

A card says which doses were given, not whether that was all of them: a series is whole when the doses on the card, each
of another day, are as many as its vaccine needs. What no list here has (another vaccine, a test of something else) is
no fault of the card: it comes as a fact that no rule can be about.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from credentials.errors import Malformed
from credentials.foreign.envelope import VerifiedCard
from credentials.foreign.facts import COVID_19, CardKind, ForeignEvidence, ForeignFacts
from credentials.formats.smart_health_card.codes import COVID_VACCINES, LOINC, RESULTS, TESTS
from credentials.formats.smart_health_card.leniences import CardLenience
from credentials.formats.smart_health_card.limits import (
    MAX_CARD_BYTES,
    MAX_CODINGS,
    MAX_ENTRIES,
    MAX_FIELD_CHARACTERS,
)
from credentials.formats.smart_health_card.person import birth_date_of, name_of
from credentials.formats.smart_health_card.times import date_time_of
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.profile.lists import EvidenceKind, EvidenceResult
from credentials.wire.inflate import inflate_raw
from credentials.wire.strict_json import parse_json

_TYPE = "https://smarthealth.cards#health-card"
_GIVEN = ("completed",)
_SETTLED = ("final", "amended", "corrected")
"""States of an observation in which its result counts."""
_MAX_RID_CHARACTERS = 24


def read(verified: VerifiedCard) -> ForeignFacts:
    """Raises Malformed for what no lenience allows: a missing field, another type, two persons, nobody; TooLarge."""
    odd = list(verified.leniences)
    claims = _object(parse_json(inflate_raw(verified.payload, MAX_CARD_BYTES)), "claims")
    credential = _object(claims.get("vc"), "vc")
    resources = _resources(credential)
    given = [each for each in resources if each["resourceType"] == "Immunization"]
    tested = [(each, kind) for each in resources if (kind := _test_kind(each)) is not None]
    evidence = (*_vaccinations(given, odd), *(_test(each, kind, odd) for each, kind in tested))
    patient = _patient(resources)
    if patient is None:
        if any(piece.is_known for piece in evidence):
            raise Malformed("nobody to whom it happened")
        odd.append(CardLenience.PERSON_MISSING)
    kinds = {CardKind.VACCINATION} if given else set()
    kinds |= {CardKind.TEST} if tested else set()
    return ForeignFacts(
        format=verified.key.format,
        kind=kinds.pop() if len(kinds) == 1 else CardKind.OTHER,
        issuer=verified.key.issuer,
        claimed_issuer=_text(claims, "iss"),
        issued_at=math.floor(_seconds(claims.get("nbf"), "nbf")),
        # From then on it no longer holds (RFC 7519 section 4.1.4): what begins within that second still does.
        expires_at=None if claims.get("exp") is None else math.ceil(_seconds(claims["exp"], "exp")),
        name="" if patient is None else name_of(patient, odd),
        birth_date="" if patient is None else birth_date_of(patient),
        evidence=evidence,
        leniences=tuple(dict.fromkeys(odd)),
        revocation=_revocation(credential),
    )


def _resources(credential: dict[str, Any]) -> list[dict[str, Any]]:
    types = credential.get("type")
    if type(types) is not list or _TYPE not in types:
        raise Malformed("not of the type of a health card")
    bundle = _object(_object(credential.get("credentialSubject"), "subject").get("fhirBundle"), "bundle")
    entries = bundle.get("entry")
    if type(entries) is not list or not 0 < len(entries) <= MAX_ENTRIES:
        raise Malformed(f"a bundle of no entries, or of more than {MAX_ENTRIES}")
    resources = [_object(_object(entry, "entry").get("resource"), "resource") for entry in entries]
    for resource in resources:
        _text(resource, "resourceType")
    return resources


def _patient(resources: list[dict[str, Any]]) -> dict[str, Any] | None:
    patients = [resource for resource in resources if resource["resourceType"] == "Patient"]
    if len(patients) > 1:
        raise Malformed("more than one person")
    return patients[0] if patients else None


def _vaccinations(resources: list[dict[str, Any]], odd: list[str]) -> Iterator[ForeignEvidence]:
    """With the number of each dose: those against COVID-19 count by their days."""
    dated = [(*date_time_of(each.get("occurrenceDateTime"), odd), *_vaccine(each), each) for each in resources]
    days = sorted({given_at for given_at, is_day, _, _, doses, each in dated if _is_dose(is_day, doses, each)})
    for given_at, is_day, system, code, doses, resource in dated:
        is_dose = _is_dose(is_day, doses, resource)
        dose = days.index(given_at) + 1 if is_dose else None
        result = None if dose is None or doses is None else _series(dose, doses)
        yield ForeignEvidence(
            kind=EvidenceKind.VACCINATION,
            result=result,
            sampled_at=given_at,
            disease=None if doses is None else COVID_19,
            product=f"{system.rsplit('/', 1)[-1]}:{code}" if code else None,
            dose=dose,
            doses=doses,
            country=None,
            source=_performer(resource),
            identifier="",
        )


def _series(dose: int, doses: int) -> EvidenceResult:
    # A series that is not complete is no completed vaccination, and nothing that a rule could mistake for one.
    return EvidenceResult.COMPLETED if dose >= doses else EvidenceResult.INCONCLUSIVE


def _is_dose(is_day: bool, doses: int | None, resource: dict[str, Any]) -> bool:
    """Whether it counts: given, on a day that is known, against the disease that rules are about."""
    return is_day and doses is not None and resource.get("status") in _GIVEN


def _vaccine(resource: dict[str, Any]) -> tuple[str, str, int | None]:
    """System and code of the vaccine, and its doses where it is one against COVID-19."""
    codings = _codings(resource.get("vaccineCode"))
    for system, code in codings:
        doses = COVID_VACCINES.get(system, {}).get(code)
        if doses is not None:
            return system, code, doses
    return (*codings[0], None) if codings else ("", "", None)


def _test_kind(resource: dict[str, Any]) -> EvidenceKind | None:
    """Of an observation that is of a test on the list; of all else that laboratories find none is evidence."""
    if resource["resourceType"] != "Observation":
        return None
    for system, code in _codings(resource.get("code")):
        if system == LOINC and code in TESTS:
            return TESTS[code]
    return None


def _test(resource: dict[str, Any], kind: EvidenceKind, odd: list[str]) -> ForeignEvidence:
    sampled_at, is_day = date_time_of(resource.get("effectiveDateTime"), odd)
    results = [
        RESULTS[system][code]
        for system, code in _codings(resource.get("valueCodeableConcept"))
        if code in RESULTS.get(system, {})
    ]
    # Two codings that contradict each other say nothing.
    counts = is_day and resource.get("status") in _SETTLED and len({*results}) == 1
    return ForeignEvidence(
        kind=kind,
        result=results[0] if counts else None,
        sampled_at=sampled_at,
        disease=COVID_19,
        country=None,
        source=_performer(resource),
        identifier="",
    )


def _codings(concept: object) -> list[tuple[str, str]]:
    """System and code of each that has both as texts of a bearable length."""
    codings, found = concept.get("coding") if type(concept) is dict else None, []
    for coding in codings[:MAX_CODINGS] if type(codings) is list else ():
        if type(coding) is dict:
            system, code = coding.get("system"), coding.get("code")
            if type(system) is str and type(code) is str and len(system) + len(code) <= MAX_FIELD_CHARACTERS:
                found.append((system, code))
    return found


def _performer(resource: dict[str, Any]) -> str | None:
    """Who gave or found it, as far as the card says so in words."""
    performers = resource.get("performer")
    first = performers[0] if type(performers) is list and performers else None
    actor = first.get("actor", first) if type(first) is dict else None
    display = actor.get("display") if type(actor) is dict else None
    return display if type(display) is str and len(display) <= MAX_FIELD_CHARACTERS else None


def _revocation(credential: dict[str, Any]) -> str | None:
    """By what its issuer would withdraw it; None: not at all."""
    rid = credential.get("rid")
    if rid is None:
        return None
    if type(rid) is not str or not 0 < len(rid) <= _MAX_RID_CHARACTERS:
        raise Malformed(f"rid is not 1 to {_MAX_RID_CHARACTERS} characters")
    return rid


def _seconds(value: object, name: str) -> float:
    """A NumericDate, with or without parts of a second (RFC 7519 section 2); PyJWT would take a text as well."""
    if (type(value) is not int and type(value) is not float) or not 0 <= value <= MAX_TIME_SECONDS:
        raise Malformed(f"{name} is missing, no number, or no time in seconds")
    return value


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if type(value) is not str or not 0 < len(value) <= MAX_FIELD_CHARACTERS:
        raise Malformed(f"{name} is missing, no text, or longer than {MAX_FIELD_CHARACTERS} characters")
    return value


def _object(value: object, what: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise Malformed(f"{what} missing, or no object")
    return value
