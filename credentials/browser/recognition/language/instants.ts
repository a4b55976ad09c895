// Moments in rules, as in credentials/recognition/language/instants.py. Milliseconds since 1970-01-01T00:00:00Z.

import { ruleOpen } from "../../errors";

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;
export const FIXED_UNITS: ReadonlyMap<string, number> = new Map([
  ["hour", HOUR],
  ["day", DAY],
]);
/** Units whose length depends on the calendar, in months. */
export const CALENDAR_UNITS: ReadonlyMap<string, number> = new Map([
  ["month", 1],
  ["year", 12],
]);

const DATE = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/;
const DATE_TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:Z|([+-])([0-9]{1,2})(?::?([0-9]{2}))?)?$/;

/** A moment in the data: rules see it as they would see a date string. */
export class Instant {
  constructor(readonly milliseconds: number) {}
}

/** A date-time that a rule has made; only these can be compared with each other. */
export class DateTime {
  constructor(readonly milliseconds: number) {}
}

/** The moment of an Instant or a date string. Throws `rule-open` for anything else. */
export function milliseconds(value: unknown): number {
  if (value instanceof Instant) return value.milliseconds;
  if (typeof value === "string") return ofText(value);
  throw ruleOpen("not a date");
}

/** The last day that fits `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, at midnight. Throws `rule-open`. */
export function ofPartialDate(value: unknown): number {
  const match = typeof value === "string" ? DATE.exec(value) : null;
  if (!match) throw ruleOpen("not a date of birth");
  const year = Number(match[1]);
  const month = Number(match[2] ?? 12);
  if (match[3] !== undefined) return midnight(year, month, Number(match[3]));
  midnight(year, month, 1);
  return startOfMonth(year, month + 1) - DAY;
}

/** Add calendar months; days beyond the month's end run over. Throws `rule-open` outside the years 1 to 9999. */
export function addMonths(moment: number, months: number): number {
  const days = Math.floor(moment / DAY);
  const start = new Date(days * DAY);
  requireYear(start.getUTCFullYear());
  const counted = start.getUTCFullYear() * 12 + start.getUTCMonth() + months;
  requireYear(Math.floor(counted / 12));
  const first = startOfMonth(Math.floor(counted / 12), (((counted % 12) + 12) % 12) + 1);
  return first + (start.getUTCDate() - 1) * DAY + (moment - days * DAY);
}

function ofText(text: string): number {
  const match = DATE_TIME.exec(text);
  if (!match) return ofPartialDate(text);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) throw ruleOpen("no such moment");
  const fraction = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  return midnight(year, month, day) + hour * HOUR + minute * 60_000 + second * 1000 - offset(match) + fraction;
}

function offset(match: RegExpExecArray): number {
  if (match[8] === undefined) return 0;
  const [hours, minutes] = [Number(match[9]), Number(match[10] ?? 0)];
  if (hours > 23 || minutes > 59) throw ruleOpen("no such zone");
  return (match[8] === "-" ? -1 : 1) * (hours * HOUR + minutes * 60_000);
}

/** A day that exists, in the years 1 to 9999. Throws `rule-open`. */
/** The beginning of a day that exists, in the years 1 to 9999. Throws `rule-open`. */
export function midnight(year: number, month: number, day: number): number {
  requireYear(year);
  const date = new Date(startOfMonth(year, month) + (day - 1) * DAY);
  if (month < 1 || month > 12 || day < 1 || date.getUTCMonth() !== month - 1) throw ruleOpen("no such day");
  return date.getTime();
}

function startOfMonth(year: number, month: number): number {
  // Date.UTC takes the years 0 to 99 for those of the last century.
  return new Date(0).setUTCFullYear(year, month - 1, 1);
}

function requireYear(year: number): void {
  if (!(year >= 1 && year <= 9999)) throw ruleOpen("outside the calendar");
}

/** Whether something counts at `at` (seconds UTC): from `validFrom` on, until before `validUntil` if any. */
export function isWithin(validFrom: number, validUntil: number | null, at: number): boolean {
  return validFrom <= at && (validUntil === null || at < validUntil);
}
