// Made by `make profile` from credentials/formats/smart_health_card/codes.py: change it there.

import type { EvidenceKind, EvidenceResult } from "../../profile";

export const COVID_19 = "840539006";
export const LOINC = "http://loinc.org";
/** Codes by what they stand for, a space between them. */
const each = <Meaning>(codes: string, meaning: Meaning) =>
  codes.split(" ").map((code) => [code, meaning] as const);
/** Vaccines against COVID-19 by system and code, with the doses of a whole series. */
export const COVID_VACCINES: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map([
  ["http://hl7.org/fhir/sid/cvx", new Map([...each("207 208 210 211 213 217 218 221 225 226 227 228 229 230 300 301 311 313 500 501 502 503 505 507 508 509 510 511 512 513 514 515 516 517 518 519 520 521", 2), ...each("212 309 310 312 504 506", 1), ...each("219 302 308", 3)])],
  ["http://snomed.info/sct", new Map([...each("1119349007 1119305005 28531000087107 28571000087109 28581000087106 28761000087108 28961000087105 29171000087106 1142178009 1142180003 1142181004 1142182006 840534001", 2), ...each("28951000087107", 1)])],
  ["http://www.whocc.no/atc", new Map([...each("J07BX03 J07BN01 J07BN03 J07BN04 J07BN05", 2), ...each("J07BN02", 1)])],
]);
/** Tests for SARS-CoV-2 by LOINC. */
export const TESTS: ReadonlyMap<string, EvidenceKind> = new Map<string, EvidenceKind>([
  ...each("94500-6 94306-8 94307-6 94308-4 94309-2 94310-0 94314-2 94315-9 94316-7 94502-2 94531-1 94532-9 94533-7 94534-5 94559-2 94565-9 94639-2 94640-0 94641-8 94646-7 94647-5 94660-8 94756-4 94757-2 94758-0 94759-8 94760-6 94765-5 94766-3 94767-1 94819-0 94822-4 94845-5 95406-5 95409-9 95425-5 95521-1 95522-9 95608-6 95609-4 95823-1 95824-9 96091-4 96120-1 96121-9 96122-7 96123-5 96448-6 96741-4 96751-3 96752-1 96763-8 96764-6 96765-3 96797-6 96829-7 96895-8 96896-6 96897-4 96898-2 96899-0 96900-6 96957-6 96958-4 96986-5 97098-8 97104-4", "nucleic-acid" as const),
  ...each("94558-4 95209-3 95942-9 96119-3 97097-0", "antigen" as const),
]);
/** What came of a test, by system and code. */
export const RESULTS: ReadonlyMap<string, ReadonlyMap<string, EvidenceResult>> = new Map([
  ["http://snomed.info/sct", new Map<string, EvidenceResult>([["260415000", "negative"], ["260385009", "negative"], ["260373001", "positive"], ["10828004", "positive"], ["419984006", "inconclusive"], ["82334004", "inconclusive"]])],
  ["http://loinc.org", new Map<string, EvidenceResult>([["LA11883-8", "negative"], ["LA6577-6", "negative"], ["LA11882-0", "positive"], ["LA6576-8", "positive"], ["LA9663-1", "inconclusive"]])],
]);
