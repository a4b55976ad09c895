// A lower bound for "now" from the registry's signed time, as in trust_registry/client/trust/clock_bound.py.

import { MAX_GATE_BEHIND_SECONDS } from "../../../credentials/browser/profile";

const MAX_CORRECTION_SECONDS = 24 * 3600;

/** `doubt`: the device is behind and `now` only a lower bound; `alarm`: too far apart to say which clock is wrong. */
export interface EffectiveNow {
  now: number;
  doubt: boolean;
  alarm: boolean;
}

/** The time to judge by; both in seconds UTC. */
export function effectiveNow(deviceNow: number, registryTime: number): EffectiveNow {
  const ahead = registryTime - deviceNow;
  if (ahead <= MAX_GATE_BEHIND_SECONDS) return { now: deviceNow, doubt: false, alarm: false };
  if (ahead <= MAX_CORRECTION_SECONDS) return { now: registryTime, doubt: true, alarm: false };
  return { now: deviceNow, doubt: false, alarm: true };
}
