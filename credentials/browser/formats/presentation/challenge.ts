// The challenge (卡口码) `TXN1:`, as in credentials/formats/presentation/challenge.py: what a gate shows and a phone answers.

import { isShown } from "../../characters";
import { malformed } from "../../errors";
import { MAX_CHALLENGE_TEXT_CHARACTERS, MAX_GATE_NAME_BYTES, NONCE_BYTES } from "../../profile";
import * as base45 from "../../wire/base45";
import { bytesItem, concat, loads, textItem } from "../../wire/cbor";
import * as native from "../native";
import type { Challenge } from ".";

export const PREFIX = "TXN1:";
const HEAD = 0x82;
const MAX_BYTES = MAX_GATE_NAME_BYTES + NONCE_BYTES + 4;

/** The text of a challenge. Throws `malformed` for a name or nonce out of bounds. */
export function draw(challenge: Challenge): string {
  return PREFIX + base45.encode(encoded(checked(challenge.gate, challenge.nonce)));
}

/** Read a `TXN1:` text. Throws `not-a-credential`, `too-large` or `malformed`. */
export function unwrap(text: string): Challenge {
  return native.openText(text, PREFIX, MAX_CHALLENGE_TEXT_CHARACTERS, open);
}

function open(data: Uint8Array): Challenge {
  const items = loads(data, MAX_BYTES);
  if (!Array.isArray(items) || items.length !== 2) throw malformed("not a challenge");
  const challenge = checked(items[0], items[1]);
  // The phone signs name and nonce in deterministic CBOR, so there is one way to write them here as well.
  const written = encoded(challenge);
  if (written.length !== data.length || !written.every((byte, at) => byte === data[at])) {
    throw malformed("challenge is not deterministic CBOR");
  }
  return challenge;
}

function encoded({ gate, nonce }: Challenge): Uint8Array {
  return concat(Uint8Array.of(HEAD), textItem(gate), bytesItem(nonce));
}

function checked(gate: unknown, nonce: unknown): Challenge {
  const bytes = typeof gate === "string" ? new TextEncoder().encode(gate).length : 0;
  if (typeof gate !== "string" || bytes < 1 || bytes > MAX_GATE_NAME_BYTES || !isShown(gate)) {
    throw malformed(`gate name is not 1 to ${MAX_GATE_NAME_BYTES} bytes that people see`);
  }
  if (!(nonce instanceof Uint8Array) || nonce.length !== NONCE_BYTES)
    throw malformed(`nonce is not ${NONCE_BYTES} bytes`);
  return { gate, nonce };
}
