// Where the guard is most of the time: the camera, and the other ways in when it cannot help.

import { button, element } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { asTyped } from "../hand_scanner";
import { bar, warnings } from "./parts";

const MAX_TYPED_CHARACTERS = 4096;

export function scanScreen(desk: Desk): HTMLElement[] {
  const { words } = desk;
  return [
    bar(desk),
    element(
      "main",
      { class: "page scan", "data-screen": "scan" },
      element("h1", { class: "hidden", tabindex: -1 }, words.text("scan")),
      warnings(desk),
      view(desk),
      element("div", { class: "ways" }, typed(desk), element("div", { class: "row" }, picture(desk), challenge(desk), manual(desk))),
    ),
  ];
}

/** What the guard is told over the camera's picture; null: the usual word. */
export function tellOverCamera(desk: Desk, text: string | null): void {
  const message = document.getElementById("message");
  const wanted = text ?? usual(desk);
  if (message && message.textContent !== wanted) message.textContent = wanted;
}

/** What stands over the picture when nothing is in it. */
function usual({ words, gate }: Desk): string {
  return words.text(gate?.memory.challenges.open ? "pointAnswer" : "point");
}

/** Draw anew what the profile decides. */
export function renewWays(desk: Desk): void {
  document.querySelector(".ways [data-action=challenge]")?.replaceWith(challenge(desk));
}

/** Draw the camera's part anew; what is being typed below stays. */
export function renewView(desk: Desk): void {
  document.querySelector(".view")?.replaceWith(view(desk));
}

function view(desk: Desk): HTMLElement {
  const { camera, trouble, words } = desk;
  if (trouble) {
    return element(
      "div",
      { class: "view off", "data-camera": trouble },
      element("p", { id: "message", role: "alert" }, words.trouble(trouble)),
      button(words.text("retry"), () => desk.openCamera()),
    );
  }
  const message = element("p", { id: "message", role: "status" }, camera.isOn ? usual(desk) : words.text("starting"));
  const frame = element("div", { class: "frame" });
  return element("div", { class: "view", "data-camera": camera.isOn ? "on" : "starting" }, camera.video, frame, message, torch(desk));
}

function torch({ camera, words }: Desk): HTMLButtonElement | null {
  if (!camera.hasTorch) return null;
  const toggle = button(words.text("torch"), () => {
    const isOn = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(isOn));
    return camera.light(isOn);
  }, "torch");
  toggle.setAttribute("aria-pressed", "false");
  return toggle;
}

function typed(desk: Desk): HTMLFormElement {
  const { words } = desk;
  const box = element("input", {
    id: "typed", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    maxlength: MAX_TYPED_CHARACTERS, placeholder: words.text("typeHint"), "aria-label": words.text("type"),
  });
  const submit = (event: Event) => {
    event.preventDefault();
    const text = asTyped(box.value);
    box.value = "";
    if (text) void desk.check(text);
  };
  return element("form", { class: "row", onsubmit: submit }, element("div", { class: "grow" }, box), element("button", {}, words.text("check")));
}

function picture(desk: Desk): HTMLElement {
  const { words } = desk;
  const chooser = element("input", { type: "file", accept: "image/*", class: "hidden", id: "picture", tabindex: -1, "aria-hidden": "true" });
  chooser.addEventListener("change", async () => {
    const file = chooser.files?.[0];
    if (!file) return;
    tellOverCamera(desk, words.text("reading"));
    const texts = await desk.decoder.read(file);
    chooser.value = "";
    if (texts.length > 1) tellOverCamera(desk, words.text("several"));
    else if (texts[0] === undefined) tellOverCamera(desk, words.text("noSymbol"));
    else await desk.check(texts[0]);
  });
  return element("div", { class: "grow" }, chooser, button(words.text("picture"), () => chooser.click()));
}

function challenge(desk: Desk): HTMLButtonElement {
  const isRequired = desk.gate?.policy.nonce_required;
  const ask = button(desk.words.text("challenge"), () => desk.go("challenge"), isRequired ? "grow primary" : "grow");
  ask.dataset.action = "challenge";
  return ask;
}

function manual(desk: Desk): HTMLButtonElement {
  const way = button(desk.words.text("manual"), () => desk.go("manual"), "grow");
  way.dataset.action = "manual";
  return way;
}
