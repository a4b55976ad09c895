// The codes on this phone: one's own and, as assisted codes, those of relatives. Each has a key of its own, made in the
// browser and never to leave it.

import { NATIVE } from "../../../credentials/browser/algorithms/table";
import { CredentialError } from "../../../credentials/browser/errors";
import { type Challenge, present } from "../../../credentials/browser/formats/presentation";
import { toHex } from "../../../credentials/browser/hex";
import type { StatusCredential } from "../../../credentials/browser/model";
import { isForbidden, isFull, type Store } from "../../../service_kit/browser/device/store";
import { read, readOwn } from "../reading";
import type { HolderClock, Known } from "./clock";
import { type Issued, Issuer, type Office, Refusal } from "./issuer";

/** A phone carries at most so many codes: a family's, not a tout's. */
export const MAX_CARDS = 8;
const CARDS = "cards";
const PENDING = "pending";
const CLOCK = "clock";
/** A code is renewed when less than this share of its life is left. */
const RENEW_SHARE = 0.5;
/** How old the knowledge of the phone's clock, and of what the issuer says, may be while the page lies open. */
const HEAR_SECONDS = 6 * 3600;
/** After an attempt that failed, how long until the next that nobody asked for. */
const RETRY_SECONDS = 300;
/** How long a claim is tried: a claim code is good for a day, and the issuer knows of it for a week more. */
const CLAIM_SECONDS = 8 * 86_400;

/** One code. */
export interface Card {
  id: string;
  keys: CryptoKeyPair;
  issued: Issued;
  office: Office;
  /** Why the issuer ends it, or null. */
  refusal: string | null;
  /** What the person is called on this phone, if somebody said so; it never leaves it. */
  nickname?: string;
}

/** What the issuer says to a phone that gets no further code, until somebody claims one on it anew. */
const ENDED: ReadonlySet<string> = new Set(["device-replaced", "device-lost", "device-unknown", "code-taken-back"]);
/** What ends a claim for good. All else passes: it is tried again with the same key, or a code that was given is lost. */
const FINAL: ReadonlySet<string> = new Set([
  "claim-code-mistyped",
  "claim-code-unknown",
  "claim-code-used",
  "claim-code-expired",
  "sign-in-not-begun",
  "device-replaced",
  "device-lost",
  "code-taken-back",
]);
/** The issuer forgets a claim code after a week, a browser its sign-in with the answer: then the key still tells. */
const FORGOTTEN: ReadonlySet<string> = new Set(["claim-code-unknown", "sign-in-not-begun"]);

/** Whether the browser still has the key of a code. */
export function isUsable(card: Card): boolean {
  return card.keys?.privateKey instanceof CryptoKey;
}

export function isEnded(card: Card): boolean {
  return card.refusal !== null && ENDED.has(card.refusal);
}

/** Whether a refusal ends a claim. */
export function isFinal(code: string): boolean {
  return FINAL.has(code);
}

/** A key for which a code was asked and not yet received. `code`: null after a sign-in; `since`: by the phone's clock. */
export interface Pending {
  keys: CryptoKeyPair;
  code: string | null;
  since: number;
}

/** Why nothing is kept. `full`: no room; `insecure`: no https; `private`: the browser forbids it; `broken`: it does not open. */
export type KeepingTrouble = "private" | "full" | "insecure" | "broken";

/** The browser does not let us keep what has to be kept before a claim code is spent. */
export class NotKept extends Error {
  constructor(readonly trouble: KeepingTrouble) {
    super(trouble);
  }
}

export class Cards {
  readonly issuer: Issuer;
  private held: readonly Card[] = [];
  private waiting: readonly Pending[] = [];
  private office: Office | null = null;
  /** Which card a claim code has brought since the page was opened. */
  private readonly brought = new Map<string, string>();
  /** Paper codes that this page has made or is making, by the card: nobody pays for one twice, or loses it by "back". */
  private readonly making = new Map<string, Promise<Issued>>();
  private readonly made = new Map<string, Issued>();
  private triedAt = -Infinity;
  private pausedUntil = -Infinity;

