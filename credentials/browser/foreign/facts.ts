// What a foreign card says, in the terms of native evidence; as in credentials/foreign/facts.py.

import type { EvidenceKind, EvidenceResult } from "../profile";

/** SNOMED CT: the disease that a host's rules are about. */
const COVID_19 = "840539006";

/** What a foreign card is about; keys may be for some of them only. */
export const CARD_KINDS = ["vaccination", "test", "recovery"] as const;
export type CardKind = (typeof CARD_KINDS)[number];

/**
 * One fact. `kind` and `result` null: the card has a code there that no list has. `sampledAt`: seconds UTC, when the dose
 * was given, the sample taken, or the first positive test was. `identifier` names one person's card for ever.
 */
export interface ForeignEvidence {
  kind: EvidenceKind | null;
  result: EvidenceResult | null;
  sampledAt: number;
  disease: string;
  country: string;
  source: string;
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
  expiresAt: number;
  name: string;
  birthDate: string;
  evidence: readonly ForeignEvidence[];
  leniences: readonly string[];
}

/** Whether a rule can be about it: the disease is the one that rules are about, and its codes are on a list. */
export function isKnown({ disease, kind, result }: ForeignEvidence): boolean {
  return disease === COVID_19 && kind !== null && result !== null;
}
