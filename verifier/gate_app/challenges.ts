// Challenges (卡口码) of this device: what the gate asks a phone whose clock is wrong, or whenever its profile says so.
// The nonces are made here and remembered here, so that asking needs no network; as in verifier/gate/challenges.py.

import type { Challenge } from "../../credentials/browser/formats/presentation";
import { NONCE_BYTES } from "../../credentials/browser/profile";

/** How long an answer is taken. */
export const LIFE_SECONDS = 180;

export class Challenges {
  private asked: { challenge: Challenge; endsAt: number } | null = null;

  /** `clock`: seconds of a clock that only goes forward; the time of day plays no part. */
  constructor(private readonly clock: () => number) {}

  /** A new challenge of the gate `gate`; those before it end. */
  ask(gate: string): Challenge {
    const challenge = { gate, nonce: crypto.getRandomValues(new Uint8Array(NONCE_BYTES)) };
    this.asked = { challenge, endsAt: this.clock() + LIFE_SECONDS };
    return challenge;
  }

  /** The challenge that waits for its answer; null when there is none, or when it has ended. */
  get open(): Challenge | null {
    return this.secondsLeft > 0 ? this.asked!.challenge : null;
  }

  get secondsLeft(): number {
    return this.asked ? Math.max(0, this.asked.endsAt - this.clock()) : 0;
  }
}
