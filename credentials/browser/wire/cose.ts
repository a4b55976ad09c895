// The one COSE_Sign1 layout, matched byte for byte before any cryptography; as in credentials/wire/cose.py.

import { NATIVE } from "../algorithms/table";
import { CredentialError, malformed, tooLarge } from "../errors";
import { toHex } from "../hex";
import type { TrustedKey } from "../keys";
import { KID_BYTES, SIGNATURE_BYTES } from "../profile";
import { concat } from "./cbor";

/** Head byte of a negative CBOR integer above -25 (RFC 8949 section 3.1). */
const NEGATIVE = 0x1f;
const PROTECTED_HEAD = Uint8Array.of(0xa2, 0x01, NEGATIVE - NATIVE.COSE_NUMBER, 0x04, 0x48);
const HEAD = Uint8Array.of(0xd2, 0x84, 0x4d, ...PROTECTED_HEAD);
const CONTEXT = Uint8Array.of(0x84, 0x6a, ...new TextEncoder().encode("Signature1"), 0x4d);
const PAYLOAD_AT = HEAD.length + KID_BYTES + 1;
const TAIL = 2 + SIGNATURE_BYTES;
/** Head byte of a byte string -> how many length bytes follow, and the least length that needs them. */
const LENGTHS = new Map([
  [0x58, [1, 24]],
  [0x59, [2, 256]],
  [0x5a, [4, 65_536]],
] as const);

/** A signed object whose signature nobody has checked. `kid` in hex. */
export interface Envelope {
  kid: string;
  payload: Uint8Array;
  signature: Uint8Array;
  /** The Sig_structure (RFC 9052 section 4.4) over which the signature must hold. */
  signedBytes: Uint8Array;
}

/** A payload whose signature holds; only `verify` makes one. */
export class VerifiedPayload {
  constructor(readonly payload: Uint8Array) {}
}

/** Take the fixed layout apart. Throws `too-large` above `limit` bytes, `malformed` for any other layout. */
export function openLayout(data: Uint8Array, limit: number): Envelope {
  if (data.length > limit) throw tooLarge(limit, "bytes");
  const [envelope, end] = openPrefix(data);
  if (end !== data.length) throw malformed("bytes after the COSE_Sign1");
  return envelope;
}

/** The object that begins at `start`, and the offset after it. Throws `malformed`. */
export function openPrefix(data: Uint8Array, start = 0): [Envelope, number] {
  const payloadAt = start + PAYLOAD_AT;
  const [width, least] = LENGTHS.get(data[payloadAt] as 0x58) ?? [0, 0];
  const contentAt = payloadAt + 1 + width;
  let length = 0;
  for (const byte of data.subarray(payloadAt + 1, contentAt)) length = length * 256 + byte;
  const end = contentAt + length;
  const sound =
    HEAD.every((byte, at) => data[start + at] === byte) &&
    data[payloadAt - 1] === 0xa0 &&
    width > 0 &&
    length >= least &&
    data[end] === 0x58 &&
    data[end + 1] === 0x40 &&
    data.length >= end + TAIL;
  if (!sound) throw malformed("not the fixed COSE_Sign1 layout");
  const kid = data.subarray(start + HEAD.length, payloadAt - 1);
  const signedBytes = concat(CONTEXT, PROTECTED_HEAD, kid, Uint8Array.of(0x40), data.subarray(payloadAt, end));
  const signature = data.subarray(end + 2, end + TAIL);
  return [{ kid: toHex(kid), payload: data.subarray(contentAt, end), signature, signedBytes }, end + TAIL];
}

/** Check the signature with the algorithm pinned on `key`. Throws `algorithm-mismatch` or `wrong-signature`. */
export async function verify(envelope: Envelope, key: TrustedKey): Promise<VerifiedPayload> {
  if (key.algorithm !== NATIVE.NAME) throw new CredentialError("algorithm-mismatch");
  await NATIVE.verify(await key.publicKey, envelope.signature, envelope.signedBytes);
  return new VerifiedPayload(envelope.payload);
}
