// Everything that is not the code itself, as a list of large buttons.

import { element } from "../../../service_kit/browser/dom";
import { LANGUAGE_NAMES, LANGUAGES, type Language } from "../../../service_kit/browser/language";
import { answerScreen } from "./answer";
import { isUsable } from "../cards";
import { claimScreen } from "./claim";
import { detailsScreen } from "./details";
import { paperScreen } from "./paper";
import { action, heading, hotline, stack } from "./parts";
import { removeScreen } from "./remove";
import type { Screen, Wallet } from "../screen";
import { renewNow } from "./show";

export const menuScreen: Screen = (wallet) => {
  const { words, card } = wallet;
  const main = element(
    "main",
    { class: "page" },
    heading(words.text("menu")),
    stack(...(card ? withCard(wallet) : []), hotline(wallet)),
    choices(wallet),
  );
  return { main, actions: [] };
};

function withCard(wallet: Wallet): HTMLElement[] {
  const { words, cards } = wallet;
  const card = wallet.card!;
  const open = (id: string, label: string, screen: Screen) => action(id, label, () => wallet.open(screen), "wide");
  return [
    ...(isUsable(card)
      ? [
          open("answer", words.text("answer"), answerScreen(card)),
          open("details", words.text("details"), detailsScreen(card)),
          open("paper", words.text("paper"), paperScreen(card)),
          action("renew", words.text("renewNow"), () => renewNow(wallet), "wide"),
        ]
      : []),
    ...(cards.isFull ? [] : [open("claim", words.text("claimAnother"), claimScreen)]),
    open("remove", words.text("remove"), removeScreen(card)),
  ];
}

/** Size and language. */
export function choices(wallet: Wallet): HTMLElement {
  const { words } = wallet;
  const elder = action("elder", words.text(wallet.isElder ? "elderOff" : "elderOn"), () => wallet.chooseElder(!wallet.isElder), "wide");
  const options = LANGUAGES.map((language) =>
    element("option", { value: language, selected: language === words.language, lang: language }, LANGUAGE_NAMES[language]),
  );
  const select = element("select", { id: "language", onchange: () => wallet.chooseLanguage(select.value as Language) }, ...options);
  return element("div", { class: "stack" }, elder, element("label", { for: "language" }, words.text("language")), select);
}
