// Verdicts, as in credentials/verdict.py. Outcomes and words come with the snapshot: one table for all judges.

import type { Presentation } from "../../../credentials/browser/formats/presentation";
import { type StatusCredential, shownStatus } from "../../../credentials/browser/model";
import type { ReasonJson } from "./knowledge";

/** The steps of the recipe, as verdicts show them; their number is their place. */
export const STEPS = [
  "form",
  "trust",
  "key",
  "signature",
  "claims",
  "issuer",
  "permission",
  "decision",
  "time",
  "holder",
  "withdrawal",
  "source",
  "recognition",
  "rules",
  "replay",
] as const;

export type StepName = (typeof STEPS)[number];

export type Outcome = "accepted" | "refused" | "undetermined";

/** A reason or note with an optional detail in the languages; where nobody wrote it in zh-HK it is zh. */
export interface Finding {
  code: string;
  zh: string;
  en: string;
  zhHk?: string;
}

export function finding(code: string, zh = "", en = "", zhHk = zh): Finding {
  return { code, zh, en, zhHk };
}

/** Whose rule set decided, and by which rule (null when all passed). */
export interface DecidingRules {
  member: string;
  ruleSet: number;
  version: number;
  rule: string | null;
}

/** What a gate says of one code; as the Verdict of Python. */
export interface Verdict {
  outcome: Outcome;
  reasons: readonly Finding[];
  notes: readonly Finding[];
  credential: StatusCredential | null;
  live: Presentation | null;
  trustAge: number | null;
  statusAge: number | null;
  lastStep: StepName;
  openSteps: readonly StepName[];
  rules: DecidingRules | null;
}

/** The outcome that the reasons found lead to, and the reasons in order of importance. */
export function outcomeOf(
  findings: readonly Finding[],
  table: ReadonlyMap<string, ReasonJson>,
): [Outcome, readonly Finding[]] {
  if (!findings.length) return ["accepted", findings];
  const order = [...table.keys()];
  const rank = (finding: Finding) => (order.includes(finding.code) ? order.indexOf(finding.code) : order.length);
  const ordered = [...findings].sort((one, two) => rank(one) - rank(two));
  return [table.get(ordered[0]!.code)?.outcome ?? "undetermined", ordered];
}

/** The verdict as the JSON object of docs/verdict.md. */
export function toJson(verdict: Verdict, table: ReadonlyMap<string, ReasonJson>): Record<string, unknown> {
  const { credential, rules } = verdict;
  const said = ({ code, zh, en }: Finding) => {
    const row = table.get(code);
    return { code, text_zh: `${row?.zh ?? code} ${zh}`.trim(), text_en: `${row?.en ?? code} ${en}`.trim() };
  };
  return {
    outcome: verdict.outcome,
    reasons: verdict.reasons.map(said),
    notes: verdict.notes.map(said),
    checks: STEPS.map((name, at) => ({ step: at + 1, name, result: resultOf(verdict, name) })),
    issuer: credential?.issuer ?? null,
    status: shownStatus(credential),
    form: credential?.form ?? null,
    holder: credential && { name: credential.holderName, document_tail: credential.documentTail },
    issued_at: credential?.issuedAt ?? null,
    expires_at: credential?.expiresAt ?? null,
    evidence: credential?.evidence.map(({ sampledAt, ...piece }) => ({ ...piece, sampled_at: sampledAt })) ?? null,
    freshness: { trust: verdict.trustAge, status: verdict.statusAge },
    rules: rules && { member: rules.member, rule_set: rules.ruleSet, version: rules.version, rule: rules.rule },
  };
}

/** How a step of the recipe ended. */
export function resultOf({ outcome, lastStep, openSteps }: Verdict, name: StepName): string {
  if (openSteps.includes(name)) return "open";
  const beyond = STEPS.indexOf(name) - STEPS.indexOf(lastStep);
  if (beyond < 0 || (beyond === 0 && outcome !== "refused")) return "passed";
  return beyond === 0 ? "failed" : "skipped";
}
