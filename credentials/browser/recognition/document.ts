// Rule sets as documents, as in credentials/recognition/document.py.

import { isShown } from "../characters";
import { CredentialError, ruleSetInvalid } from "../errors";
import type { Keys } from "../keys";
import { isWhole, MEMBERS } from "../members";
import {
  COMMON,
  EVIDENCE_KINDS,
  FORM_NAMES,
  LANGUAGE_TAG,
  type Label,
  MAX_LANGUAGES,
  MAX_RULE_SET,
  MAX_RULE_SET_VERSION,
  MAX_TIME_SECONDS,
  MIN_TIME_SECONDS,
  STATUSES,
} from "../profile";
import * as jws from "../wire/jws";
import { isObject } from "../wire/jws";
import type { Json } from "../wire/strict_json";
import { hasOwn } from "../wire/strict_json";
import { translated } from "../words";
import { type CardRule, FORMATS, KINDS, OF_CARDS, versionOf } from "./card_rules";
import { compileSoundParts, isLiteral } from "./language/certlogic";
import { MAX_INTEGER, type Rule, unsound } from "./language/operators";
import { fillIn } from "./language/vocabulary";
import { type RecognitionDenial, type RecognitionRule, RuleSet } from "./ruleset";

const RULES_TYPE = "tongxing-rules+jws";
const MAX_RULES = 64;
const MAX_CARD_RULES = 256;
const MAX_PARAMETERS = 64;
const MAX_VALUE_SETS = 64;
const MAX_VALUE_SET_ITEMS = 5_000;
const MAX_TEXT_CHARACTERS = 300;
const MAX_COMMENT_CHARACTERS = 1_000;

const COMMENT = ["comment"];
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
const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const RULE_ID = /^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$/;
const VALUE_SET_NAME = /^[a-z][a-z0-9_-]{0,39}$/;
const COUNTRY = /^[A-Z]{2}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const PLACEHOLDER = /\{([^{}]*)\}/g;

const CARD_RULE = ["id", "format", "kind", "country", "schema", "valid_from", "text", "needed"];

type Fields = { [name: string]: Json };

/** Verify and load the rule set of `member`. Throws what the formats throw, and `rule-set-invalid`. */
export async function readRuleSet(compact: string, member: string, trust: Keys): Promise<RuleSet> {
  return parseRuleSet((await jws.ofMember(compact, member, trust, RULES_TYPE)).document);
}

function parseRuleSet(document: Json): RuleSet {
  const fields = readFields(document, REQUIRED, OPTIONAL, "rule set");
  const parameters = constants(fields.parameters!, MAX_PARAMETERS, isLiteral, "parameters");
  const valueSets = constants(fields.value_sets!, MAX_VALUE_SETS, isValueSet, "value_sets", VALUE_SET_NAME);
  const sequence = integer(fields.sequence, 1, MAX_INTEGER, "sequence");
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
    "card_rules" in fields ? readCardRules(fields.card_rules, parameters, valueSets) : [],
  );
}

function readRules(value: Json | undefined, parameters: Fields, valueSets: Fields): RecognitionRule[] {
  const known = knownNames(parameters, valueSets);
  return eachOnce(
    list(value, "rules").map((entry) => readRule(entry, parameters, known)),
    "rules",
  );
}

function readCardRules(value: Json | undefined, parameters: Fields, valueSets: Fields): CardRule[] {
  const known = knownNames({}, valueSets);
  return eachOnce(
    list(value, "card_rules", MAX_CARD_RULES).map((entry) => readCardRule(entry, parameters, known)),
    "card_rules",
  );
}

function knownNames(parameters: Fields, valueSets: Fields): ReadonlyMap<string, Json> {
  return new Map<string, Json>([
    ...Object.entries(parameters).map(([name, content]) => [`external.parameters.${name}`, content] as const),
    ...Object.entries(valueSets).map(([name, content]) => [`external.valueSets.${name}`, content] as const),
  ]);
}

function eachOnce<Rule extends { id: string }>(rules: Rule[], where: string): Rule[] {
  require(new Set(rules.map((rule) => rule.id)).size === rules.length, `${where}: an id stands twice`);
  return rules;
}

function readRule(value: Json, parameters: Fields, known: ReadonlyMap<string, Json>): RecognitionRule {
  const fields = readFields(value, ["id", "kinds", "logic", "text", "needed"], COMMENT, "rule");
  return {
    id: ruleId(fields.id!),
    kinds: closedList(fields.kinds, [...EVIDENCE_KINDS, "none"], "kinds"),
    text: text(fields.text!, parameters, "text"),
    needed: text(fields.needed!, parameters, "needed"),
    rule: asFarAsSound(fields.logic!, known),
  };
}

function readCardRule(value: Json, parameters: Fields, known: ReadonlyMap<string, Json>): CardRule {
  const fields = readFields(value, CARD_RULE, [...COMMENT, "valid_until", "issuers", "logic"], "card rule");
  const schema = versionOf(fields.schema);
  require(schema.length > 0, "schema: not a version, such as 1.3.0");
  const validFrom = time(fields.valid_from, "valid_from");
  return {
    id: ruleId(fields.id!),
    format: oneOf(fields.format, FORMATS, "format"),
    kind: oneOf(fields.kind, KINDS, "kind"),
    country: country(fields.country),
    issuers: new Set("issuers" in fields ? list(fields.issuers, "issuers").map(country) : []),
    schema,
    validFrom,
    validUntil: end(fields, validFrom),
    text: text(fields.text!, parameters, "text"),
    needed: text(fields.needed!, parameters, "needed"),
    rule: fields.logic == null ? unsound : asFarAsSound(fields.logic, known, OF_CARDS),
  };
}

