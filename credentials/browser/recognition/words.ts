// Evidence in words, as in credentials/recognition/words.py.

import { type EvidenceKind, type EvidenceResult, KIND_LABELS, type Label, RESULT_LABELS, type WORDS } from "../profile";
import { joined, label } from "../words";

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400] as const;
const UNITS: Record<number, keyof typeof WORDS> = {
  [MINUTE]: "unit.minute",
  [HOUR]: "unit.hour",
  [DAY]: "unit.day",
};
/** Up to this age it is told in hours, as rules count. */
const HOURS_UP_TO = 7 * DAY;

/** Of a code or of a foreign card; null: of a kind or result that no list has. `sampledAt`: seconds UTC. */
export interface PieceOfEvidence {
  kind: EvidenceKind | null;
  result: EvidenceResult | null;
  sampledAt: number;
}

/** What a code carries, with the age of each piece at `at` (seconds UTC). */
export function evidenceInWords(evidence: readonly PieceOfEvidence[], at: number): Label {
  const told = evidence.map((each) => piece(each, at));
  return told.length ? joined(told, "join.clauses") : label("evidence.nothing");
}

/** How long ago, counted from sampling: down to the minute, for a limit is passed by minutes. */
export function ageInWords(seconds: number): Label {
  if (seconds < 0) return label("evidence.to-come");
  const [large, small] = seconds < HOURS_UP_TO ? [HOUR, MINUTE] : [DAY, HOUR];
  const counts = [
    [Math.floor(seconds / large), large],
    [Math.floor((seconds % large) / small), small],
  ] as const;
  const named = counts.filter(([count]) => count).map(([count, unit]) => counted(count, unit));
  return label("evidence.ago", { age: named.length ? joined(named, "unit.counts") : counted(0, MINUTE) });
}

function counted(count: number, unit: number): Label {
  return label("unit.count", { count, unit: label(UNITS[unit]!) });
}

/** A vaccination is inconclusive when doses are missing, which nobody would read in that word. */
function resultInWords({ kind, result }: Pick<PieceOfEvidence, "kind" | "result">): Label {
  if (kind === "vaccination" && result === "inconclusive") return label("evidence.series-open");
  return result ? RESULT_LABELS[result] : label("evidence.unknown-result");
}

function piece(held: PieceOfEvidence, at: number): Label {
  const kind = held.kind ? KIND_LABELS[held.kind] : label("evidence.unknown-kind");
  return label("evidence.piece", { kind, result: resultInWords(held), age: ageInWords(at - held.sampledAt) });
}
