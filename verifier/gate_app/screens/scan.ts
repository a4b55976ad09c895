// Where the guard is most of the time: the camera, and the other ways in when it cannot help.

import { partOf } from "../../../credentials/browser/formats/smart_health_card/prefix";
import { MAX_TEXT_CHARACTERS } from "../../../credentials/browser/profile";
import { pictureChooser, textBox } from "../../../service_kit/browser/camera/by_hand";
import { cameras } from "../../../service_kit/browser/camera/camera";
import { button, element } from "../../../service_kit/browser/dom";
import type { Desk } from "../desk";
import { asTyped } from "../hand_scanner";
import { bar, warnings } from "./parts";

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
      element(
        "div",
        { class: "ways" },
        typed(desk),
        element("div", { class: "row" }, picture(desk), challenge(desk), manual(desk)),
      ),
    ),
  ];
}

/** What the guard is told over the camera's picture; null: the usual word. */
export function tellOverCamera(desk: Desk, text: string | null): void {
  const message = document.getElementById("message");
  if (!message) return;
  const wanted = text ?? usual(desk);
  if (message.textContent !== wanted) message.textContent = wanted;
  message.toggleAttribute("data-told", text !== null);
}

/** What stands below the picture when nothing is in it. */
export function usual({ words, gate, trouble, isTurnedAway, gathering }: Desk): string {
  if (!gate) return words.text(isTurnedAway ? "notChecked" : "checking");
  if (trouble) return words.trouble(trouble);
  if (gathering.progress) return words.text("gathered", gathering.progress);
  return words.text(gate?.memory.challenges.open ? "pointAnswer" : "point");
}

/** Draw anew what the profile decides. */
export function renewWays(desk: Desk): void {
  document.querySelector(".ways [data-action=challenge]")?.replaceWith(challenge(desk));
}

/** Draw the camera's part anew; what is being typed below stays, and what the guard was told: a camera may come on while
 * they read what was wrong with a picture that they chose. */
export function renewView(desk: Desk): void {
  const told = document.querySelector("#message[data-told]")?.textContent;
  document.querySelector(".view")?.replaceWith(view(desk));
  if (told && desk.gate && !desk.trouble) tellOverCamera(desk, told);
}

function view(desk: Desk): HTMLElement {
  const { camera, trouble, words } = desk;
  if (!desk.gate) return nothing(desk);
  if (trouble) {
    return element(
      "div",
      { class: "view off", "data-camera": trouble },
      element("p", { id: "message", role: "alert" }, words.trouble(trouble)),
      button(words.text("retry"), () => desk.openCamera()),
    );
  }
  const message = element("p", { id: "message", role: "status" }, camera.isOn ? usual(desk) : words.text("starting"));
  const picture = element("div", { class: "picture" }, camera.video, element("div", { class: "frame" }));
  const tools = element("div", { class: "tools" });
  if (camera.isOn) void fillTools(desk, tools);
  return element("div", { class: "view", "data-camera": camera.isOn ? "on" : "starting" }, picture, message, tools);
}

/** A gate that knows nothing looks like one: no picture, and the one thing that helps. */
function nothing(desk: Desk): HTMLElement {
  const { words, upkeep, isTurnedAway } = desk;
  const refresh = button(words.text("refresh"), () => upkeep.refresh(), "primary");
  refresh.dataset.action = "refresh";
  const why = upkeep.failure ? element("p", { "data-failure": upkeep.failure }, words.failure(upkeep.failure)) : null;
  const message = element("p", { id: "message", role: "alert", class: isTurnedAway ? "warning" : "" }, usual(desk));
  return element("div", { class: "view off", "data-camera": "nothing" }, message, why, refresh);
}

/** The light, the other camera, a larger picture: what this device has of them. */
async function fillTools(desk: Desk, tools: HTMLElement): Promise<void> {
  const { camera } = desk;
  if (camera.hasTorch) tools.append(torch(desk));
  if (camera.zooms.length > 1) tools.append(zoom(desk));
  const found = await cameras();
  if (found.length > 1) tools.append(otherCamera(desk, found));
}

function torch({ camera, words }: Desk): HTMLButtonElement {
  const label = () => toggle.setAttribute("aria-pressed", String(camera.isLit));
  const toggle = button(words.text("torch"), () => camera.light(!camera.isLit).then(label));
  label();
  return toggle;
}

function zoom({ camera, words }: Desk): HTMLButtonElement {
  const larger = button("", () => {
    const { zooms, zoomed } = camera;
    void camera.zoom(zooms[(zooms.indexOf(zoomed) + 1) % zooms.length]!);
    label();
  });
  const label = () => (larger.textContent = words.text("zoom", { factor: camera.zoomed }));
  larger.dataset.action = "zoom";
  label();
  return larger;
}

function otherCamera(desk: Desk, found: MediaDeviceInfo[]): HTMLButtonElement {
  const { camera, words, preferences } = desk;
  const other = button(words.text("otherCamera"), () => {
    const now = found.findIndex(({ deviceId }) => deviceId === camera.device);
    preferences.camera = found[(now + 1) % found.length]!.deviceId;
    return desk.openCamera();
  });
  other.dataset.action = "other-camera";
  return other;
}

function typed(desk: Desk): HTMLFormElement {
  const { words } = desk;
  const hints = { type: "text", placeholder: words.text("typeHint"), "aria-label": words.text("type") };
  const box = textBox(MAX_TEXT_CHARACTERS, hints);
  const submit = (event: Event) => {
    event.preventDefault();
    const text = asTyped(box.value);
    box.value = "";
    if (text) void desk.check(text);
  };
  return element(
    "form",
    { class: "row", onsubmit: submit },
    element("div", { class: "grow" }, box),
    element("button", {}, words.text("check")),
  );
}

function picture(desk: Desk): HTMLElement {
  const { words } = desk;
  const found = async (texts: string[] | null) => {
    // The next person is not judged by a picture that was chosen for the one before.
    if (desk.visit !== chosenFor) return;
    if (!texts) tellOverCamera(desk, words.trouble("reader"));
    else if (texts.length > 1 && !texts.every((text) => partOf(text))) tellOverCamera(desk, words.text("several"));
    else if (texts[0] === undefined) tellOverCamera(desk, words.text("noSymbol"));
    else for (const text of texts) await desk.check(text);
  };
  let chosenFor = desk.visit;
  const reading = () => {
    chosenFor = desk.visit;
    tellOverCamera(desk, words.text("reading"));
  };
  const chooser = pictureChooser(desk.decoder, found, { "aria-hidden": "true" }, reading);
  return element(
    "div",
    { class: "grow" },
    chooser,
    button(words.text("picture"), () => chooser.click()),
  );
}

function challenge(desk: Desk): HTMLButtonElement {
  const isRequired = desk.gate?.policy.nonce_required;
  const ask = button(desk.words.text("challenge"), () => showChallenge(desk), isRequired ? "grow primary" : "grow");
  ask.dataset.action = "challenge";
  return ask;
}

/** A gate without data cannot judge the answer: it says so, and asks for data. */
function showChallenge(desk: Desk): void {
  if (desk.gate) return desk.go("challenge");
  tellOverCamera(desk, desk.words.text("noChallenge"));
  void desk.upkeep.refresh();
}

function manual(desk: Desk): HTMLButtonElement {
  const way = button(desk.words.text("manual"), () => desk.go("manual"), "grow");
  way.dataset.action = "manual";
  return way;
}
