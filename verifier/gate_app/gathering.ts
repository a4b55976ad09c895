// The symbols of a card that is in several: each scan adds one, in any order, until all are there.

import { bare } from "../../credentials/browser/formats/native";
import { partOf } from "../../credentials/browser/formats/smart_health_card/prefix";

export class Gathering {
  private readonly symbols = new Map<string, number>();
  private total = 0;

  /** How many of how many are there; null while none is. */
  get progress(): { count: number; total: number } | null {
    return this.symbols.size ? { count: this.symbols.size, total: this.total } : null;
  }

  /**
   * What to judge now: a text that is no such symbol, which also ends the gathering; all symbols of a card once they are
   * there, or as soon as two do not belong together; null while others are missing.
   */
  take(shown: string): string | null {
    const text = bare(shown);
    const part = partOf(text);
    if (!part) {
      this.forget();
      return shown;
    }
    const isAnother = this.symbols.size > 0 && part.total !== this.total;
    this.symbols.set(text, part.number);
    this.total = part.total;
    const numbers = new Set(this.symbols.values()).size;
    const isOver = isAnother || numbers < this.symbols.size || numbers >= this.total;
    return isOver ? this.all() : null;
  }

  /** Whether this symbol is there already. */
  has(text: string): boolean {
    return this.symbols.has(bare(text));
  }

  /** The next person. */
  forget(): void {
    this.symbols.clear();
  }

  private all(): string {
    const text = [...this.symbols.keys()].join("\n");
    this.forget();
    return text;
  }
}
