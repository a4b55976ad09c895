// The algorithms that keys of staff may be pinned to: FOR_STAFF of credentials/algorithms/table.py. Apart from the table of
// native ones, so that a phone loads them with the first decision whose signatures it checks.

import { fromBase64url } from "../base64url";
import { malformed } from "../errors";
import { COORDINATE_BYTES } from "../profile";
import * as es256 from "./es256";
import * as rs256 from "./rs256";

type Jwk = { readonly [name: string]: unknown };

export interface StaffAlgorithm {
  readonly NAME: string;
  /** The key as its text has it, with no other members and no padding. Throws `malformed`, `key-rejected`. */
  importStaff(jwk: Jwk): Promise<CryptoKey>;
  /** Throws `wrong-signature` unless the signature holds. */
  verify(key: CryptoKey, signature: Uint8Array, message: Uint8Array): Promise<void>;
}

export const FOR_STAFF: ReadonlyMap<string, StaffAlgorithm> = new Map<string, StaffAlgorithm>([
  [es256.NAME, { ...es256, importStaff: importP256 }],
  [rs256.NAME, { ...rs256, importStaff: importRsa }],
]);

async function importP256(jwk: Jwk): Promise<CryptoKey> {
  requireMembers(jwk, "crv kty x y");
  if (![jwk.x, jwk.y].every((each) => isText(each) && fromBase64url(each).length === COORDINATE_BYTES))
    throw malformed("staff key: coordinates");
  return es256.importJwk(jwk as unknown as es256.PublicJwk);
}

async function importRsa(jwk: Jwk): Promise<CryptoKey> {
  requireMembers(jwk, "e kty n");
  if (![jwk.n, jwk.e].every((each) => isText(each) && fromBase64url(each)[0] !== 0))
    throw malformed("staff key: padded numbers");
  return rs256.importStaff(jwk);
}

const isText = (value: unknown) => typeof value === "string";

function requireMembers(jwk: Jwk, names: string): void {
  if (Object.keys(jwk).sort().join(" ") !== names) throw malformed(`staff key: the members of its JWK are ${names}`);
}
