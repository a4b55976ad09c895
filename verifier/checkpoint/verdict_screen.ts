// The verdict fills the screen: word, shape, colour; who is shown and what to compare; why, and what to do now.

import { shownStatus, type Outcome, type Verdict } from "../../credentials/browser/verdict";
import type { Signal } from "../../service_kit/browser/announce";
import { button, element, facts, shape } from "../../service_kit/browser/dom";
import type { Words } from "./words";

/** A tick in a circle, a cross in an octagon, an exclamation mark in a triangle: told apart without any colour. */
const SHAPES: Record<Outcome, string> = {
  accepted: "M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zM10.4 17.2l-5-5l2-2l3 3l6.3-6.3l2 2z",
  refused: "M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9zM8 6L6 8l4 4l-4 4l2 2l4-4l4 4l2-2l-4-4l4-4l-2-2l-4 4z",
  undetermined: "M12 1L24 22H0zM10.8 8.5h2.4l-.4 6.5h-1.6zM12 16.3a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 0 0 0-3.2z",
};
export const SIGNALS: Record<Outcome, Signal> = {
  accepted: { tones: [880, 1320], vibration: [80] },
  refused: { tones: [330, 247, 196], vibration: [300, 100, 300] },
  undetermined: { tones: [523, 523], vibration: [120, 80, 120] },
};

export interface Actions {
  next: () => void;
  manual: () => void;
}

/** The screen of one verdict, given at `at` (seconds UTC). */
export function verdictScreen(verdict: Verdict, at: number, words: Words, actions: Actions): HTMLElement {
  const heading = element("h1", { class: "word", tabindex: -1 }, shape(SHAPES[verdict.outcome]), words.text(verdict.outcome));
  const first = verdict.reasons[0];
  const others = [...verdict.reasons.slice(1), ...verdict.notes];
  return element(
    "main",
    { class: `verdict ${verdict.outcome}`, "data-outcome": verdict.outcome, "data-reason": first?.code ?? "" },
    element(
      "div",
      { class: "inner" },
      heading,
      first ? element("p", { class: "reason", role: "alert" }, words.finding(first)) : null,
      person(verdict, at, words),
      ...others.map((finding) => element("p", { "data-note": finding.code }, words.finding(finding))),
      hotline(verdict, words),
      element("p", { class: "small" }, footnote(verdict, words)),
      element(
        "div",
        { class: "actions" },
        button(words.text("next"), actions.next, "next"),
        verdict.outcome === "accepted" ? null : button(words.text("manual"), actions.manual),
      ),
    ),
  );
}

/** What is read aloud. */
export function spoken(verdict: Verdict, words: Words): string {
  const first = verdict.reasons[0];
  return [words.text(verdict.outcome), first ? words.finding(first) : ""].join(". ");
}

function person(verdict: Verdict, at: number, words: Words): HTMLElement | null {
  const { credential } = verdict;
  if (!credential) return null;
  const status = shownStatus(verdict);
  const colour = status && element("span", { class: `chip ${status}` }, words.status(status));
  return element(
    "section",
    { class: "person" },
    element("p", { class: "who" }, `${credential.holderName}　${credential.documentTail}`),
    colour ? element("p", {}, colour) : null,
    facts(
      [words.text("source"), words.member(credential.issuer)],
      [words.text("form"), words.form(credential.form)],
      [words.text("evidence"), words.evidence(credential.evidence, at)],
      [words.text("expires"), words.moment(credential.expiresAt)],
    ),
    verdict.outcome === "refused" ? null : element("p", { class: "duty" }, words.text("compare")),
  );
}

function hotline(verdict: Verdict, words: Words): HTMLElement | null {
  const issuer = verdict.outcome === "accepted" ? undefined : verdict.credential?.issuer;
  const number = issuer && words.hotline(issuer);
  if (!number) return null;
  const link = element("a", { href: `tel:${number.replace(/[^0-9+]/g, "")}` }, number);
  return element("p", {}, `${words.text("hotline", { member: words.member(issuer) })}: `, link);
}

function footnote(verdict: Verdict, words: Words): string {
  const { trustAge, statusAge, rules } = verdict;
  return [
    trustAge === null ? "" : words.text("trustAge", { age: words.ago(trustAge) }),
    statusAge === null ? "" : words.text("statusAge", { age: words.ago(statusAge) }),
    rules ? words.text("ruleVersion", { member: words.member(rules.member), version: rules.version }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
