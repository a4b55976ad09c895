// The EU Digital COVID Certificate: `HC1:`, Base45, zlib and one COSE_Sign1 around a CWT; as in credentials/formats/eu_dcc.

import { CredentialError } from "../../errors";
import type { ForeignEnvelope } from "../../foreign/envelope";
import { HEALTH_LINK } from "../../known_texts";
import { MAX_TEXT_CHARACTERS } from "../../profile";
import { inflate } from "../../wire/inflate";
import * as native from "../native";
import { MAX_CARD_BYTES } from "./limits";
import { PREFIX } from "./prefix";
import { openCard } from "./sign1";

export { read } from "./card";
export { NAME } from "./limits";
export const LAST_SECOND_COUNTS = true;

/** Claim -260 of a CWT, behind which 5 stands alone in WHO's links (HCERT with SMART Health Links). */
const LINK = [0x39, 0x01, 0x03];

/** Take an `HC1:` text apart, without believing it. Throws `not-a-credential`, `too-large` or `malformed`. */
export function unwrap(text: string): ForeignEnvelope {
  return native.openText(text, PREFIX, MAX_TEXT_CHARACTERS, open);
}

function open(data: Uint8Array): ForeignEnvelope {
  const envelope = openCard(inflate(data, MAX_CARD_BYTES));
  if (isHealthLink(envelope.payload)) {
    throw new CredentialError("not-a-credential", "a link to a certificate, where a certificate belongs", HEALTH_LINK);
  }
  return envelope;
}

function isHealthLink(payload: Uint8Array): boolean {
  return payload.some(
    (_, at) => LINK.every((byte, next) => payload[at + next] === byte) && isMapOfFive(payload, at + LINK.length),
  );
}

function isMapOfFive(payload: Uint8Array, at: number): boolean {
  return (payload[at] === 0xa1 || payload[at] === 0xbf) && payload[at + 1] === 5;
}
