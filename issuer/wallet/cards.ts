// The codes on this phone: one's own and, as assisted codes, those of relatives. Each has a key of its own, made in the
// browser and never to leave it.

import { CredentialError } from "../../credentials/browser/errors";
import type { StatusCredential } from "../../credentials/browser/model";
import { present, type Challenge } from "../../credentials/browser/presentation";
import type { Store } from "../../service_kit/browser/store";
import * as issuer from "./issuer";
import { Refusal, type Issued, type Office } from "./issuer";
import { read, readOwn } from "./reading";

/** A phone carries at most so many codes: a family's, not a tout's. */
export const MAX_CARDS = 8;
const CARDS = "cards";
const PENDING = "pending";
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
/** A code is renewed when less than this share of its life is left. */
const RENEW_SHARE = 0.5;
/** After an attempt that failed, how long until the next that nobody asked for. */
const RETRY_SECONDS = 300;
/** How old the knowledge of the phone's clock may be until it is compared anew, when there is a network. */
const CLOCK_CHECK_SECONDS = 6 * 3600;

/**
 * One code. `ahead`: how far the phone's clock was ahead of the issuer's when that was last heard, in seconds;
 * `office.now` says when that was.
 */
export interface Card {
  id: string;
  keys: CryptoKeyPair;
  issued: Issued;
  office: Office;
  ahead: number;
  /** Why the issuer gave no newer one, or null. */
  refusal: string | null;
}

/** What the issuer says to a phone that gets no further code, until somebody claims one on it anew. */
export const ENDED: ReadonlySet<string> = new Set(["device-replaced", "device-lost", "device-unknown", "code-taken-back"]);

/** Whether the browser still has the key of a code. */
export function isUsable(card: Card): boolean {
  return card.keys?.privateKey instanceof CryptoKey;
}

/** A key for which a code was asked and not yet received: what is lost on the way is fetched again by it. */
interface Pending {
  keys: CryptoKeyPair;
  code: string | null;
}

/** The browser does not let us keep anything: said before a claim code is spent. */
export class NotKept extends Error {}

/** How an office answered, and how far the phone's clock is ahead of its own. */
interface Heard {
  office: Office;
  ahead: number;
}

export class Cards {
  private held: readonly Card[] = [];
  private triedAt = -Infinity;

  constructor(
    private readonly store: Store,
    private readonly deviceNow: () => number,
  ) {}

  get all(): readonly Card[] {
    return this.held;
  }

  get isFull(): boolean {
    return this.held.length >= MAX_CARDS;
  }

  /** Read what is on the phone. Rejects when the browser refuses its storage. */
  async load(): Promise<void> {
    this.held = (await this.store.get<Card[]>(CARDS)) ?? [];
  }

  /**
   * Get the code that a claim code stands for (null: for whoever has just signed in), bound to a new key. Rejects with
   * Refusal, NotKept, or CredentialError for an answer that is no code for this phone.
   */
  async claim(code: string | null): Promise<Card> {
    const waiting = await this.store.get<Pending>(PENDING).catch(() => undefined);
    const recovered = waiting ? await this.recover() : null;
    if (recovered && waiting?.code === code) return recovered;
    const heard = await this.hear();
    const keys = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
    await this.store.put(PENDING, { keys, code } satisfies Pending).catch(() => {
      throw new NotKept();
    });
    return this.receive(keys, heard, () => issuer.claim(code, keys, heard.office));
  }

