// What a file has proved, and what nobody has looked at: texts of the page with their values, in whatever language.

import type { Label } from "../../credentials/browser/profile";
import type { Values } from "../../credentials/browser/words";
import type { ProofTextName } from "./texts";

/** A text with what is filled in. */
export type Sentence = readonly [ProofTextName, Values?];

export interface Proved {
  readonly title: ProofTextName;
  /** Terms with what stands beside them; an empty one is left out. */
  readonly facts: readonly (readonly [ProofTextName, Label | string])[];
  readonly checked: readonly Sentence[];
  readonly unchecked: readonly Sentence[];
  /** As text, to be read. */
  readonly leaf: string;
}
