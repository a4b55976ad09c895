// A verdict in words: what stands on the screen, and what is read aloud.

import {
  FORM_LABELS,
  KIND_LABELS,
  MEMBERS_IN_TRADITIONAL,
  RESULT_LABELS,
  said,
  STATUS_LABELS,
} from "../../credentials/browser/labels";
import type { Evidence, StatusCredential } from "../../credentials/browser/model";
import type { Knowledge } from "../../credentials/browser/trust";
import type { Finding } from "../../credentials/browser/verdict";
import { ago, fill, moment, type Language } from "../../service_kit/browser/language";
import { TEXTS, type TextName } from "./texts";

export class Words {
  constructor(
    readonly language: Language,
    private readonly knowledge: Knowledge | null,
  ) {}

  text(name: TextName, values: Record<string, string | number> = {}): string {
    return fill(TEXTS[this.language][name], values);
  }

  ago(seconds: number): string {
    return ago(Math.max(0, seconds), this.language);
  }

  moment(seconds: number): string {
    return moment(seconds, this.language);
  }

  /** A reason or note with what to do, and the detail that rules or members add. */
  finding({ code, zh, en, zhHk = zh }: Finding): string {
    const row = this.knowledge?.reasons.get(code);
    const detail = said([zh, zhHk, en], this.language);
    const text = row ? said([row.zh, row.zh_hk, row.en], this.language) : code;
    return [text, detail].filter(Boolean).join(" ");
  }

  /** The words of a reason's code alone, for the counts. */
  reason(code: string): string {
    return this.finding({ code, zh: "", en: "" });
  }

  member(id: string): string {
    const names = this.knowledge?.trust?.members.get(id)?.names;
    if (this.language === "zh-HK") return MEMBERS_IN_TRADITIONAL[id] ?? names?.zh ?? id;
    return (this.language === "en" ? names?.en : names?.zh) ?? id;
  }

  hotline(id: string): string | null {
    return this.knowledge?.trust?.members.get(id)?.hotline ?? null;
  }

  status(status: StatusCredential["status"]): string {
    return said(STATUS_LABELS[status], this.language);
  }

  form(form: StatusCredential["form"]): string {
    return said(FORM_LABELS[form], this.language);
  }

  evidence(pieces: readonly Evidence[], at: number): string {
    const each = pieces.map((piece) =>
      this.text("evidenceAgo", {
        kind: said(KIND_LABELS[piece.kind], this.language),
        result: said(RESULT_LABELS[piece.result], this.language),
        age: this.ago(at - piece.sampledAt),
      }),
    );
    return each.join("；") || this.text("noEvidence");
  }
}
