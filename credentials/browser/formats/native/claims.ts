// The claims of a native credential, as in credentials/formats/native/claims.py: read only from a payload whose signature holds.

import { NATIVE } from "../../algorithms/table";
import { isShown } from "../../characters";
import { malformed } from "../../errors";
import { toHex } from "../../hex";
import { isRegion, isWhole, MEMBERS } from "../../members";
import type { Evidence, Source, StatusCredential, StatusReference } from "../../model";
import {
  CTI_BYTES,
  DECISION_REFERENCE_BYTES,
  EVIDENCE_KINDS,
  EVIDENCE_RESULTS,
  EVIDENCE_TIME_STEP_SECONDS,
  FORM_NAMES,
  FORMS,
  GUARDIANS,
  KID_BYTES,
  MAX_CREDENTIAL_BYTES,
  MAX_EVALUATED_BEFORE_SECONDS,
  MAX_EVIDENCE,
  MAX_EVIDENCE_CONVERTED,
  MAX_HOLDER_NAME_BYTES,
  MAX_RULE_SET,
  MAX_RULE_SET_VERSION,
  MAX_STATUS_LIST,
  MAX_TIME_SECONDS,
  MIN_TIME_SECONDS,
  REASONS,
  STATUS_LIST_SIZE,
  STATUSES,
} from "../../profile";
import { loads, type Value } from "../../wire/cbor";
import type { VerifiedPayload } from "../../wire/cose";

const [ISS, EXP, IAT, CTI, CNF, OURS] = [1, 4, 6, 7, 8, -65537] as const;
const [
  STATUS,
  REASON,
  RULE_SET,
  EVALUATED_BEFORE,
  EVIDENCE,
  HOLDER_NAME,
  DOCUMENT_TAIL,
  FORM,
  STATUS_REFERENCE,
  DECISION_REFERENCE,
  SOURCE,
  GUARDIAN,
] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;
const OUTER = [ISS, EXP, IAT, CTI, OURS];
const REQUIRED = [STATUS, REASON, RULE_SET, EVALUATED_BEFORE, EVIDENCE, HOLDER_NAME, DOCUMENT_TAIL, FORM];
const OPTIONAL = [STATUS_REFERENCE, DECISION_REFERENCE, SOURCE, GUARDIAN];
const TAIL = /^[0-9A-Za-z]{4}$/;

/** Read the claims. Throws `malformed` for anything that the profile does not allow. */
export function decode(verified: VerifiedPayload): StatusCredential {
  const claims = map(loads(verified.payload, MAX_CREDENTIAL_BYTES));
  const ours = map(claims.get(OURS));
  requireKeys(claims, OUTER, [CNF]);
  requireKeys(ours, REQUIRED, OPTIONAL);
  const optional = <Read>(key: number, read: (value: Value | undefined) => Read): Read | null =>
    ours.has(key) ? read(ours.get(key)) : null;
  const credential: StatusCredential = {
    issuer: member(claims.get(ISS)),
    issuedAt: whole(claims.get(IAT), MIN_TIME_SECONDS, MAX_TIME_SECONDS),
    expiresAt: whole(claims.get(EXP), MIN_TIME_SECONDS, MAX_TIME_SECONDS),
    cti: exactly(claims.get(CTI), CTI_BYTES),
    status: entry(STATUSES, ours.get(STATUS)),
    reason: entry(REASONS, ours.get(REASON)),
    ruleSet: ruleSet(ours.get(RULE_SET)),
    evaluatedBefore: whole(ours.get(EVALUATED_BEFORE), 0, MAX_EVALUATED_BEFORE_SECONDS),
    evidence: evidence(ours.get(EVIDENCE)),
    holderName: name(ours.get(HOLDER_NAME)),
    documentTail: tail(ours.get(DOCUMENT_TAIL)),
    form: entry(FORM_NAMES, ours.get(FORM)),
    statusReference: optional(STATUS_REFERENCE, statusReference),
    decisionReference: optional(DECISION_REFERENCE, (value) => exactly(value, DECISION_REFERENCE_BYTES)),
    source: optional(SOURCE, source),
    guardian: optional(GUARDIAN, (value) => entry(GUARDIANS, value)),
    holderKey: claims.has(CNF) ? confirmation(claims.get(CNF)) : null,
  };
  requireConsistent(credential);
  return credential;
}

