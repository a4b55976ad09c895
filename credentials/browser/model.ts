// What a credential says once it has been read, as in credentials/model.py. Wire number = position in the list + 1.

export const STATUSES = ["green", "yellow", "red", "pending"] as const;
export const FORMS = ["phone", "assisted", "paper"] as const;
export const REASONS = [
  "no-finding",
  "test-recent",
  "test-missing",
  "test-positive",
  "close-contact",
  "contact-of-contact",
  "risk-area-stay",
  "symptoms",
  "quarantine",
  "inbound-travel",
  "review-open",
  "converted",
] as const;
export const EVIDENCE_KINDS = ["nucleic-acid", "antigen", "vaccination", "recovery", "quarantine", "travel"] as const;
export const EVIDENCE_RESULTS = ["negative", "positive", "inconclusive", "completed"] as const;
export const GUARDIANS = ["parent", "child", "spouse", "relative", "care-home", "school"] as const;

export type Status = (typeof STATUSES)[number];
export type Form = (typeof FORMS)[number];
export type Reason = (typeof REASONS)[number];
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];
export type EvidenceResult = (typeof EVIDENCE_RESULTS)[number];
export type Guardian = (typeof GUARDIANS)[number];

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