  constructor(
    private readonly store: Store,
    readonly clock: HolderClock,
    private readonly deviceNow: () => number,
  ) {
    // Who cannot keep the time hears it again: nothing hangs on that.
    this.issuer = new Issuer(clock, (known) => void store.put(CLOCK, known).catch(() => undefined));
  }

  get all(): readonly Card[] {
    return this.held;
  }

  /** Claims that were sent and not answered for good. */
  get pending(): readonly Pending[] {
    return this.waiting;
  }

  get isFull(): boolean {
    return this.held.length >= MAX_CARDS;
  }

  /** Read what is on the phone. Rejects with NotKept when the browser refuses its storage. */
  async load(): Promise<void> {
    await kept(async () => {
      this.held = (await this.store.get<Card[]>(CARDS)) ?? [];
      this.waiting = listed(await this.store.get<Pending[]>(PENDING));
      const known = (await this.store.get<Known>(CLOCK)) ?? heardByCards(this.held);
      if (known) this.clock.recall(known);
    });
  }

  /** Who issues here, as heard now. Rejects with Refusal. */
  async hear(): Promise<Office> {
    return (this.office = await this.issuer.office());
  }

  /** What a claim code has brought since the page was opened, by whomever it was asked for, while it is still held. */
  broughtBy(code: string): Card | null {
    return this.held.find(({ id }) => id === this.brought.get(code)) ?? null;
  }

  /**
   * Get the code that a claim code stands for (null: for whoever has just signed in), bound to a key of its own. However
   * often it is called for one claim code, by whatever page, the key is the same; what has come by itself meanwhile is
   * not asked for again, for the claim code is used up by then. Rejects with Refusal, NotKept, or
   * CredentialError for an answer that is no code for this phone.
   */
  async claim(code: string | null): Promise<Card> {
    const brought = code === null ? null : this.broughtBy(code);
    if (brought) return brought;
    const pending = this.waiting.find((each) => each.code === code) ?? (await this.begin(code));
    return this.receive(pending);
  }

  /**
   * Try again what was claimed and not answered: at once where somebody `asked`, else when the issuer's pause is over.
   * Rejects with what the last of them was refused for in passing.
   */
  async recover(asked: boolean): Promise<void> {
    if (!asked && this.clock.running() < this.pausedUntil) return;
    let last: unknown;
    for (const pending of this.waiting) {
      await this.receive(pending).catch((error: unknown) => {
        last = refusalIn(error);
        if (last instanceof Refusal) this.pausedUntil = this.clock.running() + last.pause;
      });
    }
    if (last) throw last;
  }

  /** Give a claim up: what it was for can be claimed anew. */
  async forget(pending: Pending): Promise<void> {
    this.waiting = await this.store.update<Pending[]>(PENDING, (list) =>
      listed(list).filter((each) => !isSame(each, pending)),
    );
  }

  /**
   * Ask for newer codes: of all when somebody `asked` for it, or where the page was opened (`opened`), else where it is
   * time. Returns what each was refused for in passing, by its id; what ends a code stays with it. Rejects with NotKept.
   */
  async renew({ asked = false, opened = false } = {}): Promise<ReadonlyMap<string, string>> {
    const refused = new Map<string, string>();
    const at = this.clock.running();
    if (!asked && (at < this.pausedUntil || (!opened && at - this.triedAt < RETRY_SECONDS))) return refused;
    const due = this.held.filter(
      (card) => isUsable(card) && (asked || (!isEnded(card) && (opened || this.isDue(card)))),
    );
    if (!due.length) return refused;
    this.triedAt = at;
    // The time first: who does not answer for that does not for the codes.
    const silent = await this.hear().then(() => null, refusalIn);
    for (const card of due) {
      const refusal = silent ?? (await this.renewOne(card));
      if (refusal) refused.set(card.id, refusal.code);
      if (refusal instanceof Refusal) this.pausedUntil = at + refusal.pause;
    }
    return refused;
  }

  /**
   * A paper code of the same person; while one is on its way, that one. Rejects with Refusal, or CredentialError for an
   * answer that is no code.
   */
  paper(card: Card): Promise<Issued> {
    const making = this.making.get(card.id) ?? this.make(card).finally(() => this.making.delete(card.id));
    this.making.set(card.id, making);
    return making;
  }

