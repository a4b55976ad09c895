// ES256 by WebCrypto, as in credentials/algorithms/es256.py. Compressed points are decompressed here, because not every
// browser does it.

import { CredentialError, malformed } from "../errors";
import { toHex } from "../hex";
import { COORDINATE_BYTES, SIGNATURE_BYTES } from "../profile";

export const NAME = "ES256";
export const COSE_NUMBER = -7;
/** EC2 and P-256 (RFC 9053 section 7.1). */
const [COSE_TYPE, COSE_CURVE] = [2, 1] as const;
const COSE_KEY: readonly number[] = [1, -1, -2, -3];
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

export interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
  y: string;
  use?: string;
  key_ops?: string[];
  alg?: string;
}

const [SEQUENCE, INTEGER] = [0x30, 0x02] as const;
const OF_SIGNATURES = ["sign", "verify"];

/** The key of a trust list. Throws `key-rejected` for one that is not on the curve, or not for verifying by ES256. */
export async function importJwk(jwk: PublicJwk): Promise<CryptoKey> {
  const { kty, crv, x, y } = jwk;
  if (!isForVerifying({ ...jwk }, NAME)) throw new CredentialError("key-rejected");
  try {
    return await crypto.subtle.importKey("jwk", { kty, crv, x, y }, CURVE, true, ["verify"]);
  } catch {
    throw new CredentialError("key-rejected");
  }
}

/** What a JWK says of its purpose (RFC 7517 sections 4.2 to 4.4); browsers do not all ask, and differ where they do. */
export function isForVerifying(jwk: { readonly [name: string]: unknown }, algorithm: string): boolean {
  const { use = "sig", alg = algorithm, key_ops = ["verify"] } = jwk;
  if ("d" in jwk || use !== "sig" || alg !== algorithm || !Array.isArray(key_ops)) return false;
  const consistent = jwk.use === undefined || key_ops.every((each) => OF_SIGNATURES.includes(each));
  const sound = key_ops.every((each) => typeof each === "string") && new Set(key_ops).size === key_ops.length;
  return sound && consistent && key_ops.includes("verify");
}

/** The key of a 33-byte compressed point (SEC 1 section 2.3.4). Throws `malformed` when it is not on the curve. */
export async function importPoint(point: Uint8Array): Promise<CryptoKey> {
  const x = BigInt(`0x${toHex(point.subarray(1))}`);
  if (point.length !== COORDINATE_BYTES + 1 || x >= P) throw malformed("holder key is not on the curve");
  const square = (x * x * x - 3n * x + B) % P;
  // P is 3 modulo 4, so this power is the root where there is one.
  const root = power((square + P) % P, (P + 1n) / 4n);
  if ((root * root - square) % P !== 0n) throw malformed("holder key is not on the curve");
  const y = Number(root & 1n) === (point[0]! & 1) ? root : P - root;
  const raw = Uint8Array.of(4, ...point.subarray(1), ...bytes(y));
  return crypto.subtle.importKey("raw", raw, CURVE, true, ["verify"]);
}

/** The 33-byte compressed point of a COSE_Key (RFC 9053 section 7.1.1). Throws `malformed` for any other key. */
export function pointOfCoseKey(key: unknown): Uint8Array {
  if (!(key instanceof Map) || key.size !== COSE_KEY.length || !COSE_KEY.every((each) => key.has(each))) {
    throw malformed("not a COSE_Key of kty, crv, x and y");
  }
  const [x, odd] = [key.get(-2), key.get(-3)];
  if (key.get(1) !== COSE_TYPE || key.get(-1) !== COSE_CURVE) throw malformed("COSE_Key is not on P-256");
  if (!(x instanceof Uint8Array) || x.length !== COORDINATE_BYTES || typeof odd !== "boolean") {
    throw malformed("COSE_Key without an x of 32 bytes and the sign bit of y");
  }
  return Uint8Array.of(odd ? 3 : 2, ...x);
}

/** Throws `wrong-signature` (or `code`) unless the 64 bytes r‖s hold over `message`. */
export async function verify(
  key: CryptoKey,
  signature: Uint8Array,
  message: Uint8Array,
  code = "wrong-signature",
): Promise<void> {
  const sound =
    signature.length === SIGNATURE_BYTES &&
    (await crypto.subtle.verify(SIGNING, key, signature as BufferSource, message as BufferSource));
  if (!sound) throw new CredentialError(code);
}

/** The 64 bytes of a signature in strict DER (RFC 3279 section 2.2.3), as authenticators make it. Throws `wrong-signature`. */
export function fromDer(der: Uint8Array): Uint8Array {
  const wrong = new CredentialError("wrong-signature", "not a signature in strict DER");
  const [tag, length] = der;
  if (tag !== SEQUENCE || length !== der.length - 2) throw wrong;
  const rs = new Uint8Array(SIGNATURE_BYTES);
  let at = 2;
  for (const end of [COORDINATE_BYTES, SIGNATURE_BYTES]) {
    const size = der[at + 1]!;
    const number = der.subarray(at + 2, at + 2 + size);
    const isPadded = number[0] === 0 && (size === 1 || number[1]! >= 0x80);
    const isSound = der[at] === INTEGER && size > 0 && number.length === size && number[0]! < 0x80;
    const plain = isPadded ? number.subarray(1) : number;
    if (!isSound || (number[0] === 0 && !isPadded) || plain.length > COORDINATE_BYTES) throw wrong;
    rs.set(plain, end - plain.length);
    at += 2 + size;
  }
  if (at !== der.length) throw wrong;
  return rs;
}

/** r‖s over `message`. */
export async function sign(key: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(SIGNING, key, message as BufferSource));
}

/** A new key pair whose private half never leaves the device. */
export function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % P;
    base = (base * base) % P;
  }
  return result;
}

function bytes(value: bigint): Uint8Array {
  const text = value.toString(16).padStart(2 * COORDINATE_BYTES, "0");
  return Uint8Array.from({ length: COORDINATE_BYTES }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}
