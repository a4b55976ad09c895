// The proof of a trust list, as in trust_registry/metadata/list_proof.py and trust_registry/client/record/checking.py: its
// leaf stands in the registry's log, below a checkpoint that the policy's witnesses cosigned.

import { malformed, tooLarge } from "../errors";
import { parseJson } from "../wire/strict_json";
import type { Checkpoint } from "./checkpoint";
import { fromBase64 } from "./keys";
import { checkLog, checkQuorum, cosigners, readPolicy } from "./policy";
import { type LogProof, readProof } from "./proof";
import { checkInclusion, leafHash } from "./tree";

const LIST_PUBLISHED = "list-published";
const MAX_LIST_PROOF_BYTES = 32_768;

/** By what the public record proves a list (docs/snapshot.md). */
export interface RecordJson {
  /** SHA-256 of the list, hex. */
  digest: string;
  policy: string;
  /** Base64. */
  proof: string;
  /** Those that count at this gate, and for which times. */
  witnesses: { vkey: string; not_before: number; not_after: number }[];
}

/** Where the list stands. Throws `too-large`, `malformed`, `wrong-signature`, `record-proof-failed`, `quorum-missing`. */
export async function proveList({ digest, policy, proof, witnesses }: RecordJson): Promise<Checkpoint> {
  const read = readListProof(fromBase64(proof), digest);
  const asked = await readPolicy(policy);
  if (!asked.logs.length) throw malformed("a policy that names no log");
  const checkpoint = await checkLog(asked, read.note);
  const leaf = await leafHash(read.extra!);
  await checkInclusion(leaf, read.number, checkpoint.size, checkpoint.root, read.hashes);
  const made = [...(await cosigners(asked, read.note))];
  const counting = made.filter(([key, at]) =>
    witnesses.some((each) => each.vkey === key.vkey && each.not_before <= at && at < each.not_after),
  );
  checkQuorum(asked, new Set(counting.map(([key]) => key)));
  return checkpoint;
}

function readListProof(content: Uint8Array, digest: string): LogProof {
  if (content.length > MAX_LIST_PROOF_BYTES) throw tooLarge(MAX_LIST_PROOF_BYTES, "bytes of the proof of a list");
  const proof = readProof(content);
  const leaf = parseJson(proof.extra ?? new Uint8Array());
  const said = isObject(leaf) && isObject(leaf.content) ? leaf.content : {};
  if (!isObject(leaf) || leaf.kind !== LIST_PUBLISHED || said.trust_list !== digest) {
    throw malformed("the proof of another list, or of another leaf than a list's");
  }
  return proof;
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
