// A decision reference as it is read aloud, as in credentials/decisions/short_reference.py: eight characters of which the last checks the
// others.

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const OVER = 32;
const FIELD = 0b100101;

/** `ABCD EFGH` of a reference in hex. */
export function shortReference(reference: string): string {
  const bits = BigInt(`0x${reference.slice(0, 10)}`) >> 5n;
  const values = [6, 5, 4, 3, 2, 1, 0].map((place) => Number((bits >> BigInt(5 * place)) & 31n));
  const check = times(values.reduce((found, value) => times(found) ^ value, 0));
  const text = [...values, check].map((value) => ALPHABET[value]).join("");
  return `${text.slice(0, 4)} ${text.slice(4)}`;
}

const times = (value: number) => ((value << 1) & OVER ? (value << 1) ^ FIELD : value << 1);
