// Who can be a member at all, as in credentials/regions.py. Names come from the trust list.

const PROVINCES =
  "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82".split(" ");
const XPCC = 66;

export const MEMBERS: ReadonlySet<string> = new Set([
  ...PROVINCES.map((code) => `CN-${code}`),
  "CN-XPCC",
  "CN-D-HC",
  "CN-D-IM",
  "CN-D-CU",
]);
const REGION_CODES: ReadonlySet<number> = new Set([...PROVINCES.map(Number), XPCC]);

/** Whether it is built like a GB/T 2260 code: six digits in a known province. */
export function isRegion(code: unknown): code is number {
  return isWhole(code, 110_000, 829_999) && REGION_CODES.has(Math.floor(code / 10_000));
}

/** Whether it is an integer from `least` to `most`, both included. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}
