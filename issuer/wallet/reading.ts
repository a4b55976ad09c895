// What the issuer signed, read from the code itself: name, status and times are never taken from anywhere else.

import { CredentialError } from "../../credentials/browser/errors";
import { unwrap } from "../../credentials/browser/formats/native";
import { decode } from "../../credentials/browser/formats/native/claims";
import { toHex } from "../../credentials/browser/hex";
import type { StatusCredential } from "../../credentials/browser/model";
import { VerifiedPayload } from "../../credentials/browser/wire/cose";

/**
 * Read a code of one's own. Its signature is for gates to check: the phone has it from its issuer over TLS and has
 * nobody to be protected from but itself. Throws CredentialError.
 */
export function read(text: string): StatusCredential {
  return decode(new VerifiedPayload(unwrap(text).payload));
}

/** Read a code that has just come. Throws `presentation-signature` when it is bound to another key than this phone's. */
export async function readOwn(text: string, key: CryptoKey): Promise<StatusCredential> {
  const credential = read(text);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", key));
  const point = toHex(Uint8Array.of(raw[64]! & 1 ? 3 : 2, ...raw.subarray(1, 33)));
  if (!credential.holderKey || toHex(credential.holderKey) !== point)
    throw new CredentialError("presentation-signature");
  return credential;
}
