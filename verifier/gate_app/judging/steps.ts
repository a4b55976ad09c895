// The steps of the recipe, in its order, as in verifier/judging/steps.py. Each takes the examination on, or throws: a
// CredentialError refuses, and ends the check; its kind CannotTell ends it undecided.

import { NATIVE } from "../../../credentials/browser/algorithms/table";
import { CannotTell, CredentialError, malformed } from "../../../credentials/browser/errors";
import * as claims from "../../../credentials/browser/formats/native/claims";
import * as presentation from "../../../credentials/browser/formats/presentation";
import * as table from "../../../credentials/browser/formats/table";
import type { TrustedKey } from "../../../credentials/browser/keys";
import type { StatusReference } from "../../../credentials/browser/model";
import {
  FORMS,
  MAX_ISSUED_AHEAD_SECONDS,
  MAX_LIFETIME_WITHOUT_STATUS_SECONDS,
  MAX_LIST_DELAY_SECONDS,
} from "../../../credentials/browser/profile";
import type { RuleResult, RuleSet } from "../../../credentials/browser/recognition/ruleset";
import { evidenceInWords, type PieceOfEvidence } from "../../../credentials/browser/recognition/words";
import * as withdrawals from "../../../credentials/browser/status/snapshot";
import * as cose from "../../../credentials/browser/wire/cose";
import { label } from "../../../credentials/browser/words";
import type { Examination } from "./examination";
import { rulesAt } from "./knowledge";

/** Take the text apart. */
export async function form(check: Examination): Promise<void> {
  const format = await table.recognised(check.text);
  check.isOfCard = format.isForeign ?? false;
  const unwrapped = await format.unwrap(check.text);
  check.steps = format.STEPS;
  if ("foreign" in unwrapped) {
    check.otherwise = (await table.arrived(import("./foreign_steps"))).of(unwrapped);
    return;
  }
  if ("envelope" in unwrapped) check.live = unwrapped;
  check.envelope = "envelope" in unwrapped ? unwrapped.envelope : unwrapped;
}

/** There is a trust list; one that is too old, or not proven where the profile asks for that, leaves the step open. */
export function trust(check: Examination): void {
  const { trust } = check.knowledge;
  if (!trust) throw new CannotTell("trust-missing");
  check.trusted = trust;
  check.trustAge = trust.age(check.at);
  if (check.trustAge > check.policy.trust_refuse) check.leaveOpen("trust-stale");
  if (check.policy.proof_required && check.isUnproven) check.leaveOpen("trust-unproven");
}

/** Find the key that the code names. */
export function key(check: Examination): void {
  check.kid = check.envelope.kid;
  check.issuer = findKey(check, check.kid);
}

/** Verify the issuer's signature. */
export async function signature(check: Examination): Promise<void> {
  check.payload = await cose.verify(check.envelope, check.issuer);
}

/** Decode the claims. */
export function read(check: Examination): void {
  check.claims = claims.decode(check.payload);
}

/** `iss` is the key's member, whose root key has not just changed. */
export function issuer(check: Examination): void {
  if (check.claims.issuer !== check.issuer.member.id) throw new CredentialError("issuer-mismatch");
  if (check.at < check.issuer.member.changed_until) throw new CannotTell("member-changed");
}

/** From here on the code is shown: what a member had no right to say is nobody's colour. */
export function permission(check: Examination): void {
  const { claims: credential, issuer } = check;
  const { statuses, forms } = issuer.member.may_issue;
  if (!statuses.includes(credential.status) || !forms.includes(credential.form)) {
    throw new CredentialError("not-permitted");
  }
  if (!issuer.isActive(credential.issuedAt)) throw new CredentialError("key-not-active");
  check.credential = credential;
}

/** A yellow, red or pending status names its decision. */
export function decision(check: Examination): void {
  const { decisionReference, status } = check.claims;
  if (decisionReference === null && status !== "green") throw new CannotTell("no-decision");
}

/** A clock in doubt leaves the step open. */
export function time(check: Examination): void {
  const { issuedAt, expiresAt, form } = check.claims;
  // An issuer that we believe says a time to come: then it is the gate's clock that is slow.
  if (check.clockInDoubt || issuedAt > check.at + MAX_ISSUED_AHEAD_SECONDS) {
    check.clockInDoubt = true;
    check.leaveOpen("clock-in-doubt");
  }
  if (expiresAt - issuedAt > FORMS[form].maxLifetimeSeconds) throw new CredentialError("lifetime-too-long");
  if (check.at >= expiresAt) throw new CredentialError("expired");
}

/** A phone or assisted code is inside a live presentation by its own key. */
export async function holder(check: Examination): Promise<void> {
  const { live, claims: credential } = check;
  if (!FORMS[credential.form].isBound) {
    if (live) throw malformed("a paper code inside a presentation");
    return;
  }
  if (!live) throw new CredentialError("presentation-missing");
  const holderKey = await NATIVE.importPoint(credential.holderKey!);
  if (live.mode === presentation.NONCE) return requireAnswer(check, live, holderKey);
  await presentation.verify(live, holderKey);
  const age = check.at - live.time;
  // A clock that is slow makes a code look too new, never too old.
  const tooNew = age < -check.policy.presentation_ahead && !check.clockInDoubt;
  if (tooNew || age > check.policy.presentation_age) throw new CredentialError("presentation-expired");
  if (check.policy.nonce_required) check.leaveOpen("nonce-required");
}

