// What the wallet says, in the language that was chosen.

import type { Evidence } from "../../credentials/browser/model";
import { shownStatus } from "../../credentials/browser/model";
import type { Form, Guardian, Reason, Status } from "../../credentials/browser/profile";
import {
  FORM_LABELS,
  GUARDIAN_LABELS,
  KIND_LABELS,
  type Language,
  REASON_LABELS,
  RESULT_LABELS,
  STATUS_LABELS,
} from "../../credentials/browser/profile";
import { each, fill, joined, memberName, said } from "../../credentials/browser/words";
import { ago, moment, since } from "../../service_kit/browser/language";
import { type Card, isUsable } from "./holding/cards";
import type { HolderClock } from "./holding/clock";
import { type Condition, canBeShown, conditionOf } from "./holding/condition";
import type { Office } from "./holding/issuer";
import { read } from "./reading";
import { TEXTS, type WalletTextName } from "./texts";

const SHANGHAI_SECONDS = 8 * 3600;
const DAY_SECONDS = 24 * 3600;

/** Why a code is not shown, and what to do about it. */
export interface Explanation {
  title: string;
  what: string;
  todo: string;
}

export class WalletWords {
  constructor(
    readonly language: Language,
    private readonly home: Office | null,
  ) {}

  text(name: WalletTextName, values: Record<string, string | number> = {}): string {
    return fill(TEXTS[this.language][name], { office: this.office(), ...values }, this.language);
  }

  /** The words of a refusal; for one that is not in the catalogue its code, to tell the hotline. */
  refusal(code: string): string {
    return this.isKnownRefusal(code)
      ? this.text(`refusal-${code}` as WalletTextName)
      : this.text("refusal-other", { code });
  }

  isKnownRefusal(code: string): boolean {
    return `refusal-${code}` in TEXTS[this.language];
  }

  condition(condition: Condition, card: Card, clock: HolderClock): Explanation {
    const values = {
      time: ago(clock.heardAgo ?? 0, this.language),
      office: this.office(card.office),
      clock: this.clock(clock.now()),
    };
    const of = (part: string) => this.text(`${condition}-${part}` as WalletTextName, values);
    return { title: of("title"), what: of("what"), todo: of("todo") };
  }

  /** Whose clock is wrong, which way and by how much. */
  clockFar(ahead: number): string {
    return this.text(ahead > 0 ? "clockAhead" : "clockBehind", { time: ago(Math.abs(ahead), this.language) });
  }

  /** How long is left: minutes, hours or days. */
  left(seconds: number): string {
    return ago(seconds, this.language);
  }

  /** A moment with its day and year: for what is kept, and read on another day. */
  moment(seconds: number): string {
    return moment(seconds, this.language, true);
  }

  /** A moment as it is said at `now`: 今天 18:30, 明天 05:03; of another day its date. */
  until(seconds: number, now: number): string {
    const day = (at: number) => Math.floor((at + SHANGHAI_SECONDS) / DAY_SECONDS);
    const apart = day(seconds) - day(now);
    const time = this.clock(seconds).slice(0, 5);
    if (apart === 0) return this.text("today", { time });
    return apart === 1 ? this.text("tomorrow", { time }) : this.moment(seconds);
  }

  /** Hours, minutes and seconds in China. */
  clock(seconds: number): string {
    return new Date((seconds + SHANGHAI_SECONDS) * 1000).toISOString().slice(11, 19);
  }

  office(office: Office | null = this.home): string {
    const texts = TEXTS[this.language];
    return office ? fill(texts.office, { name: this.place(office) }, this.language) : texts.title;
  }

  /** As {@link office}, or as its place alone; a code for trying out says so, or its picture would pass for a real one. */
  marked(office: Office, isShort = false): string {
    const name = isShort ? this.place(office) : this.office(office);
    return office.environment === "production" ? name : `${name} · ${this.text("forTrial")}`;
  }

  /** The province's name alone. */
  place({ member, names }: Office): string {
    return said(memberName(member, names), this.language);
  }

  /** Whose a card is, by the signed code: what this phone calls them, their masked name, the end of their document. */
  person(card: Card, isShort = false): { name: string; more: string } {
    if (!isUsable(card)) return { name: card.nickname || this.text("cardLost"), more: "" };
    const { holderName, documentTail, form } = read(card.issued.text);
    const own = this.text(form === "assisted" ? "cardOfRelative" : "cardOwn", { name: holderName });
    const name = card.nickname ? this.text("called", { nickname: card.nickname, name: holderName }) : own;
    return { name, more: this.text(isShort ? "tailShort" : "tail", { tail: documentTail }) };
  }

  /** How a card stands, in a word or two: its status, or why it is not shown. */
  standing(card: Card, clock: HolderClock): string {
    const condition = conditionOf(card, clock);
    if (!canBeShown(condition)) return this.text(`${condition}-title` as WalletTextName);
    const status = shownStatus(read(card.issued.text));
    return status ? this.status(status) : this.text("noStatus");
  }

  status(status: Status): string {
    return said(STATUS_LABELS[status], this.language);
  }

  reason(reason: Reason): string {
    return said(REASON_LABELS[reason], this.language);
  }

  form(form: Form): string {
    return said(FORM_LABELS[form], this.language);
  }

  guardian(guardian: Guardian): string {
    return said(GUARDIAN_LABELS[guardian], this.language);
  }

  evidence(pieces: readonly Evidence[], at: number): string {
    const told = pieces.map((piece) => {
      const [kind, result] = [
        said(KIND_LABELS[piece.kind], this.language),
        said(RESULT_LABELS[piece.result], this.language),
      ];
      const text = this.text("evidenceAgo", { kind, result, time: since(at - piece.sampledAt, this.language) });
      return each(() => text);
    });
    return told.length ? said(joined(told, "join.clauses"), this.language) : this.text("noEvidence");
  }
}
