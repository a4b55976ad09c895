// What a gate knows at one moment, read from the verifier's snapshot (docs/snapshot.md); as in verifier/judging/knowledge.py and
// trust_registry/client/trust/snapshot.py. Statuses and rules are verified again here, against the keys of that trust list.

import { CredentialError, malformed } from "../../../credentials/browser/errors";
import type { SignedForeignKeys } from "../../../credentials/browser/foreign/document";
import { type Keys, type MemberJson, TrustedKey } from "../../../credentials/browser/keys";
import type { RecordJson } from "../../../credentials/browser/log/list_proof";
import type { Form, Label } from "../../../credentials/browser/profile";
import { readRuleSet } from "../../../credentials/browser/recognition/document";
import type { RuleSet } from "../../../credentials/browser/recognition/ruleset";
import * as segments from "../../../credentials/browser/status/segment";
import type { StatusSnapshot } from "../../../credentials/browser/status/snapshot";
import * as status from "../../../credentials/browser/status/snapshot";
import { fromFields, NO_WORDS } from "../../../credentials/browser/words";

/** A profile's limits, in seconds; ages at the limit are still taken. */
export interface Policy {
  name: string;
  environment: string;
  trust_warn: number;
  trust_refuse: number;
  unproven_warn: number;
  proof_required: boolean;
  unknown_key_fresh: number;
  status_refuse: number;
  presentation_age: number;
  presentation_ahead: number;
  forms: Form[];
  nonce_required: boolean;
  shared_replay_memory: boolean;
}

export interface TrustJson {
  /** SHA-256 of the trusted root: versions below two different ones are not to be compared. */
  anchor: string;
  /** The TUF version of each role. */
  versions: { [role: string]: number };
  registry_time: number;
  expiries: { [role: string]: number };
  whole: boolean;
  /** Since when the public record does not prove this list, though witnesses are asked for; null: it does, or nobody asks. */
  unproven_since: number | null;
  /** By what the public record proves the list; null: nothing does, or nobody asks. */
  record: RecordJson | null;
  members: MemberJson[];
  denied: { kid: string; reason: string; denied_at: number }[];
}

export interface ReasonJson extends ReasonWords {
  code: string;
  outcome: "accepted" | "refused" | "undetermined" | null;
  /** What is said of a foreign card instead. */
  of_card?: ReasonWords;
}

export interface ReasonWords {
  /** All the words, by language: `zh`, `zh_hk`, `en`. */
  readonly [field: string]: unknown;
  /** What is wrong, without its stop. */
  what: Label;
  /** The one thing to do now. */
  advice: Label;
  /** What helps where that fails. */
  more: Label;
}

export interface SnapshotJson {
  member: string;
  /** The gate's name, which its challenges carry. */
  gate: string;
  policy: Policy;
  trust: TrustJson | null;
  statuses: { [member: string]: string };
  segments: { [member: string]: string[] };
  rules: string[];
  /** The host's list of foreign keys as it was signed; older verifiers give none. */
  foreign_keys?: string | null;
  reasons: ReasonJson[];
  /** What this is, by which the next answer may tell what is new only (delta.ts). */
  position: string;
}

/** Members by id, keys by kid (hex) with retired and denied ones included, denials by kid. */
export class Trust implements Keys {
  readonly members: ReadonlyMap<string, MemberJson>;
  readonly keys: ReadonlyMap<string, TrustedKey>;
  readonly denied: ReadonlySet<string>;
  readonly isWhole: boolean;

  constructor(private readonly fields: TrustJson) {
    this.members = new Map(fields.members.map((member) => [member.id, member]));
    this.keys = new Map(
      fields.members.flatMap((member) => member.keys.map((key) => [key.kid, new TrustedKey(key, member)] as const)),
    );
    this.denied = new Set(fields.denied.map((denial) => denial.kid));
    this.isWhole = fields.whole;
  }

  /** When the registry signed its timestamp, seconds UTC. */
  get registryTime(): number {
    return this.fields.registry_time;
  }

