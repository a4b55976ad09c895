// The judge. The recipe, step by step, is that of verifier/judging/recipe.py, where its reasons stand:
//
//  1. form         prefix, size, Base45, fixed layout; nothing is believed yet
//  2. trust        there is a trust list, and it is not too old for the policy
//  3. key          the kid is known, not denied, for credentials and of a member in this environment
//  4. signature    the issuer's, with the algorithm pinned on the key
//  5. claims       decoded only now; closed lists, bounds, combinations
//  6. issuer       `iss` is the key's member, whose root key has not just changed
//  7. permission   the member may issue this status and form, and the key was active at iat
//  8. decision     a yellow, red or pending status names its decision; without one it is no colour
//  9. time         the gate's clock is not in doubt, the lifetime is within its form's, not expired
// 10. holder       a phone or assisted code is inside a live presentation by its own key, now: signed a moment ago, or
//                  over the challenge that this gate has just shown
// 11. withdrawal   the issuer's status data is there, fresh enough, and the bit is not set
// 12. source       a converted code's source is neither withdrawn, nor denied, nor expired
// 13. recognition  the host does not deny this issuer, and admits the status and the form
// 14. rules        the host member's rule set passes
// 15. replay       the live code was not shown before: the gate's own step, for it alone remembers

import { withHotlines } from "./advice";
import * as claims from "../../../credentials/browser/claims";
import * as cose from "../../../credentials/browser/wire/cose";
import { CannotTell, CredentialError, malformed } from "../../../credentials/browser/errors";
import { NATIVE } from "../../../credentials/browser/algorithms/table";
import {
  CLOCK_SKEW_SECONDS,
  MAX_LIFETIME_PAPER_SECONDS,
  MAX_LIFETIME_PHONE_SECONDS,
  MAX_LIFETIME_WITHOUT_STATUS_SECONDS,
} from "../../../credentials/browser/limits";
import type { Source, StatusCredential, StatusReference } from "../../../credentials/browser/model";
import * as presentation from "../../../credentials/browser/formats/presentation";
import type { RuleSet } from "../../../credentials/browser/recognition/ruleset";
import { isWithdrawn } from "../../../credentials/browser/status/snapshot";
import type { StepName } from "./steps";
import * as table from "../../../credentials/browser/formats/table";
import { rulesAt, type Knowledge, type Policy, type Trust } from "./knowledge";
import { type TrustedKey } from "../../../credentials/browser/keys";
import { finding, outcomeOf, type DecidingRules, type Finding, type Verdict } from "./verdict";
import { evidenceInWords } from "../../../credentials/browser/recognition/words";

const MAX_LIFETIME = {
  phone: MAX_LIFETIME_PHONE_SECONDS,
  assisted: MAX_LIFETIME_PHONE_SECONDS,
  paper: MAX_LIFETIME_PAPER_SECONDS,
};

/**
 * Judge one code at `at` (seconds UTC) by what this gate knows. Never rejects, whatever `text` is.
 * `clockInDoubt`: the device's clock is known to be wrong, and `at` only a lower bound of the time.
 * `challenge`: the one that was shown to this holder, when it is this gate's own and has not ended.
 */
export async function judge(
  text: string,
  knowledge: Knowledge,
  at: number,
  policy: Policy,
  clockInDoubt = false,
  challenge: presentation.Challenge | null = null,
): Promise<Verdict> {
  const examination = new Examination(knowledge, at, policy, clockInDoubt, challenge);
  try {
    await examination.run(text);
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    if (error instanceof CannotTell) examination.leaveOpen(error.code);
    else examination.find(error.code);
  }
  return examination.verdict();
}

/** One check on its way through the recipe: the step where it stands, and what it has found so far. */
class Examination {
  private step: StepName = "form";
  private kid: string | null = null;
  private readonly findings: Finding[] = [];
  private readonly openSteps: StepName[] = [];
  private credential: StatusCredential | null = null;
  private live: presentation.Presentation | null = null;
  private rules: DecidingRules | null = null;
  private trustAge: number | null = null;

  constructor(
    private readonly knowledge: Knowledge,
    private readonly at: number,
    private readonly policy: Policy,
    private clockInDoubt: boolean,
    private readonly challenge: presentation.Challenge | null,
  ) {}

