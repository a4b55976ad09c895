// A proof that stands alone (C2SP tlog-proof), as in credentials/log/proof.py: this leaf is in this log.

import { malformed, tooLarge } from "../errors";
import { type Checkpoint, readHash, readNumber } from "./checkpoint";
import { fromBase64 } from "./keys";
import { cut, readNote, type SignedNote, utf8 } from "./note";
import { checkLog, checkQuorum, cosigners, type WitnessPolicy } from "./policy";
import { checkInclusion, MAX_PROOF_HASHES } from "./tree";

const HEADER = "c2sp.org/tlog-proof@v1";
const MAX_EXTRA_BYTES = 65_536;
const MAX_PROOF_BYTES = 131_072 + 2 * MAX_EXTRA_BYTES;
const [EXTRA, INDEX] = ["extra ", "index "] as const;

export interface LogProof {
  /** Of the leaf, from 0. */
  readonly number: bigint;
  /** From its sibling to the root's child. */
  readonly hashes: readonly Uint8Array[];
  /** The checkpoint, not verified. */
  readonly note: SignedNote;
  /** What an application added, signed by nobody. */
  readonly extra: Uint8Array | null;
}

/** Take a proof apart, without believing it. Throws `too-large`, `malformed`. */
export function readProof(content: Uint8Array): LogProof {
  if (content.length > MAX_PROOF_BYTES) throw tooLarge(MAX_PROOF_BYTES, "bytes of a proof");
  const [head, checkpoint] = cut(utf8(content), "\n\n");
  const [header, ...lines] = head.split("\n");
  if (header !== HEADER) throw malformed(`no proof: it begins with ${HEADER}`);
  const extra = lines[0]?.startsWith(EXTRA) ? fromBase64(lines.shift()!.slice(EXTRA.length)) : null;
  if (extra && extra.length > MAX_EXTRA_BYTES) throw tooLarge(MAX_EXTRA_BYTES, "bytes beside a proof");
  const index = lines.shift();
  if (!index?.startsWith(INDEX)) throw malformed("no proof: the line with the index is missing");
  if (lines.length > MAX_PROOF_HASHES) throw tooLarge(MAX_PROOF_HASHES, "hashes of a proof");
  const number = readNumber(index.slice(INDEX.length));
  return { number, hashes: lines.map(readHash), note: readNote(new TextEncoder().encode(checkpoint)), extra };
}

/**
 * The checkpoint that holds the leaf of this hash, when a log of the policy and its quorum have signed it.
 * Throws `wrong-signature`, `quorum-missing`, `record-proof-failed`, `malformed`.
 */
export async function checkProof(proof: LogProof, leaf: Uint8Array, policy: WitnessPolicy): Promise<Checkpoint> {
  const checkpoint = await checkLog(policy, proof.note);
  checkQuorum(policy, new Set((await cosigners(policy, proof.note)).keys()));
  await checkInclusion(leaf, proof.number, checkpoint.size, checkpoint.root, proof.hashes);
  return checkpoint;
}
