// SMART Health Cards: `shc:/` and digits, or the compact JWS itself, around a FHIR bundle; as in
// credentials/formats/smart_health_card.

import { CredentialError, tooLarge } from "../../errors";
import type { ForeignEnvelope } from "../../foreign/envelope";
import { MAX_CARD_TEXT_CHARACTERS } from "../../profile";
import * as native from "../native";
import { openCard } from "./envelope";
import { mixed, together } from "./parts";
import { PREFIX, partOf } from "./prefix";

export { read } from "./card";
export { NAME } from "./limits";
export const LAST_SECOND_COUNTS = false;

/** Take the text of a card apart, without believing it; of several symbols all, with white space between them. Throws
 * `parts-missing`, `parts-mixed`, `too-large`, `malformed`. */
export function unwrap(shown: string): ForeignEnvelope {
  if ([...shown].length > MAX_CARD_TEXT_CHARACTERS) throw tooLarge(MAX_CARD_TEXT_CHARACTERS, "characters");
  const text = native.bare(shown);
  if (!text.startsWith(PREFIX)) return openCard(text);
  const odd = new Set<string>();
  const compact = together(text, (lenience) => odd.add(lenience));
  const inParts = partOf(text) !== null;
  try {
    return openCard(compact, [...odd], inParts);
  } catch (error) {
    const isMixed = inParts && error instanceof CredentialError && error.code === "malformed";
    throw isMixed ? mixed("symbols that make no card together") : error;
  }
}
