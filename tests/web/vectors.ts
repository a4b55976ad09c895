// Runs the browser's judge over the vectors that it shares with the Python one, and prints what it says of each.
// Usage: node vectors.mjs <native.json>

import { readFileSync } from "node:fs";
import { readSnapshot, type Policy, type ReasonJson, type SnapshotJson, type TrustJson } from "../../credentials/browser/trust";
import { judge } from "../../credentials/browser/verification";
import { shownStatus } from "../../credentials/browser/verdict";

interface Sample {
  name: string;
  text: string;
  at: number;
  clock_in_doubt: boolean;
  policy: string;
  knowledge: { trust: string | null; statuses: Record<string, string>; rules: string[] };
}

interface Vectors {
  reasons: ReasonJson[];
  policies: Record<string, Policy>;
  trusts: Record<string, TrustJson>;
  statuses: Record<string, string>;
  rules: Record<string, string>;
  samples: Sample[];
}

const vectors = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Vectors;

function snapshotOf(sample: Sample): SnapshotJson {
  const { trust, statuses, rules } = sample.knowledge;
  return {
    member: "CN-44",
    policy: vectors.policies[sample.policy]!,
    trust: trust === null ? null : vectors.trusts[trust]!,
    statuses: Object.fromEntries(Object.entries(statuses).map(([member, name]) => [member, vectors.statuses[name]!])),
    rules: rules.map((name) => vectors.rules[name]!),
    reasons: vectors.reasons,
  };
}

const said: Record<string, unknown> = {};
for (const sample of vectors.samples) {
  const snapshot = snapshotOf(sample);
  const knowledge = await readSnapshot(snapshot);
  const verdict = await judge(sample.text, knowledge, sample.at, snapshot.policy, sample.clock_in_doubt);
  said[sample.name] = {
    outcome: verdict.outcome,
    reasons: verdict.reasons.map((reason) => reason.code),
    notes: verdict.notes.map((note) => note.code),
    status: shownStatus(verdict),
  };
}
process.stdout.write(JSON.stringify(said));
