// The one clock of the wallet: whatever is drawn, counted or said goes by it. It is the phone's own, put right by what
// the issuer itself said, and it never runs backwards while the page stands.

/** An error that is put right without a word: what travels in the network, and a careless hand. */
const SILENT_SECONDS = 120;
/** Less than this a clock may be set back without being noticed: operating systems do that all the time. */
const JITTER_SECONDS = 2;

/** What is kept of the clock. `ahead`: the phone's before the issuer's; `heardAt`: when that was heard, by the issuer's. */
export interface Known {
  ahead: number;
  heardAt: number;
}

/** An answer of the issuer with its time `now`, `age` seconds ago by the caches on its way; asked and come by `running`. */
export interface Heard {
  now: number;
  age: number;
  asked: number;
  come: number;
}

export class HolderClock {
  private known: Known | null = null;
  private anchor: { device: number; running: number };

  /** `device`: the phone's clock, seconds UTC, which anybody may set; `running`: seconds of a clock that nobody can set,
   * and that may stand still while the phone sleeps. */
  constructor(
    private readonly device: () => number,
    readonly running: () => number,
  ) {
    this.anchor = { device: device(), running: running() };
  }

  /** Take up what was kept by an earlier page. */
  recall(known: Known): void {
    this.known = known;
  }

  /** Believe an answer of the issuer: its time was true in the middle of asking and being answered. Returns what to keep. */
  hear({ now, age, asked, come }: Heard): Known {
    const at = Math.round(now + age + (come - asked) / 2 + (this.running() - come));
    this.anchor = { device: this.device(), running: this.running() };
    return (this.known = { ahead: this.anchor.device - at, heardAt: at });
  }

  /** Seconds UTC, put right. */
  now(): number {
    return Math.floor(this.device() - this.ahead);
  }

  /** How far the phone's clock is ahead of the true time, in seconds, as far as is known. */
  get ahead(): number {
    return (this.known?.ahead ?? 0) - this.setBack();
  }

  /** Whether the phone's clock is so wrong that its holder should hear of it, though it is put right here. */
  get isFar(): boolean {
    return Math.abs(this.ahead) > SILENT_SECONDS;
  }

  /** Whether the time is wrong for certain: it was heard to be later than it is now. */
  get isWrong(): boolean {
    return this.known !== null && this.now() < this.known.heardAt - SILENT_SECONDS;
  }

  /** Seconds since the issuer was heard; null: never. */
  get heardAgo(): number | null {
    return this.known && Math.max(0, this.now() - this.known.heardAt);
  }

  /** How far somebody has set the phone's clock back since: by so much less of its time has passed than really did. */
  private setBack(): number {
    const missing = this.running() - this.anchor.running - (this.device() - this.anchor.device);
    return missing > JITTER_SECONDS ? missing : 0;
  }
}
