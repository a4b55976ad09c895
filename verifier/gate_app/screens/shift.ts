// The shift's counts: numbers by reason, and nobody in them.

import { button, element, facts } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { SUMS } from "../tally";
import { titled } from "./parts";

export function shiftScreen(desk: Desk): HTMLElement[] {
  const { words, tally } = desk;
  const rows = tally.rows.map(([result, count]) =>
    element(
      "tr",
      { "data-result": result },
      element("th", { scope: "row" }, words.result(result)),
      element("td", {}, String(count)),
    ),
  );
  const sums = facts(...SUMS.map((sum): [string, string] => [words.text(`sum_${sum}`), String(tally.sums[sum])]));
  sums.classList.add("card", "sums");
  const total = element(
    "tr",
    { class: "total" },
    element("th", { scope: "row" }, words.text("total")),
    element("td", {}, String(tally.total)),
  );
  const main = element(
    "main",
    { class: "page", "data-screen": "shift" },
    element("p", { class: "quiet" }, words.text("tallySince", { time: words.moment(tally.since) })),
    sums,
    element("table", { class: "card" }, element("tbody", {}, ...rows, total)),
    element("div", { class: "row" }, save(desk), begin(desk)),
  );
  return [titled(desk, words.text("shift")), main];
}

/** The counts as a text file. */
export function report({ words, tally, gate, preferences, deviceNow }: Desk): string {
  const place = [gate ? words.member(gate.knowledge.member) : "", preferences.lane].filter(Boolean).join(" · ");
  const span = words.text("span", { from: words.moment(tally.since), to: words.moment(deviceNow()) });
  const counts = tally.rows.map(([result, count]) => `${count}\t${result}\t${words.result(result)}`);
  const sums = SUMS.map((sum) => `${tally.sums[sum]}\t${words.text(`sum_${sum}`)}`);
  return [
    words.text("title"),
    place,
    span,
    "",
    ...sums,
    "",
    ...counts,
    `${tally.total}\t${words.text("total")}`,
    "",
  ].join("\r\n");
}

function save(desk: Desk): HTMLButtonElement {
  const deed = () => {
    const address = URL.createObjectURL(new Blob(["\ufeff", report(desk)], { type: "text/plain;charset=utf-8" }));
    const day = new Date(desk.deviceNow() * 1000).toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });
    element("a", { href: address, download: `tongxing-${day}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  return button(desk.words.text("save"), deed, "grow");
}

/** Asks once more: a thumb in a glove must not wipe out a day. */
function begin(desk: Desk): HTMLButtonElement {
  const { words, tally } = desk;
  let isAsked = false;
  const start = button(
    words.text("newShift"),
    () => {
      if (isAsked) {
        tally.begin();
        return desk.go("shift");
      }
      isAsked = true;
      start.classList.add("danger");
      start.textContent = words.text("newShiftSure");
    },
    "grow",
  );
  start.dataset.action = "begin";
  return start;
}