  /** The code of a claim whose answer was lost on its way, if there is one. */
  async recover(): Promise<Card | null> {
    const waiting = await this.store.get<Pending>(PENDING);
    if (!waiting) return null;
    const heard = await this.hear();
    try {
      return await this.receive(waiting.keys, heard, () => issuer.renew(waiting.keys, heard.office));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === "offline") throw error;
      return null;
    }
  }

  /** Ask for newer codes where it is time, or of all when somebody asked for it. What is refused stays with the card. */
  async renew(asked = false): Promise<void> {
    const at = this.deviceNow();
    if (!asked && Math.abs(at - this.triedAt) < RETRY_SECONDS) return;
    const due = this.held.filter((card) => isUsable(card) && (asked || (!ENDED.has(card.refusal ?? "") && this.isDue(card))));
    if (!due.length) return;
    this.triedAt = at;
    const heard = await this.hear().catch((error: unknown) => {
      if (error instanceof Refusal) return error;
      throw error;
    });
    if (heard instanceof Refusal) return this.change((card) => noted(card, heard));
    await this.change((card) => ({ ...card, ...heard }));
    for (const card of due) await this.renewOne(card, heard.office);
  }

  /** A paper code of the same person. Rejects with Refusal. */
  async paper(card: Card): Promise<Issued> {
    return issuer.paper(card.keys, (await this.hear()).office);
  }

  /** Take a code off this phone; whether the issuer has heard of it, and so withdrawn it. */
  async remove(card: Card): Promise<boolean> {
    // The key goes first: whatever the network does, the code is worth nothing without it.
    this.held = await this.store.update<readonly Card[]>(CARDS, (kept) => (kept ?? []).filter(({ id }) => id !== card.id));
    try {
      await issuer.release(card.keys, (await this.hear()).office);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.code !== "offline";
    }
  }

  /** What the phone shows now: signed by its key at the corrected time, or over what a gate has asked. */
  present(card: Card, challenge: Challenge | null = null): Promise<string> {
    return present(card.issued.text, card.keys.privateKey, this.now(card), challenge);
  }

  /** Seconds UTC by the phone's clock, put right by what is known of it. */
  now(card: Card): number {
    return this.deviceNow() - card.ahead;
  }

  private isDue(card: Card): boolean {
    const { issued_at, expires_at } = card.issued;
    const left = expires_at - this.now(card);
    const heardAgo = Math.abs(this.now(card) - card.office.now);
    return left < RENEW_SHARE * (expires_at - issued_at) || heardAgo > CLOCK_CHECK_SECONDS;
  }

  private async renewOne(card: Card, office: Office): Promise<void> {
    try {
      const issued = await issuer.renew(card.keys, office);
      await readOwn(issued.text, card.keys.publicKey);
      await this.change((each) => (each.id === card.id ? { ...each, issued, refusal: null } : each));
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof CredentialError)) throw error;
      await this.change((each) => (each.id === card.id ? noted(each, error) : each));
    }
  }

  /** Keep the code that `ask` brings for a key that waits for it. */
  private async receive(keys: CryptoKeyPair, { office, ahead }: Heard, ask: () => Promise<Issued>): Promise<Card> {
    let issued: Issued;
    try {
      issued = await ask();
    } catch (error) {
      // Refused is refused; but what may have been lost on its way back is asked for again later.
      if (!(error instanceof Refusal && error.code === "offline")) await this.store.delete(PENDING);
      throw error;
    }
    const credential = await readOwn(issued.text, keys.publicKey);
    const card: Card = { id: crypto.randomUUID(), keys, issued, office, ahead, refusal: null };
    const alike = this.held.filter((each) => isAlike(each, credential));
    this.held = await this.store.update<readonly Card[]>(CARDS, (kept) => [...(kept ?? []), card]);
    await this.store.delete(PENDING);
    for (const each of alike) await this.dropReplaced(each, office);
    return card;
  }

  /** A code of the same masked name may be the same person's, which its issuer has just ended: that alone says so. */
  private async dropReplaced(card: Card, office: Office): Promise<void> {
    if (isUsable(card)) await this.renewOne(card, office);
    const isEnded = (each: Card) => each.id === card.id && (!isUsable(each) || ENDED.has(each.refusal ?? ""));
    this.held = await this.store.update<readonly Card[]>(CARDS, (kept) => (kept ?? []).filter((each) => !isEnded(each)));
  }

  /** Hear the issuer's time: in the middle of asking and being answered. */
  private async hear(): Promise<Heard> {
    const asked = this.deviceNow();
    const office = await issuer.office();
    return { office, ahead: Math.round((asked + this.deviceNow()) / 2) - office.now };
  }

  /** Another tab may hold a newer list than this one: what changes is the stored one. */
  private async change(change: (card: Card) => Card): Promise<void> {
    this.held = await this.store.update<readonly Card[]>(CARDS, (kept) => (kept ?? []).map(change));
  }
}

/** Nobody answering takes nothing away from what the issuer said before. */
function noted(card: Card, error: Refusal | CredentialError): Card {
  return error.code === "offline" && card.refusal ? card : { ...card, refusal: error.code };
}

function isAlike(card: Card, credential: StatusCredential): boolean {
  const held = read(card.issued.text);
  return held.holderName === credential.holderName && held.documentTail === credential.documentTail;
}
