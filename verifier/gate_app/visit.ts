// One person in front of the gate: whatever happens until the guard goes on is one visit, and counts once.

import { identityOf, type Verdict } from "./judging/verdict";
import type { Result, Tally } from "./tally";

export class Visit {
  /** The last verdict of this visit, and when it was given (seconds UTC). Nothing of it is kept beyond the visit. */
  verdict: Verdict | null = null;
  at = 0;
  private counted: Result | null = null;

  constructor(private readonly tally: Tally) {}

  /** The member whose code was looked at last: whom to call about it. */
  get issuer(): string | null {
    return this.verdict?.credential?.issuer ?? null;
  }

  get isDecidedByHand(): boolean {
    return this.counted?.name.startsWith("manual-") ?? false;
  }

  note(verdict: Verdict, at: number): void {
    [this.verdict, this.at] = [verdict, at];
  }

  /** Count how it has come out so far, in place of what was counted before. */
  count(result: Result): void {
    if (this.counted) this.tally.takeBack(this.counted);
    this.tally.count(result);
    this.counted = result;
  }

  /** Whether somebody who was not let pass comes with the same code again: this visit has not ended. */
  isContinuedBy(other: Verdict): boolean {
    const { verdict } = this;
    if (!verdict || verdict.outcome === "accepted" || this.isDecidedByHand) return false;
    const identity = identityOf(verdict);
    return identity !== null && identity === identityOf(other);
  }
}
