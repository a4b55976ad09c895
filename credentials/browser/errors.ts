// Errors of the judge, by the same stable codes as credentials/errors.py. `detail` is for engineers and holds nobody.

import type { Label } from "./profile";

export class CredentialError extends Error {
  constructor(
    readonly code: string,
    readonly detail = "",
    /** What people are told beside what is said of the code. */
    readonly words: Label | null = null,
  ) {
    super(detail ? `${code}: ${detail}` : code);
  }
}

/** This gate does not know enough; a later step may still refuse. */
export class CannotTell extends CredentialError {}

export const malformed = (detail: string) => new CredentialError("malformed", detail);
export const tooLarge = (most: number, unit: string) => new CredentialError("too-large", `more than ${most} ${unit}`);
export const ruleOpen = (detail: string) => new CannotTell("rule-open", detail);
export const ruleSetInvalid = (detail: string) => new CredentialError("rule-set-invalid", detail);
