// The native form `TX1:`, as in credentials/formats/native.

import { CredentialError, tooLarge } from "../../errors";
import { MAX_CREDENTIAL_BYTES, MAX_CREDENTIAL_TEXT_CHARACTERS, MAX_TEXT_CHARACTERS, STEPS } from "../../profile";
import * as base45 from "../../wire/base45";
import * as cose from "../../wire/cose";

export const PREFIX = "TX1:";
export { STEPS };

const ESCAPED_SPACE = /%20/g;
/** White space as Python has it, of which that of JavaScript leaves out some; and the byte order mark. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: separators that Python takes for white space.
const AROUND = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/;
/** A hand scanner's word for QR (ISO/IEC 15424). */
const SYMBOLOGY = /^\]Q[0-6]/;

/** Take a `TX1:` text apart, without believing it. Throws `not-a-credential`, `too-large` or `malformed`. */
export function unwrap(text: string): cose.Envelope {
  return openText(text, PREFIX, MAX_CREDENTIAL_TEXT_CHARACTERS, (data) => cose.openLayout(data, MAX_CREDENTIAL_BYTES));
}

/**
 * Apply `open` to the bytes behind `prefix`. What stands around it is taken off; `%20` can stand in a sound text, so
 * it is undone only where the text as it stands makes no sense (hcert-spec #64, #72).
 */
export function openText<Opened>(
  text: string,
  prefix: string,
  most: number,
  open: (data: Uint8Array) => Opened,
): Opened {
  if (codePoints(text) > MAX_TEXT_CHARACTERS) throw tooLarge(MAX_TEXT_CHARACTERS, "characters");
  text = bare(text);
  if (!text.startsWith(prefix)) throw new CredentialError("not-a-credential", `no ${prefix} prefix`);
  try {
    return openBody(text, prefix, most, open);
  } catch (error) {
    const isOdd = error instanceof CredentialError && error.code !== "not-a-credential";
    if (!isOdd || !text.includes("%20")) throw error;
  }
  return openBody(text.replace(ESCAPED_SPACE, " "), prefix, most, open);
}

/** A code's text without what a picture, a clipboard, a file or a hand scanner puts around it. */
export function bare(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && AROUND.test(text[start]!)) start++;
  while (start < end && AROUND.test(text[end - 1]!)) end--;
  return text.slice(start, end).replace(SYMBOLOGY, "");
}

function openBody<Opened>(text: string, prefix: string, most: number, open: (data: Uint8Array) => Opened): Opened {
  if (codePoints(text) > most) throw tooLarge(most, "characters");
  return open(base45.decode(text.slice(prefix.length)));
}

/** Characters as Python counts them: a pair of surrogates is one. */
function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at + 1 < text.length; at++) {
    if (text.codePointAt(at)! > 0xffff) {
      count--;
      at++;
    }
  }
  return count;
}
