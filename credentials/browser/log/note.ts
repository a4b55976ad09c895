// Signed notes (C2SP signed-note), as in credentials/log/note.py: a text, an empty line, and a line for each signature.

import { CredentialError, malformed, tooLarge } from "../errors";
import { fromAnyBase64, hasSigned, isKeyName, isKeyOf, KEY_ID_BYTES, type NoteKey } from "./keys";

const MAX_NOTE_BYTES = 131_072;
const MAX_SIGNATURES = 64;
const DASH = "— ";
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const CONTROL = /[\0-\x09\x0b-\x1f]/;

/** One signature, not verified: the key's name, its number, and what it made. */
export interface SignatureLine {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** A text that ends with a line end, and its signatures, not verified. */
export interface SignedNote {
  readonly text: string;
  readonly signatures: readonly SignatureLine[];
}

/** Take a note apart. Throws `too-large`, `malformed`. */
export function readNote(content: Uint8Array): SignedNote {
  if (content.length > MAX_NOTE_BYTES) throw tooLarge(MAX_NOTE_BYTES, "bytes of a signed note");
  const whole = utf8(content);
  // The last empty line is the one that counts: the text may hold others.
  const end = whole.lastIndexOf("\n\n");
  if (CONTROL.test(whole) || end < 0 || !whole.endsWith("\n")) throw malformed("no signed note");
  const lines = whole.slice(end + 2, -1).split("\n");
  if (end + 2 >= whole.length) throw malformed("no signed note: no signature");
  if (lines.length > MAX_SIGNATURES) throw tooLarge(MAX_SIGNATURES, "signatures");
  return { text: `${whole.slice(0, end)}\n`, signatures: lines.map(readLine) };
}

/** Whether one of these keys has signed the note. Throws `wrong-signature` when a line of one of them does not hold. */
export async function checkNote(note: SignedNote, keys: readonly NoteKey[]): Promise<void> {
  const text = new TextEncoder().encode(note.text);
  const found = new Set<NoteKey>();
  for (const { name, keyId, signature } of note.signatures) {
    const key = keys.find((each) => isKeyOf(each, name, keyId));
    if (!key || found.has(key)) continue;
    if (!(await hasSigned(key, signature, text))) throw new CredentialError("wrong-signature", "Ed25519");
    found.add(key);
  }
  if (!found.size) throw new CredentialError("wrong-signature", "no signature of a known key");
}

export function utf8(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw malformed("not UTF-8");
  }
}

function readLine(line: string): SignatureLine {
  const [name, made] = cut(line.slice(DASH.length), " ");
  if (!line.startsWith(DASH) || !isKeyName(name)) throw malformed("no signature line");
  const raw = fromAnyBase64(made);
  if (raw.length <= KEY_ID_BYTES) throw malformed("a signature line without a signature");
  return { name, keyId: raw.subarray(0, KEY_ID_BYTES), signature: raw.subarray(KEY_ID_BYTES) };
}

/** What stands before the first `separator`, and after it. */
export function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
