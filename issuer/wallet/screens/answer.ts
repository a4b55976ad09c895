// Nonce mode: the gate shows a small symbol (卡口码), the phone scans it and answers. It needs no clock on the phone.

import { CredentialError } from "../../../credentials/browser/errors";
import type { Challenge } from "../../../credentials/browser/formats/presentation";
import { unwrap } from "../../../credentials/browser/formats/presentation/challenge";
import { pictureChooser, textBox } from "../../../service_kit/browser/camera/by_hand";
import { Camera, type CameraTrouble } from "../../../service_kit/browser/camera/camera";
import { symbol } from "../../../service_kit/browser/camera/symbol";
import { element, put } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import { keepAwake } from "../holding/live_code";
import type { Screen, Wallet } from "../screen";
import type { WalletTextName } from "../texts";
import { action, heading, warning, whose } from "./parts";

/** The shortest time for which gates take an answer (verifier/gate/challenges.py). */
const ANSWER_SECONDS = 120;
const MAX_TYPED_CHARACTERS = 100;

/** Says something under the camera's picture. */
type Tell = (name: WalletTextName) => void;

export function answerScreen(card: Card): Screen {
  return (wallet) => {
    const { words } = wallet;
    const message = element("p", { role: "status" }, words.text("cameraStarting"));
    let isOver = false;
    // What is said of a text or a picture while the camera is being opened stays when it comes on, or does not.
    let isAnswered = false;
    const tell: Tell = (name) => {
      isAnswered = true;
      message.textContent = words.text(name);
    };
    const take = (text: string) => {
      if (isOver) return;
      const challenge = challengeIn(text);
      if (challenge) wallet.open(answeredScreen(card, challenge));
      else tell("notAChallenge");
    };
    const begin = () => {
      isAnswered = false;
      const came = (name: WalletTextName) => {
        if (!isAnswered) message.textContent = words.text(name);
      };
      return camera.start().then(
        () => (isOver ? camera.stop() : came("pointAtGate")),
        () => came("noCamera"),
      );
    };
    // A camera that another app has taken is asked for again, once; then whoever holds the phone must know.
    let isAgain = false;
    const lost = (trouble: CameraTrouble) => {
      message.textContent = words.text(trouble === "reader" ? "noReader" : "noCamera");
      if (trouble !== "reader" && !isAgain && !isOver) void begin();
      isAgain = true;
    };
    const camera = new Camera(wallet.decoder, take, lost);
    const seen = () => document.hidden || camera.isOn || isOver || void begin();
    document.addEventListener("visibilitychange", seen);
    void begin();
    const picture = element("div", { class: "picture" }, camera.video, element("div", { class: "frame" }));
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("answer")),
      whose(card, wallet),
      element("div", { class: "view" }, picture, message),
      otherWays(take, tell, wallet),
    );
    const leave = () => {
      isOver = true;
      document.removeEventListener("visibilitychange", seen);
      camera.stop();
    };
    return { main, actions: [], leave };
  };
}

function challengeIn(text: string): Challenge | null {
  try {
    return unwrap(text);
  } catch (error) {
    if (error instanceof CredentialError) return null;
    throw error;
  }
}

/** A picture, or the text: for a phone without a camera, or with one that somebody forbade. */
function otherWays(take: (text: string) => void, tell: Tell, { words, decoder, isElder }: Wallet): HTMLElement {
  const found = (texts: string[] | null) => {
    if (texts?.[0]) take(texts[0]);
    else tell(texts ? "noSymbol" : "noReader");
  };
  const chooser = pictureChooser(decoder, found, { "aria-label": words.text("picture") });
  const picture = element(
    "div",
    {},
    chooser,
    action("choose", words.text("picture"), () => chooser.click(), "wide"),
  );
  return element("div", { class: "stack" }, picture, isElder ? null : typed(take, words));
}

function typed(take: (text: string) => void, words: Wallet["words"]): HTMLElement {
  const box = textBox(MAX_TYPED_CHARACTERS);
  const submit = (event: Event) => {
    event.preventDefault();
    if (box.value.trim()) take(box.value);
  };
  return element(
    "form",
    { onsubmit: submit },
    element("label", { for: "typed" }, words.text("typeChallenge")),
    element(
      "div",
      { class: "row" },
      element("div", { class: "grow" }, box),
      element("button", {}, words.text("answerSend")),
    ),
  );
}

/** The answer: for one gate, once, for two minutes. */
function answeredScreen(card: Card, challenge: Challenge): Screen {
  return (wallet) => {
    const { words, cards } = wallet;
    const drawn = element("div", { class: "symbol" });
    const bar = element("div", { class: "bar-of-life answer" });
    const code = element(
      "section",
      { class: "code" },
      whose(card, wallet),
      drawn,
      element("div", { class: "life", "aria-hidden": "true" }, bar),
    );
    const again = () => wallet.open(answerScreen(card));
    const main = element(
      "main",
      { class: "page show" },
      heading(words.text("answerFor", { gate: challenge.gate })),
      code,
      element("p", {}, words.text("answerHow")),
    );
    void cards.present(card, challenge).then(
      (text) => put(drawn, symbol(text, "medium", words.text("answerSymbol"))),
      () => code.replaceWith(warning(words.text("keyLost"))),
    );
    const sleep = keepAwake();
    const over = setTimeout(() => code.replaceWith(warning(words.text("answerOver"))), ANSWER_SECONDS * 1000);
    const leave = () => {
      sleep();
      clearTimeout(over);
    };
    return { main, actions: [action("again", words.text("scanAgain"), again)], leave };
  };
}
