// The steps of the recipe for cards that no member signed, where they differ from those for codes; as in
// verifier/judging/foreign_steps.py. A gate loads them with its first foreign card.
//
// A gate believes a foreign key because the host member's signed list has it, and judges what the card says by the host's
// rules. Nothing of a card is a colour.

import { CannotTell, CredentialError } from "../../../credentials/browser/errors";
import * as envelope from "../../../credentials/browser/foreign/envelope";
import type { ForeignFacts } from "../../../credentials/browser/foreign/facts";
import { type ForeignKey, ISO_COUNTRIES, NO_COUNTRY } from "../../../credentials/browser/foreign/keys";
import type { UnwrappedCard } from "../../../credentials/browser/formats/table";
import { MAX_ISSUED_AHEAD_SECONDS, MAX_KEY_EARLY_SECONDS, type StepName } from "../../../credentials/browser/profile";
import type { Examination } from "./examination";
import { findNoKey, findRules, foundByRule } from "./steps";

type Take = (check: Examination) => void | Promise<void>;

/** A card on its way through the recipe: the steps that are its own, and what may be shown of it. */
export interface ForeignExamination {
  readonly steps: { readonly [name in StepName]?: Take };
  readonly shown: ForeignFacts | null;
}

export function of({ foreign, card }: UnwrappedCard): ForeignExamination {
  return new Card(foreign, card);
}

class Card implements ForeignExamination {
  shown: ForeignFacts | null = null;
  readonly steps = {
    key: (check: Examination) => this.findKeys(check),
    signature: () => this.verify(),
    claims: () => void (this.facts = this.format.read(this.verified)),
    issuer: () => this.issuer(),
    permission: () => this.permission(),
    time: (check: Examination) => this.time(check),
    recognition: (check: Examination) => recognition(check),
    rules: (check: Examination) => this.rules(check),
  };
  private keys: readonly ForeignKey[] = [];
  private verified!: envelope.VerifiedCard;
  private facts!: ForeignFacts;

  constructor(
    private readonly format: envelope.ForeignFormat,
    private readonly card: envelope.ForeignEnvelope,
  ) {}

  /** Find the keys that the card's kid leads to. */
  private findKeys(check: Examination): void {
    const { foreignKeys } = check.knowledge;
    if (!foreignKeys) throw new CannotTell("foreign-keys-missing");
    this.keys = foreignKeys.keys.named(this.format.NAME, this.card.kid);
    if (!this.keys.length) throw findNoKey(check);
  }

  /** Verify the signature by one of them. */
  private async verify(): Promise<void> {
    this.verified = await envelope.verify(this.card, this.keys);
  }

  /** A card that names another country than its key's is nobody's (hcert-spec #52). */
  private issuer(): void {
    const { issuer, claimedIssuer } = this.facts;
    if (issuer === NO_COUNTRY || claimedIssuer === null) return;
    if ((ISO_COUNTRIES.get(claimedIssuer) ?? claimedIssuer) !== issuer) throw new CredentialError("issuer-mismatch");
  }

  /** For its kind the key may sign, and it did in its time. From here on the card is shown. */
  private permission(): void {
    const { facts } = this;
    const { kinds, notBefore, notAfter } = this.verified.key;
    if (!kinds.has(facts.kind)) throw new CredentialError("key-use-mismatch");
    const { issuedAt } = facts;
    const isActive = issuedAt === null || (notBefore - MAX_KEY_EARLY_SECONDS <= issuedAt && issuedAt < notAfter);
    if (!isActive) throw new CredentialError("key-not-active");
    this.shown = facts;
  }

  /** At the second of its end a card still counts. A clock in doubt leaves the step open. */
  private time(check: Examination): void {
    const { issuedAt, expiresAt } = this.facts;
    if (check.clockInDoubt || (issuedAt ?? 0) > check.at + MAX_ISSUED_AHEAD_SECONDS) {
      check.clockInDoubt = true;
      check.leaveOpen("clock-in-doubt");
    }
    if (check.at > expiresAt) throw new CredentialError("expired");
  }

  /** Ask the host's rules; a kind without a rule leaves the step open. */
  private rules(check: Examination): void {
    foundByRule(check, check.ruleSet.judgeForeign(this.facts, check.at), this.facts.evidence);
  }
}

/** No rule set leaves the step open; then there are no rules to ask. */
function recognition(check: Examination): void {
  const ruleSet = findRules(check);
  if (ruleSet) check.ruleSet = ruleSet;
}
