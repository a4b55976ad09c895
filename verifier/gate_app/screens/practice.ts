// Practice: what an outcome will look and sound like. Drawn without any code, in a shape and with a word that no
// verdict has; it ends by itself and counts nothing.

import { button, element } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import type { Shape } from "../tally";

/** How long it stands. */
export const PRACTICE_SECONDS = 5;

export function practiceScreen(desk: Desk, shape: Shape): HTMLElement[] {
  const { words } = desk;
  const end = button(words.text("practiceEnd"), () => desk.go("start"));
  end.dataset.action = "end";
  const box = element(
    "div",
    { class: "practice" },
    element("p", {}, words.practice(shape)),
    element("p", { class: "quiet" }, words.text("practiceOnly")),
  );
  const heading = element(
    "h1",
    { tabindex: -1, class: "grow" },
    words.text("practiceOf", { outcome: words.shape(shape) }),
  );
  const main = element("main", { class: "page", "data-screen": "practice", "data-practice": shape }, box);
  return [element("header", { class: "bar" }, heading, end), main];
}
