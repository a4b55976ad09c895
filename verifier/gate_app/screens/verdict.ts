// The verdict fills the screen: word, shape, colour; the one thing to do now; who is shown and what to compare; why.

import type { ForeignFacts } from "../../../credentials/browser/foreign/facts";
import type { Signal } from "../../../service_kit/browser/announce";
import { button, element, facts, shape } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { identityOf, type Verdict } from "../judging/verdict";
import type { ManualResult, Shape } from "../tally";
import type { Visit } from "../visit";
import type { GateWords } from "../words";
import { telephone } from "./manual";
import { duty, isDuty, person } from "./parts";

/** A tick in a circle, a cross in an octagon, an exclamation mark in a triangle, a document in a square: told apart
 * without any colour. */
const DRAWN: Record<Shape, string> = {
  accepted: "M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zM10.4 17.2l-5-5l2-2l3 3l6.3-6.3l2 2z",
  refused: "M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9zM8 6L6 8l4 4l-4 4l2 2l4-4l4 4l2-2l-4-4l4-4l-2-2l-4 4z",
  undetermined: "M12 1L24 22H0zM10.8 8.5h2.4l-.4 6.5h-1.6zM12 16.3a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 0 0 0-3.2z",
  "passed-by-hand":
    "M1 1h22v22H1zM4 6v12h8V6zM8 7.5a2 2 0 1 1 0 4a2 2 0 0 1 0-4zM5.500 16a2.500 2.500 0 0 1 5 0zM14 8v2h6V8zM14 12v2h6v-2z",
};
export const SHAPES = Object.keys(DRAWN) as Shape[];
/** Rising and clear; falling and harsh; the same three times; two deep ones: told apart with the phone in a pocket. */
export const SIGNALS: Record<Shape, Signal> = {
  accepted: { tones: [880, 1320], wave: "sine", vibration: [80] },
  refused: { tones: [330, 247, 196, 196], wave: "square", vibration: [300, 100, 300] },
  undetermined: { tones: [523, 523, 523], wave: "triangle", vibration: [120, 80, 120, 80, 120] },
  "passed-by-hand": { tones: [392, 392], wave: "sine", vibration: [40, 60, 200] },
};
/** Reasons for which the holder's phone can answer a challenge instead. */
const ANSWERED_BY_CHALLENGE: ReadonlySet<string> = new Set([
  "presentation-expired",
  "nonce-required",
  "challenge-not-answered",
]);
/** Notes for whoever looks into it, not for the person in front. */
const ASIDES: ReadonlySet<string> = new Set(["replay-not-shared"]);

/** The screen of a visit's last verdict. */
export function verdictScreen(desk: Desk, visit: Visit): HTMLElement[] {
  const { words } = desk;
  const verdict = visit.verdict!;
  const first = verdict.reasons[0];
  const said = first && words.reason(first, verdict);
  const others = [
    ...verdict.reasons.slice(1),
    ...verdict.notes.filter((note) => !isDuty(note) && !ASIDES.has(note.code)),
  ];
  const main = frame(
    desk,
    verdict.outcome,
    said ? element("p", { class: "reason" }, said.action) : duty(verdict, words),
    person(
      visit,
      words,
      ...(verdict.outcome === "undetermined" ? [duty(verdict, words)] : []),
      ...details(visit, words),
    ),
    said
      ? element("p", { class: "why" }, [said.what, said.more].filter(Boolean).join(words.language === "en" ? " " : ""))
      : null,
    hotlines(verdict, words),
    ...others.map((finding) => element("p", { "data-note": finding.code }, words.finding(finding))),
    element("p", { class: "small" }, footnote(desk, verdict)),
    actions(desk, ...ways(desk, verdict)),
  );
  main.dataset.reason = first?.code ?? "";
  main.classList.toggle("bare", identityOf(verdict) === null);
  return [main];
}

/** The screen of what was decided by hand: no acceptance, and nobody takes it for one. */
export function manualResultScreen(desk: Desk, result: ManualResult): HTMLElement[] {
  const { words, visit } = desk;
  const main = frame(
    desk,
    shapeByHand(result),
    element("p", { class: "reason" }, words.result(result)),
    person(visit, words),
    element("p", { class: "why" }, words.text("decidedByHand")),
    actions(desk),
  );
  main.dataset.reason = result;
  main.classList.toggle("bare", !visit.verdict || identityOf(visit.verdict) === null);
  return [main];
}

