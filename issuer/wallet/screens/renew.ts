// 立即更新: asking the issuer at the holder's wish, and saying what came of it.

import { canBeShown, conditionOf } from "../holding/condition";
import type { Wallet } from "../screen";
import { orSaid, whileBusy } from "./parts";

/** Ask for newer codes, and say how it went: what the code is now, never that all is well above a red one. */
export async function renewNow(wallet: Wallet): Promise<void> {
  const pressed = document.getElementById("renew") as HTMLButtonElement;
  const refused = await whileBusy(pressed, () => orSaid(wallet, () => wallet.cards.renew({ asked: true })));
  if (!refused) return;
  const { card, words, cards } = wallet;
  wallet.refresh();
  if (!card) return;
  const refusal = refused.get(card.id);
  if (refusal) return wallet.say(words.refusal(refusal));
  const isShown = canBeShown(conditionOf(card, cards.clock));
  wallet.say(words.text(isShown ? "renewed" : "renewedEnded", { status: words.standing(card, cards.clock) }));
}
