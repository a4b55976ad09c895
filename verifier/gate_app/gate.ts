// The gate on this device: asks the judge with what is known now, and remembers which live codes were shown here; as
// in verifier/gate/gate.py. It keeps no list of people: what it remembers is random numbers, for minutes.

import { type Challenge, NONCE } from "../../credentials/browser/formats/presentation";
import { recall, remember } from "../../service_kit/browser/choices";
import { type Challenges, LIFE_SECONDS } from "./challenges";
import { type EffectiveNow, effectiveNow } from "./judging/clock_bound";
import type { Knowledge, Policy } from "./judging/knowledge";
import { judge } from "./judging/recipe";
import { finding, type Verdict } from "./judging/verdict";

/** From here on the service's clock and this one are not the same time. */
const MAX_APART_SECONDS = 60;

const SHOWN = "gate-shown";
const SHOWN_AGAIN = "shown-again";

/** What gates of this device remember, whatever they have learned since: random numbers, for three minutes. */
export class Memory {
  /** How far the device's clock is ahead of the service's, in seconds; null: it was not asked since the start. */
  ahead: number | null = null;
  /** First showings: of which credential, and until when they count. */
  private readonly shown = new Map<string, { cti: string; endsAt: number }>();
  /** The showing of the person who stands here: whoever reads it twice is no cheat until the guard has gone on. */
  private atHand: string | null = null;

  /** `clock`: seconds of a clock that only goes forward; a guard who sets the time of day back makes nothing new. */
  constructor(
    readonly challenges: Challenges,
    private readonly clock: () => number,
  ) {
    // A page that was opened anew has forgotten nothing.
    for (const [key, cti] of kept()) this.shown.set(key, { cti, endsAt: this.clock() + LIFE_SECONDS });
  }

  /** The next person. */
  goOn(): void {
    this.atHand = null;
  }

  /** Remember a showing for `seconds`: `first` for the first time, `again` for the same person's, else by whom it was. */
  note(key: string, cti: string, seconds: number): "first" | "again" | { cti: string } {
    const now = this.clock();
    for (const [old, { endsAt }] of this.shown) if (now > endsAt) this.shown.delete(old);
    const first = this.shown.get(key);
    if (first) return key === this.atHand && first.cti === cti ? "again" : first;
    this.shown.set(key, { cti, endsAt: now + seconds });
    this.atHand = key;
    remember(SHOWN, JSON.stringify([...this.shown].map(([each, shown]) => [each, shown.cti])));
    return "first";
  }
}

function kept(): [string, string][] {
  try {
    const read: unknown = JSON.parse(recall(SHOWN) ?? "[]");
    const isPair = (each: unknown): each is [string, string] =>
      Array.isArray(each) && each.every((part) => typeof part === "string");
    return Array.isArray(read) ? read.filter(isPair) : [];
  } catch {
    return [];
  }
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
    return issuing
      .map((member) => member.id)
      .filter((id) => !(now - (statuses.get(id)?.asOf ?? 0) <= this.policy.status_refuse));
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
    return verdict.outcome === "accepted" && verdict.live ? this.remembered(verdict, challenge) : verdict;
  }

  private remembered(verdict: Verdict, challenge: Challenge | null): Verdict {
    const code = this.earlierUse(verdict, challenge);
    const judged: Verdict = { ...verdict, lastStep: "replay" };
    if (code && code !== SHOWN_AGAIN) return { ...judged, outcome: "refused", reasons: [finding(code)], notes: [] };
    if (this.policy.shared_replay_memory) {
      const reasons = [finding("replay-unchecked")];
      return { ...judged, outcome: "undetermined", reasons, notes: [], openSteps: ["replay"] };
    }
    const again = code ? [finding(code)] : [];
    return { ...judged, notes: [...judged.notes, ...again, finding("replay-not-shared")] };
  }

  /** The reason when this was shown before, the note while the same person stands here; null the first time. */
  private earlierUse(verdict: Verdict, challenge: Challenge | null): string | null {
    const { cti } = verdict.credential!;
    const isAnswer = verdict.live!.mode === NONCE && challenge !== null;
    // By the nonce alone: it is answered once, whoever answers.
    const key = isAnswer ? `nonce:${challenge.nonce.join()}` : `${cti}:${verdict.live!.time}`;
    const window = isAnswer ? LIFE_SECONDS : this.policy.presentation_age + this.policy.presentation_ahead;
    const noted = this.memory.note(key, cti, window);
    if (noted === "first") return null;
    if (noted === "again") return SHOWN_AGAIN;
    return noted.cti === cti ? "replayed" : "challenge-not-answered";
  }
}