  /** Since when the public record does not prove the list, though witnesses are asked for; null: it does, or nobody asks. */
  get unprovenSince(): number | null {
    return this.fields.unproven_since ?? null;
  }

  /** How old the trust is, in seconds: from the registry's signed time, or from an expiry that is past. */
  age(now: number): number {
    const since = [this.fields.registry_time, ...Object.values(this.fields.expiries)];
    return Math.max(0, ...since.map((time) => now - time));
  }

  keyFor(kid: string, member: string, use: string): TrustedKey {
    if (this.denied.has(kid)) throw new CredentialError("key-denied");
    const key = this.keys.get(kid);
    if (!key) throw new CredentialError("unknown-key");
    if (key.member.id !== member) throw new CredentialError("issuer-mismatch", "another member's key");
    if (key.use !== use) throw new CredentialError("key-use-mismatch", `a key for ${key.use}`);
    return key;
  }
}

/** Immutable; a newer one replaces it whole, so that no check sees half of an update. */
export interface Knowledge {
  member: string;
  gate: string;
  trust: Trust | null;
  statuses: ReadonlyMap<string, StatusSnapshot>;
  /** The host member's, the newest last. */
  ruleSets: readonly RuleSet[];
  /** The host member's list of those whose cards it reads. */
  foreignKeys: SignedForeignKeys | null;
  reasons: ReadonlyMap<string, ReasonJson>;
  /** What was left out, and why: one member's bad file stops no other's. */
  failures: readonly Failure[];
  /** Why the public record does not prove the list, as this browser finds itself; null: it does, or nobody asks. */
  unproven: string | null;
}

export interface Failure {
  member: string;
  file: string;
  code: string;
}

/** The rule set in force at `at` (seconds UTC): the newest that has begun and not ended. */
export function rulesAt(knowledge: Knowledge, at: number): RuleSet | null {
  return [...knowledge.ruleSets].reverse().find((ruleSet) => ruleSet.inForce(at)) ?? null;
}

/** A snapshot and what was read of it. */
export interface HeldKnowledge {
  document: SnapshotJson;
  knowledge: Knowledge;
}

/**
 * Read a snapshot; what does not hold is reported in `failures` and left out. Of what was `held` before and stands in it
 * under the same trust, nothing is read twice.
 */
export async function readSnapshot(snapshot: SnapshotJson, held: HeldKnowledge | null = null): Promise<Knowledge> {
  const { member, gate } = snapshot;
  const trust = snapshot.trust && new Trust(snapshot.trust);
  const failures: Failure[] = [];
  const statuses = new Map<string, StatusSnapshot>();
  const ruleSets: RuleSet[] = [];
  let foreignKeys: SignedForeignKeys | null = null;
  if (trust) {
    for (const [issuer, data] of Object.entries(snapshot.statuses)) {
      const following = snapshot.segments[issuer] ?? [];
      const begun = held && alreadyRead(issuer, snapshot, held);
      const read = begun
        ? await follow(begun, following.slice(held.document.segments[issuer]?.length ?? 0), trust, failures)
        : await readStatus(issuer, data, following, trust, failures);
      if (read) statuses.set(issuer, read);
    }
    for (const compact of snapshot.rules) {
      const read = await attempt(failures, member, "rules.jws", () => readRuleSet(compact, member, trust));
      if (read) ruleSets.push(read);
    }
    foreignKeys = await readList(snapshot, trust, failures, held?.knowledge.foreignKeys ?? null);
  }
  const unproven = snapshot.trust && (await whyUnproven(snapshot.trust, held));
  const reasons = new Map(snapshot.reasons.map((reason) => [reason.code, inParts(reason)]));
  return { member, gate, trust, statuses, ruleSets, foreignKeys, reasons, failures, unproven };
}

