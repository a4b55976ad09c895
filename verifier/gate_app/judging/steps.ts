// The steps of the recipe, as in verifier/judging/steps.py.

export const STEPS = [
  "form", "trust", "key", "signature", "claims", "issuer", "permission", "decision", "time", "holder", "withdrawal",
  "source", "recognition", "rules", "replay",
] as const;

export type StepName = (typeof STEPS)[number];
