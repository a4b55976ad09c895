// The gate on this device: asks the judge with what is known now, and remembers which live codes were shown here; as
// in verifier/gate.py. It keeps no list of people: what it remembers is a random number and a time, for two minutes.

import { effectiveNow, type EffectiveNow } from "../../credentials/browser/clock_bound";
import type { Knowledge, Policy } from "../../credentials/browser/trust";
import type { Finding, Verdict } from "../../credentials/browser/verdict";
import { judge } from "../../credentials/browser/verification";

/** How long a code that was just shown may be seen again: a camera that reads twice is no fraud. */
const SAME_LANE_SECONDS = 10;

export class Gate {
  private readonly shown = new Map<string, number>();

  constructor(
    readonly knowledge: Knowledge,
    readonly policy: Policy,
    private readonly deviceNow: () => number,
  ) {}

  /** The time to judge by, and whether the device's clock is in doubt. */
  now(): EffectiveNow {
    const device = this.deviceNow();
    return effectiveNow(device, this.knowledge.trust?.registryTime ?? device);
  }

  /** The same memory with newer knowledge. */
  learned(knowledge: Knowledge, policy: Policy): Gate {
    const gate = new Gate(knowledge, policy, this.deviceNow);
    this.shown.forEach((at, key) => gate.shown.set(key, at));
    return gate;
  }

  /** Judge one code. Never rejects for any text. */
  async check(text: string): Promise<Verdict> {
    const { now, doubt } = this.now();
    const verdict = await judge(text, this.knowledge, now, this.policy, doubt);
    return verdict.outcome === "accepted" && verdict.live ? this.notReplayed(verdict, now) : verdict;
  }

  private notReplayed(verdict: Verdict, at: number): Verdict {
    const judged: Verdict = { ...verdict, lastStep: "replay" };
    const key = `${verdict.credential!.cti}:${verdict.live!.time}`;
    const first = this.shown.get(key);
    this.forget(at);
    if (first === undefined) this.shown.set(key, at);
    else if (at - first > SAME_LANE_SECONDS) return { ...judged, outcome: "refused", reasons: [finding("replayed")], notes: [] };
    if (this.policy.shared_replay_memory) {
      const reasons = [finding("replay-unchecked")];
      return { ...judged, outcome: "undetermined", reasons, notes: [], openSteps: ["replay"] };
    }
    return { ...judged, notes: [...judged.notes, finding("replay-not-shared")] };
  }

  private forget(at: number): void {
    const window = this.policy.presentation_age + this.policy.presentation_ahead;
    for (const [key, shownAt] of this.shown) if (at - shownAt > window) this.shown.delete(key);
  }
}

function finding(code: string): Finding {
  return { code, zh: "", en: "" };
}
