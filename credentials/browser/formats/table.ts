// The formats of texts that a gate can be shown, by their prefix, as in credentials/formats/table.py.

import { CredentialError } from "../errors";
import { MAX_TEXT_CHARACTERS } from "../profile";
import type { Envelope } from "../wire/cose";
import * as challenge from "./challenge";
import * as native from "./native";
import * as presentation from "./presentation";

/** A text taken apart: its envelope, and the presentation around it if there is one. */
export type Unwrapped = readonly [Envelope, presentation.Presentation | null];

/** How a text of this format begins, and what takes it apart without believing it. */
export interface Format {
  readonly prefix: string;
  unwrap(text: string): Unwrapped;
}

const FORMATS: readonly Format[] = [
  {
    prefix: presentation.PREFIX,
    unwrap(text) {
      const live = presentation.unwrap(text);
      return [live.envelope, live];
    },
  },
  { prefix: native.PREFIX, unwrap: (text) => [native.unwrap(text), null] },
  {
    prefix: challenge.PREFIX,
    unwrap() {
      throw new CredentialError("challenge-shown");
    },
  },
];

/** The format as which a text begins, with nothing around it. */
export function formatOf(text: string): Format | undefined {
  return FORMATS.find(({ prefix }) => text.startsWith(prefix));
}

/** Take any code apart, without believing it. */
export function unwrap(text: string): Unwrapped {
  const found = formatOf(native.bare(text.slice(0, MAX_TEXT_CHARACTERS + 1)));
  if (!found) throw new CredentialError("not-a-credential", "no known prefix");
  return found.unwrap(text);
}
