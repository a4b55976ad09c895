// What a credential says once it has been read, as in credentials/model.py.

import type { EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status } from "./profile";

/** `sampledAt`: seconds UTC, a multiple of ten minutes. `region`: six-digit GB/T 2260 code. */
export interface Evidence {
  kind: EvidenceKind;
  result: EvidenceResult;
  sampledAt: number;
  region: number;
}

export interface StatusReference {
  list: number;
  index: number;
}

/** The code from which a converted one (转码) was made. */
export interface Source extends StatusReference {
  issuer: string;
  kid: string;
  expiresAt: number;
}

/** Times in seconds UTC; `cti`, `decisionReference` and `kid` in lower-case hex; `holderKey` a compressed point. */
export interface StatusCredential {
  issuer: string;
  issuedAt: number;
  expiresAt: number;
  cti: string;
  status: Status;
  reason: Reason;
  ruleSet: readonly [number, number];
  evaluatedBefore: number;
  evidence: readonly Evidence[];
  holderName: string;
  documentTail: string;
  form: Form;
  statusReference: StatusReference | null;
  decisionReference: string | null;
  source: Source | null;
  guardian: Guardian | null;
  holderKey: Uint8Array | null;
}

/** The status to show: a yellow, red or pending without a decision is no colour. */
export function shownStatus(credential: StatusCredential | null): Status | null {
  if (!credential) return null;
  return credential.status === "green" || credential.decisionReference !== null ? credential.status : null;
}
