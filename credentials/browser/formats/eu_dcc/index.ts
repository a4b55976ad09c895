// The EU Digital COVID Certificate: `HC1:`, Base45, zlib and one COSE_Sign1 around a CWT; as in credentials/formats/eu_dcc.

import type { ForeignEnvelope } from "../../foreign/envelope";
import { MAX_TEXT_CHARACTERS } from "../../profile";
import { inflate } from "../../wire/inflate";
import * as native from "../native";
import { MAX_CARD_BYTES } from "./limits";
import { PREFIX } from "./prefix";
import { openCard } from "./sign1";

export { read } from "./card";
export { NAME } from "./limits";
export const LAST_SECOND_COUNTS = true;

/** Take an `HC1:` text apart, without believing it. Throws `not-a-credential`, `too-large` or `malformed`. */
export function unwrap(text: string): ForeignEnvelope {
  return native.openText(text, PREFIX, MAX_TEXT_CHARACTERS, (data) => openCard(inflate(data, MAX_CARD_BYTES)));
}
