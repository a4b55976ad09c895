// Why a file proves nothing, in words that whoever chose it understands.

import { CredentialError } from "../../credentials/browser/errors";

export type Why =
  | "notProof"
  | "cut"
  | "tooLarge"
  | "noLeaf"
  | "noCode"
  | "noPolicy"
  | "policy"
  | "otherLog"
  | "signature"
  | "quorum"
  | "tree"
  | "parts"
  | "author"
  | "approver"
  | "bothStaff"
  | "key"
  | "noList"
  | "fault";

/** `detail` is for engineers. */
export class Unproved extends Error {
  constructor(
    readonly why: Why,
    readonly detail = "",
  ) {
    super(`${why} ${detail}`);
  }
}

const WHY: Partial<Record<string, Why>> = {
  malformed: "cut",
  "too-large": "tooLarge",
  "not-a-credential": "cut",
  "wrong-signature": "signature",
  "quorum-missing": "quorum",
  "record-proof-failed": "parts",
  "unknown-key": "key",
  "key-denied": "key",
  "key-use-mismatch": "key",
  "key-rejected": "key",
  "algorithm-mismatch": "key",
  "issuer-mismatch": "key",
};
/** What `checkInclusion` says, of all that has the code `record-proof-failed`. */
const INCLUSION = "inclusion";

/** What a reader or check throws, as an Unproved; `malformed`: as what its part of the input is then known. */
export async function judged<Made>(check: () => Made | Promise<Made>, malformed: Why = "cut"): Promise<Made> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    const { code, detail } = error;
    const why = code === "malformed" ? malformed : detail === INCLUSION ? "tree" : WHY[code];
    if (!why) throw error;
    throw new Unproved(why, error.message);
  }
}
