// A paper code: for who has no phone at hand, or a battery that dies. A sheet with the code large, and a card to cut out.

import { CredentialError } from "../../../credentials/browser/errors";
import { shownStatus } from "../../../credentials/browser/model";
import { symbol } from "../../../service_kit/browser/camera/symbol";
import { element } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import { type Issued, type Office, Refusal } from "../holding/issuer";
import { savePicture } from "../paper_picture";
import { read } from "../reading";
import type { Screen, Wallet } from "../screen";
import { action, heading, hotline, stack, statusBand, warning, whileBusy, whose } from "./parts";

export function paperScreen(card: Card): Screen {
  return (wallet) => {
    const { words } = wallet;
    const make = action(
      "make",
      words.text("paperMake"),
      () => whileBusy(make, () => fetchPaper(card, wallet)),
      "primary wide",
    );
    const made = wallet.cards.madeOf(card);
    const show =
      made && action("show", words.text("paperShow"), () => wallet.open(sheetScreen(made, card.office)), "wide");
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("paper")),
      whose(card, wallet),
      element("p", { class: "large" }, words.text("paperWhat")),
      element("p", {}, words.text("paperCare")),
      stack(show, make),
    );
    return { main, actions: [] };
  };
}

/** Whoever has gone on meanwhile hears of it where they are: it counts among the papers of the day, and is not lost. */
async function fetchPaper(card: Card, wallet: Wallet): Promise<void> {
  const isHere = wallet.staying();
  try {
    const paper = await wallet.cards.paper(card);
    if (isHere()) return wallet.open(sheetScreen(paper, card.office));
    wallet.say(wallet.words.text("paperLate", { name: wallet.words.person(card).name }), true);
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof CredentialError)) throw error;
    if (isHere()) return wallet.open(refusedScreen(card, error.code));
    wallet.say(refusalOf(error.code, wallet), true);
  }
}

/** Refused for their number are papers by the day, and not tries by the hour. */
function refusalOf(code: string, { words }: Wallet): string {
  return code === "rate-limited" ? words.text("paperTooMany") : words.refusal(code);
}

function refusedScreen(card: Card, code: string): Screen {
  return (wallet) => {
    const again = action(
      "make",
      wallet.words.text("tryAgain"),
      () => whileBusy(again, () => fetchPaper(card, wallet)),
      "primary wide",
    );
    const main = element(
      "main",
      { class: "page", "data-refusal": code },
      heading(wallet.words.text("paper")),
      whose(card, wallet),
      warning(refusalOf(code, wallet)),
      stack(again, hotline(wallet)),
    );
    return { main, actions: [] };
  };
}

function sheetScreen(paper: Issued, office: Office): Screen {
  return (wallet) => {
    const { words } = wallet;
    const print = action("print", words.text("print"), () => globalThis.print(), "primary");
    const save = action("save-picture", words.text("paperPicture"), () =>
      whileBusy(save, () => keepPicture(paper, office, wallet)),
    );
    const main = element(
      "main",
      { class: "page sheet" },
      element(
        "div",
        { class: "screen-only stack" },
        heading(words.text("paperReady")),
        element("p", {}, words.text("paperPrint")),
      ),
      large(paper, office, wallet),
      element("p", { class: "cut", "aria-hidden": "true" }, element("span", {}, `✂ ${words.text("cut")}`)),
      pocket(paper, office, wallet),
    );
    return { main, actions: [print, save] };
  };
}

async function keepPicture(paper: Issued, office: Office, wallet: Wallet): Promise<void> {
  const { words } = wallet;
  const isSaved = await savePicture({
    text: paper.text,
    title: words.text("paperTitle", { office: words.marked(office) }),
    lines: lines(paper, words),
    notes: notes(office, words),
    name: words.text("paper"),
  });
  wallet.say(words.text(isSaved ? "paperPictureSaved" : "paperPictureFailed"), !isSaved);
}

/** The upper part of the sheet: whose it is, the code as large as a hand, and what to know. */
function large(paper: Issued, office: Office, { words }: Wallet): HTMLElement {
  return element(
    "section",
    { class: "paper large-paper" },
    element("h2", {}, words.text("paperTitle", { office: words.marked(office) })),
    ...person(paper, words),
    element("div", { class: "symbol" }, symbol(paper.text, "quartile", words.text("paperSymbol"))),
    element(
      "ul",
      {},
      ...[...notes(office, words), words.text("paperRuleCopy"), words.text("paperRuleExpiry")].map((note) =>
        element("li", {}, note),
      ),
    ),
  );
}

/** The lower part: to fold and carry, with all that somebody needs who has nothing else on them. */
function pocket(paper: Issued, office: Office, { words }: Wallet): HTMLElement {
  return element(
    "section",
    { class: "paper pocket" },
    element("div", { class: "symbol" }, symbol(paper.text, "quartile", words.text("paperSymbol"))),
    element(
      "div",
      {},
      element("h2", {}, words.text("paperTitle", { office: words.marked(office) })),
      ...person(paper, words),
      ...notes(office, words).map((note) => element("p", {}, note)),
    ),
  );
}

function person(paper: Issued, words: Wallet["words"]): HTMLElement[] {
  const status = shownStatus(read(paper.text));
  const [who, until] = lines(paper, words);
  return [
    element("p", { class: "who" }, who!),
    ...(status ? [statusBand(status, words.status(status))] : []),
    element("p", { class: "until" }, until!),
  ];
}

/** Whose it is, and until which day of which year: paper is read on another day than it was printed. */
function lines(paper: Issued, words: Wallet["words"]): string[] {
  const credential = read(paper.text);
  const status = shownStatus(credential);
  return [
    `${credential.holderName}　${words.text("tail", { tail: credential.documentTail })}`,
    words.text("validUntil", { time: words.moment(credential.expiresAt) }),
    ...(status ? [words.status(status)] : []),
  ];
}

/** The document, and whom to call. */
function notes(office: Office, words: Wallet["words"]): string[] {
  const lost = office.hotline
    ? words.text("paperRuleLost", { number: office.hotline })
    : words.text("paperRuleLostPlain");
  return [words.text("paperRuleDocument"), lost];
}
