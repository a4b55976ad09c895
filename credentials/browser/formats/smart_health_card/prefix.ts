// How texts of SMART Health Cards begin, and which of them are one symbol of several: all that a gate has loaded before it
// is shown one.

/** Of symbols. */
export const PREFIX = "shc:/";
/** Of the JWS itself: its header is a JSON object. */
export const JWS_PREFIX = "eyJ";

/** Behind the prefix of a symbol of several: which, and of how many. */
export const NUMBERED = /^shc:\/([1-9][0-9]?)\/([1-9][0-9]?)\//;

/** Which of how many symbols of a card a text is; null for one that says nothing of others. */
export function partOf(text: string): { number: number; total: number } | null {
  const match = NUMBERED.exec(text);
  return match && match[2] !== "1" ? { number: Number(match[1]), total: Number(match[2]) } : null;
}
