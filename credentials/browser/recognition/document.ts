// Rule sets as documents, as in credentials/recognition/document.py.

import { ruleSetInvalid } from "../errors";
import type { Keys } from "../keys";
import { EVIDENCE_KINDS, FORM_NAMES, MAX_JSON_INTEGER, MAX_RULE_SET, MAX_RULE_SET_VERSION, STATUSES } from "../profile";
import * as jws from "../wire/jws";
import type { Json } from "../wire/strict_json";
import { isLiteral } from "./language/certlogic";
import {
  asFarAsSound,
  COMMENT,
  closedList,
  constants,
  eachOnce,
  end,
  integer,
  isValueSet,
  knownNames,
  list,
  member,
  type RuleFields,
  readFields,
  require,
  ruleId,
  text,
  time,
} from "./reading";
import { type OverCards, type RecognitionDenial, type RecognitionRule, RuleSet } from "./ruleset";

const RULES_TYPE = "tongxing-rules+jws";
const MAX_PARAMETERS = 64;
const MAX_VALUE_SETS = 64;

const OPTIONAL = [...COMMENT, "valid_until", "accepted_forms", "card_rules"];
const REQUIRED = [
  "member",
  "rule_set",
  "version",
  "sequence",
  "previous",
  "valid_from",
  "parameters",
  "value_sets",
  "accepted_statuses",
  "rules",
  "denials",
];
const VALUE_SET_NAME = /^[a-z][a-z0-9_-]{0,39}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** Verify and load the rule set of `member`. Throws what the formats throw, and `rule-set-invalid`. */
export async function readRuleSet(compact: string, member: string, trust: Keys): Promise<RuleSet> {
  return parseRuleSet((await jws.ofMember(compact, member, trust, RULES_TYPE)).document);
}

async function parseRuleSet(document: Json): Promise<RuleSet> {
  const fields = readFields(document, REQUIRED, OPTIONAL, "rule set");
  const parameters = constants(fields.parameters!, MAX_PARAMETERS, isLiteral, "parameters");
  const valueSets = constants(fields.value_sets!, MAX_VALUE_SETS, isValueSet, "value_sets", VALUE_SET_NAME);
  const sequence = integer(fields.sequence, 1, MAX_JSON_INTEGER, "sequence");
  require(isPrevious(fields.previous!, sequence), "previous: not a SHA-256 in hex, or given for the first");
  const validFrom = time(fields.valid_from, "valid_from");
  const validUntil = end(fields, validFrom);
  return new RuleSet(
    member(fields.member),
    integer(fields.rule_set, 0, MAX_RULE_SET, "rule_set"),
    integer(fields.version, 0, MAX_RULE_SET_VERSION, "version"),
    sequence,
    validFrom,
    validUntil,
    closedList(fields.accepted_statuses, STATUSES, "accepted_statuses"),
    closedList("accepted_forms" in fields ? fields.accepted_forms : [...FORM_NAMES], FORM_NAMES, "accepted_forms"),
    readRules(fields.rules, parameters, valueSets),
    readDenials(fields.denials!),
    "card_rules" in fields ? await readCardRules(fields.card_rules, parameters, valueSets) : null,
  );
}

/** Few hosts have any: what reads and asks them is loaded with the first set that has some. */
async function readCardRules(
  value: Json | undefined,
  parameters: RuleFields,
  valueSets: RuleFields,
): Promise<OverCards> {
  const part = await import("./card_rules").catch(() => null);
  if (!part) throw ruleSetInvalid("card_rules: a part of the app has not arrived");
  return part.readCardRules(value, parameters, valueSets);
}

function readRules(value: Json | undefined, parameters: RuleFields, valueSets: RuleFields): RecognitionRule[] {
  const known = knownNames(parameters, valueSets);
  return eachOnce(
    list(value, "rules").map((entry) => readRule(entry, parameters, known)),
    "rules",
  );
}

function readRule(value: Json, parameters: RuleFields, known: ReadonlyMap<string, Json>): RecognitionRule {
  const fields = readFields(value, ["id", "kinds", "logic", "text", "needed"], COMMENT, "rule");
  return {
    id: ruleId(fields.id!),
    kinds: closedList(fields.kinds, [...EVIDENCE_KINDS, "none"], "kinds"),
    text: text(fields.text!, parameters, "text"),
    needed: text(fields.needed!, parameters, "needed"),
    rule: asFarAsSound(fields.logic!, known),
  };
}

function readDenials(value: Json): Map<string, RecognitionDenial> {
  if (!Array.isArray(value)) throw ruleSetInvalid("denials: not an array");
  const denials = new Map<string, RecognitionDenial>();
  for (const entry of value) {
    const fields = readFields(entry, ["member", "reason", "expires_at"], COMMENT, "denial");
    const denied = member(fields.member);
    require(!denials.has(denied), "denials: a member stands twice");
    denials.set(denied, {
      reason: text(fields.reason!, {}, "reason"),
      expiresAt: time(fields.expires_at, "expires_at"),
    });
  }
  return denials;
}

function isPrevious(value: Json, sequence: number): boolean {
  return sequence === 1 ? value === null : typeof value === "string" && DIGEST.test(value);
}
