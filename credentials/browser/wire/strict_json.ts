// The one reader of JSON that somebody signed, as in credentials/wire/strict_json.py. What JSON.parse leaves open, which
// of two members of one name counts among it, is refused; else the two judges could read one document in two ways.

import { malformed } from "../errors";
import { MAX_JSON_DEPTH } from "../profile";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const MAX_NUMBER_CHARACTERS = 300;
/** Of sound JSON: each text, number, bracket and colon. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][-+.0-9eE]*|[{}[\]:]/g;
const HALF_A_PAIR = /[\ud800-\udfff]/u;

/**
 * Strict JSON: UTF-8 without byte order mark, no duplicate names, no number that a double cannot hold or that has more
 * than 300 characters, no lone surrogate, at most 64 levels. Throws `malformed`.
 */
export function parseJson(data: Uint8Array): Json {
  const text = utf8Text(data);
  if (/^[ \t\n\r]*$/.test(text)) throw malformed("empty, where JSON is needed");
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw malformed("not strict JSON");
  }
  requireStrict(text);
  return value;
}

/** Bytes in UTF-8 as text. Throws `malformed`, which tells UTF-16, as shells and editors on Windows write it, apart. */
function utf8Text(data: Uint8Array): string {
  const [first, second] = data;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isMarked || first === 0 || second === 0) throw malformed("in UTF-16, where UTF-8 is needed");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw malformed("not UTF-8");
  }
}

function requireStrict(text: string): void {
  /** Of each object around: the names that it has so far; null for an array. */
  const around: (Set<string> | null)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") around.push(token === "{" ? new Set() : null);
    else if (token === "}" || token === "]") around.pop();
    else if (token === ":") requireNew(around[around.length - 1]!, JSON.parse(last) as string);
    else if (token.startsWith('"')) requireWhole((last = token));
    else if (token.length > MAX_NUMBER_CHARACTERS || !Number.isFinite(Number(token)))
      throw malformed("number out of range");
    if (around.length > MAX_JSON_DEPTH) throw malformed("JSON nested too deeply");
  }
}

function requireNew(names: Set<string>, name: string): void {
  if (names.has(name)) throw malformed("duplicate name in JSON");
  names.add(name);
}

function requireWhole(token: string): void {
  if (token.includes("\\u") && HALF_A_PAIR.test(JSON.parse(token) as string)) throw malformed("half a surrogate pair");
}

/** As `Object.hasOwn` of younger browsers. */
export function hasOwn(value: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(value, name);
}
