// Dates and times as FHIR writes them, as exactly as they are known; as in credentials/formats/smart_health_card/times.py.

import { malformed } from "../../errors";
import type { Json } from "../../wire/strict_json";
import { dayOf, momentOf } from "../eu_dcc/times";
import type { CardLenience } from "./leniences";

const DAY_CHARACTERS = 10;
const PARTIAL = /^[0-9]{4}(?:-[0-9]{2})?$/;

/** Seconds UTC, and whether it is known to the day; a month or a year comes as its beginning. Throws `malformed`. */
export function dateTimeOf(value: Json | undefined, note: (lenience: CardLenience) => void): [number, boolean] {
  if (typeof value !== "string") throw malformed("a date is missing, or no text");
  // Texts of an EU card never need another lenience than this one where they come without tags.
  const without = () => note("time-without-zone");
  if ([...value].length > DAY_CHARACTERS) return [momentOf(value, without), true];
  if (!PARTIAL.test(value)) return [dayOf(value, without), true];
  note("date-not-a-day");
  return [dayOf(`${value}-01-01`.slice(0, DAY_CHARACTERS), without), false];
}
