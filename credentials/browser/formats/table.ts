// Prefix -> form, as in credentials/formats/table.py.

import * as challenge from "./challenge";
import type { Envelope } from "../wire/cose";
import { CredentialError } from "../errors";
import { MAX_TEXT_CHARACTERS } from "../limits";
import * as native from "./native";
import * as presentation from "./presentation";

/** Take any code apart, without believing it: its envelope, and the presentation around it if there is one. */
export function unwrap(text: string): [Envelope, presentation.Presentation | null] {
  const start = native.bare(text.slice(0, MAX_TEXT_CHARACTERS + 1));
  if (start.startsWith(presentation.PREFIX)) {
    const live = presentation.unwrap(text);
    return [live.envelope, live];
  }
  if (start.startsWith(native.PREFIX)) return [native.unwrap(text), null];
  if (start.startsWith(challenge.PREFIX)) throw new CredentialError("challenge-shown");
  throw new CredentialError("not-a-credential", "no known prefix");
}
