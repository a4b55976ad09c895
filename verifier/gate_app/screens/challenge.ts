// The challenge (卡口码) fills the screen: the holder's phone scans it, and its answer is scanned next.

import { draw } from "../../../credentials/browser/formats/presentation/challenge";
import { button, element, put } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import type { Gate } from "../gate";
import { titled } from "./parts";

/** What draws symbols, no part of what the app starts with: fetched once the gate knows something, before it is needed. */
export const drawing = () => import("../../../service_kit/browser/camera/symbol");

export function challengeScreen(desk: Desk, gate: Gate): HTMLElement[] {
  const { words, visit } = desk;
  const text = draw(gate.ask());
  const place = element("div", { class: "symbol exact", "data-text": text });
  void drawing().then(
    ({ symbol }) => put(place, symbol(text, "medium", words.text("challengeSymbol"))),
    () => put(place, element("p", { class: "warning", role: "alert" }, words.text("challengeMissing"))),
  );
  const answer = button(words.text("scanAnswer"), () => desk.go("scan"), "primary");
  answer.dataset.action = "answer";
  const main = element(
    "main",
    { class: "page challenge", "data-screen": "challenge" },
    element("p", {}, words.text("challengeHow", { gate: gate.name })),
    place,
    answer,
  );
  return [titled(desk, words.text("challengeTitle"), visit.verdict ? "verdict" : "scan"), main];
}
