// The codes on this phone: one's own and, as assisted codes, those of relatives. Each has a key of its own, made in the
// browser and never to leave it.

import { present, type Challenge } from "../../credentials/browser/presentation";
import type { Store } from "../../service_kit/browser/store";
import * as issuer from "./issuer";
import { Refusal, type Issued, type Office } from "./issuer";

const KEY = "cards";
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
/** A code is renewed when less than this share of its life is left. */
const RENEW_SHARE = 0.5;
/** How far the phone may be from the issuer's signed time before its holder is told. */
const CLOCK_WARNING_SECONDS = 30;

/** One code. `ahead`: how far the phone's clock was ahead of the issuer's signed time when the code came, in seconds. */
export interface Card {
  keys: CryptoKeyPair;
  issued: Issued;
  office: Office;
  ahead: number;
  /** Why the issuer gave no newer one, or null. */
  refusal: string | null;
}

export class Cards {
  private held: Card[] = [];

  constructor(
    private readonly store: Store,
    private readonly deviceNow: () => number,
  ) {}

  get all(): readonly Card[] {
    return this.held;
  }

  async load(): Promise<void> {
    this.held = (await this.store.get<Card[]>(KEY)) ?? [];
  }

  /** Get the code that a one-time code stands for, bound to a new key. Rejects with Refusal. */
  async claim(code: string): Promise<Card> {
    const office = await issuer.office();
    const keys = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
    const issued = await issuer.claim(code, keys, office);
    const card: Card = { keys, issued, office, ahead: this.deviceNow() - issued.issued_at, refusal: null };
    this.held = [...this.held, card];
    await this.keep();
    return card;
  }

  /** Ask for newer codes where it is time, or `now`; what is refused is remembered with the card. */
  async renew(now = false): Promise<void> {
    for (const card of this.held) {
      const { issued_at, expires_at } = card.issued;
      const left = expires_at - this.now(card);
      if (!now && !card.refusal && left > RENEW_SHARE * (expires_at - issued_at)) continue;
      await this.renewOne(card);
    }
    await this.keep();
  }

  /** A paper code of the same person. */
  async paper(card: Card): Promise<Issued> {
    return issuer.paper(card.keys, await issuer.office());
  }

  /** Take a code off this phone; the issuer withdraws it when it can be reached. */
  async remove(card: Card): Promise<void> {
    try {
      await issuer.release(card.keys, await issuer.office());
    } catch (error) {
      // Without network the phone forgets the key all the same, and without the key the code is worth nothing.
      if (!(error instanceof Refusal)) throw error;
    }
    this.held = this.held.filter((each) => each !== card);
    await this.keep();
  }

  /** What the phone shows now: signed by its key at the corrected time, or over what a gate has asked. */
  present(card: Card, challenge: Challenge | null = null): Promise<string> {
    return present(card.issued.text, card.keys.privateKey, this.now(card), challenge);
  }

  /** Seconds UTC by the phone's clock, put right by what is known of it. */
  now(card: Card): number {
    return this.deviceNow() - card.ahead;
  }

  isClockWrong(card: Card): boolean {
    return Math.abs(card.ahead) > CLOCK_WARNING_SECONDS;
  }

  private async renewOne(card: Card): Promise<void> {
    try {
      const office = await issuer.office();
      const asked = this.deviceNow();
      const issued = await issuer.renew(card.keys, office);
      Object.assign(card, { issued, office, ahead: asked - office.now, refusal: null });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      card.refusal = error.code;
    }
  }

  private keep(): Promise<unknown> {
    return this.store.put(KEY, this.held);
  }
}
