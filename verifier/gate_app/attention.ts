// What the camera sees is not yet what the gate looks at: the same code stays in front of it, two are held up at once.

import { formatOf } from "../../credentials/browser/formats/table";

/** For so long a code must be out of sight before it is a new showing, in seconds. */
export const AWAY_SECONDS = 2;
/** What a single frame counts for at the most: a phone that was busy for a second has looked once, not for a second. */
const MAX_FRAME_SECONDS = 0.5;

/** What to do with a frame: look at a text, wait because it was just looked at, or ask for one code at a time. */
export type Sight = { text: string } | "same" | "several";

export class Attention {
  private last = { text: "", accepted: "" };
  /** For how long the last code was not to be seen, by frames that were looked at. */
  private away = Infinity;
  private lookedAt = -Infinity;

  /** The text that was judged last. */
  get text(): string {
    return this.last.text;
  }

  /** What is to be done with the texts of one picture at `at` (seconds, of any clock that only goes forward). */
  see(texts: readonly string[], at: number): Sight {
    this.look(at);
    const codes = texts.filter(formatOf);
    if (codes.length > 1) return "several";
    // A poster behind somebody's phone is no second code; alone it is worth the answer that it is none.
    const text = codes[0] ?? texts[0]!;
    const isSame = text === this.last.text && this.isStillThere;
    if (isSame) this.away = 0;
    return isSame ? "same" : { text };
  }

  /** A picture at `at` without any text. */
  seeNothing(at: number): void {
    this.look(at);
  }

  /** Whether an accepted code is the one that was just accepted, drawn anew by a phone that never left. */
  stays(accepted: string): boolean {
    return accepted !== "" && accepted === this.last.accepted && this.isStillThere;
  }

  /** `text` was judged; `accepted`: its credential when it was accepted, else empty. */
  done(text: string, accepted: string): void {
    this.last = { text, accepted };
    this.away = 0;
  }

  private look(at: number): void {
    this.away += Math.min(MAX_FRAME_SECONDS, Math.max(0, at - this.lookedAt));
    this.lookedAt = at;
  }

  private get isStillThere(): boolean {
    return this.away < AWAY_SECONDS;
  }
}
