// One's own and relatives' codes, to choose from: what each person is called here, whose the code is, how it stands.

import { element } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import type { Screen, Wallet } from "../screen";
import { heading, stack } from "./parts";

export const peopleScreen: Screen = (wallet) => {
  const { cards, words } = wallet;
  return {
    main: element(
      "main",
      { class: "page" },
      heading(words.text("people")),
      stack(...cards.all.map((card) => person(card, wallet))),
    ),
    actions: [],
  };
};

function person(card: Card, wallet: Wallet): HTMLButtonElement {
  const { name, more } = wallet.words.person(card);
  const standing = wallet.words.standing(card, wallet.cards.clock);
  return element(
    "button",
    {
      type: "button",
      class: "wide person",
      id: `card-${card.id}`,
      "aria-current": card.id === wallet.card?.id ? "true" : null,
      onclick: () => {
        wallet.pick(card);
        wallet.home();
      },
    },
    element("strong", {}, name),
    element("span", {}, more),
    element("span", { class: "standing" }, standing),
  );
}
