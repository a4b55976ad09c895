// Compact JWS (RFC 7515) for what host members sign, as in credentials/wire/jws.py.

import { NATIVE } from "../algorithms/table";
import { fromBase64url } from "../base64url";
import { CredentialError, malformed, tooLarge } from "../errors";
import type { Keys, TrustedKey } from "../keys";
import { MAX_JWS_CHARACTERS } from "../profile";
import { type Json, parseJson } from "./strict_json";

const NOT_ASCII = /[^\0-\x7f]/;
const KID = /^[0-9a-f]{16}$/;
const MAX_HEADER_CHARACTERS = 16_384;

/** A compact JWS whose signature nobody has checked. */
export interface JwsEnvelope {
  kid: string;
  header: { [name: string]: Json };
  payload: Uint8Array;
  signature: Uint8Array;
  signedText: string;
}

/** Take a compact JWS apart, without believing it. Throws `too-large` or `malformed`. */
export function read(compact: string): JwsEnvelope {
  if (NOT_ASCII.test(compact)) throw malformed("not a compact JWS");
  if (compact.length > MAX_JWS_CHARACTERS) throw tooLarge(MAX_JWS_CHARACTERS, "characters");
  const segments = compact.split(".");
  if (segments.length !== 3 || segments[0]!.length > MAX_HEADER_CHARACTERS) throw malformed("not a compact JWS");
  const [headerBytes, payload, signature] = segments.map(fromBase64url) as [Uint8Array, Uint8Array, Uint8Array];
  const header = parseObject(headerBytes);
  if (typeof header.kid !== "string" || "crit" in header) {
    throw malformed("JWS header without kid, or with a critical extension");
  }
  return { kid: header.kid, header, payload, signature, signedText: `${segments[0]}.${segments[1]}` };
}

/** The payload, once the signature holds. Throws `malformed`, `algorithm-mismatch` or `wrong-signature`. */
export async function verify(envelope: JwsEnvelope, key: TrustedKey, typ: string): Promise<{ [name: string]: Json }> {
  if (key.algorithm !== NATIVE.NAME) throw new CredentialError("algorithm-mismatch");
  return verifyBy(envelope, await key.publicKey, typ);
}

/** As `verify`, by a key of the native algorithm that no list has. */
export async function verifyBy(envelope: JwsEnvelope, key: CryptoKey, typ: string): Promise<{ [name: string]: Json }> {
  if (envelope.header.typ !== typ) throw malformed(`typ is not ${typ}`);
  if (envelope.header.alg !== NATIVE.NAME) throw new CredentialError("algorithm-mismatch");
  // What is signed would not be what is read (RFC 7797 section 6).
  if (envelope.header.b64 === false) throw new CredentialError("wrong-signature");
  await NATIVE.verify(key, envelope.signature, new TextEncoder().encode(envelope.signedText));
  return parseObject(envelope.payload);
}

/** A document of `member`, by its `rules` key of this kid. Throws what `read`, `keyFor` and `verify` throw, and
 * `issuer-mismatch`. */
export async function ofMember(
  compact: string,
  member: string,
  trust: Keys,
  typ: string,
): Promise<{ kid: string; document: { [name: string]: Json } }> {
  const envelope = read(compact);
  const { kid } = envelope;
  if (!KID.test(kid)) throw malformed("kid is not 16 lower-case hex digits");
  const document = await verify(envelope, trust.keyFor(kid, member, "rules"), typ);
  if (document.member !== member) throw new CredentialError("issuer-mismatch", "a document of another member");
  return { kid, document };
}

export function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseObject(data: Uint8Array): { [name: string]: Json } {
  const value = parseJson(data);
  if (!isObject(value)) throw malformed("not a JSON object");
  return value;
}
