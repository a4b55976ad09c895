// Counts of the shift by outcome and first reason: numbers, never people. They outlive a restart of the page.

import { recall, remember } from "../../service_kit/browser/choices";
import type { Outcome } from "./judging/verdict";

const KEY = "gate-tally";

/** Ways of checking somebody by hand. What was decided by hand counts like what was scanned. */
export const MANUAL_WAYS = ["document", "paper", "relative"] as const;
export type ManualWay = (typeof MANUAL_WAYS)[number];
export type ManualResult = `manual-${ManualWay}-${"passed" | "refused"}`;

/** What is added up: let pass by the code, not let pass, and all that a person has decided or has yet to decide. */
export const SUMS = ["accepted", "refused", "byHand"] as const;
export type Sum = (typeof SUMS)[number];

/** One person: `accepted`, a reason's code, or what was decided by hand; and the sum that it belongs to. */
export interface Result {
  name: string;
  sum: Sum;
}

interface Counted {
  since: number;
  counts: Record<string, number>;
  sums: Record<Sum, number>;
}

export class Tally {
  private counted: Counted;

  constructor(private readonly now: () => number) {
    this.counted = read() ?? empty(now());
  }

  /** Count one person. */
  count({ name, sum }: Result): void {
    this.add(name, sum, 1);
  }

  /** What was counted has come out otherwise. */
  takeBack({ name, sum }: Result): void {
    this.add(name, sum, -1);
  }

  /** A new shift. */
  begin(): void {
    this.counted = empty(this.now());
    this.keep();
  }

  /** When the shift began (seconds UTC). */
  get since(): number {
    return this.counted.since;
  }

  /** Results and how often, the most frequent first. */
  get rows(): [string, number][] {
    return Object.entries(this.counted.counts).sort(([, one], [, two]) => two - one);
  }

  get sums(): Readonly<Record<Sum, number>> {
    return this.counted.sums;
  }

  get total(): number {
    return SUMS.reduce((sum, each) => sum + this.counted.sums[each], 0);
  }

  private add(name: string, sum: Sum, change: 1 | -1): void {
    const { counts, sums } = this.counted;
    counts[name] = (counts[name] ?? 0) + change;
    sums[sum] = Math.max(0, sums[sum] + change);
    if (counts[name]! <= 0) delete counts[name];
    this.keep();
  }

  private keep(): void {
    remember(KEY, JSON.stringify(this.counted));
  }
}

/** The sum that a verdict belongs to until somebody decides otherwise. */
export function sumOf(outcome: Outcome): Sum {
  return outcome === "undetermined" ? "byHand" : outcome;
}

function empty(since: number): Counted {
  return { since, counts: {}, sums: { accepted: 0, refused: 0, byHand: 0 } };
}

function read(): Counted | null {
  try {
    const counted = JSON.parse(recall(KEY) ?? "null") as Counted | null;
    if (!counted || !Number.isFinite(counted.since)) return null;
    // Kept by a version that added nothing up.
    counted.sums ??= added(counted.counts);
    return [...Object.values(counted.counts), ...SUMS.map((sum) => counted.sums[sum])].every(Number.isInteger)
      ? counted
      : null;
  } catch {
    return null;
  }
}

function added(counts: Record<string, number>): Record<Sum, number> {
  const { sums } = empty(0);
  for (const [name, count] of Object.entries(counts)) {
    sums[name === "accepted" ? "accepted" : name.startsWith("manual-") ? "byHand" : "refused"] += count;
  }
  return sums;
}

/** What fills the screen: an outcome of the judge, or that a person has let pass. */
export type Shape = Outcome | "passed-by-hand";
