// The live presentation `TXP1:`, as in credentials/formats/presentation.

import { NATIVE } from "../../algorithms/table";
import { CredentialError, malformed, tooLarge } from "../../errors";
import {
  MAX_CREDENTIAL_BYTES,
  MAX_CREDENTIAL_TEXT_CHARACTERS,
  MAX_PRESENTATION_BYTES,
  MAX_PRESENTATION_TEXT_CHARACTERS,
  SIGNATURE_BYTES,
  STEPS,
} from "../../profile";
import * as base45 from "../../wire/base45";
import { bytesItem, concat, textItem } from "../../wire/cbor";
import { type Envelope, openLayout, openPrefix } from "../../wire/cose";
import * as native from "../native";

export const PREFIX = "TXP1:";
export { STEPS };

const HEAD = 0x84;
const TIME_HEAD = 0x1a;
const TAIL_BYTES = 5 + 1 + 2 + SIGNATURE_BYTES;
const SIGNED_HEAD = Uint8Array.of(0x85, 0x64, ...new TextEncoder().encode("TXP1"), 0x58, 0x20);
const NULLS = Uint8Array.of(0xf6, 0xf6);

export const TIME = 0;
export const NONCE = 1;

/** A live code taken apart, unverified. `time` in seconds UTC by the phone's clock. */
export interface Presentation {
  envelope: Envelope;
  credential: Uint8Array;
  time: number;
  mode: number;
  signature: Uint8Array;
}

/** What a gate asked for: its name and 16 bytes that it gave out once. */
export interface Challenge {
  nonce: Uint8Array;
  gate: string;
}

/** Draw the live code for a `TX1:` text at `at` (seconds UTC), in nonce mode when a gate has asked. */
export async function present(
  credentialText: string,
  holderKey: CryptoKey,
  at: number,
  challenge: Challenge | null = null,
): Promise<string> {
  const credential = native.openText(credentialText, native.PREFIX, MAX_CREDENTIAL_TEXT_CHARACTERS, (data) => {
    openLayout(data, MAX_CREDENTIAL_BYTES);
    return data;
  });
  const clock = clockBytes(at);
  const signature = await NATIVE.sign(holderKey, await signed(credential, clock, challenge));
  const mode = Uint8Array.of(challenge ? NONCE : TIME);
  const data = concat(Uint8Array.of(HEAD), credential, clock, mode, Uint8Array.of(0x58, 0x40), signature);
  return PREFIX + base45.encode(data);
}

/** Take a `TXP1:` text apart, without believing it. Throws `not-a-credential`, `too-large` or `malformed`. */
export function unwrap(text: string): Presentation {
  return native.openText(text, PREFIX, MAX_PRESENTATION_TEXT_CHARACTERS, open);
}

/** Check the holder's signature; for nonce mode, over the challenge of this gate. Throws `code`. */
export async function verify(
  presentation: Presentation,
  holderKey: CryptoKey,
  challenge: Challenge | null = null,
  code = "presentation-signature",
): Promise<void> {
  if ((presentation.mode === NONCE) !== (challenge !== null)) {
    throw new CredentialError(code, "mode and nonce do not go together");
  }
  const message = await signed(presentation.credential, clockBytes(presentation.time), challenge);
  await NATIVE.verify(holderKey, presentation.signature, message, code);
}

async function signed(credential: Uint8Array, clock: Uint8Array, challenge: Challenge | null): Promise<Uint8Array> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", credential as BufferSource));
  const asked = challenge ? concat(bytesItem(challenge.nonce), textItem(challenge.gate)) : NULLS;
  return concat(SIGNED_HEAD, hash, clock, asked);
}

function clockBytes(at: number): Uint8Array {
  return Uint8Array.of(TIME_HEAD, at >>> 24, (at >>> 16) & 0xff, (at >>> 8) & 0xff, at & 0xff);
}

function open(data: Uint8Array): Presentation {
  if (data.length > MAX_PRESENTATION_BYTES) throw tooLarge(MAX_PRESENTATION_BYTES, "bytes");
  if (data[0] !== HEAD) throw malformed("not the fixed presentation layout");
  const [envelope, end] = openPrefix(data, 1);
  const tail = data.subarray(end);
  const sound =
    tail.length === TAIL_BYTES && tail[0] === TIME_HEAD && tail[5]! <= NONCE && tail[6] === 0x58 && tail[7] === 0x40;
  if (!sound) throw malformed("not the fixed presentation layout");
  const time = new DataView(tail.buffer, tail.byteOffset).getUint32(1);
  return { envelope, credential: data.subarray(1, end), time, mode: tail[5]!, signature: tail.subarray(8) };
}
