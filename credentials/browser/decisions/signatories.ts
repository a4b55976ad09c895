// Who signed a decision by hand, as its file carries it, as in credentials/decisions/signatories.py, on a device that holds no root key:
// both signatures over the text, by keys that the province's own log held before the decision and that administrators in it had signed.

import { CredentialError, malformed } from "../errors";
import { fromHex } from "../hex";
import type { Checkpoint } from "../log/checkpoint";
import { checkInclusion, HASH_BYTES, leafHash } from "../log/tree";
import { isObject } from "../wire/jws";
import { type Json, parseJson } from "../wire/strict_json";
import { readSignature, verifyText } from "./signatures";
import { APPROVER, type Held, isVouched, OPERATOR, readStaffKey } from "./staff";

const HOUR_SECONDS = 3600;
const STAFF_KEY = "staff-key";
const STAFF_KEY_ENDED = "staff-key-ended";
const FIELDS = "approver author staff";
const LEAF = "hashes index leaf";
const HASH = new RegExp(`^[0-9a-f]{${2 * HASH_BYTES}}$`);

/** What does not hold: nobody's key, another text or a broken signature, a key that had ended or waited, one who may not. */
export type Fault = "unknown" | "signature" | "ended" | "waiting" | "role";

export interface Signatory {
  /** `unit/pseudonym`, empty where nobody is known. */
  readonly staff: string;
  readonly fault: Fault | null;
}

export interface Signatories {
  readonly author: Signatory;
  readonly approver: Signatory;
}

/** Where a decision stands: its leaf's number and hour, and the text that is signed with what it says. */
export interface Signed {
  readonly member: string;
  readonly text: Uint8Array;
  readonly number: bigint;
  readonly hour: number;
  readonly author_unit?: string | undefined;
  readonly approver_unit?: string | undefined;
}

/** Throws `malformed`, `too-large`, `record-proof-failed` for what are no signatures, or leaves that are not in the checkpoint. */
export async function checkSignatories(value: unknown, signed: Signed, checkpoint: Checkpoint): Promise<Signatories> {
  const given = value as { author: unknown; approver: unknown; staff: unknown };
  if (!isObject(value as Json) || Object.keys(given).sort().join(" ") !== FIELDS || !Array.isArray(given.staff))
    throw malformed("signatures: author, approver and staff");
  const known = await heldBefore(given.staff, signed, checkpoint);
  const author = await judged(given.author, OPERATOR, signed.author_unit, known, signed);
  const approver = await judged(given.approver, APPROVER, signed.approver_unit, known, signed);
  const person = (each: Signatory) => each.staff.split("/")[1];
  const isOne =
    !author.fault && !approver.fault && (person(author) === person(approver) || folded(author) === folded(approver));
  return isOne ? { author, approver: { ...approver, fault: "role" } } : { author, approver };
}

async function judged(
  value: unknown,
  role: string,
  unit: string | undefined,
  known: ReadonlyMap<string, Held>,
  { text, hour }: Signed,
): Promise<Signatory> {
  const signature = readSignature(value);
  const held = known.get(signature.kid);
  if (!held) return { staff: "", fault: "unknown" };
  const { key, inForceAt, endedAt } = held;
  const staff = `${key.unit}/${key.pseudonym}`;
  try {
    await verifyText(signature, key, text);
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    return { staff, fault: "signature" };
  }
  if (endedAt !== null) return { staff, fault: "ended" };
  if (inForceAt > hour + HOUR_SECONDS - 1) return { staff, fault: "waiting" };
  return { staff, fault: key.roles.includes(role) && key.unit === unit ? null : "role" };
}

/** The keys as the log held them before the decision, whatever moment they state. */
async function heldBefore(
  staff: readonly unknown[],
  signed: Signed,
  checkpoint: Checkpoint,
): Promise<Map<string, Held>> {
  const known = new Map<string, Held>();
  let last = -1n;
  for (const value of staff) {
    const { number, at, kind, content } = await proved(value, checkpoint);
    if (number <= last || number >= signed.number)
      throw malformed("staff: leaves in the order of the log, before the decision");
    last = number;
    if (kind === STAFF_KEY) await take(known, content, at, signed.member);
    else if (kind !== STAFF_KEY_ENDED) throw malformed("staff: leaves of another kind");
    else if (typeof content.kid === "string" && known.has(content.kid)) known.get(content.kid)!.endedAt = at;
  }
  return known;
}

async function take(
  known: Map<string, Held>,
  content: { [name: string]: Json },
  at: number,
  member: string,
): Promise<void> {
  const { text, vouchers, in_force_at } = content;
  if (typeof text !== "string" || !Number.isSafeInteger(in_force_at)) throw malformed("staff: a key's leaf");
  const key = await readStaffKey(text);
  if (key.member !== member || known.has(key.kid) || !(await isVouched(key, vouchers, known, at))) return;
  // Nothing counts before the log holds it, whatever its leaf says.
  known.set(key.kid, { key, inForceAt: Math.max(at, in_force_at as number), endedAt: null });
}

async function proved(
  value: unknown,
  checkpoint: Checkpoint,
): Promise<{ number: bigint; at: number; kind: unknown; content: { [name: string]: Json } }> {
  const given = value as { index: unknown; leaf: unknown; hashes: unknown };
  if (!isObject(value as Json) || Object.keys(given).sort().join(" ") !== LEAF || !Array.isArray(given.hashes))
    throw malformed("staff: hashes, index and leaf");
  const { index, leaf, hashes } = given as { index: unknown; leaf: unknown; hashes: unknown[] };
  if (!Number.isSafeInteger(index) || (index as number) < 0 || typeof leaf !== "string")
    throw malformed("staff: index or leaf");
  const entry = new TextEncoder().encode(leaf);
  const number = BigInt(index as number);
  await checkInclusion(await leafHash(entry), number, checkpoint.size, checkpoint.root, hashes.map(hash));
  const said = parseJson(entry);
  if (!isObject(said) || !isObject(said.content) || !Number.isSafeInteger(said.at))
    throw malformed("staff: no leaf of a log");
  return { number, at: said.at as number, kind: said.kind, content: said.content };
}

function hash(value: unknown): Uint8Array {
  if (typeof value !== "string" || !HASH.test(value)) throw malformed("no hash");
  return fromHex(value);
}

/** Two spellings of one unit are one unit. */
const folded = ({ staff }: Signatory) => staff.split("/")[0]!.normalize("NFKC").toLowerCase().replace(/\s/g, "");
