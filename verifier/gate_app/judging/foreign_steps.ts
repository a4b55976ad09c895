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
import { MAX_ISSUED_AHEAD_SECONDS, MAX_KEY_EARLY_SECONDS } from "../../../credentials/browser/profile";
import type { Examination, ForeignExamination } from "./examination";
import { findNoKey, findRules, foundByRule } from "./steps";

export function of({ foreign, card }: UnwrappedCard): ForeignExamination {
  return new Card(foreign, card);
}

class Card implements ForeignExamination {
  shown: ForeignFacts | null = null;
  readonly steps = {
    key: (check: Examination) => this.findKeys(check),
    signature: () => this.verify(),
    claims: () => this.read(),
    issuer: () => this.issuer(),
    permission: () => this.permission(),
    time: (check: Examination) => this.time(check),
    withdrawal: (check: Examination) => this.withdrawal(check),
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

  /** Verify the signature by one of them. Symbols of two cards make a text that nobody has signed: that is no forgery. */
  private async verify(): Promise<void> {
    try {
      this.verified = await envelope.verify(this.card, this.keys);
    } catch (error) {
      const isMixed = this.card.inParts && error instanceof CredentialError && error.code === "wrong-signature";
      throw isMixed ? new CredentialError("parts-mixed", "no signature holds over these symbols") : error;
    }
  }

  /** Decode what it says. */
  private read(): void {
    this.facts = this.format.read(this.verified);
    const { claimedIssuer, issuer } = this.facts;
    if (claimedIssuer === null || claimedIssuer === issuer) return;
    this.verified = envelope.asOf(this.verified, ISO_COUNTRIES.get(claimedIssuer) ?? claimedIssuer, this.keys);
    this.facts = { ...this.facts, issuer: this.verified.key.issuer };
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

  /** Whether a card still counts at the second of its end is its format's to say. A clock in doubt leaves the step open. */
  private time(check: Examination): void {
    const { issuedAt, expiresAt } = this.facts;
    if (check.clockInDoubt || (issuedAt ?? 0) > check.at + MAX_ISSUED_AHEAD_SECONDS) {
      check.clockInDoubt = true;
      check.leaveOpen("clock-in-doubt");
    }
    if (expiresAt === null) return;
    const isOver = check.at > expiresAt || (check.at === expiresAt && !this.format.LAST_SECOND_COUNTS);
    if (isOver) throw new CredentialError("expired");
  }

  /** A card that could be withdrawn, by a key of which nobody has asked, leaves the step open. */
  private withdrawal(check: Examination): void {
    const { revocation, issuedAt } = this.facts;
    const { key } = this.verified;
    if (revocation === null) return;
    if (key.revoked === null) check.leaveOpen("status-missing");
    else if (key.hasWithdrawn(revocation, issuedAt ?? 0)) throw new CredentialError("withdrawn");
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
