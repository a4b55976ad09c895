// A verdict in words: what stands on the screen, and what is read aloud.

import type { CardKind } from "../../credentials/browser/foreign/facts";
import type { Evidence, StatusCredential } from "../../credentials/browser/model";
import { shownStatus } from "../../credentials/browser/model";
import {
  FORM_LABELS,
  KIND_LABELS,
  type Label,
  type Language,
  MEMBER_NAMES,
  RESULT_LABELS,
  STATUS_LABELS,
} from "../../credentials/browser/profile";
import { evidenceInWords, type PieceOfEvidence } from "../../credentials/browser/recognition/words";
import { each, fill, joined, memberName, NO_WORDS, said } from "../../credentials/browser/words";
import type { CameraTrouble } from "../../service_kit/browser/camera/camera";
import { ago, moment, since } from "../../service_kit/browser/language";
import type { Knowledge, ReasonJson } from "./judging/knowledge";
import { type Finding, findingInWords, hotlines, type Verdict, wordsOf } from "./judging/verdict";
import type { Toggle } from "./preferences";
import type { ManualWay, Shape } from "./tally";
import { type GateTextName, TEXTS } from "./texts";
import type { Persistence } from "./upkeep";

const SHAPE_TEXTS: Record<Shape, Record<"word" | "spoken" | "practice", GateTextName>> = {
  accepted: { word: "accepted", spoken: "say_accepted", practice: "practice_accepted" },
  refused: { word: "refused", spoken: "say_refused", practice: "practice_refused" },
  undetermined: { word: "undetermined", spoken: "say_undetermined", practice: "practice_undetermined" },
  "passed-by-hand": { word: "letPass", spoken: "say_byHand", practice: "practice_byHand" },
};
const STORAGE_TEXTS: Record<Persistence, GateTextName> = {
  kept: "storageKept",
  lent: "storageMayGo",
  refused: "storageRefused",
  full: "storageFull",
  lost: "storageLost",
};
const KNOWN_FAILURES = ["offline", "timeout", "older", "half", "foreign", "fault"] as const;
const MANUAL = /^manual-(document|paper|relative)-(passed|refused)$/;

export class GateWords {
  constructor(
    readonly language: Language,
    private readonly knowledge: Knowledge | null,
  ) {}

  text(name: GateTextName, values: Record<string, string | number> = {}): string {
    return fill(TEXTS[this.language][name], values, this.language);
  }

  ago(seconds: number): string {
    return ago(seconds, this.language);
  }

  since(seconds: number): string {
    return since(seconds, this.language);
  }

  moment(seconds: number, withYear = false): string {
    return moment(seconds, this.language, withYear);
  }

  list(parts: readonly string[]): string {
    return said(
      joined(
        parts.map((part) => each(() => part)),
        "join.items",
      ),
      this.language,
    );
  }

  /** A reason or note with what to do, what this code adds to it, and whom to call. */
  finding(finding: Finding): string {
    return said(findingInWords(finding, this.row(finding.code)), this.language);
  }

  /** A reason as the guard reads it: the one thing to do now; what is wrong; what helps further. */
  reason(found: Finding, verdict: Verdict): { action: string; what: string; more: string } {
    const { code, detail, call } = found;
    const row = wordsOf(found, this.row(code));
    const status = shownStatus(verdict.credential);
    const what =
      code === "status-not-accepted" && status
        ? this.text("cannotPass", { status: this.status(status) })
        : `${row ? said(row.what, this.language) : code}${this.text("stop").trim()}`;
    const { advice = NO_WORDS, more = NO_WORDS } = row ?? {};
    const action = said(advice, this.language);
    return { action: action || what, what: action && what, more: this.join(more, detail, hotlines(call)) };
  }

  /** A verdict in a line. */
  outcomeAndReason(verdict: Verdict): string {
    const [first] = verdict.reasons;
    return [this.shape(verdict.outcome), first && this.reason(first, verdict).what]
      .filter(Boolean)
      .join(this.text("stop"));
  }

  /** The word that fills the screen. */
  shape(shape: Shape): string {
    return this.text(SHAPE_TEXTS[shape].word);
  }

  /** What is read aloud: what the guard does, and nothing about anybody's health in front of a queue. */
  spoken(shape: Shape): string {
    return this.text(SHAPE_TEXTS[shape].spoken);
  }

  /** How to know an outcome again. */
  practice(shape: Shape): string {
    return this.text(SHAPE_TEXTS[shape].practice);
  }

  /** What was counted: an outcome, what a reason says is wrong, or a decision by hand. */
  result(counted: string): string {
    if (counted === "accepted") return this.text("accepted");
    const [, way, end] = MANUAL.exec(counted) ?? [];
    if (way) return `${this.text(end === "passed" ? "letPass" : "letNotPass")} · ${this.manualWay(way as ManualWay)}`;
    return this.whatIsWrong(counted);
  }

  /** What a reason says is wrong, without a stop. */
  private whatIsWrong(code: string): string {
    const row = this.row(code);
    return row ? said(row.what, this.language) : code;
  }

  private row(code: string): ReasonJson | undefined {
    return this.knowledge?.reasons.get(code);
  }

  private join(...texts: readonly Label[]): string {
    return said(joined(texts, "join.sentences"), this.language);
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
    const known = KNOWN_FAILURES.find((each) => each === reason);
    return known ? this.text(`failure_${known}`) : this.text("failure", { reason });
  }

  storage(storage: Persistence): string {
    return this.text(STORAGE_TEXTS[storage]);
  }

  profile(name: string): string {
    const known = name === "venue" || name === "station" || name === "border";
    return known ? this.text(`profile_${name}`) : name;
  }

  member(id: string): string {
    const names = this.knowledge?.trust?.members.get(id)?.names;
    return names || MEMBER_NAMES[id] ? said(memberName(id, names ?? {}), this.language) : id;
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

  cardKind(kind: CardKind): string {
    return this.text(`card_${kind}`);
  }

  /** A country by its two letters, as this language calls it; the letters, or an address, where it has no name. */
  country(letters: string): string {
    try {
      const names = new Intl.DisplayNames([this.language], { type: "region" });
      return names.of(letters) ?? letters;
    } catch {
      return letters;
    }
  }

  /** What a foreign card says, which is not all sampled. */
  record(pieces: readonly PieceOfEvidence[], at: number): string {
    return said(evidenceInWords(pieces, at), this.language);
  }

  evidence(pieces: readonly Evidence[], at: number): string {
    const told = pieces.map((piece) => {
      const [kind, result] = [
        said(KIND_LABELS[piece.kind], this.language),
        said(RESULT_LABELS[piece.result], this.language),
      ];
      const text = this.text("evidenceAgo", { kind, result, age: this.since(at - piece.sampledAt) });
      return each(() => text);
    });
    return told.length ? said(joined(told, "join.clauses"), this.language) : this.text("none");
  }
}
