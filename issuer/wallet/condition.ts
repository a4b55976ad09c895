// How a card stands: whether it can be shown, and if not, why not. One place decides, the screens say it.

import { ENDED, isUsable, type Card } from "./cards";

/**
 * good: show it. ending: show it, and go online soon. The others cannot be shown: expired; clock: the phone's clock has
 * been set back since the issuer was heard; key-lost: the browser has dropped the key; and what the issuer says of the
 * phone: device-replaced, device-lost, device-unknown, code-taken-back.
 */
export type Condition =
  | "good" | "ending" | "expired" | "clock" | "key-lost"
  | "device-replaced" | "device-lost" | "device-unknown" | "code-taken-back";

/** From when on the holder is told to go online: six hours before the end, of a shorter life its last quarter. */
const ENDING_SECONDS = 6 * 3600;
const ENDING_SHARE = 0.25;
/** An error of the clock that is put right without a word: what travels in the network, and a careless hand. */
const CLOCK_SILENT_SECONDS = 120;

/** How `card` stands at `now` (seconds UTC, put right). */
export function conditionOf(card: Card, now: number): Condition {
  if (!isUsable(card)) return "key-lost";
  if (card.refusal !== null && ENDED.has(card.refusal)) return card.refusal as Condition;
  // The issuer's time cannot lie in the future: it was heard, and time has gone on since.
  if (now < card.office.now - CLOCK_SILENT_SECONDS) return "clock";
  const { issued_at, expires_at } = card.issued;
  if (now >= expires_at) return "expired";
  const ending = Math.min(ENDING_SECONDS, ENDING_SHARE * (expires_at - issued_at));
  return expires_at - now < ending ? "ending" : "good";
}

export function canBeShown(condition: Condition): boolean {
  return condition === "good" || condition === "ending";
}

/** Whether the holder should be told that the phone's clock is wrong, though it is put right here. */
export function isClockFar(card: Card): boolean {
  return Math.abs(card.ahead) > CLOCK_SILENT_SECONDS;
}