/** The bit is not set. Status data that is missing or stale leaves the step open. */
export function withdrawal(check: Examination): void {
  const { issuer, statusReference, issuedAt, expiresAt } = check.claims;
  if (statusReference) {
    if (isWithdrawn(check, issuer, statusReference)) throw new CredentialError("withdrawn");
  } else if (expiresAt - issuedAt > MAX_LIFETIME_WITHOUT_STATUS_SECONDS) {
    throw new CredentialError("status-reference-invalid", "no reference on a code that lives over an hour");
  }
}

/** A converted code's source is neither withdrawn, nor denied, nor expired. */
export function source(check: Examination): void {
  const { source, expiresAt } = check.claims;
  if (!source) return;
  if (check.trusted.denied.has(source.kid)) throw new CredentialError("source-withdrawn", "the source's key is denied");
  const key = findKey(check, source.kid);
  if (key.member.id !== source.issuer) throw new CredentialError("issuer-mismatch", "source");
  if (check.at < key.member.changed_until) check.leaveOpen("member-changed");
  if (expiresAt > source.expiresAt) throw new CredentialError("lifetime-too-long");
  if (isWithdrawn(check, source.issuer, source)) throw new CredentialError("source-withdrawn");
}

/** The host admits issuer, status and form. Without a rule set, and after a denial, there are no rules to ask. */
export function recognition(check: Examination): void {
  const { claims: credential } = check;
  if (!check.policy.forms.includes(credential.form)) throw new CredentialError("form-not-accepted");
  const ruleSet = findRules(check);
  if (!ruleSet) return;
  for (const issuer of [credential.issuer, ...(credential.source ? [credential.source.issuer] : [])]) {
    const denial = ruleSet.denialOf(issuer, check.at);
    if (denial) {
      check.find("recognition-denied", denial.reason);
      check.isOver = true;
      return;
    }
  }
  if (!ruleSet.acceptedStatuses.has(credential.status)) throw new CredentialError("status-not-accepted");
  if (!ruleSet.acceptedForms.has(credential.form)) throw new CredentialError("form-not-accepted");
  check.ruleSet = ruleSet;
}

/** Ask the host's rules. One that fails is found; one that cannot be evaluated leaves the step open. */
export function rules(check: Examination): void {
  foundByRule(check, check.ruleSet.judge(check.claims, check.at), check.claims.evidence);
}

/** Note what the rules say where they do not pass, with what was there and what was needed. */
export function foundByRule(
  check: Examination,
  { state, rule }: RuleResult,
  evidence: readonly PieceOfEvidence[],
): void {
  if (state === "pass") return;
  const held = evidenceInWords(evidence, check.at);
  let detail = label(check.isOfCard ? "verdict.held-by-card" : "verdict.held", { evidence: held });
  if (rule) {
    check.rules = { ...check.rules!, rule: rule.id };
    detail = label("verdict.needed", { needed: rule.needed, held: detail });
  }
  if (state === "open") check.openSteps.push(check.step);
  check.find(state === "fail" ? "rule-failed" : "rule-open", detail);
}

/** The host's rules. Without any the step stays open, and there is nothing further to ask. */
export function findRules(check: Examination): RuleSet | null {
  const ruleSet = rulesAt(check.knowledge, check.at);
  if (!ruleSet) {
    check.leaveOpen("rules-missing");
    check.isOver = true;
    return null;
  }
  check.rules = { member: ruleSet.member, ruleSet: ruleSet.ruleSet, version: ruleSet.version, rule: null };
  return ruleSet;
}

/** What it means that nobody has the key: on a fresh list that there is none, on an old one nothing. */
export function findNoKey({ trusted, trustAge, policy }: Examination): CredentialError {
  const isFresh = trustAge! <= policy.unknown_key_fresh && trusted.isWhole;
  return isFresh ? new CredentialError("unknown-key") : new CannotTell("unknown-key-old-list");
}

function findKey(check: Examination, kid: string): TrustedKey {
  const { trusted, policy } = check;
  // Denials first: a thief writes any iat, so a denied key verifies nothing at all.
  if (trusted.denied.has(kid)) throw new CredentialError("key-denied");
  const key = trusted.keys.get(kid);
  if (!key) throw findNoKey(check);
  if (key.use !== "credential") throw new CredentialError("key-use-mismatch");
  if (key.member.environment !== policy.environment) throw new CredentialError("wrong-environment");
  return key;
}

/** That it answers the challenge. The phone's clock is not asked: that is what a challenge is for. */
async function requireAnswer(check: Examination, live: presentation.Presentation, holderKey: CryptoKey): Promise<void> {
  if (!check.challenge) throw new CredentialError("challenge-not-answered", "no challenge of this gate");
  // Another phone, or the challenge before this one: the signature does not tell which.
  await presentation.verify(live, holderKey, check.challenge, "challenge-not-answered");
}

/** Whether the bit is set; false with the step left open when this gate cannot tell. */
function isWithdrawn(check: Examination, member: string, reference: StatusReference): boolean {
  const snapshot = check.knowledge.statuses.get(member);
  if (!snapshot) {
    check.leaveOpen("status-missing");
    return false;
  }
  let isStale = check.at - snapshot.asOf > check.policy.status_refuse || check.at >= snapshot.expiresAt;
  const list = snapshot.lists.get(reference.list);
  if (!list && check.claims.issuedAt > snapshot.asOf - MAX_LIST_DELAY_SECONDS) {
    // The list may have been opened after the newest data that this gate has.
    isStale = true;
  } else if (list && check.at >= list.expiresAt) {
    throw new CredentialError("status-reference-invalid", "the list is retired");
  } else if (withdrawals.isWithdrawn(snapshot, reference)) {
    return true;
  }
  if (isStale) check.leaveOpen("status-stale");
  return false;
}
