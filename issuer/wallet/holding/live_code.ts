// The live code (亮码): the symbol, signed anew every 30 s by the key of this phone, and signs that it lives: a bar that
// runs, and the time. Nothing here asks anybody.

import { symbol } from "../../../service_kit/browser/camera/symbol";
import { element, put } from "../../../service_kit/browser/dom";
import type { WalletWords } from "../words";

/** How often the code is drawn anew; as in demonstration and docs: three of them fit into what gates accept. */
export const REDRAW_SECONDS = 30;

export interface Drawing {
  /** The text to draw now. */
  sign: () => Promise<string>;
  /** Seconds UTC, put right. */
  now: () => number;
  /** Called when the browser cannot sign with its key any more. */
  failed: () => void;
}

export class LiveCode {
  readonly symbol = element("div", { class: "symbol" });
  readonly clock = element("p", { class: "clock", "aria-hidden": "true" });
  private readonly bar = element("div", { class: "bar-of-life" });
  readonly life = element("div", { class: "life", "aria-hidden": "true" }, this.bar);
  private drawnAt = -Infinity;
  private isSigning = false;
  private hasFailed = false;

  constructor(
    private readonly drawing: Drawing,
    private readonly words: WalletWords,
  ) {
    this.tick();
  }

  /** To be called each second while it is seen. */
  tick(): void {
    const now = this.drawing.now();
    this.clock.textContent = this.words.clock(now);
    // A time that was put right counts as well: what is shown must be of now.
    if (Math.abs(now - this.drawnAt) >= REDRAW_SECONDS) void this.redraw(now);
  }

  private async redraw(now: number): Promise<void> {
    if (this.isSigning || this.hasFailed) return;
    this.isSigning = true;
    const text = await this.drawing.sign().catch(() => null);
    this.isSigning = false;
    if (text === null) {
      this.hasFailed = true;
      return this.drawing.failed();
    }
    put(this.symbol, symbol(text, "medium", this.words.text("symbol")));
    this.drawnAt = now;
    this.restart();
  }

  /** The bar runs from full to empty until the next drawing. */
  private restart(): void {
    const bar = this.bar.cloneNode() as HTMLElement;
    put(this.life, bar);
  }
}

/** Keep the screen lit until the returned function is called, where the browser can. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let isOver = false;
  const ask = async () => {
    if (isOver || document.hidden || !navigator.wakeLock) return;
    lock = await navigator.wakeLock.request("screen").catch(() => null);
    if (isOver) void lock?.release();
  };
  // The browser lets go of it whenever the page is hidden.
  document.addEventListener("visibilitychange", ask);
  void ask();
  return () => {
    isOver = true;
    document.removeEventListener("visibilitychange", ask);
    void lock?.release();
  };
}
