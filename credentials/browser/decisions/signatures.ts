// What a person of staff signs with, and whether it holds, as in credentials/decisions/signatures.py: a passkey's assertion, or a JWS
// by a key file.

import type { StaffAlgorithm } from "../algorithms/staff";
import { NATIVE } from "../algorithms/table";
import { fromBase64url, toBase64url } from "../base64url";
import { CredentialError, malformed, tooLarge } from "../errors";
import { toHex } from "../hex";
import { equal, sha256 } from "../log/tree";
import { concat } from "../wire/cbor";
import * as jws from "../wire/jws";
import { type Json, parseJson } from "../wire/strict_json";

const SIGNED_TEXT_TYPE = "tongxing-signed-text+jws";
const MAX_SIGNATURE_CHARACTERS = 4_096;
const PASSKEY = "authenticator_data client_data kid signature";
const KID = /^[0-9a-f]{16}$/;
const RP_ID_HASH_BYTES = 32;
const FLAGS_AT = 32;
/** rpIdHash, flags, counter (WebAuthn section 6.1). */
const MIN_AUTHENTICATOR_DATA_BYTES = 37;
const [PRESENT, VERIFIED] = [0x01, 0x04] as const;

/** A key of staff. `origin`: where a passkey signs, or empty for a key file. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: StaffAlgorithm;
  readonly publicKey: CryptoKey;
  readonly origin: string;
}

export type Signature = { readonly kid: string; readonly jws: jws.JwsEnvelope } | PasskeySignature;

interface PasskeySignature {
  readonly kid: string;
  readonly authenticatorData: Uint8Array;
  readonly clientData: Uint8Array;
  readonly signature: Uint8Array;
}

/** Take a signature apart, without believing it. Throws `malformed`, `too-large`. */
export function readSignature(value: unknown): Signature {
  if (!isTexts(value)) throw malformed("signature: an object of texts");
  if (Object.values(value).some((part) => part.length > MAX_SIGNATURE_CHARACTERS))
    throw tooLarge(MAX_SIGNATURE_CHARACTERS, "characters");
  const names = Object.keys(value).sort().join(" ");
  if (names === "jws") {
    const envelope = jws.read(value.jws!);
    return { kid: kidIn(envelope.kid), jws: envelope };
  }
  if (names !== PASSKEY) throw malformed("signature: either jws, or an assertion");
  return {
    kid: kidIn(value.kid!),
    authenticatorData: fromBase64url(value.authenticator_data!),
    clientData: fromBase64url(value.client_data!),
    signature: fromBase64url(value.signature!),
  };
}

/** Throws `wrong-signature`, `algorithm-mismatch`, `malformed` unless `key` signed `text`. */
export async function verifyText(signature: Signature, key: SigningKey, text: Uint8Array): Promise<void> {
  if (signature.kid !== key.kid) throw new CredentialError("wrong-signature", "signed by another key");
  const digest = await sha256(text);
  await ("jws" in signature ? verifyJws(signature.jws, key, digest) : verifyAssertion(signature, key, digest));
}

async function verifyJws(envelope: jws.JwsEnvelope, key: SigningKey, digest: Uint8Array): Promise<void> {
  // A passkey's private key is in no file; who has one there has copied it out of an authenticator.
  if (key.origin || key.algorithm.NAME !== NATIVE.NAME) throw new CredentialError("algorithm-mismatch");
  const said = await jws.verifyBy(envelope, key.publicKey, SIGNED_TEXT_TYPE);
  if (Object.keys(said).join() !== "sha256" || said.sha256 !== toHex(digest)) throw wrong("another text");
}

/** WebAuthn section 7.2, the steps that do not need a session. */
async function verifyAssertion(made: PasskeySignature, key: SigningKey, digest: Uint8Array): Promise<void> {
  if (!key.origin) throw new CredentialError("algorithm-mismatch");
  const said = parseJson(made.clientData) as { [name: string]: Json };
  if (!jws.isObject(said)) throw malformed("client_data: not a JSON object");
  if (said.type !== "webauthn.get") throw wrong("type");
  if (said.challenge !== toBase64url(digest)) throw wrong("another text");
  if (said.origin !== key.origin || isCross(said) || "topOrigin" in said) throw wrong("origin");
  await requireFlags(made.authenticatorData, rpIdOf(key.origin));
  const message = concat(made.authenticatorData, await sha256(made.clientData));
  const raw = key.algorithm.NAME === NATIVE.NAME ? NATIVE.fromDer(made.signature) : made.signature;
  await key.algorithm.verify(key.publicKey, raw, message);
}

const isCross = (said: { [name: string]: Json }) => "crossOrigin" in said && said.crossOrigin !== false;

async function requireFlags(data: Uint8Array, rpId: string): Promise<void> {
  if (data.length < MIN_AUTHENTICATOR_DATA_BYTES) throw malformed("authenticator_data: fewer than 37 bytes");
  const scope = await sha256(new TextEncoder().encode(rpId));
  if (!equal(data.subarray(0, RP_ID_HASH_BYTES), scope)) throw wrong("rpIdHash");
  if (!(data[FLAGS_AT]! & PRESENT)) throw wrong("nobody was present");
  if (!(data[FLAGS_AT]! & VERIFIED)) throw wrong("the user was not verified");
}

/** For whom a passkey is, by where it signs: the host of the origin. */
const rpIdOf = (origin: string) => origin.slice(origin.indexOf("://") + 3).split(":")[0]!;

function kidIn(text: string): string {
  if (!KID.test(text)) throw malformed("kid is not 16 lower-case hex digits");
  return text;
}

function isTexts(value: unknown): value is { readonly [name: string]: string } {
  const isOne = typeof value === "object" && value !== null && !Array.isArray(value);
  return isOne && Object.values(value).every((part) => typeof part === "string");
}

const wrong = (what: string) => new CredentialError("wrong-signature", what);
