// CertLogic, compiled once into closures under bounds; as in credentials/recognition/language/certlogic.py.

import { CredentialError, ruleSetInvalid } from "../../errors";
import { isObject } from "../../wire/jws";
import type { Json } from "../../wire/strict_json";
import { CALENDAR_UNITS, FIXED_UNITS } from "./instants";
import * as operators from "./operators";
import { MAX_REDUCED_ITEMS, type Rule } from "./operators";

const MAX_DEPTH = 24;
const MAX_NODES = 2_000;
const MAX_STEPS = 100_000;
const MAX_PATH_CHARACTERS = 200;
const MAX_TIME_AMOUNT = 1_000_000;
const PATH = /^(?:[^.]+(?:\.[^.]+)*)?$/;

const NUMBER_COMPARISONS = { "<": less, ">": more, "<=": notMore, ">=": notLess };
const DATE_COMPARISONS = { before: less, after: more, "not-after": notMore, "not-before": notLess };

/** What a rule says. `open`: it cannot tell. */
export type RuleState = "pass" | "fail" | "open";

/** True is pass, false is fail; every other value, and every evaluation that ends in an error, is open. */
export function evaluate(rule: Rule, data: unknown): RuleState {
  try {
    const value = rule(data);
    return value === true ? "pass" : value === false ? "fail" : "open";
  } catch (error) {
    if (error instanceof CredentialError && error.code === "rule-open") return "open";
    throw error;
  }
}

/** Make a callable of an expression. Throws `rule-set-invalid` for what is not CertLogic or passes a bound. */
export function compileRule(logic: Json): Rule {
  requireBounds(logic);
  return allOf(logic);
}

/**
 * As `compileRule`, for a rule that is in force: what is no expression is open where it is reached. Reached late is what
 * stands behind the first part of `if` and of `and`, and the step of `reduce`. Throws `rule-set-invalid` past a bound.
 */
export function compileSoundParts(logic: Json): Rule {
  requireBounds(logic);
  return soundParts(logic);
}

/** Compiles an operand that is not always reached. */
type Later = (logic: Json) => Rule;

const allOf: Later = (logic) => compile(logic, allOf);

const soundParts: Later = (logic) => {
  try {
    return compile(logic, soundParts);
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    return operators.unsound;
  }
};

function requireBounds(logic: Json): void {
  require(size(logic, 1, MAX_DEPTH) <= MAX_NODES, `rule with more than ${MAX_NODES} expressions`);
  require(size(logic, MAX_REDUCED_ITEMS, MAX_DEPTH) <= MAX_STEPS, `rule with more than ${MAX_STEPS} steps`);
}

export function isLiteral(logic: Json | undefined): boolean {
  return typeof logic === "string" || typeof logic === "boolean" || Number.isSafeInteger(logic);
}

function isLiteralArray(logic: Json): boolean {
  return Array.isArray(logic) && logic.every(isLiteral);
}

/** Evaluations of the expression when every `reduce` runs `repeat` times; what is none counts as one. */
function size(logic: Json, repeat: number, levels: number): number {
  if (isLiteral(logic) || isLiteralArray(logic)) return 1;
  require(levels > 0, `rule deeper than ${MAX_DEPTH} levels`);
  const sum = (items: Json[]) => items.map((item) => size(item, repeat, levels - 1));
  if (Array.isArray(logic)) return 1 + total(sum(logic));
  const found = operation(logic);
  if (!found) return 1;
  const [name, operands] = found;
  const sizes = sum(operands);
  if (name === "reduce" && sizes.length > 1) sizes[1]! *= repeat;
  return 1 + total(sizes);
}

function total(sizes: number[]): number {
  return sizes.reduce((sum, each) => sum + each, 0);
}

/** Name and operands; null for what is no operation, null and fractions among it. */
function operation(logic: Json): [string, Json[]] | null {
  const entries = isObject(logic) ? Object.entries(logic) : [];
  if (entries.length !== 1) return null;
  const [name, operands] = entries[0]!;
  if (name === "var") return [name, [operands]];
  return Array.isArray(operands) ? [name, operands] : null;
}

function compile(logic: Json, later: Later): Rule {
  if (isLiteral(logic) || isLiteralArray(logic)) return operators.constant(logic);
  if (Array.isArray(logic)) return operators.array(logic.map((item) => compile(item, later)));
  const [name, operands] = operation(logic) ?? [];
  const compileOperation = name === undefined ? undefined : OPERATIONS.get(name);
  if (!compileOperation) throw ruleSetInvalid("not an expression");
  return compileOperation(operands!, later);
}

