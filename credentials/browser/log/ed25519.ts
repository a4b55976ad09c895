// Ed25519 (RFC 8032), with which logs and witnesses sign, as in credentials/log/ed25519.py: by WebCrypto, and in browsers
// that have it not by @noble/ed25519, which is fetched only then.

import { CredentialError } from "../errors";

const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
const FIELD = 2n ** 255n - 19n;
const ORDER_EIGHT = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
/** The second coordinates of the eight points of small order. */
const SMALL_ORDER = new Set([0n, 1n, FIELD - 1n, ORDER_EIGHT, FIELD - ORDER_EIGHT]);

/**
 * Throws `key-rejected` for 32 bytes that cannot be a public key: a coordinate that is not reduced, or a point of small
 * order, under which one signature holds for many messages.
 */
export function checkPublicKey(raw: Uint8Array): void {
  const digits = Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).reverse();
  const coordinate = raw.length === PUBLIC_KEY_BYTES ? BigInt(`0x${digits.join("")}`) % 2n ** 255n : FIELD;
  if (coordinate >= FIELD || SMALL_ORDER.has(coordinate)) throw new CredentialError("key-rejected", "Ed25519");
}

/** Whether `signature` is by this key over `message`. */
export async function holds(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const key = await imported(publicKey);
  if (key) return crypto.subtle.verify("Ed25519", key, signature as BufferSource, message as BufferSource);
  const { verifyAsync } = await import("@noble/ed25519");
  try {
    // As RFC 8032 and OpenSSL have it, and not the wider ZIP 215.
    return await verifyAsync(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

/** The key for WebCrypto; null where that knows no Ed25519, or takes these bytes for no point. */
async function imported(publicKey: Uint8Array): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("raw", publicKey as BufferSource, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
}
