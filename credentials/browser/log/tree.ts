// The Merkle tree of a log (RFC 6962 section 2.1, RFC 9162 section 2.1.3), as in credentials/log/tree.py: hashes, and
// whether a leaf is in a tree. Hashing is WebCrypto's.

import { CredentialError } from "../errors";

export const HASH_BYTES = 32;
/** Of one inclusion proof: one a level. */
export const MAX_PROOF_HASHES = 63;

export async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const data = await new Blob(parts as BlobPart[]).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** The hash of one entry. Its prefix keeps leaves apart from inner nodes (second-preimage attack). */
export const leafHash = (entry: Uint8Array) => sha256(Uint8Array.of(0), entry);

const nodeHash = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right);

/**
 * Return when the leaf of this hash stands at `index` in the tree of `size` leaves and this root (RFC 9162 section
 * 2.1.3.2). Throws `record-proof-failed`.
 */
export async function checkInclusion(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): Promise<void> {
  if (proof.length > MAX_PROOF_HASHES || proof.some((each) => each.length !== HASH_BYTES)) throw failed();
  if (index >= size) throw failed();
  let [position, last, found] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    if (last === 0n) throw failed();
    if (position & 1n || position === last) {
      found = await nodeHash(sibling, found);
      while (!(position & 1n) && position) [position, last] = [position >> 1n, last >> 1n];
    } else {
      found = await nodeHash(found, sibling);
    }
    [position, last] = [position >> 1n, last >> 1n];
  }
  if (last || !equal(found, root)) throw failed();
}

export const equal = (one: Uint8Array, other: Uint8Array) =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

const failed = () => new CredentialError("record-proof-failed", "inclusion");
