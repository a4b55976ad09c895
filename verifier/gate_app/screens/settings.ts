// Settings of this device, and what it knows: how old the trust list, the rules and each member's withdrawals are.

import { LANGUAGES, WORDS } from "../../../credentials/browser/profile";
import { said } from "../../../credentials/browser/words";
import { cameras } from "../../../service_kit/browser/camera/camera";
import { button, element, facts } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { rulesAt } from "../judging/knowledge";
import { MAX_LANE_CHARACTERS, TOGGLES } from "../preferences";
import { titled, versionLine, warnings } from "./parts";

export function settingsScreen(desk: Desk): HTMLElement[] {
  const practice = button(desk.words.text("practice"), () => desk.go("start"));
  practice.dataset.action = "practice";
  const main = element(
    "main",
    { class: "page", "data-screen": "settings" },
    warnings(desk),
    choices(desk),
    knowledge(desk),
    element("section", { class: "card" }, practice, versionLine(desk)),
  );
  return [titled(desk, desk.words.text("settings")), main];
}

function choices(desk: Desk): HTMLElement {
  const { words, preferences } = desk;
  const toggles = TOGGLES.map((toggle) => {
    const box = element("input", { type: "checkbox", id: toggle, checked: preferences.wants(toggle) });
    box.addEventListener("change", () => preferences.set(toggle, box.checked));
    return element("label", { class: "choice" }, box, words.toggle(toggle));
  });
  const lane = element("input", {
    id: "lane",
    type: "text",
    maxlength: MAX_LANE_CHARACTERS,
    value: preferences.lane,
    autocomplete: "off",
  });
  lane.addEventListener("change", () => (preferences.lane = lane.value));
  return element(
    "section",
    { class: "card" },
    language(desk),
    ...toggles,
    field(words.text("lane"), lane),
    camera(desk),
  );
}

function language(desk: Desk): HTMLElement {
  const choice = element("fieldset", { class: "row" }, element("legend", {}, desk.words.text("language")));
  for (const each of LANGUAGES) {
    const one = button(said(WORDS["language.name"], each), () => desk.speakLanguage(each), "grow");
    one.setAttribute("aria-pressed", String(each === desk.words.language));
    one.lang = each;
    choice.append(one);
  }
  return choice;
}

function camera({ words, preferences }: Desk): HTMLElement {
  const any = element("option", { value: "" }, words.text("anyCamera"));
  const select = element("select", { id: "camera" }, any);
  void cameras().then((found) => {
    const options = found.map((device, number) => {
      const name = device.label || words.text("cameraNumber", { number: number + 1 });
      return element("option", { value: device.deviceId, selected: device.deviceId === preferences.camera }, name);
    });
    select.append(...options);
  });
  select.addEventListener("change", () => (preferences.camera = select.value));
  return field(words.text("camera"), select);
}

function field(label: string, box: HTMLElement): HTMLElement {
  return element("div", {}, element("label", { for: box.id }, label), box);
}

function knowledge(desk: Desk): HTMLElement {
  const { words, gate, upkeep } = desk;
  const synced = upkeep.syncedAt;
  // This part alone, where it still stands: neither is a guard fetched back from the lane, nor what they type lost.
  const drawAnew = () => {
    const drawn = knowledge(desk);
    const isFocused = document.activeElement === refresh;
    section.replaceWith(drawn);
    if (isFocused) drawn.querySelector("button")?.focus({ preventScroll: true });
  };
  const refresh = button(words.text("refresh"), () => upkeep.refresh().then(drawAnew));
  refresh.dataset.action = "refresh";
  const section: HTMLElement = element(
    "section",
    { class: "card" },
    element("h2", {}, words.text("knowledge")),
    element(
      "p",
      {},
      synced ? words.text("synced", { age: words.since(desk.deviceNow() - synced) }) : words.text("never"),
    ),
    upkeep.failure ? element("p", { "data-failure": upkeep.failure }, words.failure(upkeep.failure)) : null,
    gate ? ages(desk) : null,
    element("p", { class: "quiet" }, words.storage(upkeep.storage)),
    refresh,
  );
  return section;
}

function ages({ words, gate }: Desk): HTMLElement {
  const { knowledge: known, policy } = gate!;
  const { now } = gate!.now();
  const rules = rulesAt(known, now);
  const stale = new Set(gate!.staleMembers(now));
  const rows = [...(known.trust?.members.values() ?? [])]
    .filter((member) => member.may_issue.statuses.length)
    .map(({ id }) => {
      const status = known.statuses.get(id);
      const age = status ? words.since(now - status.asOf) : words.text("none");
      const mark = stale.has(id) ? `⚠ ${age} · ${words.text("byHand")}` : age;
      return element(
        "tr",
        { "data-member": id },
        element("th", { scope: "row" }, words.member(id)),
        element("td", {}, mark),
      );
    });
  return element(
    "div",
    {},
    facts(
      [words.text("place"), `${words.member(known.member)} · ${words.profile(policy.name)}`],
      [words.text("trust"), known.trust ? words.since(known.trust.age(now)) : words.text("none")],
      [
        words.text("rules"),
        rules
          ? words.text("ruleVersion", { member: words.member(rules.member), version: rules.version })
          : words.text("none"),
      ],
    ),
    element("table", {}, element("caption", {}, words.text("membersAge")), element("tbody", {}, ...rows)),
    known.failures.length
      ? element(
          "p",
          {},
          words.text("unread", {
            files: known.failures.map((each) => `${each.member} ${each.file}: ${each.code}`).join(", "),
          }),
        )
      : null,
  );
}
