// Signing in with the province's account (统一身份认证) in place of a claim code. The page only leaves and comes back;
// what was proved meanwhile lies in cookies that it cannot read.

import { element } from "../../../service_kit/browser/dom";
import { isFinal } from "../holding/cards";
import { Refusal } from "../holding/issuer";
import type { Screen, Wallet } from "../screen";
import { claim, codeOf, wordsOf } from "./claim";
import { action, heading, hotline, stack, warning, whileBusy } from "./parts";

const FRAGMENT = /^#sign-in=([a-z-]{1,40})$/;
/** What a sign-in can end with. Anybody can write a link: none shall say that this phone was lost, or its code taken back. */
const SIGN_IN_ENDS = /^(sign-in-[a-z-]+|holder-unknown|not-found|rate-limited|storage-unavailable)$/;

export const signInScreen: Screen = (wallet) => {
  const { words } = wallet;
  const go = action("go", words.text("signInGo"), () => whileBusy(go, () => leave(wallet)), "primary wide");
  const main = element(
    "main",
    { class: "page" },
    heading(words.text("signIn")),
    element("p", { class: "large" }, words.text("signInHow")),
    element("p", { class: "large" }, words.text("onePhone")),
    stack(go),
  );
  return { main, actions: [] };
};

/** Who has gone back meanwhile does not want to sign in any more: neither is the page left, nor are they told. */
async function leave(wallet: Wallet): Promise<void> {
  const isHere = wallet.staying();
  try {
    const address = await wallet.cards.issuer.signIn(wallet.words.language);
    if (isHere()) location.assign(address);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (isHere()) wallet.open(failedScreen(error.code));
  }
}

/** Back from the provider: fetch the code that now waits for this phone. */
export async function comeBack(wallet: Wallet): Promise<void> {
  const [, result] = FRAGMENT.exec(location.hash) ?? [];
  if (!result) return;
  // Off the address at once: whoever opens it again from the history has not signed in.
  history.replaceState(null, "", location.pathname);
  const isSayable = SIGN_IN_ENDS.test(result) && wallet.words.isKnownRefusal(result);
  if (result !== "done") return wallet.open(failedScreen(isSayable ? result : "sign-in-unproven"));
  await fetchCode(wallet);
}

async function fetchCode(wallet: Wallet): Promise<void> {
  const isHere = wallet.staying();
  try {
    await claim(null, wallet);
  } catch (error) {
    const [code, said] = [codeOf(error), wordsOf(error, wallet)];
    if (isHere()) wallet.open(failedScreen(code, said));
    else wallet.say(said, true);
  }
}

function failedScreen(code: string, said?: string): Screen {
  return (wallet) => {
    const { words } = wallet;
    // What passes is tried again, with the same key: the code may have been given already.
    const isWaiting = wallet.cards.pending.some((pending) => pending.code === null) && !isFinal(code);
    const again = isWaiting ? action("again", words.text("tryAgain"), () => fetchCode(wallet), "primary wide") : null;
    const main = element(
      "main",
      { class: "page", "data-refusal": code },
      heading(words.text("signInFailed")),
      warning(said ?? words.refusal(code)),
      stack(again, hotline(wallet)),
    );
    return { main, actions: [] };
  };
}