  /** Go through the recipe. Throws the CredentialError of the step that ends it. */
  async run(text: string): Promise<void> {
    // 1. form
    const [envelope, live] = table.unwrap(text);
    this.live = live;
    // 2. trust
    this.step = "trust";
    const trust = this.requireTrust();
    // 3. key
    this.step = "key";
    this.kid = envelope.kid;
    const key = this.key(envelope.kid, trust);
    // 4. signature
    this.step = "signature";
    const verified = await cose.verify(envelope, key);
    // 5. claims
    this.step = "claims";
    const credential = claims.decode(verified);
    // 6. issuer
    this.step = "issuer";
    if (credential.issuer !== key.member.id) throw new CredentialError("issuer-mismatch");
    if (this.at < key.member.changed_until) throw new CannotTell("member-changed");
    // 7. permission
    this.step = "permission";
    requirePermission(credential, key);
    // From here on it is shown: what a member had no right to say is nobody's colour.
    this.credential = credential;
    // 8. decision
    this.step = "decision";
    if (credential.decisionReference === null && credential.status !== "green") throw new CannotTell("no-decision");
    // 9. time
    this.step = "time";
    this.requireTime(credential);
    // 10. holder
    this.step = "holder";
    await this.requireHolder(credential);
    // 11. withdrawal
    this.step = "withdrawal";
    this.requireNotWithdrawn(credential);
    // 12. source
    this.step = "source";
    if (credential.source) this.requireSource(credential, credential.source, trust);
    // 13. recognition
    this.step = "recognition";
    const ruleSet = this.requireRecognition(credential);
    // 14. rules
    if (ruleSet) {
      this.step = "rules";
      this.requireRules(credential, ruleSet);
    }
  }

  /** What the findings come to. */
  verdict(): Verdict {
    const { credential, knowledge } = this;
    const status = credential && knowledge.statuses.get(credential.issuer);
    const found = withHotlines(this.findings, credential, this.kid, this.rules, knowledge.trust);
    const [outcome, reasons] = outcomeOf(found, knowledge.reasons);
    return {
      outcome,
      reasons,
      notes: credential && !this.findings.length ? this.notes(credential) : [],
      credential,
      live: this.live,
      trustAge: this.trustAge,
      statusAge: status ? Math.max(0, this.at - status.asOf) : null,
      lastStep: this.step,
      openSteps: this.openSteps,
      rules: this.rules,
    };
  }

  /** Note a reason for which it is not accepted. */
  find(code: string, zh?: string, en?: string, zhHk?: string): void {
    this.findings.push(finding(code, zh, en, zhHk));
  }

  /** Note what cannot be decided, and go on: a refusal further down is worth more to the guard. */
  leaveOpen(code: string): void {
    this.openSteps.push(this.step);
    this.find(code);
  }

  private notes(credential: StatusCredential): Finding[] {
    // A live relay and a code signed ahead for a friend pass every step: the guard's eyes are what is left.
    const eyes = finding(credential.form === "phone" ? "compare-holder" : "check-document");
    const isAging = this.trustAge !== null && this.trustAge > this.policy.trust_warn;
    return isAging ? [finding("trust-aging"), eyes] : [eyes];
  }

  private requireTrust(): Trust {
    const { trust } = this.knowledge;
    if (!trust) throw new CannotTell("trust-missing");
    this.trustAge = trust.age(this.at);
    if (this.trustAge > this.policy.trust_refuse) this.leaveOpen("trust-stale");
    return trust;
  }

  private key(kid: string, trust: Trust): TrustedKey {
    // Denials first: a thief writes any iat, so a denied key verifies nothing at all.
    if (trust.denied.has(kid)) throw new CredentialError("key-denied");
    const key = trust.keys.get(kid);
    if (!key) {
      const isFresh = this.trustAge! <= this.policy.unknown_key_fresh && trust.isWhole;
      throw isFresh ? new CredentialError("unknown-key") : new CannotTell("unknown-key-old-list");
    }
    if (key.use !== "credential") throw new CredentialError("key-use-mismatch");
    if (key.member.environment !== this.policy.environment) throw new CredentialError("wrong-environment");
    return key;
  }

  private requireTime(credential: StatusCredential): void {
    // An issuer that we believe says a time to come: then it is the gate's clock that is slow.
    if (this.clockInDoubt || credential.issuedAt > this.at + CLOCK_SKEW_SECONDS) {
      this.clockInDoubt = true;
      this.leaveOpen("clock-in-doubt");
    }
    if (credential.expiresAt - credential.issuedAt > MAX_LIFETIME[credential.form]) {
      throw new CredentialError("lifetime-too-long");
    }
    if (this.at >= credential.expiresAt) throw new CredentialError("expired");
  }

  private async requireHolder(credential: StatusCredential): Promise<void> {
    const { live } = this;
    if (credential.form === "paper") {
      if (live) throw malformed("a paper code inside a presentation");
      return;
    }
    if (!live) throw new CredentialError("presentation-missing");
    const holderKey = await NATIVE.importPoint(credential.holderKey!);
    if (live.mode === presentation.NONCE) return this.requireAnswer(live, holderKey);
    await presentation.verify(live, holderKey);
    const age = this.at - live.time;
    // A clock that is slow makes a code look too new, never too old.
    const tooNew = age < -this.policy.presentation_ahead && !this.clockInDoubt;
    if (tooNew || age > this.policy.presentation_age) throw new CredentialError("presentation-expired");
    if (this.policy.nonce_required) this.leaveOpen("nonce-required");
  }

