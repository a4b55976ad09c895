// The manual route (人工核验): a way, its steps one after the other, and a result that counts like any other. Whoever
// stands here stays in view; nobody is let pass before a document was looked at.

import { button, element, put, shape } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { MANUAL_WAYS, type ManualWay } from "../tally";
import type { GateTextName } from "../texts";
import { person, SIGNS, titled } from "./parts";

const STEPS: Record<ManualWay, readonly GateTextName[]> = {
  document: ["stepDocument", "stepFace", "stepAsk", "stepHotline", "stepDecide"],
  paper: ["stepPaperScan", "stepPaperFlat", "stepDocument", "stepFace", "stepHotline", "stepDecide"],
  relative: ["stepRelativeScan", "stepRelativeDocument", "stepFace", "stepHotline", "stepDecide"],
};
/** Without these nobody is let pass. */
const REQUIRED: ReadonlySet<GateTextName> = new Set(["stepDocument", "stepRelativeDocument"]);

export function manualScreen(desk: Desk): HTMLElement[] {
  const { words, visit } = desk;
  const body = element("div", { class: "manual" });
  const choose = () => put(body, ...ways(desk, (way) => follow(way)));
  const follow = (way: ManualWay) => {
    put(body, ...guide(desk, way, choose));
    body.querySelector<HTMLElement>("h2")?.focus();
  };
  choose();
  const main = element("main", { class: "page", "data-screen": "manual" }, who(desk), body);
  return [titled(desk, words.text("manual"), visit.verdict ? "verdict" : "scan"), main];
}

/** Who stands here, and what the code has said of them. */
function who({ words, visit }: Desk): HTMLElement | null {
  const first = visit.verdict?.reasons[0];
  const said = first ? [element("p", {}, words.outcomeAndReason(visit.verdict!))] : [];
  return person(visit, words, ...said);
}

function ways({ words }: Desk, follow: (way: ManualWay) => void): HTMLElement[] {
  const choices = MANUAL_WAYS.map((way) => {
    const choice = button(words.manualWay(way), () => follow(way), "way");
    choice.dataset.way = way;
    return choice;
  });
  return [element("p", {}, words.text("manualHow")), ...choices];
}

function guide(desk: Desk, way: ManualWay, back: () => void): HTMLElement[] {
  const { words } = desk;
  const steps = STEPS[way].map((step) => {
    const box = element("input", { type: "checkbox", ...(REQUIRED.has(step) && { "data-required": true }) });
    const line = element("label", { class: "choice" }, box, element("span", {}, words.text(step)));
    return element("li", {}, line, step === "stepHotline" ? hotlines(desk) : null);
  });
  const list = element("ol", { class: "steps" }, ...steps);
  const scans = way === "document" ? null : button(words.text("scan"), () => desk.go("scan"));
  return [
    element("h2", { tabindex: -1 }, words.manualWay(way)),
    list,
    element(
      "div",
      { class: "decisions" },
      element("p", { id: "missing", role: "alert" }),
      pass(desk, way, list),
      refuse(desk, way),
    ),
    element("div", { class: "row" }, ...(scans ? [scans] : []), button(words.text("otherWay"), back)),
  ];
}

function pass(desk: Desk, way: ManualWay, steps: HTMLElement): HTMLButtonElement {
  return decision(desk, "passed", SIGNS.hand, () => {
    const required = steps.querySelector<HTMLInputElement>("[data-required]");
    if (!required || required.checked) return desk.decide(`manual-${way}-passed`);
    document.getElementById("missing")!.textContent = desk.words.text("documentFirst");
    required.focus();
  });
}

function refuse(desk: Desk, way: ManualWay): HTMLButtonElement {
  return decision(desk, "refused", SIGNS.cross, () => desk.decide(`manual-${way}-refused`));
}

function decision({ words }: Desk, end: "passed" | "refused", sign: string, deed: () => void): HTMLButtonElement {
  const decide = button("", deed, `grow decision ${end === "passed" ? "by-hand" : "danger"}`);
  decide.append(shape(sign), words.text(end === "passed" ? "letPass" : "letNotPass"));
  decide.dataset.action = end;
  return decide;
}

/** The issuing member's number, else everybody's to choose from. */
function hotlines({ words, gate, visit: { issuer } }: Desk): HTMLElement | null {
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
