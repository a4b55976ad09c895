// The facts of a SMART Health Card, read from a payload whose signature holds; as in
// credentials/formats/smart_health_card/card.py.

import { malformed } from "../../errors";
import type { VerifiedCard } from "../../foreign/envelope";
import { type CardKind, type ForeignEvidence, type ForeignFacts, isKnown } from "../../foreign/facts";
import { type EvidenceKind, type EvidenceResult, MAX_TIME_SECONDS } from "../../profile";
import { inflateRaw } from "../../wire/inflate";
import { isObject } from "../../wire/jws";
import { type Json, parseJson } from "../../wire/strict_json";
import { COVID_19, COVID_VACCINES, LOINC, RESULTS, TESTS } from "./codes";
import type { CardLenience } from "./leniences";
import { MAX_CARD_BYTES, MAX_CODINGS, MAX_ENTRIES, MAX_FIELD_CHARACTERS } from "./limits";
import { birthDateOf, nameOf } from "./person";
import { dateTimeOf } from "./times";

const TYPE = "https://smarthealth.cards#health-card";
/** States of an observation in which its result counts. */
const SETTLED: readonly unknown[] = ["final", "amended", "corrected"];
const MAX_RID_CHARACTERS = 24;
const [GIVEN, TESTED] = ["Immunization", "Observation"] as const;

type Fields = { readonly [name: string]: Json };
type Note = (lenience: CardLenience) => void;

/** Throws `malformed` for what no lenience allows: a missing field, another type, two persons, nobody; `too-large`. */
export function read({ payload, key, leniences }: VerifiedCard): ForeignFacts {
  const odd = new Set<string>(leniences);
  const note: Note = (lenience) => odd.add(lenience);
  const claims = object(parseJson(inflateRaw(payload, MAX_CARD_BYTES)));
  const credential = object(claims.vc);
  const all = resources(credential);
  const about = all.filter(isEvidence);
  const evidence = [
    ...vaccinations(
      about.filter(({ resourceType }) => resourceType === GIVEN),
      note,
    ),
    ...about.filter(({ resourceType }) => resourceType === TESTED).map((each) => test(each, note)),
  ];
  const patient = patientOf(all);
  if (!patient) {
    if (evidence.some(isKnown)) throw malformed("nobody to whom it happened");
    note("person-missing");
  }
  const kinds = new Set<CardKind>(about.map(({ resourceType }) => (resourceType === GIVEN ? "vaccination" : "test")));
  return {
    format: key.format,
    kind: kinds.size === 1 ? [...kinds][0]! : "other",
    issuer: key.issuer,
    claimedIssuer: text(claims, "iss"),
    issuedAt: Math.floor(seconds(claims.nbf)),
    // From then on it no longer holds (RFC 7519 section 4.1.4): what begins within that second still does.
    expiresAt: (claims.exp ?? null) === null ? null : Math.ceil(seconds(claims.exp)),
    name: patient ? nameOf(patient, note) : "",
    birthDate: patient ? birthDateOf(patient) : "",
    evidence,
    revocation: revocation(credential),
    original: null,
    leniences: [...odd],
  };
}

function resources(credential: Fields): Fields[] {
  const { type } = credential;
  if (!Array.isArray(type) || !type.includes(TYPE)) throw malformed("not of the type of a health card");
  const { entry } = object(object(credential.credentialSubject).fhirBundle);
  if (!Array.isArray(entry) || !entry.length || entry.length > MAX_ENTRIES) throw malformed("no entries, or too many");
  return entry.map((each) => {
    const resource = object(object(each).resource);
    text(resource, "resourceType");
    return resource;
  });
}

function patientOf(all: readonly Fields[]): Fields | undefined {
  const [patient, ...others] = all.filter(({ resourceType }) => resourceType === "Patient");
  if (others.length) throw malformed("more than one person");
  return patient;
}

/** An observation is one when it is of a test that the list has; of all else that laboratories find none is. */
function isEvidence(resource: Fields): boolean {
  return resource.resourceType === GIVEN || (resource.resourceType === TESTED && testKind(resource) !== null);
}

