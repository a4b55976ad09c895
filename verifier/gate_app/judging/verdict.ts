// Verdicts, as in credentials/verdict.py. Outcomes and words come with the snapshot: one table for all judges.

import type { ForeignEvidence, ForeignFacts } from "../../../credentials/browser/foreign/facts";
import type { Presentation } from "../../../credentials/browser/formats/presentation";
import { type StatusCredential, shownStatus } from "../../../credentials/browser/model";
import { type Label, STEPS, type StepName } from "../../../credentials/browser/profile";
import { each, fieldsOf, fromFields, joined, label, NO_WORDS } from "../../../credentials/browser/words";
import type { ReasonJson, ReasonWords } from "./knowledge";

export type Outcome = "accepted" | "refused" | "undetermined";

/** A member that can help, by the name and the hotline that the trust list has of it. */
export interface Contact {
  member: string;
  name: Label;
  hotline: string;
}

/** A reason or note, with what this code adds to it: the words of a rule set, and whom to call, most helpful first. */
export interface Finding {
  code: string;
  detail: Label;
  call: readonly Contact[];
  /** Found of a foreign card. */
  isOfCard?: boolean;
}

/** The words of a finding, in parts: of a foreign card others, where its row has them. */
export function wordsOf({ isOfCard }: Finding, row: ReasonJson | undefined): ReasonWords | undefined {
  return isOfCard ? (row?.of_card ?? row) : row;
}

export function finding(code: string, detail = NO_WORDS): Finding {
  return { code, detail, call: [] };
}

/** A finding's hotlines in words. */
export function hotlines(call: readonly Contact[]): Label {
  if (!call.length) return NO_WORDS;
  const each = call.map(({ name, hotline }) => label("verdict.hotline", { name, hotline }));
  return label("verdict.hotlines", { hotlines: joined(each, "join.calls") });
}

/** A finding with all that belongs to it. */
export function findingInWords(found: Finding, row: ReasonJson | undefined): Label {
  const words = wordsOf(found, row);
  return joined([words ? fromFields(words) : each(() => found.code), found.detail, hotlines(found.call)], "join.parts");
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
  /** What a card says that no member signed. */
  foreign: ForeignFacts | null;
  live: Presentation | null;
  trustAge: number | null;
  statusAge: number | null;
  /** Of its format. */
  steps: readonly StepName[];
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

/** By what a person's code is known again, however it is drawn or however often it is shown; null: it is none. */
export function identityOf({ credential, foreign }: Verdict): string | null {
  if (credential) return credential.cti;
  return foreign ? foreign.evidence.map(({ identifier }) => identifier).join() : null;
}

/** The verdict as the JSON object of docs/verdict.md. */
export function toJson(verdict: Verdict, table: ReadonlyMap<string, ReasonJson>): Record<string, unknown> {
  const { credential, rules } = verdict;
  const said = (finding: Finding) => {
    const text = fieldsOf(findingInWords(finding, table.get(finding.code)), "text_");
    const call = finding.call.map(({ member, hotline }) => ({ member, hotline }));
    return { code: finding.code, ...text, call };
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
    ...(verdict.foreign && foreignJson(verdict.foreign)),
    freshness: { trust: verdict.trustAge, status: verdict.statusAge },
    rules: rules && { member: rules.member, rule_set: rules.ruleSet, version: rules.version, rule: rules.rule },
  };
}

/** In the fields of a code, and `card`, which only foreign cards have. The card's identifier stays out. */
function foreignJson(facts: ForeignFacts): Record<string, unknown> {
  return {
    issuer: facts.issuer,
    holder: { name: facts.name, birth_date: facts.birthDate },
    issued_at: facts.issuedAt,
    expires_at: facts.expiresAt,
    evidence: facts.evidence.map(pieceJson),
    card: { format: facts.format, kind: facts.kind, leniences: facts.leniences },
  };
}

function pieceJson({ identifier: _, sampledAt, validFrom, validUntil, ...piece }: ForeignEvidence) {
  return { ...piece, sampled_at: sampledAt, valid_from: validFrom, valid_until: validUntil };
}

/** How a step of the recipe ended. One that the text's format does not have was not asked. */
export function resultOf({ outcome, steps, lastStep, openSteps }: Verdict, name: StepName): string {
  if (openSteps.includes(name)) return "open";
  const beyond = STEPS.indexOf(name) - STEPS.indexOf(lastStep);
  if (beyond > 0 || !steps.includes(name)) return "skipped";
  return beyond === 0 && outcome === "refused" ? "failed" : "passed";
}
