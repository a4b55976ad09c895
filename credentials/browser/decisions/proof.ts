// The file by which a resident proves a decision, as in credentials/decisions/proof.py, as far as a phone can check it that holds no
// trust list: that the code names this very text, that a leaf counts it, and that the leaf is in the log of `logs`.

import { CredentialError, malformed } from "../errors";
import { fromHex, toHex } from "../hex";
import { type Checkpoint, readCheckpoint } from "../log/checkpoint";
import type { NoteKey } from "../log/keys";
import { checkNote } from "../log/note";
import { type LogProof, readProof } from "../log/proof";
import { checkInclusion, HASH_BYTES, leafHash, MAX_PROOF_HASHES, sha256 } from "../log/tree";
import type { StatusCredential } from "../model";
import { concat } from "../wire/cbor";
import type { Signatories } from "./signatories";

const FORMAT = "tongxing-decision/1";
const REFERENCE_BYTES = 16;
const BY_RULE = "decided-by-rule";
const BY_HAND = "decided-by-hand";
const HASH = new RegExp(`^[0-9a-f]{${2 * HASH_BYTES}}$`);

/** What a decision says of itself; fields of both kinds, by rule and by hand. */
export interface ToldDecision {
  readonly member: string;
  readonly status: string;
  readonly reason: string;
  readonly unit?: string;
  readonly author_unit?: string;
  readonly approver_unit?: string;
  readonly rules?: { rule_set: number; version: number; entry: string };
  readonly basis?: { article: string };
  readonly starts_at: number;
  readonly ends_at: number;
  readonly appeal_until: number;
}

export interface ProvedDecision {
  readonly told: ToldDecision;
  readonly checkpoint: Checkpoint;
  /** Who signed a decision by hand, as far as a device can tell that holds no root key; null where the file does not say. */
  readonly signed: Signatories | null;
  /** Signature lines below the checkpoint beside the log's own. */
  readonly cosignatures: number;
}

export interface Leaf {
  kind: string;
  content: { status?: unknown; hour?: unknown; count?: unknown; hash?: unknown; root?: unknown };
}

/**
 * Check a file about `code`, whose text is `codeText`. Throws `record-proof-failed`, `wrong-signature`, `malformed`:
 * then it proves nothing.
 */
export async function checkDecision(
  content: string,
  codeText: string,
  code: StatusCredential,
  logs: readonly NoteKey[],
): Promise<ProvedDecision> {
  const file = objectIn(content);
  if (file.format !== FORMAT || typeof file.text !== "string" || typeof file.proof !== "string")
    throw malformed("file");
  const text = new TextEncoder().encode(file.text);
  const hidden = concat(bytes(file.salt), await sha256(text));
  const reference = (await sha256(hidden, fromHex(code.cti))).subarray(0, REFERENCE_BYTES);
  if (file.code !== codeText || toHex(reference) !== code.decisionReference) throw failed("another decision");
  const told = objectIn(file.text) as unknown as ToldDecision;
  if (told.member !== code.issuer || told.status !== code.status || told.reason !== code.reason)
    throw failed("the text");
  const proof = readProof(new TextEncoder().encode(file.proof));
  const leaf = await requireCommitted(proof, await sha256(hidden), file, BY_RULE, BY_HAND);
  if (leaf.content.status !== code.status) throw failed("the leaf counts another status");
  const checkpoint = await requireInLog(proof, logs);
  const signed = await signatories(file.signatures, leaf, told, { text, number: proof.number, checkpoint });
  return { told, checkpoint, signed, cosignatures: proof.note.signatures.length - 1 };
}

/** The checkpoint of a proof, when its leaf is in the log that signed it and is one of these. */
export async function requireInLog(proof: LogProof, logs: readonly NoteKey[]): Promise<Checkpoint> {
  const checkpoint = readCheckpoint(proof.note);
  await checkNote(
    proof.note,
    logs.filter((log) => log.name === checkpoint.origin),
  );
  await checkInclusion(await leafHash(proof.extra!), proof.number, checkpoint.size, checkpoint.root, proof.hashes);
  return checkpoint;
}

async function signatories(
  signatures: unknown,
  { kind, content }: Leaf,
  { member, author_unit, approver_unit }: ToldDecision,
  { checkpoint, ...place }: { text: Uint8Array; number: bigint; checkpoint: Checkpoint },
): Promise<Signatories | null> {
  if ((signatures ?? null) === null) return null;
  if (kind !== BY_HAND || !isCount(content.hour)) throw malformed("signatures of a decision that was made by rule");
  // A phone loads it with the first decision by hand.
  const { checkSignatories } = await import("./signatories");
  return checkSignatories(signatures, { ...place, member, author_unit, approver_unit, hour: content.hour }, checkpoint);
}

/** The leaf of a proof, when it is of one of these kinds and holds what a text is committed to by. */
export async function requireCommitted(
  { extra }: LogProof,
  commitment: Uint8Array,
  { index, path }: Record<string, unknown>,
  ...kinds: string[]
): Promise<Leaf> {
  if (!extra) throw malformed("the proof carries no leaf");
  const leaf = objectIn(new TextDecoder().decode(extra)) as unknown as Leaf;
  const { kind, content } = leaf;
  if (!Array.isArray(path) || path.length > MAX_PROOF_HASHES || !isCount(index)) throw malformed("index or path");
  // The leaf of one commitment is its own tree.
  const isAlone = kind === BY_HAND;
  const count = isAlone ? 1 : content?.count;
  if (!kinds.includes(kind) || !isCount(count)) throw malformed("the leaf");
  const begun = isAlone ? commitment : await leafHash(commitment);
  const root = bytes(kind === BY_RULE ? content.root : content.hash);
  await checkInclusion(begun, BigInt(index), BigInt(count), root, path.map(bytes)).catch(() => {
    throw failed("the leaf");
  });
  return leaf;
}

export function objectIn(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("no object");
  return value as Record<string, unknown>;
}

export function bytes(value: unknown): Uint8Array {
  if (typeof value !== "string" || !HASH.test(value)) throw malformed("no hash");
  return fromHex(value);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const failed = (what: string) => new CredentialError("record-proof-failed", what);
