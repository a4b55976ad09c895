// Taking a code off this phone: asked once, done at once, with or without a network.

import { element } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import { rememberCards } from "../preferences";
import type { Screen, Wallet } from "../screen";
import { action, heading, orSaid, stack, whileBusy, whose } from "./parts";

export function removeScreen(card: Card): Screen {
  return (wallet) => {
    const { words } = wallet;
    const yes = action("yes", words.text("removeYes"), () => whileBusy(yes, () => remove(card, wallet)), "danger wide");
    const no = action("no", words.text("removeNo"), () => wallet.home(), "wide");
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("remove")),
      whose(card, wallet),
      element("p", { class: "large" }, words.text("removeWhat")),
      stack(yes, no),
    );
    return { main, actions: [] };
  };
}

/** The code is gone at once; what the issuer says to that is told when it comes, wherever they are by then. */
async function remove(card: Card, wallet: Wallet): Promise<void> {
  const isHere = wallet.staying();
  const isGone = await orSaid(wallet, () => wallet.cards.remove(card).then(() => true));
  if (!isGone) return;
  if (!wallet.cards.all.length) rememberCards(false);
  wallet.home(isHere());
  const isHeard = await wallet.cards.release(card);
  const { words } = wallet;
  wallet.say(
    isHeard ? words.text("removed") : words.text("removedOffline", { time: words.moment(card.issued.expires_at) }),
    true,
  );
}
