// Whose card it is: name and date of birth of the FHIR patient; as in credentials/formats/smart_health_card/person.py.

import { isShown, stripped } from "../../characters";
import { malformed } from "../../errors";
import { isObject } from "../../wire/jws";
import type { Json } from "../../wire/strict_json";
import type { CardLenience } from "./leniences";
import { MAX_FIELD_CHARACTERS } from "./limits";

type Fields = { readonly [name: string]: Json };
const BIRTH = /^(?:[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)?$/;
const MAX_GIVEN = 8;

/** Family and given names of the first name, or its text. Throws `malformed` for none that can be shown. */
export function nameOf({ name: names }: Fields, note: (lenience: CardLenience) => void): string {
  const first = Array.isArray(names) ? names[0] : undefined;
  if (!isObject(first)) throw malformed("no name");
  const { family, given, text } = first;
  const pieces = [family, ...(Array.isArray(given) ? given.slice(0, MAX_GIVEN) : [])];
  const joined = pieces
    .flatMap((each) => (typeof each === "string" ? [stripped(each)] : []))
    .filter(Boolean)
    .join(" ");
  const full = joined || text;
  if (typeof full !== "string" || !full || [...full].length > MAX_FIELD_CHARACTERS)
    throw malformed("no name, or too long");
  if (isShown(full)) return full;
  const seen = [...full].filter(isShown).join("");
  if (!stripped(seen)) throw malformed("no name that can be shown");
  note("name-in-pieces");
  return seen;
}

/** A day, a month, a year, or nothing. Throws `malformed`. */
export function birthDateOf(patient: Fields): string {
  const { birthDate = "" } = patient;
  if (typeof birthDate !== "string" || !BIRTH.test(birthDate)) throw malformed("not a date of birth");
  return birthDate;
}
