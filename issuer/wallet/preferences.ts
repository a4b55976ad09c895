// What was chosen on this phone, and the two things it should know even when the browser has dropped its database:
// that there were codes here, and whom to call. Nothing of it says who.

import type { Office } from "./issuer";

const ELDER = "elder";
const HAD_CARDS = "had-cards";
const OFFICE = "office";

export function isElder(): boolean {
  return localStorage.getItem(ELDER) === "yes";
}

/** 长者模式: large, and one thing a screen. */
export function chooseElder(on: boolean): void {
  localStorage.setItem(ELDER, on ? "yes" : "no");
  document.documentElement.toggleAttribute("data-elder", on);
}

/** Whether there were codes here that nobody took away. */
export function hadCards(): boolean {
  return localStorage.getItem(HAD_CARDS) === "yes";
}

export function rememberCards(some: boolean): void {
  if (some) localStorage.setItem(HAD_CARDS, "yes");
  else localStorage.removeItem(HAD_CARDS);
}

/** The issuing office as it was last heard. */
export function lastOffice(): Office | null {
  try {
    const office = JSON.parse(localStorage.getItem(OFFICE) ?? "null") as Office | null;
    return typeof office?.hotline === "string" ? office : null;
  } catch {
    return null;
  }
}

export function rememberOffice(office: Office): void {
  localStorage.setItem(OFFICE, JSON.stringify(office));
}
