// PS256 by WebCrypto, for foreign cards, as in credentials/algorithms/ps256.py: nobody signs by it here.

import { fromBase64url, toBase64url } from "../base64url";
import { CredentialError } from "../errors";
import { isForVerifying } from "./es256";

export const NAME = "PS256";
export const COSE_NUMBER = -37;
const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 4096;
const MAX_EXPONENT_BITS = 32;
const SALT_BYTES = 32;
const MAX_NUMBER_CHARACTERS = Math.floor(MAX_MODULUS_BITS / 6) + 4;
const KEYS = { name: "RSA-PSS", hash: "SHA-256" } as const;
const SIGNING = { name: "RSA-PSS", saltLength: SALT_BYTES } as const;

type Jwk = { readonly [name: string]: unknown };

export const importForeign = (jwk: Jwk): Promise<CryptoKey> => importRsa(jwk, NAME, KEYS.name);

/** RSA of 2048 to 4096 bits with an exponent of at most 32 bits, for an algorithm and its scheme. Rejects with `key-rejected`. */
export async function importRsa(jwk: Jwk, algorithm: string, scheme: string): Promise<CryptoKey> {
  const rejected = new CredentialError("key-rejected");
  try {
    const [n, e] = [number(jwk.n), number(jwk.e)];
    const isSound =
      jwk.kty === "RSA" &&
      isForVerifying(jwk, algorithm) &&
      bitsOf(n) >= MIN_MODULUS_BITS &&
      bitsOf(n) <= MAX_MODULUS_BITS &&
      bitsOf(e) <= MAX_EXPONENT_BITS;
    if (!isSound) throw rejected;
    const plain = { kty: "RSA", n: toBase64url(n), e: toBase64url(e) };
    return await crypto.subtle.importKey("jwk", plain, { ...KEYS, name: scheme }, true, ["verify"]);
  } catch {
    throw rejected;
  }
}

/** Throws `wrong-signature` unless `signature`, as long as the modulus, holds over `message`. */
export async function verify(key: CryptoKey, signature: Uint8Array, message: Uint8Array): Promise<void> {
  const isSound = await crypto.subtle.verify(SIGNING, key, signature as BufferSource, message as BufferSource);
  if (!isSound) throw new CredentialError("wrong-signature");
}

/** Big-endian, without leading zeros, which browsers refuse (RFC 7518 section 6.3.1.1). */
function number(text: unknown): Uint8Array {
  if (typeof text !== "string" || text.length > MAX_NUMBER_CHARACTERS) throw new CredentialError("key-rejected");
  const raw = fromBase64url(text);
  const first = raw.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array() : raw.subarray(first);
}

function bitsOf(number: Uint8Array): number {
  return number.length ? 8 * number.length - Math.clz32(number[0]!) + 24 : 0;
}