function ruleId(id: Json): string {
  if (typeof id !== "string" || !RULE_ID.test(id)) throw ruleSetInvalid("rule: bad id");
  return id;
}

function country(value: Json | undefined): string {
  if (typeof value !== "string" || !COUNTRY.test(value)) throw ruleSetInvalid("country: not two capital letters");
  return value;
}

function oneOf<Name extends string>(value: Json | undefined, names: readonly Name[], where: string): Name {
  const found = names.find((name) => name === value);
  if (found === undefined) throw ruleSetInvalid(`${where}: not one of ${names.join(", ")}`);
  return found;
}

/** One slip in a rule must not take a province its rules: the bad part is open where it is reached. */
function asFarAsSound(logic: Json, known: ReadonlyMap<string, Json>, names?: RegExp): Rule {
  try {
    return compileSoundParts(fillIn(logic, known, names));
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    return unsound;
  }
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

function readFields(value: Json, required: string[], optional: string[], where: string): Fields {
  if (!isObject(value)) throw ruleSetInvalid(`${where}: not an object`);
  require(required.every((name) => hasOwn(value, name)), `${where}: a field is missing`);
  const known = [...required, ...optional];
  require(Object.keys(value).every((name) => known.includes(name)), `${where}: unknown field`);
  if ("comment" in value) requireComment(value.comment);
  return value;
}

function requireComment(value: Json | undefined): void {
  const sound = typeof value === "string" && isShown(value) && [...value].length <= MAX_COMMENT_CHARACTERS;
  require(sound, "comment: too long, or not a line that can be shown");
}

function list(value: Json | undefined, where: string, most = MAX_RULES): Json[] {
  if (!Array.isArray(value) || !isWhole(value.length, 1, most)) {
    throw ruleSetInvalid(`${where}: not an array of 1 to ${most}`);
  }
  return value;
}

function closedList<Entry extends string>(
  value: Json | undefined,
  entries: readonly Entry[],
  where: string,
): ReadonlySet<Entry> {
  const labels = list(value, where);
  require(labels.every((label) => entries.includes(label as Entry)), `${where}: unknown label`);
  return new Set(labels as Entry[]);
}

function constants(
  value: Json,
  limit: number,
  accept: (content: Json) => boolean,
  where: string,
  names = NAME,
): Fields {
  if (!isObject(value) || Object.keys(value).length > limit) {
    throw ruleSetInvalid(`${where}: not an object of at most ${limit}`);
  }
  for (const [name, content] of Object.entries(value)) {
    require(names.test(name), `${where}: bad name`);
    require(accept(content), `${where}: bad value`);
  }
  return value;
}

function isValueSet(value: Json): boolean {
  return Array.isArray(value) && value.length <= MAX_VALUE_SET_ITEMS && value.every(isLiteral);
}

/** A text by language tag: zh-CN and English, and any others; or in the old form by `zh` and `en` alone. */
function text(value: Json, parameters: Fields, where: string): Label {
  const isOld = isObject(value) && hasOwn(value, "zh");
  const others = isObject(value) && !isOld ? Object.keys(value).filter((tag) => LANGUAGE_TAG.test(tag)) : [];
  const fields = readFields(value, isOld ? ["zh", "en"] : [...COMMON], others, where);
  require(Object.keys(fields).length <= MAX_LANGUAGES, `${where}: more than ${MAX_LANGUAGES} languages`);
  const lines = Object.entries(fields).map(([language, each]) => [language, line(each, parameters, where)] as const);
  const byLanguage: { [language: string]: string } = Object.fromEntries(lines);
  return translated(isOld ? { "zh-CN": byLanguage.zh, en: byLanguage.en } : byLanguage);
}

function line(value: Json | undefined, parameters: Fields, where: string): string {
  if (typeof value !== "string") throw ruleSetInvalid(`${where}: not a text`);
  const shown = value.replace(PLACEHOLDER, (_, name: string) => {
    require(hasOwn(parameters, name), `${where}: no such parameter`);
    return String(parameters[name]);
  });
  require(isWhole([...shown].length, 1, MAX_TEXT_CHARACTERS), `${where}: empty or too long`);
  require(isShown(shown), `${where}: a character that cannot be shown`);
  return shown;
}

function member(value: Json | undefined): string {
  if (typeof value !== "string" || !MEMBERS.has(value)) throw ruleSetInvalid("member: not a member id");
  return value;
}

function isPrevious(value: Json, sequence: number): boolean {
  return sequence === 1 ? value === null : typeof value === "string" && DIGEST.test(value);
}

function end(fields: Fields, validFrom: number): number | null {
  const until = "valid_until" in fields ? time(fields.valid_until, "valid_until") : null;
  require(until === null || until > validFrom, "valid_until: not after valid_from");
  return until;
}

function time(value: Json | undefined, where: string): number {
  return integer(value, MIN_TIME_SECONDS, MAX_TIME_SECONDS, where);
}

function integer(value: Json | undefined, lowest: number, highest: number, where: string): number {
  if (!isWhole(value, lowest, highest)) throw ruleSetInvalid(`${where}: not an integer in its range`);
  return value;
}

function require(condition: boolean, detail: string): void {
  if (!condition) throw ruleSetInvalid(detail);
}
