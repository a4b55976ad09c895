// The manual route (人工核验): a way, its steps one after the other, and a result that counts like any other.

import { button, element, shape } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { MANUAL_WAYS, type ManualWay } from "../tally";
import type { TextName } from "../texts";
import { SIGNS, titled } from "./parts";

const STEPS: Record<ManualWay, readonly TextName[]> = {
  document: ["stepDocument", "stepFace", "stepAsk", "stepHotline", "stepDecide"],
  paper: ["stepPaperScan", "stepPaperFlat", "stepDocument", "stepFace", "stepHotline", "stepDecide"],
  relative: ["stepRelativeScan", "stepRelativeDocument", "stepFace", "stepHotline", "stepDecide"],
};

/** `issuer`: the member whose code led here, if one did; its hotline is the one to call. */
export function manualScreen(desk: Desk, issuer: string | null): HTMLElement[] {
  const main = element("main", { class: "page", "data-screen": "manual" });
  const choose = () => main.replaceChildren(...ways(desk, (way) => follow(way)));
  const follow = (way: ManualWay) => {
    main.replaceChildren(...guide(desk, way, issuer, choose));
    main.querySelector<HTMLElement>("h2")?.focus();
  };
  choose();
  return [titled(desk, desk.words.text("manual")), main];
}

function ways({ words }: Desk, follow: (way: ManualWay) => void): HTMLElement[] {
  const choices = MANUAL_WAYS.map((way) => {
    const choice = button(words.manualWay(way), () => follow(way), "way");
    choice.dataset.way = way;
    return choice;
  });
  return [element("p", {}, words.text("manualHow")), ...choices];
}

function guide(desk: Desk, way: ManualWay, issuer: string | null, back: () => void): HTMLElement[] {
  const { words } = desk;
  const steps = STEPS[way].map((step) => {
    const box = element("input", { type: "checkbox" });
    const line = element("label", { class: "choice" }, box, element("span", {}, words.text(step)));
    return element("li", {}, line, step === "stepHotline" ? hotlines(desk, issuer) : null);
  });
  const scans = way === "document" ? null : button(words.text("scan"), () => desk.go("scan"));
  return [
    element("h2", { tabindex: -1 }, words.manualWay(way)),
    element("ol", { class: "steps" }, ...steps),
    element("div", { class: "row" }, decision(desk, way, "passed"), decision(desk, way, "refused")),
    element("div", { class: "row" }, ...(scans ? [scans] : []), button(words.text("otherWay"), back)),
  ];
}

function decision(desk: Desk, way: ManualWay, end: "passed" | "refused"): HTMLButtonElement {
  const isPassed = end === "passed";
  const label = desk.words.text(isPassed ? "letPass" : "letNotPass");
  const decide = button("", () => desk.decide(`manual-${way}-${end}`), `grow decision ${isPassed ? "passed" : "danger"}`);
  decide.append(shape(isPassed ? SIGNS.tick : SIGNS.cross), label);
  decide.dataset.action = end;
  return decide;
}

/** The issuing member's number, else everybody's to choose from. */
function hotlines({ words, gate }: Desk, issuer: string | null): HTMLElement | null {
  const number = issuer && words.hotline(issuer);
  if (number) return telephone(words.member(issuer), number);
  const members = [...(gate?.knowledge.trust?.members.values() ?? [])].filter((member) => member.hotline);
  if (!members.length) return null;
  const lines = members.map((member) => element("li", {}, telephone(words.member(member.id), member.hotline)));
  return element("details", {}, element("summary", {}, words.text("hotlines")), element("ul", {}, ...lines));
}

/** A number to call in one tap. */
export function telephone(member: string, number: string): HTMLAnchorElement {
  return element("a", { class: "button call", href: `tel:${number.replace(/[^0-9+]/g, "")}` }, `☎ ${member} ${number}`);
}
