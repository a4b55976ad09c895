// Claim codes (领取码) as people type them, as in issuer/phones/claim_codes.py: sixteen digits of which the last two check the
// others, so that a slip is found here and no try is used up.

export const CLAIM_CODE_DIGITS = 16;
const GROUP = /([0-9]{4})(?=[0-9])/g;
const BETWEEN = /[\s\-_.·]/g;

/** The digits of what was typed: in whatever groups, and in full-width digits as well. */
export function digitsOf(typed: string): string {
  return typed.normalize("NFKC").replace(BETWEEN, "");
}

/** In fours, as on the slip of paper and on a bank card. */
export function grouped(typed: string): string {
  return digitsOf(typed).replace(GROUP, "$1 ");
}

/** Whether such a claim code can exist: read as one number it leaves 1 (ISO/IEC 7064, MOD 97-10). */
export function isSound(digits: string): boolean {
  return /^[0-9]+$/.test(digits) && digits.length === CLAIM_CODE_DIGITS && BigInt(digits) % 97n === 1n;
}

/** What is wrong with what was typed, before anybody is asked: how many digits are missing or too many, or a slip. */
export function faultOf(digits: string): { name: "missing" | "tooMany"; count: number } | { name: "mistyped" } | null {
  const missing = CLAIM_CODE_DIGITS - digits.length;
  if (/^[0-9]*$/.test(digits) && missing !== 0)
    return { name: missing > 0 ? "missing" : "tooMany", count: Math.abs(missing) };
  return isSound(digits) ? null : { name: "mistyped" };
}
