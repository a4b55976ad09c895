// The keys of logs and witnesses (C2SP signed-note, tlog-cosignature), as in credentials/log/keys.py.

import { CredentialError, malformed, tooLarge } from "../errors";
import { toHex } from "../hex";
import { checkPublicKey, holds, SIGNATURE_BYTES } from "./ed25519";
import { equal, sha256 } from "./tree";

/** Signature types: a plain Ed25519 signature over the text; a cosignature with its time. */
export const [LOG, WITNESS] = [1, 4] as const;
export const KEY_ID_BYTES = 4;
const MAX_KEY_NAME_BYTES = 255;
const MAX_VKEY_CHARACTERS = 512;
const TIME_BYTES = 8;
// White_Space of Unicode, written out: what a name is must not hang on a runtime's tables.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const NAME = /^[^\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\0-\x1f+]+$/u;
const BASE64 = /^(?:[0-9A-Za-z+/]{4})*(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?$/;
const KEY_NUMBER = /^[0-9a-f]{8}$/;
const encoder = new TextEncoder();

export interface NoteKey {
  readonly name: string;
  readonly type: number;
  readonly publicKey: Uint8Array;
  /** The four bytes that stand before each of its signatures. */
  readonly id: Uint8Array;
  /** The key as one word; two are one key when these are the same. */
  readonly vkey: string;
}

/** Read `<name>+<key id>+<base64 of type and key>`. Throws `too-large`, `malformed`, `key-rejected`. */
export async function readVkey(vkey: string): Promise<NoteKey> {
  if ([...vkey].length > MAX_VKEY_CHARACTERS) throw tooLarge(MAX_VKEY_CHARACTERS, "characters of a vkey");
  // Base64 may hold a plus, so there are two of them at least and not exactly two.
  const [name, number, ...rest] = vkey.split("+") as [string, string?, ...string[]];
  if (number === undefined || !KEY_NUMBER.test(number)) throw malformed("no vkey: NAME+8 HEX DIGITS+BASE64");
  const raw = fromBase64(rest.join("+"));
  const [type, publicKey] = [raw[0], raw.subarray(1)];
  if ((type !== LOG && type !== WITNESS) || !isKeyName(name)) throw new CredentialError("key-rejected", "type or name");
  checkPublicKey(publicKey);
  const digest = await sha256(encoder.encode(`${name}\n`), Uint8Array.of(type), publicKey);
  const id = digest.subarray(0, KEY_ID_BYTES);
  if (toHex(id) !== number) throw new CredentialError("key-rejected", "the number in the vkey is not that of its key");
  return { name, type, publicKey, id, vkey };
}

/** Whether `signature` (of a witness 72 bytes with the time) is this key's over the text of a note. */
export async function hasSigned(key: NoteKey, signature: Uint8Array, text: Uint8Array): Promise<boolean> {
  if (key.type === LOG) return holds(key.publicKey, signature, text);
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES || signature[0]! > 0x7f) return false;
  const head = encoder.encode(`cosignature/v1\ntime ${timeOf(signature)}\n`);
  const signed = new Uint8Array(head.length + text.length);
  signed.set(head);
  signed.set(text, head.length);
  return holds(key.publicKey, signature.subarray(TIME_BYTES), signed);
}

/** When a witness cosigned, in seconds UTC. */
export function timeOf(signature: Uint8Array): bigint {
  return BigInt(`0x${toHex(signature.subarray(0, TIME_BYTES))}`);
}

/** Whether a key can be called so: 1 to 255 bytes of UTF-8, without spaces and plus. */
export function isKeyName(name: string): boolean {
  return NAME.test(name) && !/\p{Surrogate}/u.test(name) && encoder.encode(name).length <= MAX_KEY_NAME_BYTES;
}

export const isKeyOf = (key: NoteKey, name: string, id: Uint8Array) => key.name === name && equal(key.id, id);

/** The bytes of a base64 text with padding. Throws `malformed` for any other way to write them. */
export function fromBase64(text: string): Uint8Array {
  const raw = fromAnyBase64(text);
  if (toBase64(raw) !== text) throw malformed("not canonical base64");
  return raw;
}

/** The same, though its last character may hold stray bits. Throws `malformed`. */
export function fromAnyBase64(text: string): Uint8Array {
  if (!BASE64.test(text)) throw malformed("not base64");
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toBase64(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
}
