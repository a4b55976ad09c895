// Before there is a code: what this is, and how to get one. After the browser has dropped one: what happened. While a claim
// is under way: that nothing is lost, and how it goes on.

import { element } from "../../../service_kit/browser/dom";
import { hadCards } from "../preferences";
import type { Screen, Wallet } from "../screen";
import { claimRefusal, claimScreen, goesOn } from "./claim";
import { outside } from "./install";
import { choices } from "./menu";
import { action, heading, hotline, stack, warning, whileBusy } from "./parts";
import { signInScreen } from "./sign_in";

export const welcomeScreen: Screen = (wallet) => {
  const { words } = wallet;
  const isLost = hadCards() && !wallet.trouble;
  const isWaiting = wallet.cards.pending.length > 0;
  const main = element(
    "main",
    { class: "page", "data-condition": isWaiting ? "waiting" : isLost ? "lost" : "none" },
    heading(words.text(isWaiting ? "waiting" : isLost ? "lostTitle" : "welcome")),
    wallet.trouble ? warning(words.text(`notKept-${wallet.trouble}`)) : null,
    outside(wallet),
    isWaiting ? waiting(wallet) : element("p", { class: "large" }, words.text(isLost ? "lost" : "welcomeHow")),
    ways(wallet),
    choices(wallet),
  );
  return { main, actions: [] };
};

/** A claim that was sent and not answered for good: what happened last, and trying it now. */
function waiting(wallet: Wallet): HTMLElement {
  const { words, claimTrouble } = wallet;
  const said = claimTrouble ? claimRefusal(claimTrouble, wallet) : goesOn(wallet);
  const again = action(
    "again",
    words.text("tryAgain"),
    () => whileBusy(again, () => wallet.keepUp(true)),
    "primary wide",
  );
  return stack(element("p", { class: "large" }, said), again);
}

/** How to get a code, and whom to ask. */
export function ways(wallet: Wallet): HTMLElement {
  const { words, office, cards } = wallet;
  const claim = action(
    "claim",
    words.text("claim"),
    () => wallet.open(claimScreen),
    cards.pending.length ? "wide" : "primary wide",
  );
  const signIn = office?.sign_in
    ? action("sign-in", words.text("signIn"), () => wallet.open(signInScreen), "wide")
    : null;
  return stack(claim, signIn, hotline(wallet));
}
