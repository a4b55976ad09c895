// 立即更新: asking the issuer at the holder's wish, and saying what came of it.

import { canBeShown, conditionOf } from "../holding/condition";
import type { Wallet } from "../screen";
import { orSaid, whileBusy } from "./parts";

/** Ask for newer codes, and say how it went: what the code is now, never that all is well above a red one. */
export async function renewNow(wallet: Wallet): Promise<void> {
  const pressed = document.getElementById("renew") as HTMLButtonElement;
  const [isHere, asked] = [wallet.staying(), wallet.card?.id];
  const refused = await whileBusy(pressed, () => orSaid(wallet, () => wallet.cards.renew({ asked: true })));
  if (!refused) return;
  // What is being typed on another screen by now stays.
  if (isHere()) wallet.refresh();
  else wallet.home(false);
  const { card, words, cards } = wallet;
  // Of whom it was asked, and not of whoever was chosen meanwhile.
  if (!card || card.id !== asked) return;
  const refusal = refused.get(card.id);
  if (refusal) return wallet.say(words.refusal(refusal));
  const isShown = canBeShown(conditionOf(card, cards.clock));
  wallet.say(words.text(isShown ? "renewed" : "renewedEnded", { status: words.standing(card, cards.clock) }));
}
