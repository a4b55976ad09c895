// Which characters a signed text may hold, as in credentials/profile/characters.py. Classes of Unicode (`\p{…}`) differ from
// browser to browser; these ranges do not.

import { HIDDEN } from "./profile";

const range = (code: number): string => `\\u{${code.toString(16)}}`;
const SHOWN = new RegExp(`^[^${HIDDEN.map(([first, last]) => `${range(first)}-${range(last)}`).join("")}]*$`, "u");

/** Whether people see all of `text`; true for the empty one. */
export function isShown(text: string): boolean {
  return SHOWN.test(text);
}

/** A run of white space as Python has it. */
export const WHITE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const AROUND = new RegExp(`^${WHITE}|${WHITE}$`, "g");

/** A text without the white space at its ends, as Python has it. */
export function stripped(text: string): string {
  return text.replace(AROUND, "");
}
