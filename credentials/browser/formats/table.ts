// The formats of texts that a gate can be shown, by their prefix, as in credentials/formats/table.py. One more is a folder
// beside these and a line here.

import { CannotTell, CredentialError } from "../errors";
import type { ForeignEnvelope, ForeignFormat } from "../foreign/envelope";
import { FOREIGN_STEPS, MAX_TEXT_CHARACTERS, type StepName } from "../profile";
import type { Envelope } from "../wire/cose";
import { PREFIX as EU_DCC } from "./eu_dcc/prefix";
import * as native from "./native";
import * as presentation from "./presentation";
import * as challenge from "./presentation/challenge";
import * as smartHealthCard from "./smart_health_card/prefix";

/** A text taken apart, unverified. */
export type Unwrapped = Envelope | presentation.Presentation | UnwrappedCard;

/** A card that no member signed, taken apart, and the format that reads it. */
export interface UnwrappedCard {
  readonly foreign: ForeignFormat;
  readonly card: ForeignEnvelope;
}

/** What each format's folder holds: how its texts begin, and which steps of the recipe apply to them. */
export interface Format {
  readonly PREFIX: string;
  readonly STEPS: readonly StepName[];
  /** Whether it is one of cards that no member signed. */
  readonly isForeign?: true;
  /** Take a text apart, without believing it. */
  unwrap(text: string): Unwrapped | Promise<Unwrapped>;
}

/** Of a format whose cards can be withdrawn. */
const WITHDRAWN_STEPS: readonly StepName[] = [...FOREIGN_STEPS, "withdrawal"];
const FORMATS: readonly Format[] = [
  presentation,
  native,
  noPass(challenge.PREFIX, "challenge-shown"),
  foreign(EU_DCC, FOREIGN_STEPS, () => import("./eu_dcc")),
  ...[smartHealthCard.PREFIX, smartHealthCard.JWS_PREFIX].map((prefix) =>
    foreign(prefix, WITHDRAWN_STEPS, () => import("./smart_health_card")),
  ),
];

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

/** One of cards that no member signed: loaded when the first of them is shown, and kept on the device like all else. */
function foreign(PREFIX: string, STEPS: readonly StepName[], load: () => Promise<ForeignFormat>): Format {
  return {
    PREFIX,
    STEPS,
    isForeign: true,
    async unwrap(text) {
      const found = await arrived(load());
      return { foreign: found, card: found.unwrap(text) };
    },
  };
}

/** A part of the app. Rejects with `foreign-keys-missing` when it cannot be had: without it a card can be no more trusted
 * than without a list. */
export async function arrived<Part>(part: Promise<Part>): Promise<Part> {
  return part.catch(() => {
    throw new CannotTell("foreign-keys-missing", "a part of the app has not arrived");
  });
}

/** The format as which a text begins, with nothing around it. */
export function formatOf(text: string): Format | undefined {
  return FORMATS.find(({ PREFIX }) => text.startsWith(PREFIX));
}

/** As what a text begins, whatever stands around it. Throws `not-a-credential`, with what else it is known for. */
export async function recognised(text: string): Promise<Format> {
  const bare = native.bare(text.slice(0, MAX_TEXT_CHARACTERS + 1));
  const found = formatOf(bare);
  if (found) return found;
  const part = await import("../known_texts").catch(() => null);
  throw new CredentialError("not-a-credential", "no known prefix", part?.wordsOf(bare));
}
