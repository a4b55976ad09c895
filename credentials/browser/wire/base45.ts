// Base45 (RFC 9285), as in credentials/wire/base45.py.

import { malformed } from "../errors";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const DIGITS = new Map([...ALPHABET].map((symbol, digit) => [symbol.charCodeAt(0), digit]));

/** The bytes of a Base45 text. Throws `malformed`: a foreign character, a length of 3n + 1, a value too large. */
export function decode(text: string): Uint8Array {
  const rest = text.length % 3;
  if (rest === 1) throw malformed("base45 length");
  const data = new Uint8Array(Math.floor(text.length / 3) * 2 + (rest ? 1 : 0));
  let at = 0;
  for (let start = 0; start < text.length; start += 3) {
    const full = start + 2 < text.length;
    const value = digit(text, start) + 45 * digit(text, start + 1) + (full ? 2025 * digit(text, start + 2) : 0);
    if (value > (full ? 0xffff : 0xff)) throw malformed("base45 value too large");
    if (full) data[at++] = value >> 8;
    data[at++] = value & 0xff;
  }
  return data;
}

/** The Base45 text of `data`. */
export function encode(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 2) {
    const pair = at + 1 < data.length;
    const value = pair ? (data[at]! << 8) | data[at + 1]! : data[at]!;
    text += ALPHABET[value % 45]! + ALPHABET[Math.floor(value / 45) % 45]!;
    if (pair) text += ALPHABET[Math.floor(value / 2025)]!;
  }
  return text;
}

function digit(text: string, at: number): number {
  const found = DIGITS.get(text.charCodeAt(at));
  if (found === undefined) throw malformed("character outside base45");
  return found;
}
