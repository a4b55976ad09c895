// Putting the wallet on the phone's own screen, and getting out of the window of another app: what is kept in one is gone
// with it, and a claim code is good once.

import { insideApp, installer, isApple, isInstalled } from "../../../service_kit/browser/device/surroundings";
import { element } from "../../../service_kit/browser/dom";
import type { Screen, Wallet } from "../screen";
import { action, heading, stack, warning } from "./parts";

export const installScreen: Screen = (wallet) => {
  const { words } = wallet;
  const install = installer();
  const ask = () => {
    const isHere = wallet.staying();
    return install?.().then(() => wallet.home(isHere()));
  };
  const go = install && action("install-now", words.text("installNow"), ask, "primary wide");
  const steps = (isApple() ? words.text("installApple") : words.text("installOther")).split("\n");
  const main = element(
    "main",
    { class: "page" },
    heading(words.text("install")),
    outside(wallet),
    element("p", { class: "large" }, words.text("installWhy")),
    install ? stack(go) : element("ol", { class: "large" }, ...steps.map((step) => element("li", {}, step))),
  );
  return { main, actions: [] };
};

/** The way there, where the wallet is not there already. */
export function installing(wallet: Wallet): HTMLElement | null {
  if (isInstalled()) return null;
  return action("install", wallet.words.text("install"), () => wallet.open(installScreen), "wide");
}

/** Inside another app: how to get out of it, before a claim code is spent where its code would be lost. */
export function outside({ words }: Wallet): HTMLElement | null {
  const app = insideApp();
  if (!app) return null;
  const name = app === "other" ? words.text("app-other") : words.text(`app-${app}` as "app-wechat");
  return warning(words.text(isApple() ? "outsideApple" : "outside", { app: name }));
}
