// Rules over a foreign card as it is written; as in credentials/recognition/card_rules.py.

import { ruleSetInvalid } from "../errors";
import type { ForeignFacts } from "../foreign/facts";
import type { Label } from "../profile";
import { isObject } from "../wire/jws";
import type { Json } from "../wire/strict_json";
import { evaluate, type RuleState } from "./language/certlogic";
import { isWithin } from "./language/instants";
import { type Rule, unsound } from "./language/operators";
import {
  asFarAsSound,
  COMMENT,
  eachOnce,
  end,
  knownNames,
  list,
  type RuleFields,
  readFields,
  require,
  ruleId,
  text,
  time,
} from "./reading";
import type { OverCards, RuleResult } from "./ruleset";

const MAX_CARD_RULES = 256;
const CARD_RULE = ["id", "format", "kind", "country", "schema", "valid_from", "text", "needed"];
const COUNTRY = /^[A-Z]{2}$/;
/** Formats of which rules are published. */
const FORMATS = ["eu-dcc"] as const;
/** Of cards; a general rule is about all of them, and by itself no rule for any. */
const KINDS = ["vaccination", "test", "recovery", "general"] as const;
const OF_CARDS = /^(?:payload(?:\.[^.]+)*|external\.(?:validationClock|countryCode|issuerCountryCode|iat|exp|region))$/;
const VERSION = /^([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})$/;
/** A fraction is neither true nor equal to anything: a rule that asks for what is not there is open. */
const NOT_ON_CARD = NaN;

type Version = readonly number[];

/** One rule about cards of a format; its `issuers`, if there are any, are whose cards it is about. */
export interface CardRule {
  id: string;
  format: string;
  kind: (typeof KINDS)[number];
  country: string;
  issuers: ReadonlySet<string>;
  schema: Version;
  validFrom: number;
  validUntil: number | null;
  text: Label;
  needed: Label;
  rule: Rule;
}

const GRAVEST_FIRST: readonly RuleState[] = ["fail", "open", "pass"];

/** Those of one set. Throws `rule-set-invalid`. */
export function readCardRules(value: Json | undefined, parameters: RuleFields, valueSets: RuleFields): CardRules {
  const known = knownNames({}, valueSets);
  const entries = list(value, "card_rules", MAX_CARD_RULES).map((entry) => readCardRule(entry, parameters, known));
  return new CardRules(eachOnce(entries, "card_rules"));
}

/** The rules of one set over cards themselves. */
export class CardRules implements OverCards {
  constructor(readonly rules: readonly CardRule[]) {}

  /** By the rules of its own format for its kind, where there are some, or else `byEvidence`. General rules of its format
   * count in both cases. */
  judge(facts: ForeignFacts, at: number, byEvidence: () => RuleResult): RuleResult {
    const found: RuleResult[] = judged(this.rules, facts, at).map(([rule, state]) => ({ state, rule }));
    const deciding = this.rules.filter((rule) => decidesAbout(rule, facts));
    if (!deciding.length) found.push(byEvidence());
    else if (!deciding.some((rule) => appliesTo(rule, facts, at))) found.push({ state: "open", rule: null });
    const gravity = ({ state }: RuleResult) => GRAVEST_FIRST.indexOf(state);
    return found.reduce((first, next) => (gravity(next) < gravity(first) ? next : first));
  }
}

function readCardRule(value: Json, parameters: RuleFields, known: ReadonlyMap<string, Json>): CardRule {
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

function country(value: Json | undefined): string {
  if (typeof value !== "string" || !COUNTRY.test(value)) throw ruleSetInvalid("country: not two capital letters");
  return value;
}

function oneOf<Name extends string>(value: Json | undefined, names: readonly Name[], where: string): Name {
  const found = names.find((name) => name === value);
  if (found === undefined) throw ruleSetInvalid(`${where}: not one of ${names.join(", ")}`);
  return found;
}

/** Whether it is a rule for this kind of card, whoever issued it: then no other rule is asked. */
function decidesAbout(rule: CardRule, { format, kind }: ForeignFacts): boolean {
  return rule.format === format && rule.kind === kind && !rule.issuers.size;
}

/** Whether it has to be asked about this card at this moment (seconds UTC). */
function appliesTo(rule: CardRule, { format, kind, issuer }: ForeignFacts, at: number): boolean {
  const isAbout = rule.format === format && (rule.kind === "general" || rule.kind === kind);
  const isOfIssuer = !rule.issuers.size || rule.issuers.has(issuer);
  return isAbout && isOfIssuer && isWithin(rule.validFrom, rule.validUntil, at);
}

/** What each rule that applies says of the card; another major version of its schema, or an older one, leaves it open. */
function judged(rules: readonly CardRule[], facts: ForeignFacts, at: number): [CardRule, RuleState][] {
  const payload = facts.original?.() ?? null;
  const version = versionOf(isObject(payload as Json) ? (payload as { ver?: Json }).ver : undefined);
  return rules
    .filter((rule) => appliesTo(rule, facts, at))
    .map((rule) => [rule, fits(version, rule.schema) ? evaluate(rule.rule, input(rule, payload, facts, at)) : "open"]);
}

/** `1.3.0` as numbers; nothing for what is no version. */
function versionOf(value: Json | undefined): Version {
  const match = typeof value === "string" ? VERSION.exec(value) : null;
  return match ? match.slice(1).map(Number) : [];
}

function fits(version: Version, schema: Version): boolean {
  if (version[0] !== schema[0]) return false;
  const different = schema.findIndex((part, at) => part !== version[at]);
  return different < 0 || version[different]! > schema[different]!;
}

function input({ country }: CardRule, payload: unknown, facts: ForeignFacts, at: number): unknown {
  const external = {
    validationClock: moment(at),
    countryCode: country,
    issuerCountryCode: facts.issuer,
    iat: moment(facts.issuedAt),
    exp: moment(facts.expiresAt),
    region: "",
  };
  return { payload, external };
}

function moment(seconds: number | null): string | number {
  return seconds === null ? NOT_ON_CARD : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