function requireConsistent(credential: StatusCredential): void {
  const { form, source } = credential;
  if (credential.issuedAt >= credential.expiresAt) throw malformed("a time is out of bounds");
  if (FORMS[form].isBound !== (credential.holderKey !== null))
    throw malformed("cnf belongs to phone and assisted codes");
  if (FORMS[form].hasGuardian !== (credential.guardian !== null)) throw malformed("guardian belongs to assisted codes");
  const converted =
    credential.status === "green" &&
    credential.decisionReference === null &&
    credential.evidence.length <= MAX_EVIDENCE_CONVERTED &&
    credential.evaluatedBefore === 0;
  if (source !== null && !converted) throw malformed("a converted code is green, with one piece of evidence");
}

function map(value: Value | undefined): Map<Value, Value> {
  if (!(value instanceof Map)) throw malformed("claims are not the map of the profile");
  return value;
}

function requireKeys(found: Map<Value, Value>, required: readonly Value[], optional: readonly Value[]): void {
  const known = [...found.keys()].every((key) => required.includes(key) || optional.includes(key));
  if (!known || !required.every((key) => found.has(key))) throw malformed("missing or unknown key");
}

function member(value: Value | undefined): string {
  if (typeof value !== "string" || !MEMBERS.has(value)) throw malformed("unknown member id");
  return value;
}

function whole(value: Value | undefined, least: number, most: number): number {
  if (!isWhole(value, least, most)) throw malformed("number missing or out of bounds");
  return value;
}

function entry<Entry>(list: readonly Entry[], value: Value | undefined): Entry {
  return list[whole(value, 1, list.length) - 1]!;
}

function exactly(value: Value | undefined, length: number): string {
  if (!(value instanceof Uint8Array) || value.length !== length) throw malformed("byte string of the wrong length");
  return toHex(value);
}

function items(value: Value | undefined, count: number): Value[] {
  if (!Array.isArray(value) || value.length !== count) throw malformed(`not an array of ${count}`);
  return value;
}

function name(value: Value | undefined): string {
  const length = typeof value === "string" ? new TextEncoder().encode(value).length : 0;
  if (typeof value !== "string" || length < 1 || length > MAX_HOLDER_NAME_BYTES || !isShown(value)) {
    throw malformed("name missing, too long, or with a character that nobody sees");
  }
  return value;
}

function tail(value: Value | undefined): string {
  if (typeof value !== "string" || !TAIL.test(value)) throw malformed("document tail is not four letters or digits");
  return value;
}

function ruleSet(value: Value | undefined): readonly [number, number] {
  const [number, version] = items(value, 2);
  return [whole(number, 0, MAX_RULE_SET), whole(version, 0, MAX_RULE_SET_VERSION)];
}

function statusReference(value: Value | undefined): StatusReference {
  const [list, index] = items(value, 2);
  return { list: whole(list, 0, MAX_STATUS_LIST), index: whole(index, 0, STATUS_LIST_SIZE - 1) };
}

function evidence(value: Value | undefined): Evidence[] {
  if (!Array.isArray(value) || value.length > MAX_EVIDENCE) throw malformed("more evidence than the profile allows");
  return value.map(pieceOfEvidence);
}

function pieceOfEvidence(value: Value): Evidence {
  const [kind, result, sampledAt, region] = items(value, 4);
  const sampled = whole(sampledAt, MIN_TIME_SECONDS, MAX_TIME_SECONDS);
  if (sampled % EVIDENCE_TIME_STEP_SECONDS) throw malformed("sampling time not rounded to ten minutes");
  if (!isRegion(region)) throw malformed("unknown region");
  return { kind: entry(EVIDENCE_KINDS, kind), result: entry(EVIDENCE_RESULTS, result), sampledAt: sampled, region };
}

function source(value: Value | undefined): Source {
  const [issuer, kid, list, index, expiresAt] = items(value, 5);
  return {
    issuer: member(issuer),
    kid: exactly(kid, KID_BYTES),
    ...statusReference([list!, index!]),
    expiresAt: whole(expiresAt, MIN_TIME_SECONDS, MAX_TIME_SECONDS),
  };
}

/** The compressed point of a cnf claim. The curve equation is checked when the key is used. */
function confirmation(value: Value | undefined): Uint8Array {
  const outer = map(value);
  requireKeys(outer, [1], []);
  return NATIVE.pointOfCoseKey(outer.get(1));
}
