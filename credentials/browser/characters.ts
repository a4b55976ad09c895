// Which characters a signed text may hold, as in credentials/profile/characters.py. Classes of Unicode (`\p{…}`) differ from
// browser to browser; these ranges do not.

import { HIDDEN } from "./profile";

const range = (code: number): string => `\\u{${code.toString(16)}}`;
const SHOWN = new RegExp(`^[^${HIDDEN.map(([first, last]) => `${range(first)}-${range(last)}`).join("")}]*$`, "u");

/** Whether people see all of `text`; true for the empty one. */
export function isShown(text: string): boolean {
  return SHOWN.test(text);
}
