// One check on its way through the recipe, as in verifier/judging/examination.py.

import { CannotTell, type CredentialError } from "../../../credentials/browser/errors";
import type { Challenge, Presentation } from "../../../credentials/browser/formats/presentation";
import type { TrustedKey } from "../../../credentials/browser/keys";
import type { StatusCredential } from "../../../credentials/browser/model";
import { FORMS, type Label, STEPS, type StepName } from "../../../credentials/browser/profile";
import type { RuleSet } from "../../../credentials/browser/recognition/ruleset";
import type { Envelope, VerifiedPayload } from "../../../credentials/browser/wire/cose";
import { withContacts } from "./advice";
import type { ForeignExamination } from "./foreign_steps";
import type { Knowledge, Policy, Trust } from "./knowledge";
import { type DecidingRules, type Finding, finding, outcomeOf, type Verdict } from "./verdict";

/**
 * What the steps of the recipe work on. A step fills in what the steps after it need. `text` and `envelope` are what
 * somebody wrote, `payload` what the issuer's key has signed, `claims` what that says; `credential` is what may be shown.
 */
export class Examination {
  envelope!: Envelope;
  trusted!: Trust;
  issuer!: TrustedKey;
  payload!: VerifiedPayload;
  claims!: StatusCredential;
  /** The host's, for the last step. */
  ruleSet!: RuleSet;
  /** Whether a step has left nothing for the steps after it, though nothing was thrown. */
  isOver = false;
  /** Of a card that no member signed: what its steps do otherwise than those of codes, and what may be shown of it. */
  otherwise: ForeignExamination | null = null;
  /** Whether the text begins as such a card, sound or not. */
  isOfCard = false;
  /** Those that the text's format has. */
  steps: readonly StepName[] = STEPS;
  step: StepName = "form";
  kid: string | null = null;
  live: Presentation | null = null;
  credential: StatusCredential | null = null;
  rules: DecidingRules | null = null;
  trustAge: number | null = null;
  readonly openSteps: StepName[] = [];
  private readonly findings: Finding[] = [];

  constructor(
    readonly text: string,
    readonly knowledge: Knowledge,
    readonly at: number,
    readonly policy: Policy,
    public clockInDoubt: boolean,
    readonly challenge: Challenge | null,
  ) {}

  /** Note the error that ends the check: a refusal, or what leaves nothing further to be believed. */
  end(error: CredentialError): void {
    if (error instanceof CannotTell) this.leaveOpen(error.code);
    else this.find(error.code, error.words ?? undefined);
  }

  /** Note a reason for which it is not accepted, with what this code adds to it. */
  find(code: string, detail?: Label): void {
    this.findings.push({ ...finding(code, detail), isOfCard: this.isOfCard });
  }

  /** Note what cannot be decided, and go on: a refusal further down is worth more to the guard. */
  leaveOpen(code: string): void {
    this.openSteps.push(this.step);
    this.find(code);
  }

  /** What the findings come to. */
  verdict(): Verdict {
    const { credential, knowledge } = this;
    const status = credential && knowledge.statuses.get(credential.issuer);
    const found = withContacts(this.findings, credential, this.kid, this.rules, knowledge.trust);
    const [outcome, reasons] = outcomeOf(found, knowledge.reasons);
    return {
      outcome,
      reasons,
      notes: outcome === "accepted" ? this.notes(credential) : [],
      credential,
      foreign: this.otherwise?.shown ?? null,
      live: this.live,
      trustAge: this.trustAge,
      statusAge: status ? Math.max(0, this.at - status.asOf) : null,
      steps: this.steps,
      lastStep: this.step,
      openSteps: this.openSteps,
      rules: this.rules,
    };
  }

  /** Whether the list has lacked its proof in the public record for longer than guards are spared it. */
  get isUnproven(): boolean {
    const since = this.knowledge.trust?.unprovenSince ?? null;
    return since !== null && this.at - since > this.policy.unproven_warn;
  }

  private notes(credential: StatusCredential | null): Finding[] {
    // A live relay, a code signed ahead for a friend and a borrowed card pass every step: the guard's eyes are left.
    const eyes = finding(credential ? FORMS[credential.form].note : "compare-travel-document");
    const isAging = this.trustAge !== null && this.trustAge > this.policy.trust_warn;
    const told = [...(isAging ? ["trust-aging"] : []), ...(this.isUnproven ? ["record-missing"] : [])];
    return [...told.map((code) => finding(code)), eyes];
  }
}
