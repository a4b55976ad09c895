// The verdict fills the screen: word, shape, colour; who is shown and what to compare; why, and what to do now.

import { shownStatus, type Finding, type Outcome, type Verdict } from "../../../credentials/browser/verdict";
import type { Signal } from "../../../service_kit/browser/announce";
import { button, element, facts, shape } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import type { ManualResult } from "../tally";
import type { Words } from "../words";
import { telephone } from "./manual";

/** A tick in a circle, a cross in an octagon, an exclamation mark in a triangle: told apart without any colour. */
const SHAPES: Record<Outcome, string> = {
  accepted: "M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zM10.4 17.2l-5-5l2-2l3 3l6.3-6.3l2 2z",
  refused: "M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9zM8 6L6 8l4 4l-4 4l2 2l4-4l4 4l2-2l-4-4l4-4l-2-2l-4 4z",
  undetermined: "M12 1L24 22H0zM10.8 8.5h2.4l-.4 6.5h-1.6zM12 16.3a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 0 0 0-3.2z",
};
/** Rising and clear; falling and harsh; the same twice: told apart with the phone in a pocket. */
export const SIGNALS: Record<Outcome, Signal> = {
  accepted: { tones: [880, 1320], wave: "sine", vibration: [80] },
  refused: { tones: [330, 247, 196, 196], wave: "square", vibration: [300, 100, 300] },
  undetermined: { tones: [523, 523, 523], wave: "triangle", vibration: [120, 80, 120, 80, 120] },
};
/** Reasons for which the holder's phone can answer a challenge instead. */
const ANSWERED_BY_CHALLENGE: ReadonlySet<string> = new Set(["presentation-expired", "nonce-required", "challenge-not-answered"]);
/** Notes that say what the guard compares. */
const DUTIES: ReadonlySet<string> = new Set(["check-document", "compare-holder"]);
/** Notes for whoever looks into it, not for the person in front. */
const ASIDES: ReadonlySet<string> = new Set(["replay-not-shared"]);

/** The screen of one verdict, given at `at` (seconds UTC). */
export function verdictScreen(desk: Desk, verdict: Verdict, at: number): HTMLElement[] {
  const { words } = desk;
  const first = verdict.reasons[0];
  const others = [...verdict.reasons.slice(1), ...verdict.notes.filter(({ code }) => !DUTIES.has(code) && !ASIDES.has(code))];
  const main = frame(
    desk,
    verdict.outcome,
    first ? reason(words.finding(first)) : null,
    hotlines(verdict, words),
    person(verdict, at, words),
    ...others.map((finding) => element("p", { "data-note": finding.code }, words.finding(finding))),
    element("p", { class: "small" }, footnote(desk, verdict)),
    actions(desk, ...ways(desk, verdict)),
  );
  main.dataset.reason = first?.code ?? "";
  main.classList.toggle("bare", !verdict.credential);
  return [main];
}

/** The screen of what was decided by hand. */
export function manualResultScreen(desk: Desk, result: ManualResult): HTMLElement[] {
  const main = frame(desk, outcomeByHand(result), element("p", { class: "reason" }, desk.words.result(result)), actions(desk));
  main.dataset.reason = result;
  main.classList.add("bare");
  return [main];
}

export function outcomeByHand(result: ManualResult): Outcome {
  return result.endsWith("passed") ? "accepted" : "refused";
}

/** What is read aloud. */
export function spoken(verdict: Verdict, words: Words): string {
  const first = verdict.reasons[0] ?? verdict.notes.find(({ code }) => DUTIES.has(code));
  return [words.text(verdict.outcome), first ? words.finding(first) : ""].filter(Boolean).join(words.text("stop"));
}

/** Write how long it takes until the next scan begins by itself. */
export function countDown(words: Words, seconds: number): void {
  const next = document.querySelector("[data-action=next]");
  if (next) next.textContent = words.text("nextSoon", { seconds });
}

