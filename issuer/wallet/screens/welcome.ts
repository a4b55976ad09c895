// Before there is a code: what this is, and how to get one. After the browser has dropped one: what happened.

import { element } from "../../../service_kit/browser/dom";
import { claimScreen } from "./claim";
import { choices } from "./menu";
import { action, heading, hotline, stack, warning } from "./parts";
import { hadCards } from "../preferences";
import type { Screen, Wallet } from "../screen";
import { signInScreen } from "./sign_in";

export const welcomeScreen: Screen = (wallet) => {
  const { words } = wallet;
  const isLost = hadCards();
  const main = element(
    "main",
    { class: "page", "data-condition": isLost ? "lost" : "none" },
    heading(isLost ? words.text("lostTitle") : words.text("welcome")),
    wallet.isKept ? null : warning(words.text("notKept")),
    element("p", { class: "large" }, isLost ? words.text("lost") : words.text("welcomeHow")),
    ways(wallet),
    choices(wallet),
  );
  return { main, actions: [] };
};

/** How to get a code, and whom to ask. */
export function ways(wallet: Wallet): HTMLElement {
  const { words, office } = wallet;
  const claim = action("claim", words.text("claim"), () => wallet.open(claimScreen), "primary wide");
  const signIn = office?.sign_in ? action("sign-in", words.text("signIn"), () => wallet.open(signInScreen), "wide") : null;
  return stack(claim, signIn, hotline(wallet));
}
