// What a rule can look at, and nothing else; as in credentials/recognition/language/vocabulary.py.

import { ruleSetInvalid } from "../../errors";
import { type ForeignEvidence, isKnown } from "../../foreign/facts";
import type { Evidence, StatusCredential } from "../../model";
import { EVIDENCE_KINDS, MAX_EVIDENCE } from "../../profile";
import { isObject } from "../../wire/jws";
import type { Json } from "../../wire/strict_json";
import { Instant } from "./instants";

const MAX_JSON_LEVELS = 64;
const FACT = "(?:\\.(?:kind|result|sampledAt|region))?";
/** What there is for rules about codes, and about foreign cards in the terms of codes. */
const OF_GATES = new RegExp(
  "^(?:payload\\.(?:status|reason|form|issuedAt|evidence)|external\\.validationClock" +
    `|payload\\.(?:evidence\\.[0-${MAX_EVIDENCE - 1}]|latest\\.(?:${EVIDENCE_KINDS.join("|")}))${FACT})$`,
);
const OF_A_REDUCTION = /^(?:accumulator|current)(?:\.[\s\S]+)?$/;
const GOOD_RESULTS = ["negative", "completed"];
/** In place of what a foreign card does not say: no kind that rules know, so that a rule that asks for it is open. */
const NOT_ON_CARD = NaN;

/** The data for a rule about this credential at this moment (seconds UTC). */
export function ruleInput(credential: StatusCredential, at: number): unknown {
  const { status, reason, form, issuedAt, evidence } = credential;
  return input({ status, reason, form }, new Instant(issuedAt * 1000), newestFirst(evidence).map(fact), at);
}

/**
 * The data for a rule about a foreign card at this moment: the same evidence, with a country in place of a region. A card
 * has no status, reason or form, and null in their place would turn people away in silence.
 */
export function foreignRuleInput(evidence: readonly ForeignEvidence[], issuedAt: number | null, at: number): unknown {
  const facts = [...evidence]
    .sort((one, two) => two.sampledAt - one.sampledAt)
    .filter(isKnown)
    .map((piece) => fact({ ...piece, region: piece.country ?? NOT_ON_CARD }));
  const none = { status: NOT_ON_CARD, reason: NOT_ON_CARD, form: NOT_ON_CARD };
  return input(none, issuedAt === null ? NOT_ON_CARD : new Instant(issuedAt * 1000), facts, at);
}

function input(says: object, issuedAt: unknown, evidence: readonly ReturnType<typeof fact>[], at: number): unknown {
  // Of one kind the newest counts, which stands first.
  const latest = Object.fromEntries(evidence.map((each) => [each.kind, each] as const).reverse());
  const external = { validationClock: new Instant(at * 1000) };
  return { payload: { ...says, issuedAt, evidence, latest }, external };
}

/**
 * The same rule with parameters and value sets filled in, and null, which is no expression, in place of every other name
 * that nothing has: it is open where it is reached. `names`: all that there are. Throws `rule-set-invalid` when nested too deeply.
 */
export function fillIn(
  logic: Json,
  known: ReadonlyMap<string, Json>,
  names = OF_GATES,
  levels = MAX_JSON_LEVELS,
  inside = 0,
): Json {
  if (levels === 0) throw ruleSetInvalid("rule nested too deeply");
  if (Array.isArray(logic)) return logic.map((item) => fillIn(item, known, names, levels - 1, inside));
  const entries = isObject(logic) ? Object.entries(logic) : [];
  if (entries.length !== 1) return logic; // whatever it is, the compiler knows
  const [name, operands] = entries[0]!;
  if (name === "var" && typeof operands === "string") return filledVariable(operands, known, names, inside);
  if (name === "reduce" && Array.isArray(operands)) {
    const deeper = (at: number) => inside + (at === 1 ? 1 : 0);
    return { [name]: operands.map((operand, at) => fillIn(operand, known, names, levels - 1, deeper(at))) };
  }
  return { [name]: fillIn(operands, known, names, levels - 1, inside) };
}

function filledVariable(path: string, known: ReadonlyMap<string, Json>, names: RegExp, inside: number): Json {
  let name = path;
  for (; inside && name.startsWith("data."); inside--) name = name.slice("data.".length);
  const value = known.get(name);
  if (value !== undefined) return value;
  return (inside ? OF_A_REDUCTION : names).test(name) ? { var: path } : null;
}

/** Of two results of one time the worse comes first. */
function newestFirst(evidence: readonly Evidence[]): Evidence[] {
  const isBad = (each: Evidence) => Number(!GOOD_RESULTS.includes(each.result));
  return [...evidence].sort((one, two) => two.sampledAt - one.sampledAt || isBad(two) - isBad(one));
}

function fact(evidence: Pick<Evidence | ForeignEvidence, "kind" | "result" | "sampledAt"> & { region: unknown }) {
  return {
    kind: evidence.kind,
    result: evidence.result,
    sampledAt: new Instant(evidence.sampledAt * 1000),
    region: evidence.region,
  };
}
