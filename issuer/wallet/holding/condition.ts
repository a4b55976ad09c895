// How a card stands: whether it can be shown, and if not, why not. One place decides, the screens say it.

import { read } from "../reading";
import { type Card, isEnded, isUsable } from "./cards";
import type { HolderClock } from "./clock";

/**
 * good: show it. ending: show it, and go online soon. The others cannot be shown: expired; clock: the phone's clock has
 * been set back since the issuer was heard; key-lost: the browser has dropped the key; and what the issuer says of the
 * phone: device-replaced, device-lost, device-unknown, code-taken-back.
 */
export type Condition =
  | "good"
  | "ending"
  | "expired"
  | "clock"
  | "key-lost"
  | "device-replaced"
  | "device-lost"
  | "device-unknown"
  | "code-taken-back";

/** From when on the holder is told to go online: six hours before the end, of a shorter life its last quarter. */
const ENDING_SECONDS = 6 * 3600;
const ENDING_SHARE = 0.25;
/** When the issuer was not heard for so long, the holder should be able to ask it without looking for how. */
const STALE_SECONDS = 6 * 3600;

/** How `card` stands now. */
export function conditionOf(card: Card, clock: HolderClock): Condition {
  if (!isUsable(card)) return "key-lost";
  if (isEnded(card)) return card.refusal as Condition;
  if (clock.isWrong) return "clock";
  const { issued_at, expires_at } = card.issued;
  const left = expires_at - clock.now();
  if (left <= 0) return "expired";
  return left < Math.min(ENDING_SECONDS, ENDING_SHARE * (expires_at - issued_at)) ? "ending" : "good";
}

export function canBeShown(condition: Condition): boolean {
  return condition === "good" || condition === "ending";
}

/** Whether asking the issuer now may change what the holder stands there with: then the button for it is in view. */
export function isWorthAsking(card: Card, clock: HolderClock): boolean {
  const condition = conditionOf(card, clock);
  if (condition !== "good") return condition === "ending" || condition === "expired" || condition === "clock";
  return read(card.issued.text).status !== "green" || (clock.heardAgo ?? Infinity) > STALE_SECONDS;
}
