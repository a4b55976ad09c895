// How signed rules are read, as in credentials/recognition/reading.py.

import { isShown } from "../characters";
import { CredentialError, ruleSetInvalid } from "../errors";
import { isWhole, MEMBERS } from "../members";
import { COMMON, LANGUAGE_TAG, type Label, MAX_LANGUAGES, MAX_TIME_SECONDS, MIN_TIME_SECONDS } from "../profile";
import { isObject } from "../wire/jws";
import type { Json } from "../wire/strict_json";
import { hasOwn } from "../wire/strict_json";
import { translated } from "../words";
import { compileSoundParts, isLiteral } from "./language/certlogic";
import { type Rule, unsound } from "./language/operators";
import { fillIn } from "./language/vocabulary";

const MAX_RULES = 64;
const MAX_VALUE_SET_ITEMS = 5_000;
const MAX_TEXT_CHARACTERS = 300;
const MAX_COMMENT_CHARACTERS = 1_000;

export const COMMENT = ["comment"];
const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const RULE_ID = /^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$/;
const PLACEHOLDER = /\{([^{}]*)\}/g;

export type RuleFields = { [name: string]: Json };

export function knownNames(parameters: RuleFields, valueSets: RuleFields): ReadonlyMap<string, Json> {
  return new Map<string, Json>([
    ...Object.entries(parameters).map(([name, content]) => [`external.parameters.${name}`, content] as const),
    ...Object.entries(valueSets).map(([name, content]) => [`external.valueSets.${name}`, content] as const),
  ]);
}

export function eachOnce<Rule extends { id: string }>(rules: Rule[], where: string): Rule[] {
  require(new Set(rules.map((rule) => rule.id)).size === rules.length, `${where}: an id stands twice`);
  return rules;
}

export function ruleId(id: Json): string {
  if (typeof id !== "string" || !RULE_ID.test(id)) throw ruleSetInvalid("rule: bad id");
  return id;
}

/** One slip in a rule must not take a province its rules: the bad part is open where it is reached. */
export function asFarAsSound(logic: Json, known: ReadonlyMap<string, Json>, names?: RegExp): Rule {
  try {
    return compileSoundParts(fillIn(logic, known, names));
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    return unsound;
  }
}

export function readFields(value: Json, required: string[], optional: string[], where: string): RuleFields {
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

export function list(value: Json | undefined, where: string, most = MAX_RULES): Json[] {
  if (!Array.isArray(value) || !isWhole(value.length, 1, most)) {
    throw ruleSetInvalid(`${where}: not an array of 1 to ${most}`);
  }
  return value;
}

export function closedList<Entry extends string>(
  value: Json | undefined,
  entries: readonly Entry[],
  where: string,
): ReadonlySet<Entry> {
  const labels = list(value, where);
  require(labels.every((label) => entries.includes(label as Entry)), `${where}: unknown label`);
  return new Set(labels as Entry[]);
}

export function constants(
  value: Json,
  limit: number,
  accept: (content: Json) => boolean,
  where: string,
  names = NAME,
): RuleFields {
  if (!isObject(value) || Object.keys(value).length > limit) {
    throw ruleSetInvalid(`${where}: not an object of at most ${limit}`);
  }
  for (const [name, content] of Object.entries(value)) {
    require(names.test(name), `${where}: bad name`);
    require(accept(content), `${where}: bad value`);
  }
  return value;
}

export function isValueSet(value: Json): boolean {
  return Array.isArray(value) && value.length <= MAX_VALUE_SET_ITEMS && value.every(isLiteral);
}

/** A text by language tag: zh-CN and English, and any others; or in the old form by `zh` and `en` alone. */
export function text(value: Json, parameters: RuleFields, where: string): Label {
  const isOld = isObject(value) && hasOwn(value, "zh");
  const others = isObject(value) && !isOld ? Object.keys(value).filter((tag) => LANGUAGE_TAG.test(tag)) : [];
  const fields = readFields(value, isOld ? ["zh", "en"] : [...COMMON], others, where);
  require(Object.keys(fields).length <= MAX_LANGUAGES, `${where}: more than ${MAX_LANGUAGES} languages`);
  const lines = Object.entries(fields).map(([language, each]) => [language, line(each, parameters, where)] as const);
  const byLanguage: { [language: string]: string } = Object.fromEntries(lines);
  return translated(isOld ? { "zh-CN": byLanguage.zh, en: byLanguage.en } : byLanguage);
}

function line(value: Json | undefined, parameters: RuleFields, where: string): string {
  if (typeof value !== "string") throw ruleSetInvalid(`${where}: not a text`);
  const shown = value.replace(PLACEHOLDER, (_, name: string) => {
    require(hasOwn(parameters, name), `${where}: no such parameter`);
    return String(parameters[name]);
  });
  require(isWhole([...shown].length, 1, MAX_TEXT_CHARACTERS), `${where}: empty or too long`);
  require(isShown(shown), `${where}: a character that cannot be shown`);
  return shown;
}

export function member(value: Json | undefined): string {
  if (typeof value !== "string" || !MEMBERS.has(value)) throw ruleSetInvalid("member: not a member id");
  return value;
}

export function end(fields: RuleFields, validFrom: number): number | null {
  const until = "valid_until" in fields ? time(fields.valid_until, "valid_until") : null;
  require(until === null || until > validFrom, "valid_until: not after valid_from");
  return until;
}

export function time(value: Json | undefined, where: string): number {
  return integer(value, MIN_TIME_SECONDS, MAX_TIME_SECONDS, where);
}

export function integer(value: Json | undefined, lowest: number, highest: number, where: string): number {
  if (!isWhole(value, lowest, highest)) throw ruleSetInvalid(`${where}: not an integer in its range`);
  return value;
}

export function require(condition: boolean, detail: string): void {
  if (!condition) throw ruleSetInvalid(detail);
}