/** With the number of each dose: those against COVID-19 count by their days. */
function vaccinations(all: readonly Fields[], note: Note): ForeignEvidence[] {
  const dated = all.map((resource) => ({ resource, at: dateTimeOf(resource.occurrenceDateTime, note) }));
  const isDose = ({ resource, at: [, isDay] }: (typeof dated)[number]) =>
    isDay && resource.status === "completed" && vaccine(resource)[2] !== null;
  const days = [...new Set(dated.filter(isDose).map(({ at: [day] }) => day))].sort((one, two) => one - two);
  return dated.map((each) => {
    const [system, code, doses] = vaccine(each.resource);
    const dose = isDose(each) ? days.indexOf(each.at[0]) + 1 : null;
    // A series that is not complete is no completed vaccination, and nothing that a rule could mistake for one.
    const result = dose === null || doses === null ? null : dose >= doses ? "completed" : "inconclusive";
    return {
      ...common(each.resource),
      kind: "vaccination",
      result,
      sampledAt: each.at[0],
      disease: doses === null ? null : COVID_19,
      product: code ? `${system.split("/").pop()}:${code}` : null,
      dose,
      doses,
    };
  });
}

/** System and code of the vaccine, and its doses where it is one against COVID-19. */
function vaccine({ vaccineCode }: Fields): [system: string, code: string, doses: number | null] {
  const all = codings(vaccineCode);
  for (const [system, code] of all) {
    const doses = COVID_VACCINES.get(system)?.get(code);
    if (doses !== undefined) return [system, code, doses];
  }
  return [...(all[0] ?? (["", ""] as const)), null];
}

function testKind({ code }: Fields): EvidenceKind | null {
  const found = codings(code).find(([system, each]) => system === LOINC && TESTS.has(each));
  return found ? TESTS.get(found[1])! : null;
}

function test(resource: Fields, note: Note): ForeignEvidence {
  const [sampledAt, isDay] = dateTimeOf(resource.effectiveDateTime, note);
  const found = codings(resource.valueCodeableConcept).map(([system, code]) => RESULTS.get(system)?.get(code));
  const results = new Set<EvidenceResult>(found.flatMap((each) => each ?? []));
  // Two codings that contradict each other say nothing.
  const counts = isDay && SETTLED.includes(resource.status) && results.size === 1;
  return {
    ...common(resource),
    kind: testKind(resource),
    result: counts ? [...results][0]! : null,
    sampledAt,
    disease: COVID_19,
  };
}

function common(resource: Fields) {
  return {
    country: null,
    source: performer(resource),
    identifier: "",
    product: null,
    dose: null,
    doses: null,
    validFrom: null,
    validUntil: null,
  };
}

function codings(concept: Json | undefined): [system: string, code: string][] {
  const coding = isObject(concept) ? concept.coding : null;
  if (!Array.isArray(coding)) return [];
  return coding.slice(0, MAX_CODINGS).flatMap((each) => {
    if (!isObject(each)) return [];
    const { system, code } = each;
    const isSound = typeof system === "string" && typeof code === "string";
    return isSound && [...system].length + [...code].length <= MAX_FIELD_CHARACTERS ? [[system, code]] : [];
  });
}

/** Who gave or found it, as far as the card says so in words. */
function performer({ performer: performers }: Fields): string | null {
  const first = Array.isArray(performers) ? performers[0] : undefined;
  if (!isObject(first)) return null;
  const actor = "actor" in first ? first.actor : first;
  const display = isObject(actor) ? actor.display : null;
  return typeof display === "string" && [...display].length <= MAX_FIELD_CHARACTERS ? display : null;
}

/** By what its issuer would withdraw it; null: not at all. */
function revocation({ rid = null }: Fields): string | null {
  if (rid === null) return null;
  const isSound = typeof rid === "string" && rid && [...rid].length <= MAX_RID_CHARACTERS;
  if (!isSound) throw malformed(`rid is not 1 to ${MAX_RID_CHARACTERS} characters`);
  return rid;
}

/** A NumericDate, with or without parts of a second (RFC 7519 section 2). */
function seconds(value: Json | undefined): number {
  if (typeof value !== "number" || value < 0 || value > MAX_TIME_SECONDS) throw malformed("no time in seconds");
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string" || !value || [...value].length > MAX_FIELD_CHARACTERS)
    throw malformed(`${name}: no text`);
  return value;
}

function object(value: Json | undefined): Fields {
  if (!isObject(value)) throw malformed("an object is missing, or is none");
  return value;
}
