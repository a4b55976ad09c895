// What a foreign card says, in the terms of native evidence; as in credentials/foreign/facts.py.

import type { EvidenceKind, EvidenceResult } from "../profile";

/** SNOMED CT: the disease that a host's rules are about. */
export const COVID_19 = "840539006";

/** What a foreign card is about; keys may be for some of them only. `other`: several of them, or none. */
export const CARD_KINDS = ["vaccination", "test", "recovery", "other"] as const;
export type CardKind = (typeof CARD_KINDS)[number];

/**
 * One fact. `kind` and `result` null: the card has a code there that no list has. `sampledAt`: seconds UTC, when the dose
 * was given, the sample taken, or the first positive test was. `identifier` names one person's card for ever. Null, and an
 * empty `identifier`: the card does not say.
 */
export interface ForeignEvidence {
  kind: EvidenceKind | null;
  result: EvidenceResult | null;
  sampledAt: number;
  disease: string | null;
  country: string | null;
  source: string | null;
  identifier: string;
  product: string | null;
  dose: number | null;
  doses: number | null;
  validFrom: string | null;
  validUntil: string | null;
}

/**
 * A foreign card whose signature holds. `issuer`: of the key that verified it; `claimedIssuer`: what the card says.
 * `birthDate`: as the card has it, a day, a month, a year, or nothing. `leniences`: what was odd and is allowed.
 */
export interface ForeignFacts {
  format: string;
  kind: CardKind;
  issuer: string;
  claimedIssuer: string | null;
  issuedAt: number | null;
  /** Null: it has no end. */
  expiresAt: number | null;
  name: string;
  birthDate: string;
  evidence: readonly ForeignEvidence[];
  leniences: readonly string[];
  /** By what its issuer would withdraw it; null: it cannot be withdrawn. */
  revocation: string | null;
  /** What the card says as JSON values, for rules over the card itself; null: there are none for its format. */
  original: (() => unknown) | null;
}

/** Whether it is of the disease that rules are about. */
export function isAbout({ disease }: ForeignEvidence): boolean {
  return disease === COVID_19;
}

/** Whether a rule can be about it: the disease is the one that rules are about, and its codes are on a list. */
export function isKnown(piece: ForeignEvidence): boolean {
  return isAbout(piece) && piece.kind !== null && piece.result !== null;
}