  /** The paper code that was made last while the page was open, as long as it says what the card does; else null. */
  madeOf({ id, issued }: Card): Issued | null {
    const made = this.made.get(id);
    const isGood = made && made.expires_at > this.clock.now() && read(made.text).status === read(issued.text).status;
    return isGood ? made : null;
  }

  /** The file that says who of staff was shown what stands about a code's person. Rejects with Refusal. */
  lookUps(card: Card): Promise<string> {
    return this.issuer.lookUps(card.keys, card.office);
  }

  /** The file that proves the decision behind a code. Rejects with Refusal. */
  decision(card: Card): Promise<string> {
    return this.issuer.decision(card.keys, card.office);
  }

  /** Take a code off this phone: whatever the network does, without its key it is worth nothing. Rejects with NotKept. */
  async remove(card: Card): Promise<void> {
    await kept(async () => {
      this.held = await this.store.update<readonly Card[]>(CARDS, (list) =>
        (list ?? []).filter(({ id }) => id !== card.id),
      );
    });
  }

  /** Tell the issuer of a code that was taken off; whether it has heard of it, and so withdrawn it. */
  async release(card: Card): Promise<boolean> {
    try {
      await this.hear();
      await this.issuer.release(card.keys, card.office);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return ENDED.has(error.code);
    }
  }

  /** Call the person of a card by another name on this phone; an empty one takes it away. Rejects with NotKept. */
  name(card: Card, nickname: string): Promise<void> {
    return this.change((each) => (each.id === card.id ? { ...each, nickname } : each));
  }

  /** What the phone shows now: signed by its key at the corrected time, or over what a gate has asked. */
  async present(card: Card, challenge: Challenge | null = null): Promise<string> {
    const sign = ({ issued, keys }: Card) => present(issued.text, keys.privateKey, this.clock.now(), challenge);
    return sign(card).catch(async () => {
      // A key can die behind the page that holds it, and lie whole in the store.
      await this.load();
      return sign(this.held.find(({ id }) => id === card.id)!);
    });
  }

  private async make(card: Card): Promise<Issued> {
    const issued = await this.issuer.paper(card.keys, card.office);
    read(issued.text);
    this.made.set(card.id, issued);
    return issued;
  }

  private isDue(card: Card): boolean {
    const { issued_at, expires_at } = card.issued;
    const left = expires_at - this.clock.now();
    return (
      left < RENEW_SHARE * (expires_at - issued_at) ||
      (this.clock.heardAgo ?? Infinity) > HEAR_SECONDS ||
      this.clock.isWrong
    );
  }

  /** Null, or why it was refused in passing. */
  private async renewOne(card: Card): Promise<Refusal | CredentialError | null> {
    try {
      const office = this.office ?? card.office;
      const issued = await this.issuer.renew(card.keys, office);
      await readOwn(issued.text, card.keys.publicKey);
      await this.change((each) => (each.id === card.id ? { ...each, issued, office, refusal: null } : each));
      return null;
    } catch (error) {
      const refusal = refusalIn(error);
      if (!ENDED.has(refusal.code)) return refusal;
      await this.change((each) => (each.id === card.id ? { ...each, refusal: refusal.code } : each));
      return null;
    }
  }

  /** A new key for a claim, kept before anything is sent: what is lost on its way is fetched by it. */
  private async begin(code: string | null): Promise<Pending> {
    return kept(async () => {
      const keys = await NATIVE.newKeys();
      const fresh: Pending = { keys, code, since: this.deviceNow() };
      const isYoung = ({ since }: Pending) => Math.abs(fresh.since - since) < CLAIM_SECONDS;
      const join = (list: Pending[]) => (list.some((each) => isSame(each, fresh)) ? list : [...list, fresh]);
      this.waiting = await this.store.update<Pending[]>(PENDING, (list) =>
        join(listed(list).filter(isYoung)).slice(-MAX_CARDS),
      );
      return this.waiting.find((each) => isSame(each, fresh))!;
    });
  }

