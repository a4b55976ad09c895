// One's own and relatives' codes, to choose from.

import { element } from "../../../service_kit/browser/dom";
import { action, heading, stack } from "./parts";
import type { Screen } from "../screen";

export const peopleScreen: Screen = (wallet) => {
  const { cards, words } = wallet;
  const names = cards.all.map((card) => {
    const choose = action(`card-${card.id}`, words.cardName(card), () => (wallet.pick(card), wallet.home()), "wide person");
    if (card.id === wallet.card?.id) choose.setAttribute("aria-current", "true");
    return choose;
  });
  return { main: element("main", { class: "page" }, heading(words.text("people")), stack(...names)), actions: [] };
};
