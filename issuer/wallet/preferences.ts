// What was chosen on this phone, and the two things it should know even when the browser has dropped its database:
// that there were codes here, and whom to call. Nothing of it says who.

import { recall, remember } from "../../service_kit/browser/choices";
import type { Office } from "./holding/issuer";

const ELDER = "wallet-elder";
const HAD_CARDS = "wallet-had-cards";
const OFFICE = "wallet-office";
const PICKED = "wallet-picked";

export function isElder(): boolean {
  return recall(ELDER) === "yes";
}

/** 大字版: large, and one thing a screen. */
export function chooseElder(on: boolean): void {
  remember(ELDER, on ? "yes" : "no");
  document.documentElement.toggleAttribute("data-elder", on);
}

/** Whether there were codes here that nobody took away. */
export function hadCards(): boolean {
  return recall(HAD_CARDS) === "yes";
}

export function rememberCards(some: boolean): void {
  remember(HAD_CARDS, some ? "yes" : "no");
}

/** The issuing office as it was last heard. */
export function lastOffice(): Office | null {
  try {
    const office = JSON.parse(recall(OFFICE) ?? "null") as Office | null;
    return typeof office?.hotline === "string" ? office : null;
  } catch {
    return null;
  }
}

export function rememberOffice(office: Office): void {
  remember(OFFICE, JSON.stringify(office));
}

/** Which card was shown last: after a restart the phone shows the same person. Its public key, which says of nobody. */
export function lastPicked(): string | null {
  return recall(PICKED);
}

export function rememberPicked(id: string): void {
  remember(PICKED, id);
}
