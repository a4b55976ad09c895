// Verdicts, as in credentials/verdict.py. Outcomes and words come with the snapshot: one table for all judges.

import type { Status, StatusCredential } from "./model";
import type { Presentation } from "./presentation";
import type { StepName } from "./steps";
import type { ReasonJson } from "./trust";

export type Outcome = "accepted" | "refused" | "undetermined";

/** A reason or note with an optional detail in both languages. */
export interface Finding {
  code: string;
  zh: string;
  en: string;
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

/** The status to show: a yellow, red or pending without a decision is no colour. */
export function shownStatus({ credential }: Pick<Verdict, "credential">): Status | null {
  if (!credential) return null;
  return credential.status === "green" || credential.decisionReference !== null ? credential.status : null;
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
