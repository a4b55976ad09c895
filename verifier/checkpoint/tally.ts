// Counts of the shift by outcome and first reason: numbers, never people. They outlive a restart of the page.

import { recall, remember } from "../../service_kit/browser/choices";

const KEY = "gate-tally";

/** Ways of checking somebody by hand. What was decided by hand counts like what was scanned. */
export const MANUAL_WAYS = ["document", "paper", "relative"] as const;
export type ManualWay = (typeof MANUAL_WAYS)[number];
export type ManualResult = `manual-${ManualWay}-${"passed" | "refused"}`;

interface Counted {
  since: number;
  counts: Record<string, number>;
}

export class Tally {
  private counted: Counted;

  constructor(private readonly now: () => number) {
    this.counted = read() ?? { since: now(), counts: {} };
  }

  /** Count one result: `accepted`, a reason's code, or what was decided by hand. */
  count(result: string): void {
    this.counted.counts[result] = (this.counted.counts[result] ?? 0) + 1;
    this.keep();
  }

  /** A new shift. */
  begin(): void {
    this.counted = { since: this.now(), counts: {} };
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

  get total(): number {
    return this.rows.reduce((sum, [, count]) => sum + count, 0);
  }

  private keep(): void {
    remember(KEY, JSON.stringify(this.counted));
  }
}

function read(): Counted | null {
  try {
    const counted = JSON.parse(recall(KEY) ?? "null") as Counted | null;
    const isSound = counted && Number.isFinite(counted.since) && Object.values(counted.counts).every(Number.isInteger);
    return isSound ? counted : null;
  } catch {
    return null;
  }
}
