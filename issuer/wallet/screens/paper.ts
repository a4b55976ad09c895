// A paper code: for who has no phone at hand, or a battery that dies. A sheet with the code large, and a card to cut out.

import { shownStatus } from "../../../credentials/browser/verdict";
import { element } from "../../../service_kit/browser/dom";
import { symbol } from "../../../service_kit/browser/symbol";
import type { Card } from "../cards";
import { Refusal, type Issued, type Office } from "../issuer";
import { action, heading, hotline, stack, statusBand, warning, whileBusy } from "./parts";
import { read } from "../reading";
import type { Screen, Wallet } from "../screen";

export function paperScreen(card: Card): Screen {
  return (wallet) => {
    const { words } = wallet;
    const make = action("make", words.text("paperMake"), () => whileBusy(make, () => fetchPaper(card, wallet)), "primary wide");
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("paper")),
      element("p", { class: "large" }, words.text("paperWhat")),
      element("p", {}, words.text("paperCare")),
      stack(make),
    );
    return { main, actions: [] };
  };
}

async function fetchPaper(card: Card, wallet: Wallet): Promise<void> {
  try {
    wallet.open(sheetScreen(await wallet.cards.paper(card), card.office));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    wallet.open(refusedScreen(card, error.code));
  }
}

function refusedScreen(card: Card, code: string): Screen {
  return (wallet) => {
    const again = action("make", wallet.words.text("tryAgain"), () => whileBusy(again, () => fetchPaper(card, wallet)), "primary wide");
    const said = warning(wallet.words.refusal(code));
    const main = element("main", { class: "page", "data-refusal": code }, heading(wallet.words.text("paper")), said, stack(again, hotline(wallet)));
    return { main, actions: [] };
  };
}

function sheetScreen(paper: Issued, office: Office): Screen {
  return (wallet) => {
    const { words } = wallet;
    const print = action("print", words.text("print"), () => globalThis.print(), "primary");
    const main = element(
      "main",
      { class: "page sheet" },
      element("div", { class: "screen-only stack" }, heading(words.text("paperReady")), element("p", {}, words.text("paperPrint"))),
      large(paper, office, wallet),
      element("p", { class: "cut", "aria-hidden": "true" }, element("span", {}, `✂ ${words.text("cut")}`)),
      pocket(paper, office, wallet),
    );
    return { main, actions: [print] };
  };
}

/** The upper part of the sheet: the code as large as a hand, and what to know. */
function large(paper: Issued, office: Office, { words }: Wallet): HTMLElement {
  return element(
    "section",
    { class: "paper large-paper" },
    element("h2", {}, words.text("paperTitle", { office: words.marked(office) })),
    element("div", { class: "symbol" }, symbol(paper.text, "quartile", words.text("paperSymbol"))),
    ...person(paper, office, words),
    element(
      "ul",
      {},
      ...(["paperRuleDocument", "paperRuleCopy", "paperRuleExpiry"] as const).map((rule) => element("li", {}, words.text(rule))),
      element("li", {}, office.hotline ? words.text("paperRuleLost", { number: office.hotline }) : words.text("paperRuleLostPlain")),
    ),
  );
}

/** The lower part: to fold and carry. */
function pocket(paper: Issued, office: Office, { words }: Wallet): HTMLElement {
  return element(
    "section",
    { class: "paper pocket" },
    element("div", { class: "symbol" }, symbol(paper.text, "quartile", words.text("paperSymbol"))),
    element("div", {}, element("h2", {}, words.text("paperTitle", { office: words.marked(office) })), ...person(paper, office, words)),
  );
}

function person(paper: Issued, office: Office, words: Wallet["words"]): HTMLElement[] {
  const credential = read(paper.text);
  const status = shownStatus({ credential });
  return [
    ...(status ? [statusBand(status, words.status(status))] : []),
    element("p", { class: "who" }, `${credential.holderName}　${words.text("tail", { tail: credential.documentTail })}`),
    element("p", { class: "until" }, words.text("validUntil", { time: words.until(credential.expiresAt, office.now) })),
  ];
}
