// Counts of the shift by outcome and first reason: numbers, never people. They outlive a restart of the page.

const KEY = "tally";

/** What was done by hand counts like what was scanned. */
export type Manual = "manual-passed" | "manual-refused";

interface Counted {
  since: number;
  counts: Record<string, number>;
}

export class Tally {
  private counted: Counted;

  constructor(private readonly now: () => number) {
    this.counted = read() ?? this.begin();
  }

  /** Count one result: `accepted`, a reason's code, or what was decided by hand. */
  count(result: string): void {
    this.counted.counts[result] = (this.counted.counts[result] ?? 0) + 1;
    localStorage.setItem(KEY, JSON.stringify(this.counted));
  }

  /** A new shift. */
  begin(): Counted {
    this.counted = { since: this.now(), counts: {} };
    localStorage.setItem(KEY, JSON.stringify(this.counted));
    return this.counted;
  }

  /** When the shift began (seconds UTC). */
  get since(): number {
    return this.counted.since;
  }

  /** Results and how often, the most frequent first. */
  get rows(): [string, number][] {
    return Object.entries(this.counted.counts).sort(([, one], [, two]) => two - one);
  }
}

function read(): Counted | null {
  try {
    const counted = JSON.parse(localStorage.getItem(KEY) ?? "null") as Counted | null;
    return counted && Number.isFinite(counted.since) && typeof counted.counts === "object" ? counted : null;
  } catch {
    return null;
  }
}
