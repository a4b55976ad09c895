// The formats of texts that a gate can be shown, by their prefix, as in credentials/formats/table.py. One more is a folder
// beside these and a line here.

import { CredentialError } from "../errors";
import { MAX_TEXT_CHARACTERS, type StepName } from "../profile";
import type { Envelope } from "../wire/cose";
import * as euDcc from "./eu_dcc";
import * as native from "./native";
import * as presentation from "./presentation";
import * as challenge from "./presentation/challenge";

/** A text taken apart, unverified. */
export type Unwrapped = Envelope | presentation.Presentation | euDcc.ForeignCard;

/** What each format's folder holds: how its texts begin, and which steps of the recipe apply to them. */
export interface Format {
  readonly PREFIX: string;
  readonly STEPS: readonly StepName[];
  /** Take a text apart, without believing it. */
  unwrap(text: string): Unwrapped;
}

const FORMATS: readonly Format[] = [presentation, native, noPass(challenge.PREFIX, "challenge-shown"), euDcc];

/** A text that is known for what it is, and is no code, sound or not: nothing of it is taken apart. */
function noPass(PREFIX: string, code: string): Format {
  return {
    PREFIX,
    STEPS: ["form"],
    unwrap() {
      throw new CredentialError(code);
    },
  };
}

/** The format as which a text begins, with nothing around it. */
export function formatOf(text: string): Format | undefined {
  return FORMATS.find(({ PREFIX }) => text.startsWith(PREFIX));
}

/** Of which format a code is, and what it is made of, without believing it. */
export function unwrap(text: string): [Format, Unwrapped] {
  const found = formatOf(native.bare(text.slice(0, MAX_TEXT_CHARACTERS + 1)));
  if (!found) throw new CredentialError("not-a-credential", "no known prefix");
  return [found, found.unwrap(text)];
}
