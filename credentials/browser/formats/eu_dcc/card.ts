// The facts of an EU card, read from a payload whose signature holds; as in credentials/formats/eu_dcc/card.py.

import { isShown, stripped } from "../../characters";
import { malformed } from "../../errors";
import type { VerifiedCard } from "../../foreign/envelope";
import type { CardKind, ForeignEvidence, ForeignFacts } from "../../foreign/facts";
import { type EvidenceKind, type EvidenceResult, MAX_TIME_SECONDS } from "../../profile";
import { asJson, Float, type ForeignFields, type ForeignValue, isFields, loads, Tagged } from "../../wire/cbor_foreign";
import type { Note } from "./leniences";
import { MAX_CARD_BYTES, MAX_DOSES, MAX_ENTRIES, MAX_FIELD_CHARACTERS } from "./limits";
import { birthDate, dayOf, momentOf } from "./times";

const [ISS, EXP, IAT, HEALTH, CERTIFICATE] = [1, 4, 6, -260, 1] as const;
/** LOINC: amplification of nucleic acids, and rapid immunoassay. */
const TEST_KINDS = new Map<string, EvidenceKind>([
  ["LP6464-4", "nucleic-acid"],
  ["LP217198-3", "antigen"],
]);
/** SNOMED CT: not detected, detected. */
const TEST_RESULTS = new Map<string, EvidenceResult>([
  ["260415000", "negative"],
  ["260373001", "positive"],
]);

type Reader = (entry: ForeignFields, note: Note) => ForeignEvidence;
const GROUPS: readonly (readonly [group: string, kind: CardKind, read: Reader])[] = [
  ["v", "vaccination", vaccination],
  ["t", "test", test],
  ["r", "recovery", recovery],
];

/** Throws `malformed` for what no lenience allows: a missing field, another type, a card of two kinds or of none. */
export function read({ payload, key, leniences }: VerifiedCard): ForeignFacts {
  const odd = new Set<string>(leniences);
  const note: Note = (lenience) => odd.add(lenience);
  const claims = map(loads(payload, MAX_CARD_BYTES));
  const certificate = map(map(claims.get(HEALTH)).get(CERTIFICATE));
  const [kind, readEntry, entries] = group(certificate, note);
  const evidence = entries.map((entry) => readEntry(map(entry), note));
  return {
    format: key.format,
    kind,
    issuer: key.issuer,
    claimedIssuer: (claims.get(ISS) ?? null) === null ? null : text(claims, ISS),
    issuedAt: issuedAt(claims, note),
    expiresAt: seconds(claims.get(EXP), note),
    name: nameOf(map(certificate.get("nam")), note),
    birthDate: birthDate(certificate.has("dob") ? certificate.get("dob")! : "", note),
    evidence,
    leniences: [...odd],
    revocation: null,
    original: () => asJson(certificate),
  };
}

function group(certificate: ForeignFields, note: Note): [CardKind, Reader, readonly ForeignValue[]] {
  const found: [CardKind, Reader, readonly ForeignValue[]][] = [];
  for (const [name, kind, reader] of GROUPS) {
    const entries = certificate.get(name) ?? [];
    if (!Array.isArray(entries)) throw malformed("entries are no list");
    if (entries.length) found.push([kind, reader, entries]);
    else if (certificate.has(name)) note("empty-group");
  }
  const [only, ...others] = found;
  if (!only || others.length) throw malformed("a card is about one kind: vaccination, test or recovery");
  if (only[2].length > MAX_ENTRIES) throw malformed(`more than ${MAX_ENTRIES} entries`);
  if (only[2].length > 1) note("several-entries");
  return only;
}

