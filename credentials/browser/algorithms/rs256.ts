// RS256 by WebCrypto, for passkeys of platforms that make no others, as in credentials/algorithms/rs256.py: nobody signs by it here.

import { CredentialError } from "../errors";
import { importRsa } from "./ps256";

export const NAME = "RS256";
const SCHEME = "RSASSA-PKCS1-v1_5";

/** RSA of 2048 to 4096 bits with an exponent of at most 32 bits. Rejects with `key-rejected`. */
export const importStaff = (jwk: { readonly [name: string]: unknown }): Promise<CryptoKey> =>
  importRsa(jwk, NAME, SCHEME);

/** Throws `wrong-signature` unless `signature`, as long as the modulus, holds over `message`. */
export async function verify(key: CryptoKey, signature: Uint8Array, message: Uint8Array): Promise<void> {
  const isSound = await crypto.subtle.verify(SCHEME, key, signature as BufferSource, message as BufferSource);
  if (!isSound) throw new CredentialError("wrong-signature");
}
