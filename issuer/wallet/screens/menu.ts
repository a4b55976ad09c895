// Everything that is not the code itself, as a list of large buttons.

import { LANGUAGES, type Language, WORDS } from "../../../credentials/browser/profile";
import { said } from "../../../credentials/browser/words";
import { version } from "../../../service_kit/browser/device/installed";
import { element } from "../../../service_kit/browser/dom";
import { isEnded, isUsable } from "../holding/cards";
import type { Screen, Wallet } from "../screen";
import { answerScreen } from "./answer";
import { claimScreen } from "./claim";
import { detailsScreen } from "./details";
import { installing } from "./install";
import { lookUpsScreen } from "./look_ups";
import { nicknameScreen } from "./nickname";
import { paperScreen } from "./paper";
import { action, heading, hotline, stack, whose } from "./parts";
import { removeScreen } from "./remove";
import { renewNow } from "./renew";

export const menuScreen: Screen = (wallet) => {
  const { words, card } = wallet;
  const main = element(
    "main",
    { class: "page" },
    heading(words.text("menu")),
    card ? whose(card, wallet) : null,
    stack(...(card ? withCard(wallet) : []), hotline(wallet)),
    choices(wallet),
    element("p", { class: "quiet" }, words.text("version", { version: version() })),
  );
  return { main, actions: [] };
};

function withCard(wallet: Wallet): HTMLElement[] {
  const { words, cards } = wallet;
  const card = wallet.card!;
  const open = (id: string, label: string, screen: Screen) => action(id, label, () => wallet.open(screen), "wide");
  return [
    // Of a card that has ended there is nothing to show a gate, and no paper to be had.
    ...(isUsable(card) && !isEnded(card)
      ? [
          open("answer", words.text("answer"), answerScreen(card)),
          open("details", words.text("details"), detailsScreen(card)),
          open("paper", words.text("paper"), paperScreen(card)),
        ]
      : []),
    ...(isUsable(card) ? [action("renew", words.text("renewNow"), () => renewNow(wallet), "wide")] : []),
    ...(isUsable(card) ? [open("look-ups", words.text("lookUps"), lookUpsScreen(card))] : []),
    open("nickname", words.text("nickname"), nicknameScreen(card)),
    ...(cards.isFull ? [] : [open("claim", words.text("claimAnother"), claimScreen)]),
    open("remove", words.text("remove"), removeScreen(card)),
  ];
}

/** Size and language. */
export function choices(wallet: Wallet): HTMLElement {
  const { words } = wallet;
  const elder = action(
    "elder",
    words.text(wallet.isElder ? "elderOff" : "elderOn"),
    () => wallet.chooseElder(!wallet.isElder),
    "wide",
  );
  const options = LANGUAGES.map((language) =>
    element(
      "option",
      { value: language, selected: language === words.language, lang: language },
      said(WORDS["language.name"], language),
    ),
  );
  const select = element(
    "select",
    { id: "language", onchange: () => wallet.chooseLanguage(select.value as Language) },
    ...options,
  );
  return element(
    "div",
    { class: "stack" },
    elder,
    installing(wallet),
    element("label", { for: "language" }, words.text("language")),
    select,
  );
}
