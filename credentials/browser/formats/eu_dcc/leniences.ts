// What EU cards do that their specification does not, and that is read all the same: by the names, and for the reasons, of
// the one table in credentials/formats/eu_dcc/leniences.py.

export type Lenience =
  | "tag-missing"
  | "tag-of-cwt"
  | "kid-unprotected"
  | "algorithm-unprotected"
  | "issued-at-missing"
  | "time-as-float"
  | "time-tagged"
  | "time-without-zone"
  | "date-with-time"
  | "number-as-float"
  | "empty-group"
  | "several-entries"
  | "name-not-shown";

/** Notes a lenience that a card needs. */
export type Note = (lenience: Lenience) => void;
