// What the camera sees is not yet what the gate looks at: the same code stays in front of it, two are held up at once.

/** For so long a code must be out of sight before it is a new showing, in seconds. */
export const AWAY_SECONDS = 2;

const CODE = /^(?:TX1|TXP1|TXN1):/;

/** What to do with a frame: look at a text, wait because it was just looked at, or ask for one code at a time. */
export type Sight = { text: string } | "same" | "several";

export class Attention {
  private last = { text: "", accepted: "", at: -Infinity };

  /** What is to be done with the texts of one picture at `at` (seconds, of any clock that only goes forward). */
  see(texts: readonly string[], at: number): Sight {
    const codes = texts.filter((text) => CODE.test(text));
    if (codes.length > 1) return "several";
    // A poster behind somebody's phone is no second code; alone it is worth the answer that it is none.
    const text = codes[0] ?? texts[0]!;
    const isSame = text === this.last.text && this.isStillThere(at);
    if (isSame) this.last.at = at;
    return isSame ? "same" : { text };
  }

  /** Whether an accepted code is the one that was just accepted, drawn anew by a phone that never left. */
  stays(accepted: string, at: number): boolean {
    return accepted !== "" && accepted === this.last.accepted && this.isStillThere(at);
  }

  /** `text` was judged; `accepted`: its credential when it was accepted, else empty. */
  done(text: string, accepted: string, at: number): void {
    this.last = { text, accepted, at };
  }

  /** The verdict, under which nobody looked, is taken away at `at`. */
  again(at: number): void {
    this.last.at = at;
  }

  private isStillThere(at: number): boolean {
    return at - this.last.at < AWAY_SECONDS;
  }
}
