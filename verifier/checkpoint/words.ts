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
import { finding, type Finding } from "../../credentials/browser/verdict";
import type { CameraTrouble } from "../../service_kit/browser/camera";
import { ago, fill, moment, type Language } from "../../service_kit/browser/language";
import type { Toggle } from "./preferences";
import type { ManualWay } from "./tally";
import { TEXTS, type TextName } from "./texts";

const MANUAL = /^manual-(document|paper|relative)-(passed|refused)$/;

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

  list(parts: readonly string[]): string {
    return new Intl.ListFormat(this.language).format(parts);
  }

  /** A reason or note with what to do, and the detail that rules or members add. */
  finding({ code, zh, en, zhHk }: Finding): string {
    const row = this.knowledge?.reasons.get(code);
    const text = row ? said([row.zh, row.zh_hk, row.en], this.language) : code;
    return [text, said([zh, zhHk ?? zh, en], this.language)].filter(Boolean).join(" ");
  }

  /** What was counted: an outcome, a reason's first sentence, or a decision by hand. */
  result(counted: string): string {
    if (counted === "accepted") return this.text("accepted");
    const [, way, end] = MANUAL.exec(counted) ?? [];
    if (way) return `${this.manualWay(way as ManualWay)} · ${this.text(end === "passed" ? "letPass" : "letNotPass")}`;
    const [first] = this.finding(finding(counted)).split(/[。；：.;:]/);
    return first!;
  }

  manualWay(way: ManualWay): string {
    return this.text(`way_${way}`);
  }

  trouble(trouble: CameraTrouble): string {
    return this.text(`camera_${trouble}`);
  }

  toggle(toggle: Toggle): string {
    return this.text(`want_${toggle}`);
  }

  /** Why the last update failed. */
  failure(reason: string): string {
    const known = reason === "offline" || reason === "older" || reason === "half";
    return known ? this.text(`failure_${reason}`) : this.text("failure", { reason });
  }

  profile(name: string): string {
    const known = name === "venue" || name === "station" || name === "border";
    return known ? this.text(`profile_${name}`) : name;
  }

  member(id: string): string {
    const names = this.knowledge?.trust?.members.get(id)?.names;
    if (this.language === "zh-HK") return MEMBERS_IN_TRADITIONAL[id] ?? names?.zh ?? id;
    return (this.language === "en" ? names?.en : names?.zh) ?? id;
  }

  hotline(id: string): string | null {
    return this.knowledge?.trust?.members.get(id)?.hotline ?? null;
  }

  /** The members whose hotlines a text names. */
  membersIn(text: string): string[] {
    const members = [...(this.knowledge?.trust?.members.values() ?? [])];
    return members.filter(({ hotline }) => hotline && text.includes(hotline)).map(({ id }) => id);
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
    return each.join(this.language === "en" ? "; " : "；") || this.text("none");
  }
}
