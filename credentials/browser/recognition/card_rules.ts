// Rules over a foreign card as it is written; as in credentials/recognition/card_rules.py.

import type { ForeignFacts } from "../foreign/facts";
import type { Label } from "../profile";
import { isObject } from "../wire/jws";
import type { Json } from "../wire/strict_json";
import { evaluate, type RuleState } from "./language/certlogic";
import type { Rule } from "./language/operators";

/** Formats of which rules are published. */
export const FORMATS = ["eu-dcc"] as const;
/** Of cards; a general rule is about all of them, and by itself no rule for any. */
export const KINDS = ["vaccination", "test", "recovery", "general"] as const;
export const OF_CARDS =
  /^(?:payload(?:\.[^.]+)*|external\.(?:validationClock|countryCode|issuerCountryCode|iat|exp|region))$/;
const VERSION = /^([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})$/;
/** A fraction is neither true nor equal to anything: a rule that asks for what is not there is open. */
const NOT_ON_CARD = NaN;

export type Version = readonly number[];

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

/** Whether it is a rule for this kind of card, whoever issued it: then no other rule is asked. */
export function decidesAbout(rule: CardRule, { format, kind }: ForeignFacts): boolean {
  return rule.format === format && rule.kind === kind && !rule.issuers.size;
}

/** Whether it has to be asked about this card at this moment (seconds UTC). */
export function appliesTo(rule: CardRule, { format, kind, issuer }: ForeignFacts, at: number): boolean {
  const isAbout = rule.format === format && (rule.kind === "general" || rule.kind === kind);
  const isOfIssuer = !rule.issuers.size || rule.issuers.has(issuer);
  return isAbout && isOfIssuer && rule.validFrom <= at && (rule.validUntil === null || at < rule.validUntil);
}

/** What each rule that applies says of the card; another major version of its schema, or an older one, leaves it open. */
export function judged(rules: readonly CardRule[], facts: ForeignFacts, at: number): [CardRule, RuleState][] {
  const payload = facts.original?.() ?? null;
  const version = versionOf(isObject(payload as Json) ? (payload as { ver?: Json }).ver : undefined);
  return rules
    .filter((rule) => appliesTo(rule, facts, at))
    .map((rule) => [rule, fits(version, rule.schema) ? evaluate(rule.rule, input(rule, payload, facts, at)) : "open"]);
}

/** `1.3.0` as numbers; nothing for what is no version. */
export function versionOf(value: Json | undefined): Version {
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
