// Who can be a member at all, as in credentials/profile/members.py. Names come with the trust list.

import { MEMBER_NAMES, REGION_CODES } from "./profile";

export const MEMBERS: ReadonlySet<string> = new Set(Object.keys(MEMBER_NAMES));

/** Whether it is built like a GB/T 2260 code: six digits in a known province. */
export function isRegion(code: unknown): code is number {
  return isWhole(code, 110_000, 829_999) && REGION_CODES.includes(Math.floor(code / 10_000));
}

/** Whether it is an integer from `least` to `most`, both included. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}
