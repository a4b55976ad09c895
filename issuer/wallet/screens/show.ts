// The code on the screen: large, black on white, alive; whose it is, what it says, until when. When it cannot be shown:
// why, and what to do.

import { shownStatus } from "../../../credentials/browser/verdict";
import type { StatusCredential } from "../../../credentials/browser/model";
import { element, facts, shape } from "../../../service_kit/browser/dom";
import { answerScreen } from "./answer";
import { isUsable, type Card } from "../cards";
import { claimScreen } from "./claim";
import { canBeShown, conditionOf, isClockFar, type Condition } from "../condition";
import { keepAwake, LiveCode } from "../live_code";
import { menuScreen } from "./menu";
import { action, heading, hotline, stack, STATUS_SHAPES, warning, WARNING_SHAPE, whileBusy } from "./parts";
import { peopleScreen } from "./people";
import { read } from "../reading";
import { removeScreen } from "./remove";
import type { Screen, Shown, Wallet } from "../screen";

export function showScreen(card: Card): Screen {
  return (wallet) => {
    const condition = conditionOf(card, wallet.cards.now(card));
    const shown = canBeShown(condition) ? alive(card, condition, wallet) : unavailable(card, condition, wallet);
    const answer = action("answer", wallet.words.text("answer"), () => wallet.open(answerScreen(card)));
    const menu = action("menu", wallet.words.text("menu"), () => wallet.open(menuScreen));
    const isAnswering = !wallet.isElder && isUsable(card) && condition !== "expired";
    return { ...shown, actions: [...(isAnswering ? [answer] : []), menu] };
  };
}

function alive(card: Card, condition: Condition, wallet: Wallet): Shown {
  const { words, cards } = wallet;
  const credential = read(card.issued.text);
  const live = new LiveCode(
    {
      sign: () => cards.present(card),
      now: () => cards.now(card),
      failed: () => main.replaceChildren(...unavailable(card, "key-lost", wallet).main.childNodes),
    },
    words,
  );
  const sleep = keepAwake();
  const expiry = setTimeout(wallet.refresh.bind(wallet), Math.min(1000 * (card.issued.expires_at - cards.now(card)), 2 ** 31 - 1));
  const main = element(
    "main",
    { class: "page show", "data-condition": condition },
    element(
      "section",
      { class: "code" },
      element("div", { class: "top" }, element("p", {}, words.marked(card.office, wallet.isElder)), live.clock),
      live.symbol,
      live.life,
      statusHeading(credential, words),
    ),
    ...whose(card, credential, wallet),
    ...notices(card, condition, wallet),
    ...(wallet.isElder ? [] : [details(card, credential, wallet)]),
  );
  const leave = () => {
    live.stop();
    sleep();
    clearTimeout(expiry);
  };
  return { main, actions: [], leave };
}

/** The only colour on the page, and it comes from what the issuer signed; without a decision there is none. */
function statusHeading(credential: StatusCredential, words: Wallet["words"]): HTMLElement {
  const status = shownStatus({ credential });
  const label = status ? words.status(status) : words.text("noStatus");
  const drawing = shape(STATUS_SHAPES[status ?? "pending"]);
  return element("h1", { class: `band ${status ?? "pending"}`, "data-status": status ?? "", tabindex: -1 }, drawing, label);
}

function whose(card: Card, credential: StatusCredential, wallet: Wallet): HTMLElement[] {
  const { words } = wallet;
  const relation = credential.guardian ? words.text("carriedBy", { guardian: words.guardian(credential.guardian) }) : null;
  return [
    named(wallet, element("strong", {}, credential.holderName), " ", words.text("tail", { tail: credential.documentTail })),
    ...(relation ? [element("p", {}, relation)] : []),
    element("p", { class: "until" }, words.text("validUntil", { time: words.until(credential.expiresAt, card.office.now) })),
  ];
}

/** Whose code it is, and where there are several the way to the others. */
function named(wallet: Wallet, ...name: (Node | string)[]): HTMLElement {
  const { words, cards } = wallet;
  const others = cards.all.length > 1 ? action("people", words.text("otherPerson"), () => wallet.open(peopleScreen)) : null;
  return element("div", { class: "row" }, element("p", { class: "who grow" }, ...name), others);
}

function notices(card: Card, condition: Condition, wallet: Wallet): HTMLElement[] {
  const { words, cards } = wallet;
  const found: HTMLElement[] = [];
  const credential = read(card.issued.text);
  if (condition === "ending") found.push(warning(words.text("ending", { time: words.left(card.issued.expires_at - cards.now(card)) })));
  if (isClockFar(card)) found.push(warning(words.clockFar(card.ahead)));
  if (credential.status !== "green" && credential.decisionReference) found.push(complaint(credential, wallet));
  if (!wallet.isKept) found.push(warning(words.text("notKept")));
  return found;
}

/** Why it is not green, and where to complain. */
function complaint(credential: StatusCredential, wallet: Wallet): HTMLElement {
  const { words } = wallet;
  return element(
    "section",
    { class: "card complaint" },
    element("p", {}, element("strong", {}, words.text("why", { reason: words.reason(credential.reason) }))),
    element("p", {}, words.text("complain")),
    hotline(wallet),
  );
}

function details(card: Card, credential: StatusCredential, { words }: Wallet): HTMLElement {
  return element(
    "section",
    { class: "card" },
    facts(
      [words.text("asOf"), words.moment(credential.issuedAt)],
      [words.text("evidence"), words.evidence(credential.evidence, card.office.now)],
      [words.text("reason"), words.reason(credential.reason)],
    ),
    element("p", { class: "quiet hint" }, words.text("brightness")),
  );
}

function unavailable(card: Card, condition: Condition, wallet: Wallet): Shown {
  const { words } = wallet;
  const said = words.condition(condition, card, wallet.cards.now(card));
  const main = element(
    "main",
    { class: "page show", "data-condition": condition },
    heading(said.title, shape(WARNING_SHAPE)),
    named(wallet, words.cardName(card)),
    element("p", { class: "large" }, said.what),
    element("p", { class: "large" }, said.todo),
    stack(...remedies(card, condition, wallet), hotline(wallet)),
  );
  return { main, actions: [] };
}

function remedies(card: Card, condition: Condition, wallet: Wallet): HTMLElement[] {
  const { words } = wallet;
  const renew = action("renew", words.text("renewNow"), () => renewNow(wallet), "primary");
  const claim = action("claim", words.text("claim"), () => wallet.open(claimScreen), "primary");
  const answer = action("answer-gate", words.text("answer"), () => wallet.open(answerScreen(card)));
  const remove = action("remove", words.text("remove"), () => wallet.open(removeScreen(card)));
  if (condition === "expired") return [renew];
  if (condition === "clock") return [renew, answer];
  return [claim, remove];
}

/** Ask the issuer for newer codes at the holder's wish, and say how it went. */
export async function renewNow(wallet: Wallet): Promise<void> {
  const pressed = document.getElementById("renew") as HTMLButtonElement;
  await whileBusy(pressed, () => wallet.cards.renew(true));
  const refusal = wallet.card?.refusal ?? null;
  wallet.refresh();
  wallet.say(refusal === null ? wallet.words.text("renewed") : wallet.words.refusal(refusal));
}
