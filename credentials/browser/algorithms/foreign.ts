// The algorithms that keys of foreign cards' issuers may be pinned to: FOR_FOREIGN of credentials/algorithms/table.py. Apart
// from the table of native ones, so that a gate loads them with its first foreign card.

import { fromBase64url, toBase64url } from "../base64url";
import { CredentialError } from "../errors";
import { COORDINATE_BYTES } from "../profile";
import * as es256 from "./es256";
import * as ps256 from "./ps256";

type Jwk = { readonly [name: string]: unknown };

export interface ForeignAlgorithm {
  readonly NAME: string;
  readonly COSE_NUMBER: number;
  /** The key of a list. Rejects with `key-rejected`, as for one that says of itself that it is for something else. */
  importForeign(jwk: Jwk): Promise<CryptoKey>;
  /** Throws `wrong-signature` unless the signature holds. */
  verify(key: CryptoKey, signature: Uint8Array, message: Uint8Array): Promise<void>;
}

export const FOR_FOREIGN: ReadonlyMap<string, ForeignAlgorithm> = new Map<string, ForeignAlgorithm>([
  [es256.NAME, { ...es256, importForeign: importP256 }],
  [ps256.NAME, ps256],
]);

/** Coordinates of 31 bytes, or of 33 with a leading zero, are brought to 32 (257 of 368 keys of a WHO list had them). */
async function importP256(jwk: Jwk): Promise<CryptoKey> {
  return es256.importJwk({ ...jwk, x: coordinate(jwk.x), y: coordinate(jwk.y) } as es256.PublicJwk);
}

function coordinate(text: unknown): string {
  if (typeof text !== "string" || text.length > 64) throw new CredentialError("key-rejected");
  let raw: Uint8Array;
  try {
    raw = fromBase64url(text);
  } catch {
    throw new CredentialError("key-rejected");
  }
  if (raw.length === COORDINATE_BYTES + 1 && raw[0] === 0) raw = raw.subarray(1);
  if (raw.length === COORDINATE_BYTES - 1) raw = Uint8Array.of(0, ...raw);
  if (raw.length !== COORDINATE_BYTES) throw new CredentialError("key-rejected");
  return toBase64url(raw);
}