  private async receive(pending: Pending): Promise<Card> {
    const office = this.office ?? (await this.hear());
    let issued: Issued;
    try {
      issued = await this.askFor(pending, office);
    } catch (error) {
      if (error instanceof Refusal && FINAL.has(error.code)) await this.forget(pending);
      throw error;
    }
    const credential = await readOwn(issued.text, pending.keys.publicKey);
    return this.take({ id: idOf(credential), keys: pending.keys, issued, office, refusal: null }, credential, pending);
  }

  private async askFor({ keys, code }: Pending, office: Office): Promise<Issued> {
    try {
      return await this.issuer.claim(code, keys, office);
    } catch (error) {
      if (!(error instanceof Refusal && FORGOTTEN.has(error.code))) throw error;
      return this.issuer.renew(keys, office).catch((other: unknown) => {
        throw other instanceof Refusal && other.code === "device-unknown" ? error : other;
      });
    }
  }

  /** Keep a code that has come; once, however often it comes and to however many pages. */
  private async take(card: Card, credential: StatusCredential, pending: Pending): Promise<Card> {
    const isOther = (each: Card) => !isUsable(each) || idOf(read(each.issued.text)) !== card.id;
    await kept(async () => {
      this.held = await this.store.update<readonly Card[]>(CARDS, (list) => [...(list ?? []).filter(isOther), card]);
    });
    if (pending.code !== null) this.brought.set(pending.code, card.id);
    await this.forget(pending);
    for (const each of this.held.filter((each) => each.id !== card.id && isAlike(each, credential)))
      await this.dropReplaced(each, card);
    return this.held.find(({ id }) => id === card.id) ?? card;
  }

  /** A code of the same masked name may be the same person's, which its issuer has just ended: that alone says so. */
  private async dropReplaced(old: Card, by: Card): Promise<void> {
    if (isUsable(old)) await this.renewOne(old);
    this.held = await this.store.update<readonly Card[]>(CARDS, (list) => {
      const found = (list ?? []).find(({ id }) => id === old.id);
      if (!found || (isUsable(found) && !isEnded(found))) return list ?? [];
      const named = (each: Card) =>
        each.id === by.id && found.nickname ? { ...each, nickname: found.nickname } : each;
      return (list ?? []).filter(({ id }) => id !== old.id).map(named);
    });
  }

  /** Another tab may hold a newer list than this one: what changes is the stored one. */
  private async change(change: (card: Card) => Card): Promise<void> {
    await kept(async () => {
      this.held = await this.store.update<readonly Card[]>(CARDS, (list) => (list ?? []).map(change));
    });
  }
}

/** Run what needs the browser to keep something. Rejects with NotKept, which says why it does not. */
async function kept<Result>(deed: () => Promise<Result>): Promise<Result> {
  try {
    if (!globalThis.isSecureContext) throw new NotKept("insecure");
    return await deed();
  } catch (error) {
    throw error instanceof NotKept
      ? error
      : new NotKept(isFull(error) ? "full" : isForbidden(error) ? "private" : "broken");
  }
}

/** What was refused, or came in no form to be kept; everything else is thrown on. */
function refusalIn(error: unknown): Refusal | CredentialError {
  if (error instanceof Refusal || error instanceof CredentialError) return error;
  throw error;
}

/** Earlier versions kept one claim alone, and what they knew of the clock with each card. */
function listed(kept: Pending[] | Pending | undefined): Pending[] {
  return Array.isArray(kept) ? kept : kept ? [kept] : [];
}

function heardByCards(cards: readonly Card[]): Known | null {
  const [last] = cards as readonly (Card & { ahead?: number; office: { now?: number } })[];
  return last && typeof last.ahead === "number" && last.office.now
    ? { ahead: last.ahead, heardAt: last.office.now }
    : null;
}

function isSame(one: Pending, other: Pending): boolean {
  return one.code === other.code;
}

/** A card is known by its key: the same code that comes twice is one card. */
function idOf({ holderKey }: StatusCredential): string {
  return holderKey ? toHex(holderKey) : "";
}

function isAlike(card: Card, credential: StatusCredential): boolean {
  const held = read(card.issued.text);
  return held.holderName === credential.holderName && held.documentTail === credential.documentTail;
}
