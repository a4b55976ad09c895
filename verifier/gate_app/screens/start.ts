// What the app begins with, each time: one tap sets the language, lets sound begin and opens the camera. Beside it a
// guard can look at what each outcome looks and sounds like before anybody comes.

import { LANGUAGES, type Language } from "../../../credentials/browser/profile";
import { button, element } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { TEXTS } from "../texts";
import { place, versionLine, warnings } from "./parts";
import { SHAPES } from "./verdict";

export function startScreen(desk: Desk): HTMLElement[] {
  const { words } = desk;
  return [
    element(
      "main",
      { class: "page start", "data-screen": "start" },
      element("h1", { tabindex: -1 }, words.text("title")),
      element("p", { id: "place" }, where(desk)),
      warnings(desk),
      begin(desk, words.language),
      element("p", {}, words.text("beginHow")),
      ...LANGUAGES.filter((language) => language !== words.language).map((language) => begin(desk, language)),
      element("h2", {}, words.text("practice")),
      element("p", { class: "quiet" }, words.text("practiceHow")),
      element("div", { class: "row practices" }, ...practices(desk)),
      versionLine(desk),
    ),
  ];
}

/** Where this gate stands, or that it knows nothing yet. */
export function where(desk: Desk): string {
  return desk.gate ? place(desk) : desk.words.text("nothing");
}

function begin(desk: Desk, language: Language): HTMLButtonElement {
  const isOurs = language === desk.words.language;
  const start = button(TEXTS[language].begin, () => desk.begin(language), isOurs ? "primary begin" : "begin");
  start.lang = language;
  if (isOurs) start.dataset.action = "start";
  return start;
}

function practices(desk: Desk): HTMLButtonElement[] {
  return SHAPES.map((each) => {
    const one = button(desk.words.shape(each), () => desk.practise(each), "grow");
    one.dataset.practice = each;
    return one;
  });
}
