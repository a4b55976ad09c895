// The signature algorithms that there are, as in credentials/algorithms/table.py. One more is a module beside es256.ts and a
// line here. An algorithm is pinned on the key and never taken from a token.

import { CredentialError } from "../errors";
import * as es256 from "./es256";

export type { PublicJwk } from "./es256";

export interface Algorithm {
  /** In JOSE (RFC 7518). */
  readonly NAME: string;
  /** In COSE (RFC 9053). */
  readonly COSE_NUMBER: number;
  importJwk(jwk: es256.PublicJwk): Promise<CryptoKey>;
  /** Throws `wrong-signature` (or `code`) unless the signature holds. */
  verify(key: CryptoKey, signature: Uint8Array, message: Uint8Array, code?: string): Promise<void>;
}

/** By which native credentials, presentations and all documents of members are signed. */
export const NATIVE = es256;

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([[es256.NAME, es256]]);

/** The algorithm of that name. Throws `algorithm-mismatch` for one that is not here. */
export function named(name: string): Algorithm {
  const algorithm = ALGORITHMS.get(name);
  if (!algorithm) throw new CredentialError("algorithm-mismatch");
  return algorithm;
}
