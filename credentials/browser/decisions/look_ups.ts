// Who of staff was shown what stands about a person, as in credentials/decisions/look_ups.py, checked on the phone of that person: a leaf
// counts each look-up, and the leaf is in the log of `logs`.

import { malformed } from "../errors";
import type { NoteKey } from "../log/keys";
import { readProof } from "../log/proof";
import { sha256 } from "../log/tree";
import { concat } from "../wire/cbor";
import { bytes, objectIn, requireCommitted, requireInLog } from "./proof";

const FORMAT = "tongxing-look-ups/1";
const TYPE = "look-up";
const LEAF = "looked-up";
export const MAX_LOOK_UPS = 50;

export interface LookUp {
  /** `unit/pseudonym`, as decisions name who made them. */
  readonly staff: string;
  readonly act: string;
  /** Seconds UTC. */
  readonly at: number;
  /** A leaf of the log counts it. Without: it is of this hour, or of the last minutes before the log was published. */
  readonly isProved: boolean;
}

/** Read a file of `member`, the newest first. Throws `record-proof-failed`, `wrong-signature`, `malformed` where one proof does not hold. */
export async function checkLookUps(content: string, member: string, logs: readonly NoteKey[]): Promise<LookUp[]> {
  const file = objectIn(content);
  if (file.format !== FORMAT || !Array.isArray(file.look_ups) || file.look_ups.length > MAX_LOOK_UPS)
    throw malformed("no file of look-ups");
  return Promise.all(file.look_ups.map((each) => checked(objectIn(JSON.stringify(each)), member, logs)));
}

async function checked(
  { text, salt, proof, ...place }: Record<string, unknown>,
  member: string,
  logs: readonly NoteKey[],
): Promise<LookUp> {
  if (typeof text !== "string") throw malformed("text");
  const { type, member: of, staff, act, at } = objectIn(text);
  if (
    type !== TYPE ||
    of !== member ||
    typeof staff !== "string" ||
    typeof act !== "string" ||
    !Number.isSafeInteger(at)
  )
    throw malformed("the text is no look-up of this member");
  const told = { staff, act, at: at as number };
  if (proof === null) return { ...told, isProved: false };
  if (typeof proof !== "string") throw malformed("proof");
  const read = readProof(new TextEncoder().encode(proof));
  const hidden = concat(bytes(salt), await sha256(new TextEncoder().encode(text)));
  await requireCommitted(read, await sha256(hidden), place, LEAF);
  await requireInLog(read, logs);
  return { ...told, isProved: true };
}
