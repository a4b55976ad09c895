// The texts of a card's symbols, two digits a character; as in credentials/formats/smart_health_card/parts.py.

import { WHITE } from "../../characters";
import { CannotTell, CredentialError, malformed, tooLarge } from "../../errors";
import type { CardLenience } from "./leniences";
import { MAX_CARD_CHARACTERS, MAX_PARTS } from "./limits";
import { NUMBERED, PREFIX } from "./prefix";

const DIGITS = /^[0-9]+$/;
/** Of a compact JWS. */
const CHARACTERS = /^[-._0-9A-Za-z]*$/;
/** The character that the digits 00 stand for, `-`; 77 is `z`. */
const FIRST = 45;
const BETWEEN = new RegExp(WHITE);
const MIXED = "parts-mixed";

/** What is wrong with symbols that do not belong together. */
export function mixed(detail: string): CredentialError {
  return new CredentialError(MIXED, detail);
}

/** The compact JWS of the symbols' texts. Throws `parts-missing`, `parts-mixed`, `too-large`, `malformed`. */
export function together(text: string, note: (lenience: CardLenience) => void): string {
  const parts = separated(text).map(part);
  const { total } = parts[0]!;
  const found = new Map<number, string>();
  for (const { number, total: other, digits } of parts) {
    if (other !== total || (found.get(number) ?? digits) !== digits) throw mixed("symbols of different cards");
    if (found.has(number)) note("part-repeated");
    found.set(number, digits);
  }
  const digits = Array.from({ length: total }, (_, at) => found.get(at + 1));
  if (digits.includes(undefined)) throw new CannotTell("parts-missing", "not all symbols are there");
  if (total === 1 && text.slice(PREFIX.length).includes("/")) note("part-of-one");
  return characters(digits.join(""));
}

/** At most as many pieces as a card may have symbols twice over; the rest is one more. */
function separated(text: string): string[] {
  const found: string[] = [];
  let rest = text;
  for (let match = BETWEEN.exec(rest); match && found.length < 2 * MAX_PARTS; match = BETWEEN.exec(rest)) {
    found.push(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
  }
  return [...found, rest];
}

function part(text: string): { number: number; total: number; digits: string } {
  if (!text.startsWith(PREFIX)) throw mixed("something else among the symbols of a card");
  const match = NUMBERED.exec(text);
  const digits = text.slice(match ? match[0].length : PREFIX.length);
  if (!DIGITS.test(digits) || digits.length % 2) throw malformed("no even number of digits");
  const [number, total] = match ? [Number(match[1]), Number(match[2])] : [1, 1];
  if (number > total || total > MAX_PARTS) throw malformed(`symbol ${number} of ${total}`);
  return { number, total, digits };
}

/** What an even run of digits stands for. */
function characters(digits: string): string {
  if (digits.length / 2 > MAX_CARD_CHARACTERS) throw tooLarge(MAX_CARD_CHARACTERS, "characters");
  const codes = Array.from({ length: digits.length / 2 }, (_, at) => FIRST + Number(digits.slice(2 * at, 2 * at + 2)));
  const found = codes.map((code) => String.fromCharCode(code)).join("");
  if (!CHARACTERS.test(found)) throw malformed("a pair of digits that stands for no character of a JWS");
  return found;
}
