// EU Digital COVID Certificates `HC1:`. This app recognises them and holds no list of foreign keys, so it cannot tell what
// they are worth; credentials/formats/eu_dcc reads them.

import type { StepName } from "../../profile";

export const PREFIX = "HC1:";
export const STEPS: readonly StepName[] = ["form", "trust", "key"];

/** A card that no member signed. */
export interface ForeignCard {
  readonly foreign: true;
}

/** It is taken for what its prefix says. */
export function unwrap(_text: string): ForeignCard {
  return { foreign: true };
}