function vaccination(entry: ForeignFields, note: Note): ForeignEvidence {
  const [dose, doses] = [count(entry, "dn", note), count(entry, "sd", note)];
  for (const name of ["vp", "ma"]) text(entry, name);
  return {
    ...common(entry),
    kind: "vaccination",
    // A series that is not complete is no completed vaccination, and nothing that a rule could mistake for one.
    result: dose >= doses ? "completed" : "inconclusive",
    sampledAt: dayOf(entry.get("dt"), note),
    product: text(entry, "mp"),
    dose,
    doses,
  };
}

function test(entry: ForeignFields, note: Note): ForeignEvidence {
  const product = [entry.get("ma"), entry.get("nm")].find((each) => typeof each === "string" && each !== "");
  return {
    ...common(entry),
    kind: TEST_KINDS.get(text(entry, "tt")) ?? null,
    result: TEST_RESULTS.get(text(entry, "tr")) ?? null,
    sampledAt: momentOf(entry.get("sc"), note),
    product: typeof product === "string" && isShort(product) ? product : null,
  };
}

function recovery(entry: ForeignFields, note: Note): ForeignEvidence {
  for (const name of ["df", "du"]) dayOf(entry.get(name), note);
  return {
    ...common(entry),
    kind: "recovery",
    result: "completed",
    sampledAt: dayOf(entry.get("fr"), note),
    validFrom: text(entry, "df"),
    validUntil: text(entry, "du"),
  };
}

function common(entry: ForeignFields) {
  return {
    disease: text(entry, "tg"),
    country: text(entry, "co"),
    source: text(entry, "is"),
    identifier: text(entry, "ci"),
    product: null,
    dose: null,
    doses: null,
    validFrom: null,
    validUntil: null,
  };
}

/** Surname and given names as the card has them; where nobody could read them, as passports transliterate. */
function nameOf(names: ForeignFields, note: Note): string {
  const joined = (parts: string[]) =>
    parts
      .map((name) => optional(names, name))
      .filter(Boolean)
      .join(" ");
  const full = joined(["fn", "gn"]);
  if (full && isShown(full)) return full;
  const plain = joined(["fnt", "gnt"]).replace(/</g, " ");
  if (!plain || !isShown(plain)) throw malformed("no name that can be shown");
  if (full) note("name-not-shown");
  return plain;
}

function issuedAt(claims: ForeignFields, note: Note): number | null {
  const value = claims.get(IAT) ?? null;
  if (value !== null) return seconds(value, note);
  note("issued-at-missing");
  return null;
}

/** A NumericDate of the claims (RFC 8392 section 2). */
function seconds(value: ForeignValue | undefined, note: Note): number {
  if (value instanceof Tagged) {
    note("time-tagged");
    value = value.value;
  }
  if (value instanceof Float && Number.isFinite(value.value)) {
    note("time-as-float");
    value = Math.floor(value.value);
  }
  if (typeof value !== "number" || value < 0 || value > MAX_TIME_SECONDS) {
    throw malformed("a time is missing, of another type or out of bounds");
  }
  return value;
}

function count(entry: ForeignFields, name: string, note: Note): number {
  let value = entry.get(name);
  if (value instanceof Float && Number.isInteger(value.value)) {
    note("number-as-float");
    value = value.value;
  }
  if (typeof value !== "number" || value < 0 || value > MAX_DOSES) throw malformed(`${name} is no number of doses`);
  return value;
}

function text(entry: ForeignFields, name: string | number): string {
  const value = entry.get(name);
  if (typeof value !== "string" || !isShort(value)) throw malformed(`${name} is missing, no text, or too long`);
  return value;
}

/** Characters as Python counts them: a pair of surrogates is one. */
function isShort(value: string): boolean {
  return value.length <= MAX_FIELD_CHARACTERS || [...value].length <= MAX_FIELD_CHARACTERS;
}

function optional(entry: ForeignFields, name: string): string {
  return (entry.get(name) ?? null) === null ? "" : stripped(text(entry, name));
}

function map(value: ForeignValue | undefined): ForeignFields {
  if (!isFields(value)) throw malformed("a map is missing, or is none");
  return value;
}
