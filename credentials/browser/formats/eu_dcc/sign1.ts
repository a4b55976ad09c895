// The COSE_Sign1 of an EU card (RFC 9052 section 4.2), taken apart with the leniences that it needs; as in
// credentials/formats/eu_dcc/sign1.py. The algorithm that a header names is only compared with the key's.

import { FOR_FOREIGN } from "../../algorithms/foreign";
import { malformed } from "../../errors";
import type { ForeignEnvelope } from "../../foreign/envelope";
import { toHex } from "../../hex";
import { bytesItem, concat, textItem } from "../../wire/cbor";
import { type ForeignFields, type ForeignValue, isFields, loads } from "../../wire/cbor_foreign";
import type { Lenience, Note } from "./leniences";
import { MAX_CARD_BYTES, MAX_HEADER_BYTES, MAX_KID_BYTES } from "./limits";

/** The tags 61 and 18 as they are encoded. */
const [CWT, SIGN1] = [[0xd8, 0x3d], [0xd2]] as const;
const [ALGORITHM, CRITICAL, KID] = [1, 2, 4] as const;
const NAMES = new Map<ForeignValue, string>([...FOR_FOREIGN].map(([name, { COSE_NUMBER }]) => [COSE_NUMBER, name]));
const UNKNOWN = "unknown";
const ARRAY_OF_FOUR = Uint8Array.of(0x84);

/** Take the inflated bytes apart. Throws `malformed`, `too-large`. */
export function openCard(data: Uint8Array): ForeignEnvelope {
  const leniences: Lenience[] = [];
  const note: Note = (lenience) => leniences.push(lenience);
  const items = loads(untagged(data, note), MAX_CARD_BYTES, false);
  if (!Array.isArray(items) || items.length !== 4) throw malformed("not a COSE_Sign1");
  const [protectedHeader, unprotectedHeader, payload, signature] = items as [
    ForeignValue,
    ForeignValue,
    ForeignValue,
    ForeignValue,
  ];
  if (!isBytes(protectedHeader) || !isBytes(payload) || !isBytes(signature)) {
    throw malformed("header, payload or signature of a COSE_Sign1 is no byte string");
  }
  const headers = [header(protectedHeader), map(unprotectedHeader)] as const;
  if (headers.some((each) => each.has(CRITICAL))) throw malformed("a critical header");
  const kid = found(headers, KID, "kid-unprotected", note);
  const number = found(headers, ALGORITHM, "algorithm-unprotected", note);
  if (!isBytes(kid) || !kid.length || kid.length > MAX_KID_BYTES)
    throw malformed("kid is no byte string of its length");
  const algorithm = (number !== undefined && NAMES.get(number)) || UNKNOWN;
  const none = new Uint8Array();
  const parts = [textItem("Signature1"), bytesItem(protectedHeader), bytesItem(none), bytesItem(payload)];
  return { kid: toHex(kid), algorithm, payload, signature, signedBytes: concat(ARRAY_OF_FOUR, ...parts), leniences };
}

/** What stands inside tag 18, inside 61(18), or bare. */
function untagged(data: Uint8Array, note: Note): Uint8Array {
  if (begins(data, [...CWT, ...SIGN1])) {
    note("tag-of-cwt");
    return data.subarray(CWT.length + SIGN1.length);
  }
  if (begins(data, SIGN1)) return data.subarray(SIGN1.length);
  note("tag-missing");
  return data;
}

function begins(data: Uint8Array, head: readonly number[]): boolean {
  return head.every((byte, at) => data[at] === byte);
}

function header(data: Uint8Array): ForeignFields {
  return data.length ? map(loads(data, MAX_HEADER_BYTES, false)) : new Map();
}

function map(value: ForeignValue): ForeignFields {
  if (!isFields(value)) throw malformed("a header is no map of labels");
  return value;
}

function found(
  [first, second]: readonly [ForeignFields, ForeignFields],
  label: number,
  lenience: Lenience,
  note: Note,
) {
  if (first.has(label)) return first.get(label);
  if (second.has(label)) note(lenience);
  return second.get(label);
}

function isBytes(value: ForeignValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}
