// What SMART Health Cards do that their specification does not, and that is read all the same: by the names, and for the
// reasons, of the one table in credentials/formats/smart_health_card/leniences.py.

export type CardLenience =
  | "part-of-one"
  | "part-repeated"
  | "time-without-zone"
  | "date-not-a-day"
  | "name-in-pieces"
  | "person-missing";
