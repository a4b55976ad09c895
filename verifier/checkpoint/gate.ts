// The gate on this device: asks the judge with what is known now, and remembers which live codes were shown here; as
// in verifier/gate.py. It keeps no list of people: what it remembers is a random number and a time, for minutes.

import { effectiveNow, type EffectiveNow } from "../../credentials/browser/clock_bound";
import { NONCE, type Challenge } from "../../credentials/browser/presentation";
import type { Knowledge, Policy } from "../../credentials/browser/trust";
import type { Finding, Verdict } from "../../credentials/browser/verdict";
import { judge } from "../../credentials/browser/verification";
import { Challenges, LIFE_SECONDS } from "./challenges";

/** How long a code that was just shown may be seen again: a camera that reads twice is no fraud. */
const SAME_LANE_SECONDS = 10;
/** From here on the service's clock and this one are not the same time. */
const MAX_APART_SECONDS = 60;

/** What gates of this device remember, whatever they have learned since. */
export class Memory {
  /** First showings: when, and of which credential. */
  readonly shown = new Map<string, { at: number; cti: string; endsAt: number }>();
  /** How far the device's clock is ahead of the service's, in seconds; null: it was not asked since the start. */
  ahead: number | null = null;

  constructor(readonly challenges: Challenges) {}
}

export class Gate {
  constructor(
    readonly knowledge: Knowledge,
    readonly policy: Policy,
    /** The name that its challenges carry. */
    readonly name: string,
    private readonly deviceNow: () => number,
    readonly memory: Memory,
  ) {}

  /**
   * The time to judge by, and whether the device's clock is in doubt. The registry's signed time can show that it is
   * slow; that it is fast only the service can, whose time counts then, and only until the device's is right.
   */
  now(): EffectiveNow {
    const { ahead } = this.memory;
    const isFast = ahead !== null && ahead > MAX_APART_SECONDS;
    const isSlow = ahead !== null && ahead < -MAX_APART_SECONDS;
    const device = this.deviceNow() - (isFast ? ahead : 0);
    const effective = effectiveNow(device, this.knowledge.trust?.registryTime ?? device);
    return { ...effective, doubt: effective.doubt || isFast || isSlow };
  }

  /** What time it most likely is, for the guard who sets the clock. */
  probably(): number {
    const { ahead } = this.memory;
    return ahead === null ? this.now().now : this.deviceNow() - ahead;
  }

  /** Members whose withdrawals are too old here, or missing: their codes are to be checked by hand. */
  staleMembers(now: number): string[] {
    const { trust, statuses } = this.knowledge;
    const issuing = [...(trust?.members.values() ?? [])].filter((member) => member.may_issue.statuses.length);
    return issuing.map((member) => member.id).filter((id) => !(now - (statuses.get(id)?.asOf ?? 0) <= this.policy.status_refuse));
  }

  /** Ask the next phone: a challenge that its answer is signed over. */
  ask(): Challenge {
    return this.memory.challenges.ask(this.name);
  }

  /** Judge one code. Never rejects for any text. */
  async check(text: string): Promise<Verdict> {
    const { now, doubt } = this.now();
    const challenge = this.memory.challenges.open;
    const verdict = await judge(text, this.knowledge, now, this.policy, doubt, challenge);
    return verdict.outcome === "accepted" && verdict.live ? this.remembered(verdict, now, challenge) : verdict;
  }

  private remembered(verdict: Verdict, at: number, challenge: Challenge | null): Verdict {
    const judged: Verdict = { ...verdict, lastStep: "replay" };
    const code = this.earlierUse(judged, at, challenge);
    if (code) return { ...judged, outcome: "refused", reasons: [finding(code)], notes: [] };
    if (this.policy.shared_replay_memory) {
      const reasons = [finding("replay-unchecked")];
      return { ...judged, outcome: "undetermined", reasons, notes: [], openSteps: ["replay"] };
    }
    return { ...judged, notes: [...judged.notes, finding("replay-not-shared")] };
  }

  /** The reason when this was shown before; null the first time, and when this lane reads twice. */
  private earlierUse(verdict: Verdict, at: number, challenge: Challenge | null): string | null {
    const { cti } = verdict.credential!;
    const isAnswer = verdict.live!.mode === NONCE && challenge !== null;
    // By the nonce alone: it is answered once, whoever answers.
    const key = isAnswer ? `nonce:${challenge.nonce.join()}` : `${cti}:${verdict.live!.time}`;
    const window = isAnswer ? LIFE_SECONDS : this.policy.presentation_age + this.policy.presentation_ahead;
    const { shown } = this.memory;
    for (const [old, { endsAt }] of shown) if (at > endsAt) shown.delete(old);
    const first = shown.get(key);
    if (!first) shown.set(key, { at, cti: cti, endsAt: at + window });
    if (!first) return null;
    if (first.cti !== cti) return "challenge-not-answered";
    return at - first.at <= SAME_LANE_SECONDS ? null : "replayed";
  }
}

function finding(code: string): Finding {
  return { code, zh: "", en: "" };
}
