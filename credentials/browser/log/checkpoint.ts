// Checkpoints (C2SP tlog-checkpoint), as in credentials/log/checkpoint.py: a log's word how many leaves it has, and their
// root.

import { malformed } from "../errors";
import { fromBase64 } from "./keys";
import type { SignedNote } from "./note";
import { HASH_BYTES } from "./tree";

const WRITTEN = /^(?:0|[1-9][0-9]{0,18})$/;
const MAX_TREE_SIZE = 2n ** 63n - 1n;

export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** What a note says as a checkpoint, believed or not. Throws `malformed`. */
export function readCheckpoint(note: SignedNote): Checkpoint {
  const lines = note.text.slice(0, -1).split("\n");
  const [origin, size, root] = lines;
  if (origin === undefined || size === undefined || root === undefined || lines.includes("")) {
    throw malformed("no checkpoint: origin, size and root, each on its line");
  }
  return { origin, size: readNumber(size), root: readHash(root) };
}

/** A size or an index as it is written, without zeros in front. Throws `malformed`. */
export function readNumber(text: string): bigint {
  if (!WRITTEN.test(text) || BigInt(text) > MAX_TREE_SIZE) throw malformed("no number from 0 to 2^63 - 1");
  return BigInt(text);
}

/** A hash in base64. Throws `malformed`. */
export function readHash(line: string): Uint8Array {
  const hash = fromBase64(line);
  if (hash.length !== HASH_BYTES) throw malformed("a hash of another length");
  return hash;
}
