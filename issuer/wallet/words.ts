// What the wallet says, in the language that was chosen.

import {
  FORM_LABELS,
  GUARDIAN_LABELS,
  KIND_LABELS,
  MEMBERS_IN_TRADITIONAL,
  REASON_LABELS,
  RESULT_LABELS,
  said,
  STATUS_LABELS,
} from "../../credentials/browser/labels";
import type { Evidence, Form, Guardian, Reason, Status } from "../../credentials/browser/model";
import { ago, fill, moment, type Language } from "../../service_kit/browser/language";
import { isUsable, type Card } from "./cards";
import type { Condition } from "./condition";
import type { Office } from "./issuer";
import { read } from "./reading";
import { TEXTS, type TextName } from "./texts";

const SHANGHAI_SECONDS = 8 * 3600;
const DAY_SECONDS = 24 * 3600;

/** Why a code is not shown, and what to do about it. */
export interface Explanation {
  title: string;
  what: string;
  todo: string;
}

export class Words {
  constructor(
    readonly language: Language,
    private readonly home: Office | null,
  ) {}

  text(name: TextName, values: Record<string, string | number> = {}): string {
    return fill(TEXTS[this.language][name], values);
  }

  /** The words of a refusal; for one that is not in the catalogue its code, to tell the hotline. */
  refusal(code: string): string {
    return this.isKnownRefusal(code) ? this.text(`refusal-${code}` as TextName) : this.text("refusal-other", { code });
  }

  isKnownRefusal(code: string): boolean {
    return `refusal-${code}` in TEXTS[this.language];
  }

  condition(condition: Condition, card: Card, now: number): Explanation {
    const left = Math.max(0, now - card.office.now);
    const values = { time: ago(left, this.language), office: this.office(card.office), clock: this.clock(now) };
    const of = (part: string) => this.text(`${condition}-${part}` as TextName, values);
    return { title: of("title"), what: of("what"), todo: of("todo") };
  }

  /** Whose clock is wrong, which way and by how much. */
  clockFar(ahead: number): string {
    return this.text(ahead > 0 ? "clockAhead" : "clockBehind", { time: ago(Math.abs(ahead), this.language) });
  }

  /** How long is left: minutes or hours. */
  left(seconds: number): string {
    return ago(Math.max(60, seconds), this.language);
  }

  moment(seconds: number): string {
    return moment(seconds, this.language);
  }

  /** A moment as it is said today: 今天 18:30. */
  until(seconds: number, now: number): string {
    const day = (at: number) => Math.floor((at + SHANGHAI_SECONDS) / DAY_SECONDS);
    const apart = day(seconds) - day(now);
    const time = this.clock(seconds).slice(0, 5);
    const named = apart === 0 ? this.text("today", { time }) : apart === 1 ? this.text("tomorrow", { time }) : null;
    return named === null ? this.moment(seconds) : named;
  }

  /** Hours, minutes and seconds in China. */
  clock(seconds: number): string {
    return new Date((seconds + SHANGHAI_SECONDS) * 1000).toISOString().slice(11, 19);
  }

  office(office: Office | null = this.home): string {
    return office ? this.text("office", { name: this.place(office) }) : this.text("title");
  }

  /** As {@link office}, or as its place alone; a code for trying out says so, or its picture would pass for a real one. */
  marked(office: Office, isShort = false): string {
    const name = isShort ? this.place(office) : this.office(office);
    return office.environment === "production" ? name : `${name} · ${this.text("forTrial")}`;
  }

  /** The province's name alone. */
  place({ member, names }: Office): string {
    if (this.language === "zh-HK") return MEMBERS_IN_TRADITIONAL[member] ?? names.zh;
    return this.language === "en" ? names.en : names.zh;
  }

  /** A card among others: whose it is. */
  cardName(card: Card): string {
    if (!isUsable(card)) return this.text("cardLost");
    const { holderName, documentTail, form } = read(card.issued.text);
    return this.text(form === "assisted" ? "cardOfRelative" : "cardOwn", { name: holderName, tail: documentTail });
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
    const each = pieces.map((piece) =>
      this.text("evidenceAgo", {
        kind: said(KIND_LABELS[piece.kind], this.language),
        result: said(RESULT_LABELS[piece.result], this.language),
        time: ago(Math.max(0, at - piece.sampledAt), this.language),
      }),
    );
    return each.join("；") || this.text("noEvidence");
  }
}
