// What a host member's signed rule set says about a credential; as in credentials/recognition/ruleset.py.

import { type ForeignFacts, isAbout, isKnown } from "../foreign/facts";
import type { StatusCredential } from "../model";
import { EVIDENCE_KINDS, type Form, type Label, type Status } from "../profile";
import { evaluate, type RuleState } from "./language/certlogic";
import { isWithin } from "./language/instants";
import type { Rule } from "./language/operators";
import { foreignRuleInput, ruleInput } from "./language/vocabulary";

/** The host does not recognise a member until `expiresAt` (seconds UTC, exclusive). */
export interface RecognitionDenial {
  reason: Label;
  expiresAt: number;
}

/** One rule; `kinds` of evidence to which it applies, `none` among them for a code without evidence. */
export interface RecognitionRule {
  id: string;
  kinds: ReadonlySet<string>;
  text: Label;
  needed: Label;
  rule: Rule;
}

export interface RuleResult {
  state: RuleState;
  rule: Omit<RecognitionRule, "kinds"> | null;
}

/** The rules of a set over foreign cards themselves; `byEvidence`: what those for codes say. */
export interface OverCards {
  judge(facts: ForeignFacts, at: number, byEvidence: () => RuleResult): RuleResult;
}

/** A member's rule set, in force from `validFrom` until before `validUntil` (seconds UTC). */
export class RuleSet {
  constructor(
    readonly member: string,
    readonly ruleSet: number,
    readonly version: number,
    readonly sequence: number,
    readonly validFrom: number,
    readonly validUntil: number | null,
    readonly acceptedStatuses: ReadonlySet<Status>,
    readonly acceptedForms: ReadonlySet<Form>,
    readonly rules: readonly RecognitionRule[],
    readonly denials: ReadonlyMap<string, RecognitionDenial>,
    readonly overCards: OverCards | null,
  ) {}

  inForce(at: number): boolean {
    return isWithin(this.validFrom, this.validUntil, at);
  }

  /** The denial of recognition of this member that applies now. One that has ended does not. */
  denialOf(member: string, at: number): RecognitionDenial | null {
    const denial = this.denials.get(member);
    return denial && at < denial.expiresAt ? denial : null;
  }

  /** Fail as soon as an applying rule fails; else open when one is open or a kind has none; else pass. */
  judge(credential: StatusCredential, at: number): RuleResult {
    const held = new Set(credential.evidence.map((piece) => piece.kind));
    const kinds = held.size ? EVIDENCE_KINDS.filter((each) => held.has(each)) : ["none"];
    return this.judgeKinds(kinds, ruleInput(credential, at), at);
  }

  /** The same of a foreign card: by the rules over cards themselves, where the set has some, and else by its evidence. */
  judgeForeign(facts: ForeignFacts, at: number): RuleResult {
    const byEvidence = () => this.judgeEvidence(facts, at);
    return this.overCards && this.inForce(at) ? this.overCards.judge(facts, at, byEvidence) : byEvidence();
  }

  /** What the rules for codes say of a card's evidence. What no list has is of a kind without a rule, and so is a card with nothing about
   * the disease; what it says of other diseases beside that is nothing to a rule. */
  private judgeEvidence({ evidence, issuedAt }: ForeignFacts, at: number): RuleResult {
    const held = new Set(evidence.filter(isAbout).map((piece) => (isKnown(piece) ? piece.kind : null)));
    const isOpen = held.has(null) || !held.size;
    const kinds = [...EVIDENCE_KINDS.filter((each) => held.has(each)), ...(isOpen ? [""] : [])];
    return this.judgeKinds(kinds, foreignRuleInput(evidence, issuedAt, at), at);
  }

  private judgeKinds(kinds: readonly string[], data: unknown, at: number): RuleResult {
    if (!this.inForce(at)) return { state: "open", rule: null };
    let opened: RuleResult | null = null;
    for (const kind of kinds) {
      const applying = this.rules.filter((rule) => rule.kinds.has(kind));
      if (!applying.length) opened ??= { state: "open", rule: null };
      for (const rule of applying) {
        const state = evaluate(rule.rule, data);
        if (state === "fail") return { state, rule };
        if (state === "open") opened ??= { state, rule };
      }
    }
    return opened ?? { state: "pass", rule: null };
  }
}
