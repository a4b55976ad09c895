// What a person is called on this phone (奶奶): a masked name and four digits tell nobody apart who carries five codes.

import { element } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import type { Screen } from "../screen";
import { heading, orSaid, whose } from "./parts";

const MAX_CHARACTERS = 12;

export function nicknameScreen(card: Card): Screen {
  return (wallet) => {
    const { words, cards } = wallet;
    const box = element("input", {
      id: "nickname-box",
      autocomplete: "off",
      maxlength: MAX_CHARACTERS,
      value: card.nickname ?? "",
    });
    const submit = async (event: Event) => {
      event.preventDefault();
      const isHere = wallet.staying();
      const named = await orSaid(wallet, () => cards.name(card, box.value.trim()).then(() => true));
      if (named) wallet.home(isHere());
    };
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("nickname")),
      whose(card, wallet),
      element(
        "form",
        { class: "stack", onsubmit: submit },
        element("label", { for: "nickname-box", class: "large" }, words.text("nicknameHow")),
        box,
        element("button", { class: "primary wide", id: "save" }, words.text("save")),
      ),
    );
    return { main, actions: [] };
  };
}