/** What is wrong in large letters, what to do about it below. */
function reason(text: string): HTMLElement {
  const [, what, advice] = /^(.+?[。；：.;:])\s*(.*)$/su.exec(text) ?? [null, text, ""];
  return element("div", {}, element("p", { class: "reason" }, what!), element("p", {}, advice!));
}

function frame({ words }: Desk, outcome: Outcome, ...inner: (HTMLElement | null)[]): HTMLElement {
  const heading = element("h1", { class: "word", tabindex: -1 }, shape(SHAPES[outcome]), element("span", {}, words.text(outcome)));
  const content = element("div", { class: "inner" }, heading, ...inner);
  return element("main", { class: `verdict ${outcome}`, "data-screen": "verdict", "data-outcome": outcome }, content);
}

function actions(desk: Desk, ...others: HTMLButtonElement[]): HTMLElement {
  const next = button(desk.words.text("next"), () => desk.go("scan"), "next");
  next.dataset.action = "next";
  return element("div", { class: "actions" }, next, ...others);
}

/** What else the guard can do about a code that was not accepted. */
function ways(desk: Desk, verdict: Verdict): HTMLButtonElement[] {
  if (verdict.outcome === "accepted") return [];
  const manual = button(desk.words.text("manual"), () => desk.go("manual"));
  manual.dataset.action = "manual";
  const canAsk = desk.gate?.name && verdict.reasons.some(({ code }) => ANSWERED_BY_CHALLENGE.has(code));
  if (!canAsk) return [manual];
  const challenge = button(desk.words.text("showChallenge"), () => desk.go("challenge"));
  challenge.dataset.action = "challenge";
  return [challenge, manual];
}

function person(verdict: Verdict, at: number, words: Words): HTMLElement | null {
  const { credential } = verdict;
  if (!credential) return null;
  const status = shownStatus(verdict);
  const chip = status && element("span", { class: `chip ${status}` }, words.status(status));
  const tail = element("span", { class: "tail" }, credential.documentTail);
  return element(
    "section",
    { class: "person" },
    element("p", { class: "who" }, element("span", {}, credential.holderName), tail, chip),
    facts(
      [words.text("source"), words.member(credential.issuer)],
      [words.text("form"), words.form(credential.form)],
      [words.text("evidence"), words.evidence(credential.evidence, at)],
      [words.text("expires"), words.moment(credential.expiresAt)],
    ),
    verdict.outcome === "refused" ? null : element("p", { class: "duty" }, duty(verdict.notes, words)),
  );
}

function duty(notes: readonly Finding[], words: Words): string {
  const note = notes.find(({ code }) => DUTIES.has(code));
  return note ? words.finding(note) : words.text("compare");
}

/** The numbers that the reasons name, else the issuer's: one tap to call. */
function hotlines({ outcome, reasons, credential }: Verdict, words: Words): HTMLElement | null {
  if (outcome === "accepted") return null;
  const named = words.membersIn(reasons.map((reason) => words.finding(reason)).join(" "));
  const members = named.length || !credential ? named : [credential.issuer];
  const links = members.flatMap((id) => (words.hotline(id) ? [telephone(words.member(id), words.hotline(id)!)] : []));
  return links.length ? element("p", { class: "row" }, ...links) : null;
}

function footnote({ words, gate }: Desk, verdict: Verdict): string {
  const { trustAge, statusAge, rules, notes } = verdict;
  return [
    trustAge === null ? "" : words.text("trustAge", { age: words.ago(trustAge) }),
    statusAge === null ? "" : words.text("statusAge", { age: words.ago(statusAge) }),
    rules ? words.text("ruleVersion", { member: words.member(rules.member), version: rules.version }) : "",
    ...notes.filter(({ code }) => ASIDES.has(code)).map((note) => words.finding(note)),
    gate?.policy.environment === "production" ? "" : words.text("forTrial"),
  ]
    .filter(Boolean)
    .join(" · ");
}