  /** That it answers the challenge. The phone's clock is not asked: that is what a challenge is for. */
  private async requireAnswer(live: presentation.Presentation, holderKey: CryptoKey): Promise<void> {
    if (!this.challenge) throw new CredentialError("challenge-not-answered", "no challenge of this gate");
    // Another phone, or the challenge before this one: the signature does not tell which.
    await presentation.verify(live, holderKey, this.challenge, "challenge-not-answered");
  }

  private requireNotWithdrawn(credential: StatusCredential): void {
    const reference = credential.statusReference;
    if (reference) {
      if (this.isWithdrawn(credential.issuer, reference, credential.issuedAt)) throw new CredentialError("withdrawn");
    } else if (credential.expiresAt - credential.issuedAt > MAX_LIFETIME_WITHOUT_STATUS_SECONDS) {
      throw new CredentialError("status-reference-invalid", "no reference on a code that lives over an hour");
    }
  }

  /** Whether the bit is set; false with the step left open when this gate cannot tell. */
  private isWithdrawn(member: string, reference: StatusReference, issuedAt: number): boolean {
    const snapshot = this.knowledge.statuses.get(member);
    if (!snapshot) {
      this.leaveOpen("status-missing");
      return false;
    }
    let isStale = this.at - snapshot.asOf > this.policy.status_refuse || this.at >= snapshot.expiresAt;
    const list = snapshot.lists.get(reference.list);
    if (!list && issuedAt > snapshot.asOf - CLOCK_SKEW_SECONDS) {
      // The list may have been opened after the newest data that this gate has.
      isStale = true;
    } else if (list && this.at >= list.expiresAt) {
      throw new CredentialError("status-reference-invalid", "the list is retired");
    } else if (isWithdrawn(snapshot, reference)) {
      return true;
    }
    if (isStale) this.leaveOpen("status-stale");
    return false;
  }

  private requireSource(credential: StatusCredential, source: Source, trust: Trust): void {
    if (trust.denied.has(source.kid)) throw new CredentialError("source-withdrawn", "the source's key is denied");
    const key = this.key(source.kid, trust);
    if (key.member.id !== source.issuer) throw new CredentialError("issuer-mismatch", "source");
    if (this.at < key.member.changed_until) this.leaveOpen("member-changed");
    if (credential.expiresAt > source.expiresAt) throw new CredentialError("lifetime-too-long");
    if (this.isWithdrawn(source.issuer, source, credential.issuedAt)) throw new CredentialError("source-withdrawn");
  }

  /** The rule set to go on with; null when there is none, or when the host denies an issuer. */
  private requireRecognition(credential: StatusCredential): RuleSet | null {
    if (!this.policy.forms.includes(credential.form)) throw new CredentialError("form-not-accepted");
    const ruleSet = rulesAt(this.knowledge, this.at);
    if (!ruleSet) {
      this.leaveOpen("rules-missing");
      return null;
    }
    this.rules = { member: ruleSet.member, ruleSet: ruleSet.ruleSet, version: ruleSet.version, rule: null };
    for (const issuer of [credential.issuer, ...(credential.source ? [credential.source.issuer] : [])]) {
      const denial = ruleSet.denialOf(issuer, this.at);
      if (denial) {
        this.find("recognition-denied", denial.reason.zh, denial.reason.en);
        return null;
      }
    }
    if (!ruleSet.acceptedStatuses.has(credential.status)) throw new CredentialError("status-not-accepted");
    if (!ruleSet.acceptedForms.has(credential.form)) throw new CredentialError("form-not-accepted");
    return ruleSet;
  }

  private requireRules(credential: StatusCredential, ruleSet: RuleSet): void {
    const { state, rule } = ruleSet.judge(credential, this.at);
    if (state === "pass") return;
    const held = evidenceInWords(credential.evidence, this.at);
    let [zh, zhHk, en] = [`此码：${held[0]}。`, `此碼：${held[1]}。`, `This code: ${held[2]}.`];
    if (rule) {
      this.rules = { ...this.rules!, rule: rule.id };
      const { needed } = rule;
      [zh, zhHk, en] = [`所需：${needed.zh}。${zh}`, `所需：${needed.zh}。${zhHk}`, `Needed: ${needed.en}. ${en}`];
    }
    if (state === "open") this.openSteps.push(this.step);
    this.find(state === "fail" ? "rule-failed" : "rule-open", zh, en, zhHk);
  }
}

function requirePermission(credential: StatusCredential, key: TrustedKey): void {
  const { statuses, forms } = key.member.may_issue;
  if (!statuses.includes(credential.status) || !forms.includes(credential.form)) {
    throw new CredentialError("not-permitted");
  }
  if (!key.isActive(credential.issuedAt)) throw new CredentialError("key-not-active");
}
