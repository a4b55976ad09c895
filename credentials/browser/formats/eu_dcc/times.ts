// Dates and moments as EU cards write them: ISO 8601 texts, in the spellings that are in use; as in
// credentials/formats/eu_dcc/times.py.

import { CredentialError, malformed } from "../../errors";
import { midnight } from "../../recognition/language/instants";
import { type ForeignValue, Tagged } from "../../wire/cbor_foreign";
import type { Note } from "./leniences";

const DATE = /^([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.+Z-]{1,30})?$/;
const BIRTH = /^([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)?(T[0-9:.+Z-]{1,30})?$/;
const MOMENT =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})T((?:[01][0-9]|2[0-3])):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2})?)?$/;
const MAX_OFFSET_MINUTES = 15 * 60;

/** The beginning of a date, in seconds UTC. Throws `malformed`. */
export function dayOf(value: ForeignValue | undefined, note: Note): number {
  const match = DATE.exec(untagged(value, note));
  if (!match) throw malformed("not a date");
  if (match[2]) note("date-with-time");
  return beginning(match[1]!);
}

/** A date and time, in seconds UTC; fractions are dropped. Throws `malformed`. */
export function momentOf(value: ForeignValue | undefined, note: Note): number {
  const match = MOMENT.exec(untagged(value, note));
  if (!match) throw malformed("not a date and time");
  const [, date, hour, minute, second, utc, sign, hours = "0", minutes = "0"] = match;
  if (!utc && !sign) note("time-without-zone");
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  const isSound = Math.abs(offset) <= MAX_OFFSET_MINUTES && Number(minute) < 60 && Number(second) < 60;
  if (!isSound) throw malformed("no such moment");
  return beginning(date!) + Number(hour) * 3600 + (Number(minute) - offset) * 60 + Number(second);
}

/** A date of birth as far as it is known: a day, a month, a year, or nothing. Throws `malformed`. */
export function birthDate(value: ForeignValue, note: Note): string {
  const match = BIRTH.exec(untagged(value, note));
  if (!match) throw malformed("not a date of birth");
  if (match[2]) note("date-with-time");
  return match[1] ?? "";
}

function beginning(date: string): number {
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  try {
    return midnight(year, month, day) / 1000;
  } catch (error) {
    if (error instanceof CredentialError) throw malformed("no such day");
    throw error;
  }
}

function untagged(value: ForeignValue | undefined, note: Note): string {
  if (value instanceof Tagged) {
    note("time-tagged");
    value = value.value;
  }
  if (typeof value !== "string") throw malformed("a date is no text");
  return value;
}