function require(condition: boolean, detail: string): void {
  if (!condition) throw ruleSetInvalid(detail);
}

type Compiler = (operands: Json[], later: Later) => Rule;

/** For operators whose operands are all expressions, `count` of them; the numbers of those not always reached. */
function exactly(count: number, build: (...operands: Rule[]) => Rule, reachedLate: readonly number[] = []): Compiler {
  return (operands, later) => {
    require(operands.length === count, `an operator with ${count} operands has ${operands.length}`);
    return build(
      ...operands.map((operand, at) => (reachedLate.includes(at) ? later(operand) : compile(operand, later))),
    );
  };
}

function compileVariable([path]: Json[]): Rule {
  if (typeof path !== "string" || [...path].length > MAX_PATH_CHARACTERS || !PATH.test(path)) {
    throw ruleSetInvalid("var: not a path");
  }
  return operators.variable(path);
}

function compileConjunction(operands: Json[], later: Later): Rule {
  require(operands.length >= 2, "and: fewer than two operands");
  return operators.conjunction([compile(operands[0]!, later), ...operands.slice(1).map(later)]);
}

function comparison(holds: (left: number, right: number) => boolean, kind: (operand: Rule) => Rule): Compiler {
  return (operands, later) => {
    require(operands.length === 2 || operands.length === 3, "a comparison needs two or three operands");
    return operators.comparison(
      holds,
      operands.map((operand) => kind(compile(operand, later))),
    );
  };
}

function compilePlusTime(operands: Json[], later: Later): Rule {
  require(operands.length === 3, "plusTime: not three operands");
  const [moment, amount, unit] = operands as [Json, Json, Json];
  if (typeof amount !== "number" || !Number.isInteger(amount) || Math.abs(amount) > MAX_TIME_AMOUNT) {
    throw ruleSetInvalid("plusTime: amount is no small integer");
  }
  if (typeof unit !== "string" || !(FIXED_UNITS.has(unit) || CALENDAR_UNITS.has(unit))) {
    throw ruleSetInvalid("plusTime: unknown unit");
  }
  const rule = operators.plusTime(compile(moment, later), amount, unit);
  if (typeof moment !== "string") return rule;
  const isDate = (data: unknown) => {
    rule(data);
    return true;
  };
  require(evaluate(isDate, null) === "pass", "plusTime: not a date");
  return operators.constant(rule(null));
}

function compileUvciPart(operands: Json[], later: Later): Rule {
  require(operands.length === 2 && Number.isSafeInteger(operands[1]), "extractFromUVCI: no text and index");
  return operators.uvciPart(compile(operands[0]!, later), operands[1] as number);
}

function less(left: number, right: number): boolean {
  return left < right;
}

function more(left: number, right: number): boolean {
  return left > right;
}

function notMore(left: number, right: number): boolean {
  return left <= right;
}

function notLess(left: number, right: number): boolean {
  return left >= right;
}

const OPERATIONS: ReadonlyMap<string, Compiler> = new Map<string, Compiler>([
  ["var", compileVariable],
  ["if", exactly(3, operators.choice as (...operands: Rule[]) => Rule, [1, 2])],
  ["and", compileConjunction],
  ["!", exactly(1, operators.negation as (...operands: Rule[]) => Rule)],
  ["===", exactly(2, operators.equality as (...operands: Rule[]) => Rule)],
  ["in", exactly(2, operators.membership as (...operands: Rule[]) => Rule)],
  ["+", exactly(2, operators.addition as (...operands: Rule[]) => Rule)],
  ["plusTime", compilePlusTime],
  ["dccDateOfBirth", exactly(1, operators.dateOfBirth as (...operands: Rule[]) => Rule)],
  ["extractFromUVCI", compileUvciPart],
  ["reduce", exactly(3, operators.fold as (...operands: Rule[]) => Rule, [1])],
  ...Object.entries(NUMBER_COMPARISONS).map(([name, holds]) => [name, comparison(holds, operators.integer)] as const),
  ...Object.entries(DATE_COMPARISONS).map(([name, holds]) => [name, comparison(holds, operators.moment)] as const),
]);
