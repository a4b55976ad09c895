// What each CertLogic operator does, as in credentials/recognition/language/operators.py.

import { ruleOpen } from "../../errors";
import { hasOwn } from "../../wire/strict_json";
import { addMonths, CALENDAR_UNITS, DateTime, FIXED_UNITS, Instant, milliseconds, ofPartialDate } from "./instants";

/** Takes the data and gives a value, or throws `rule-open`. */
export type Rule = (data: unknown) => unknown;

export const MAX_REDUCED_ITEMS = 128;

const INDEX = /^[0-9]+$/;
const UVCI_PREFIX = "URN:UVCI:";
const UVCI_SEPARATOR = /[/#:]/;

export const constant =
  (value: unknown): Rule =>
  () =>
    value;

/** In place of what is no expression: open, when it is reached. */
export const unsound: Rule = () => {
  throw ruleOpen("no expression");
};

export const array =
  (items: Rule[]): Rule =>
  (data) =>
    items.map((item) => item(data));

/** `payload.v.0.dn`: null as soon as something is not there. A number is an index into an array. */
export function variable(path: string): Rule {
  const parts = path ? path.split(".") : [];
  return (data) => {
    for (const part of parts) {
      if (Array.isArray(data) && INDEX.test(part) && Number(part) < data.length) data = data[Number(part)];
      else if (isRecord(data) && hasOwn(data, part)) data = data[part];
      else return null;
    }
    return data;
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return kindOf(value) === "object";
}

/** The kinds of JSON; `date` for what only rules and their input have, `odd` for a fraction. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Instant || value instanceof DateTime) return "date";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "number" : "odd";
  return typeof value;
}

/** Empty, zero, false and null are falsy. A fraction and a date-time are neither. */
export function isTruthy(value: unknown): boolean {
  const kind = kindOf(value);
  if (kind === "array") return (value as unknown[]).length > 0;
  if (kind === "object") return Object.keys(value as object).length > 0;
  if (value instanceof Instant) return true;
  if (kind === "odd" || kind === "date") throw ruleOpen("neither truthy nor falsy");
  return Boolean(value);
}

export const negation =
  (operand: Rule): Rule =>
  (data) =>
    !isTruthy(operand(data));

export const choice =
  (guard: Rule, then: Rule, otherwise: Rule): Rule =>
  (data) =>
    isTruthy(guard(data)) ? then(data) : otherwise(data);

/** The first falsy value, else the last one. */
export const conjunction =
  (operands: Rule[]): Rule =>
  (data) => {
    let value: unknown = true;
    for (const operand of operands) {
      value = operand(data);
      if (!isTruthy(value)) return value;
    }
    return value;
  };

/** Equal and of one type. Open for dates, and for two arrays or objects. */
export function same(left: unknown, right: unknown): boolean {
  const [kind, other] = [kindOf(left), kindOf(right)];
  for (const each of [kind, other]) if (each === "date" || each === "odd") throw ruleOpen("no equality");
  if (kind !== other) return false;
  if (kind === "array" || kind === "object") throw ruleOpen("no equality");
  return left === right;
}

export const equality =
  (left: Rule, right: Rule): Rule =>
  (data) =>
    same(left(data), right(data));

export const membership =
  (operand: Rule, items: Rule): Rule =>
  (data) => {
    const value = operand(data);
    const list = items(data);
    if (!Array.isArray(list)) throw ruleOpen("in: not an array");
    return list.some((item) => same(value, item));
  };

export const integer =
  (operand: Rule): Rule =>
  (data) => {
    const value = operand(data);
    if (kindOf(value) !== "number") throw ruleOpen("not an integer");
    return value;
  };

/** Milliseconds of a date-time that a rule has made. */
export const moment =
  (operand: Rule): Rule =>
  (data) => {
    const value = operand(data);
    if (!(value instanceof DateTime)) throw ruleOpen("not a date-time");
    return value.milliseconds;
  };

/** Two or three operands that give integers, or moments in milliseconds. */
export const comparison =
  (holds: (left: number, right: number) => boolean, operands: Rule[]): Rule =>
  (data) => {
    const values = operands.map((operand) => operand(data)) as number[];
    return values.slice(1).every((value, at) => holds(values[at]!, value));
  };

export const addition =
  (left: Rule, right: Rule): Rule =>
  (data) => {
    const sum = (integer(left)(data) as number) + (integer(right)(data) as number);
    if (!Number.isSafeInteger(sum)) throw ruleOpen("+: sum too large");
    return sum;
  };

export function plusTime(operand: Rule, amount: number, unit: string): Rule {
  const months = CALENDAR_UNITS.get(unit);
  if (months !== undefined && amount) {
    return (data) => new DateTime(addMonths(milliseconds(operand(data)), amount * months));
  }
  const shift = amount * (FIXED_UNITS.get(unit) ?? 0);
  return (data) => new DateTime(milliseconds(operand(data)) + shift);
}

export const dateOfBirth =
  (operand: Rule): Rule =>
  (data) =>
    new DateTime(ofPartialDate(operand(data)));

export const uvciPart =
  (operand: Rule, index: number): Rule =>
  (data) => {
    const value = operand(data);
    if (value === null) return null;
    if (typeof value !== "string") throw ruleOpen("extractFromUVCI: not a string");
    const parts = (value.startsWith(UVCI_PREFIX) ? value.slice(UVCI_PREFIX.length) : value).split(UVCI_SEPARATOR);
    return parts[index] ?? null;
  };

/** `reduce`. The step sees `accumulator`, `current` and, as `data`, what stood around it. */
export const fold =
  (operand: Rule, step: Rule, initial: Rule): Rule =>
  (data) => {
    const items = operand(data);
    let value = initial(data);
    if (items === null) return value;
    if (!Array.isArray(items) || items.length > MAX_REDUCED_ITEMS) throw ruleOpen("reduce: no array, or too long");
    for (const current of items) value = step({ accumulator: value, current, data });
    return value;
  };