/** The code of what is wrong with the list's proof. The same proof under the same trust is not checked twice. */
async function whyUnproven(trust: TrustJson, held: HeldKnowledge | null): Promise<string | null> {
  if (!trust.record) return null;
  const before = held?.knowledge.unproven ?? null;
  if (held && held.document.trust?.record === trust.record) return before;
  const part = await import("../../../credentials/browser/log/list_proof").catch(() => null);
  // A part of the app that has not arrived is no fault of the proof, which the service has checked.
  if (!part) return before;
  try {
    await part.proveList(trust.record);
    return null;
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    return error.code;
  }
}

/** The host's list of foreign keys; the one that was held `before` while it is trusted and no older: a service of several
 * workers may ask one that is behind (as ForeignKeysKeeping of Python). */
async function readList(
  { member, foreign_keys: compact }: SnapshotJson,
  trust: Trust,
  failures: Failure[],
  before: SignedForeignKeys | null,
): Promise<SignedForeignKeys | null> {
  if (!compact) return null;
  const held = before && isSignedBy(before, member, trust) ? before : null;
  if (held?.compact === compact) return held;
  const part = await import("../../../credentials/browser/foreign/document").catch(() => null);
  // A part of the app that has not arrived is no fault of the list: the next round asks for it again.
  if (!part) return held;
  const told = await attempt(failures, member, "foreign-keys.jws", () => part.readForeignKeys(compact, member, trust));
  return held && !(told && told.keys.sequence > held.keys.sequence) ? held : told;
}

function isSignedBy({ kid, keys }: SignedForeignKeys, member: string, trust: Trust): boolean {
  try {
    return keys.member === member && Boolean(trust.keyFor(kid, member, "rules"));
  } catch {
    return false;
  }
}

/** What is held of a member's withdrawals, when the snapshot has them as they were, perhaps with more to follow. */
function alreadyRead(
  member: string,
  { trust, statuses, segments }: SnapshotJson,
  held: HeldKnowledge,
): StatusSnapshot | null {
  const { document, knowledge } = held;
  // A key may have been denied since, or be no more.
  const isTrusted = trust?.members === document.trust?.members && trust?.denied === document.trust?.denied;
  const before = document.segments[member] ?? [];
  const goesOn =
    statuses[member] === document.statuses[member] && before.every((each, at) => segments[member]?.[at] === each);
  const isSound = knowledge.failures.every((failure) => failure.member !== member);
  return isTrusted && goesOn && isSound ? (knowledge.statuses.get(member) ?? null) : null;
}

/** A member's withdrawals: its snapshot and the segments that follow it, up to the first that does not hold. */
async function readStatus(
  member: string,
  data: string,
  following: readonly string[],
  trust: Trust,
  failures: Failure[],
): Promise<StatusSnapshot | null> {
  const begun = await attempt(failures, member, "status.cose", () => status.open(fromBase64(data), member, trust));
  return begun && follow(begun, following, trust, failures);
}

async function follow(
  begun: StatusSnapshot,
  following: readonly string[],
  trust: Trust,
  failures: Failure[],
): Promise<StatusSnapshot> {
  let held = begun;
  for (const each of following) {
    const { member, sequence } = held;
    const read = async () => segments.apply(held, await segments.open(fromBase64(each), member, trust));
    const after = await attempt(failures, member, `segments/${sequence + 1}.cose`, read);
    if (!after) break;
    held = after;
  }
  return held;
}

/** What `read` gives; null when it does not hold, with the reason in `failures`. */
async function attempt<Read>(
  failures: Failure[],
  member: string,
  file: string,
  read: () => Promise<Read>,
): Promise<Read | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    failures.push({ member, file, code: error.code });
    return null;
  }
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw malformed("not base64");
  }
}

/** A row with its words in parts. A snapshot that this device has kept from an older verifier has the whole only. */
function inParts(row: ReasonJson): ReasonJson {
  return { ...row, what: row.what ?? fromFields(row), advice: row.advice ?? NO_WORDS, more: row.more ?? NO_WORDS };
}