export function shapeByHand(result: ManualResult): Shape {
  return result.endsWith("passed") ? "passed-by-hand" : "refused";
}

/** Write how long it takes until the next scan begins by itself. */
export function countDown(words: GateWords, seconds: number): void {
  const next = document.querySelector("[data-action=next]");
  if (next) next.textContent = words.text("nextSoon", { seconds });
}

function frame({ words }: Desk, outcome: Shape, ...inner: (HTMLElement | null)[]): HTMLElement {
  const heading = element(
    "h1",
    { class: "word", tabindex: -1 },
    shape(DRAWN[outcome]),
    element("span", {}, words.shape(outcome)),
  );
  const content = element("div", { class: "inner" }, heading, ...inner);
  return element(
    "main",
    { class: `verdict exact ${outcome}`, "data-screen": "verdict", "data-outcome": outcome },
    content,
  );
}

function actions(desk: Desk, ...others: HTMLButtonElement[]): HTMLElement {
  const next = button(desk.words.text("next"), () => desk.next(), "next");
  next.dataset.action = "next";
  return element("div", { class: "actions" }, next, ...others);
}

/** What else the guard can do: about a code that was not accepted, or about a document that is somebody else's. */
function ways(desk: Desk, verdict: Verdict): HTMLButtonElement[] {
  const { words } = desk;
  if (verdict.outcome === "accepted") {
    const differs = button(words.text("documentDiffers"), () => desk.decide("manual-document-refused"));
    differs.dataset.action = "differs";
    return [differs];
  }
  const manual = button(words.text("manual"), () => desk.go("manual"));
  manual.dataset.action = "manual";
  const canAsk = desk.gate?.name && verdict.reasons.some(({ code }) => ANSWERED_BY_CHALLENGE.has(code));
  if (!canAsk) return [manual];
  const challenge = button(words.text("challenge"), () => desk.go("challenge"));
  challenge.dataset.action = "challenge";
  return [challenge, manual];
}

function details({ verdict, at }: Visit, words: GateWords): HTMLElement[] {
  if (verdict?.foreign) return [card(verdict.foreign, words, at)];
  const credential = verdict?.credential;
  if (!credential) return [];
  const list = facts(
    [words.text("source"), words.member(credential.issuer)],
    [words.text("form"), words.form(credential.form)],
    [words.text("evidence"), words.evidence(credential.evidence, at)],
    [words.text("expires"), words.moment(credential.expiresAt)],
  );
  return [list];
}

/** What a foreign card says beside the name and the date of birth. */
function card({ kind, issuer, evidence, expiresAt }: ForeignFacts, words: GateWords, at: number): HTMLElement {
  return facts(
    [words.text("cardKind"), words.cardKind(kind)],
    [words.text("cardIssuer"), words.country(issuer)],
    [words.text("cardRecord"), words.record(evidence, at)],
    [words.text("expires"), expiresAt === null ? words.text("none") : words.moment(expiresAt, true)],
  );
}

/** The numbers that the reasons name, else the issuer's: one tap to call. */
function hotlines({ outcome, reasons, credential }: Verdict, words: GateWords): HTMLElement | null {
  if (outcome === "accepted") return null;
  const named = [...new Set(reasons.flatMap(({ call }) => call.map(({ member }) => member)))];
  const members = named.length || !credential ? named : [credential.issuer];
  const links = members.flatMap((id) => (words.hotline(id) ? [telephone(words.member(id), words.hotline(id)!)] : []));
  return links.length ? element("p", { class: "row" }, ...links) : null;
}

function footnote({ words, gate }: Desk, verdict: Verdict): string {
  const { trustAge, statusAge, rules, notes } = verdict;
  return [
    trustAge === null ? "" : words.text("trustAge", { age: words.since(trustAge) }),
    statusAge === null ? "" : words.text("statusAge", { age: words.since(statusAge) }),
    rules ? words.text("ruleVersion", { member: words.member(rules.member), version: rules.version }) : "",
    ...notes.filter(({ code }) => ASIDES.has(code)).map((note) => words.finding(note)),
    gate?.policy.environment === "production" ? "" : words.text("forTrial"),
  ]
    .filter(Boolean)
    .join(" · ");
}
