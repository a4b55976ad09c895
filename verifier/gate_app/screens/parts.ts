// Parts that several screens share: the bar on top, what the guard must know before looking at anybody, and who is shown.

import { shownStatus } from "../../../credentials/browser/model";
import { version } from "../../../service_kit/browser/device/installed";
import { button, element, shape } from "../../../service_kit/browser/dom";
import type { Desk, ScreenName } from "../desk";
import { type Finding, finding, type Verdict } from "../judging/verdict";
import type { Visit } from "../visit";
import type { GateWords } from "../words";

export const SIGNS = {
  tick: "M9.5 18.5L3 12l2.5-2.5l4 4l9-9L21 7z",
  cross: "M6 3.5L12 9.5l6-6L20.5 6l-6 6l6 6l-2.5 2.5l-6-6l-6 6L3.5 18l6-6l-6-6z",
  hand: "M2 3h20v18H2zM5 7v10h6V7zM13.500 8v2h6V8zM13.500 12v2h6v-2z",
  cut: "M12 2a10 10 0 1 0 0 20a10 10 0 0 0 0-20zM5.5 10.5h13v3h-13z",
  cog: "M10 1h4l.6 3.1l2 .9L19.300 3.300l2.800 2.800l-1.700 2.600l.8 2L24 11.300v3.400l-2.900.6l-.8 2l1.700 2.600l-2.800 2.800l-2.600-1.700l-2 .9L14 24h-4l-.6-2.900l-2-.9l-2.600 1.700L2 19.100l1.700-2.600l-.8-2L0 13.900v-3.400l2.900-.6l.8-2L2 5.300L4.800 2.500l2.600 1.700l2-.9zM12 8.200a4 4 0 1 0 0 8a4 4 0 0 0 0-8z",
  bars: "M3 20V11h4.500v9zM9.750 20V4h4.500v16zM16.500 20v-6H21v6z",
};
/** Notes that say what the guard compares. */
const LONG_NAME_CHARACTERS = 30;
const OF_CARDS = "compare-travel-document";
const DUTIES: ReadonlySet<string> = new Set(["check-document", "compare-holder", OF_CARDS]);

/** Where this is, how old its knowledge is, and the ways to the shift's counts and the settings. */
export function bar(desk: Desk): HTMLElement {
  const { words, upkeep } = desk;
  const isOffline = upkeep.failure !== null || !desk.gate;
  return element(
    "header",
    { class: "bar", id: "bar" },
    element(
      "p",
      { class: "grow" },
      element("strong", {}, place(desk)),
      element("span", { class: "state" }, shape(isOffline ? SIGNS.cut : SIGNS.tick), state(desk)),
    ),
    sign(words.text("shift"), SIGNS.bars, () => desk.go("shift")),
    sign(words.text("settings"), SIGNS.cog, () => desk.go("settings")),
  );
}

/** A screen's bar with its heading and the way back: to scanning, or to whoever stands here. */
export function titled(desk: Desk, title: string, to: ScreenName = "scan"): HTMLElement {
  const back = button(desk.words.text("back"), () => desk.go(to));
  back.dataset.action = "back";
  return element("header", { class: "bar" }, element("h1", { tabindex: -1, class: "grow" }, title), back);
}

/** Everything that keeps codes from being accepted, or will when the network goes. */
export function warnings(desk: Desk): HTMLElement {
  const shown = troubles(desk).map((text) => element("p", { class: "warning" }, text));
  return element("div", { id: "warnings", role: "status" }, ...shown);
}

/** Where this gate stands, what it is for, and which version of the app it runs. */
export function place({ words, gate, preferences }: Desk): string {
  if (!gate) return words.text("title");
  const trial = gate.policy.environment === "production" ? "" : words.text("forTrial");
  return [words.member(gate.knowledge.member), words.profile(gate.policy.name), preferences.lane, trial]
    .filter(Boolean)
    .join(" · ");
}

export function versionLine({ words }: Desk): HTMLElement {
  return element("p", { class: "quiet", id: "version" }, words.text("version", { version: version() || "?" }));
}

/** Whose code is looked at, while the guard decides; null while nobody's was read. */
export function person({ verdict }: Visit, words: GateWords, ...more: HTMLElement[]): HTMLElement | null {
  const who = verdict && holder(verdict, words);
  return (
    who && element("section", { class: `person ${ofCard(verdict)}` }, element("p", { class: "who" }, ...who), ...more)
  );
}

/** A name, and what tells its bearer from others of that name. */
function holder({ credential, foreign }: Verdict, words: GateWords): (HTMLElement | null)[] | null {
  if (foreign) {
    const born = foreign.birthDate && element("span", { class: "date" }, foreign.birthDate);
    const tail = born && element("span", { class: "tail" }, `${words.text("birthDate")} `, born);
    return [element("span", {}, foreign.name), tail || null];
  }
  if (!credential) return null;
  const status = shownStatus(credential);
  const chip = status && element("span", { class: `chip ${status}` }, words.status(status));
  const tail = element("span", { class: "tail" }, credential.documentTail);
  return [element("span", {}, credential.holderName), tail, chip];
}

/** Cards have whole names, some of them so long that the date of birth would leave the screen. */
function ofCard({ foreign }: Verdict): string {
  if (!foreign) return "";
  return foreign.name.length > LONG_NAME_CHARACTERS ? "foreign long" : "foreign";
}

/** What the guard compares. */
export function duty({ notes, foreign }: Verdict, words: GateWords): HTMLElement {
  const note = notes.find(({ code }) => DUTIES.has(code)) ?? (foreign && finding(OF_CARDS));
  return element("p", { class: "duty" }, note ? words.finding(note) : words.text("compare"));
}

/** Notes that are said in a place of their own. */
export function isDuty({ code }: Finding): boolean {
  return DUTIES.has(code);
}

function state({ words, gate, upkeep }: Desk): string {
  const trust = gate?.knowledge.trust;
  if (!trust) return words.text("nothing");
  const age = words.text("trustAge", { age: words.since(trust.age(gate.now().now)) });
  return `${words.text(upkeep.failure === null ? "online" : "offline")} · ${age}`;
}

function troubles(desk: Desk): string[] {
  const { words, gate, upkeep } = desk;
  const found: string[] = [];
  if (upkeep.storage === "refused") found.push(words.text("storageRefused"));
  if (upkeep.storage === "full") found.push(words.text("storageFull"));
  if (upkeep.storage === "lost" && !gate) found.push(words.text("storageLost"));
  if (desk.isOutdated) found.push(words.text("outdated"));
  const trust = gate?.knowledge.trust;
  if (!trust) return found;
  const { now, doubt, alarm } = gate.now();
  if (doubt || alarm)
    found.push(
      words.text("clockWrong", { device: words.moment(desk.deviceNow()), now: words.moment(gate.probably()) }),
    );
  const age = trust.age(now);
  if (age > gate.policy.trust_refuse) found.push(words.text("trustStale", { age: words.ago(age) }));
  else if (age > gate.policy.trust_warn) found.push(words.text("trustAging", { age: words.ago(age) }));
  const stale = gate.staleMembers(now);
  if (stale.length) found.push(words.text("statusStale", { members: words.list(stale.map((id) => words.member(id))) }));
  return found;
}

function sign(label: string, path: string, deed: () => void): HTMLButtonElement {
  const made = button("", deed, "sign");
  made.append(shape(path), element("span", {}, label));
  return made;
}
