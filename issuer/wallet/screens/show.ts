// The code on the screen: whose it is, large, black on white, alive; what it says, until when. When it cannot be shown:
// why, and what to do.

import type { StatusCredential } from "../../../credentials/browser/model";
import { shownStatus } from "../../../credentials/browser/model";
import { element, facts, put, shape } from "../../../service_kit/browser/dom";
import { type Card, isEnded, isUsable } from "../holding/cards";
import { type Condition, canBeShown, conditionOf, isWorthAsking } from "../holding/condition";
import { keepAwake, LiveCode } from "../holding/live_code";
import { read } from "../reading";
import type { Screen, Shown, Wallet } from "../screen";
import { answerScreen } from "./answer";
import { claimScreen } from "./claim";
import { decisionScreen } from "./decision";
import { menuScreen } from "./menu";
import { action, heading, hotline, retell, STATUS_SHAPES, stack, WARNING_SHAPE, warning, whose } from "./parts";
import { peopleScreen } from "./people";
import { removeScreen } from "./remove";
import { renewNow } from "./renew";

export function showScreen(card: Card): Screen {
  return (wallet) => {
    const { words, cards } = wallet;
    const condition = conditionOf(card, cards.clock);
    const shown = canBeShown(condition) ? alive(card, condition, wallet) : unavailable(card, condition, wallet);
    const isAsking = isWorthAsking(card, cards.clock);
    const renew = action("renew", words.text("renewNow"), () => renewNow(wallet), "primary");
    const answer = action("answer", words.text("answer"), () => wallet.open(answerScreen(card)));
    const menu = action("menu", words.text("menu"), () => wallet.open(menuScreen));
    const isAnswering = !wallet.isElder && isUsable(card) && !isEnded(card) && condition !== "expired";
    // Time goes on while the screen stands: what it says may be over, or begin.
    const tick = () => {
      if (conditionOf(card, cards.clock) !== condition || isWorthAsking(card, cards.clock) !== isAsking)
        wallet.refresh();
      else shown.tick?.();
    };
    const actions = [...(isAsking && canBeShown(condition) ? [renew] : []), ...(isAnswering ? [answer] : []), menu];
    return { ...shown, tick, actions };
  };
}

function alive(card: Card, condition: Condition, wallet: Wallet): Shown {
  const { words, cards } = wallet;
  const credential = read(card.issued.text);
  const live = new LiveCode(
    {
      sign: () => cards.present(card),
      now: () => cards.clock.now(),
      failed: () => put(main, ...unavailable(card, "key-lost", wallet).main.children),
    },
    words,
  );
  const sleep = keepAwake();
  const others =
    cards.all.length > 1 ? action("people", words.text("otherPerson"), () => wallet.open(peopleScreen)) : null;
  const until = element("p", { class: "until" });
  const around = element("div", { class: "around" });
  const tell = () => {
    until.textContent = words.text("validUntil", { time: words.until(credential.expiresAt, cards.clock.now()) });
    retell(around, ...surroundings(card, condition, credential, wallet));
  };
  const main = element(
    "main",
    { class: "page show", "data-condition": condition },
    element(
      "section",
      { class: "code" },
      element("div", { class: "top" }, element("p", {}, words.marked(card.office, wallet.isElder)), live.clock),
      whose(card, wallet, others),
      live.symbol,
      live.life,
      statusHeading(credential, words),
      until,
    ),
    around,
  );
  tell();
  const tick = () => {
    live.tick();
    tell();
  };
  return { main, actions: [], tick, leave: sleep };
}

/** The only colour on the page, and it comes from what the issuer signed; without a decision there is none. */
function statusHeading(credential: StatusCredential, words: Wallet["words"]): HTMLElement {
  const status = shownStatus(credential);
  const label = status ? words.status(status) : words.text("noStatus");
  const drawing = shape(STATUS_SHAPES[status ?? "pending"]);
  return element(
    "h1",
    { class: `band ${status ?? "pending"}`, "data-status": status ?? "", tabindex: -1 },
    drawing,
    label,
  );
}

/** What is to be known besides, the most urgent first. */
function surroundings(
  card: Card,
  condition: Condition,
  credential: StatusCredential,
  wallet: Wallet,
): (HTMLElement | null)[] {
  const { words, cards } = wallet;
  const relation = credential.guardian
    ? words.text("carriedBy", { guardian: words.guardian(credential.guardian) })
    : null;
  const left = words.left(card.issued.expires_at - cards.clock.now());
  return [
    condition === "ending" ? warning(words.text("ending", { time: left })) : null,
    cards.clock.isFar ? warning(words.clockFar(cards.clock.ahead)) : null,
    credential.status !== "green" && credential.decisionReference ? complaint(card, credential, wallet) : null,
    wallet.trouble ? warning(words.text(`notKept-${wallet.trouble}`)) : null,
    relation ? element("p", {}, relation) : null,
    wallet.isElder ? null : details(credential, wallet),
  ];
}

/** Why it is not green, and where to complain. */
function complaint(card: Card, credential: StatusCredential, wallet: Wallet): HTMLElement {
  const { words } = wallet;
  const why = action("why", words.text("whyTitle"), () => wallet.open(decisionScreen(card)));
  return element(
    "section",
    { class: "card complaint" },
    element("p", {}, element("strong", {}, words.text("why", { reason: words.reason(credential.reason) }))),
    element("p", {}, words.text("complain")),
    why,
    hotline(wallet),
  );
}

function details(credential: StatusCredential, { words, cards }: Wallet): HTMLElement {
  const now = cards.clock.now();
  return element(
    "section",
    { class: "card" },
    facts(
      [words.text("asOf"), words.until(credential.issuedAt, now)],
      [words.text("evidence"), words.evidence(credential.evidence, now)],
      [words.text("reason"), words.reason(credential.reason)],
    ),
    element("p", { class: "quiet hint" }, words.text("brightness")),
  );
}

function unavailable(card: Card, condition: Condition, wallet: Wallet): Shown {
  const { words, cards } = wallet;
  const others =
    cards.all.length > 1 ? action("people", words.text("otherPerson"), () => wallet.open(peopleScreen)) : null;
  const what = element("p", { class: "large" });
  const tell = () => (what.textContent = words.condition(condition, card, cards.clock).what);
  const said = words.condition(condition, card, cards.clock);
  const main = element(
    "main",
    { class: "page show", "data-condition": condition },
    heading(said.title, shape(WARNING_SHAPE)),
    whose(card, wallet, others),
    what,
    element("p", { class: "large" }, said.todo),
    stack(...remedies(card, condition, wallet), hotline(wallet)),
  );
  tell();
  return { main, actions: [], tick: tell };
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
