// The challenge (卡口码) fills the screen: the holder's phone scans it, and its answer is scanned next.

import { draw } from "../../../credentials/browser/formats/presentation/challenge";
import { symbol } from "../../../service_kit/browser/camera/symbol";
import { button, element } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import type { Gate } from "../gate";
import { titled } from "./parts";

export function challengeScreen(desk: Desk, gate: Gate): HTMLElement[] {
  const { words, visit } = desk;
  const text = draw(gate.ask());
  const answer = button(words.text("scanAnswer"), () => desk.go("scan"), "primary");
  answer.dataset.action = "answer";
  const main = element(
    "main",
    { class: "page challenge", "data-screen": "challenge" },
    element("p", {}, words.text("challengeHow", { gate: gate.name })),
    element("div", { class: "symbol exact", "data-text": text }, symbol(text, "medium", words.text("challengeSymbol"))),
    answer,
  );
  return [titled(desk, words.text("challengeTitle"), visit.verdict ? "verdict" : "scan"), main];
}
