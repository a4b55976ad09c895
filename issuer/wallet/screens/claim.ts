// A claim code that staff gave (领取码), typed from a slip of paper: large, in groups, checked before it is sent. Whatever
// passes is tried again by itself, with the same key, so that no code is lost between the issuer and the phone.

import { CredentialError } from "../../../credentials/browser/errors";
import { element } from "../../../service_kit/browser/dom";
import { isFinal, NotKept } from "../holding/cards";
import { CLAIM_CODE_DIGITS, digitsOf, faultOf, grouped } from "../holding/claim_code";
import { Refusal } from "../holding/issuer";
import type { Screen, Wallet } from "../screen";
import { outside } from "./install";
import { heading, hotline, whileBusy } from "./parts";

const MAX_TYPED_CHARACTERS = 64;

export const claimScreen: Screen = (wallet) => {
  const { words } = wallet;
  const waiting = wallet.cards.pending.find(({ code }) => code !== null);
  const box = element("input", {
    id: "code",
    class: "claim-code",
    autocomplete: "one-time-code",
    spellcheck: "false",
    inputmode: "numeric",
    enterkeyhint: "done",
    placeholder: "0000 0000 0000 0000",
    maxlength: MAX_TYPED_CHARACTERS,
    "aria-describedby": "code-hint code-error",
    required: true,
    value: waiting?.code ? grouped(waiting.code) : "",
  });
  const error = element("p", { id: "code-error", class: "error", role: "alert" });
  const send = element("button", { class: "primary wide", id: "send" }, words.text("claimSend"));
  const complain = (code: string, text: string) => {
    error.textContent = text;
    main.dataset.refusal = code;
    box.setAttribute("aria-invalid", "true");
    box.focus();
  };
  const quiet = () => {
    error.textContent = "";
    delete main.dataset.refusal;
    box.removeAttribute("aria-invalid");
  };
  const submit = async () => {
    quiet();
    const code = digitsOf(box.value);
    const fault = faultOf(code);
    if (fault?.name === "mistyped") return complain("claim-code-mistyped", words.refusal("claim-code-mistyped"));
    if (fault) return complain("claim-code-mistyped", words.text(fault.name, { count: fault.count }));
    const isHere = wallet.staying();
    const refused = (failure: unknown) => {
      const [name, said] = [codeOf(failure), wordsOf(failure, wallet)];
      if (isHere()) complain(name, said);
      else wallet.say(said, true);
    };
    await whileBusy(send, () => claim(code, wallet).catch(refused));
  };
  box.addEventListener("input", () => {
    if (box.selectionStart === box.value.length) box.value = grouped(box.value);
    quiet();
  });
  const main = element(
    "main",
    { class: "page" },
    heading(words.text("claim")),
    outside(wallet),
    element(
      "form",
      {
        class: "stack",
        onsubmit: (event: Event) => {
          event.preventDefault();
          void submit();
        },
      },
      element("label", { for: "code", class: "large" }, words.text("claimCode")),
      box,
      element("p", { id: "code-hint", class: "quiet" }, words.text("claimHint", { count: CLAIM_CODE_DIGITS })),
      error,
      send,
    ),
    element("p", {}, words.text("onePhone")),
    wallet.isElder ? null : element("p", {}, words.text("claimRelative")),
    hotline(wallet),
  );
  // What was refused in passing goes on by itself: when its code has come, nobody has to press anything.
  const tick = () => {
    if (main.dataset.refusal && wallet.cards.broughtBy(digitsOf(box.value))) void submit();
  };
  return { main, actions: [], tick };
};

/** The words of a claim that was refused; of what passes also that nothing is lost, and that it goes on by itself. */
export function claimRefusal(code: string, wallet: Wallet): string {
  const said = wallet.words.refusal(code);
  return wallet.cards.pending.length > 0 && !isFinal(code) ? said + goesOn(wallet) : said;
}

/** How it goes on; after a sign-in there is no claim code in anybody's hand. */
export function goesOn({ words, cards }: Wallet): string {
  return words.text(cards.pending.some(({ code }) => code !== null) ? "claimGoesOn" : "signInGoesOn");
}

/**
 * Get the code of a claim code, or (null) of whoever has signed in, and show it. Who has gone on meanwhile, perhaps to a
 * code that a guard is looking at, is told that it has come. Rejects as `Cards.claim`.
 */
export async function claim(code: string | null, wallet: Wallet): Promise<void> {
  const isHere = wallet.staying();
  const card = await wallet.cards.claim(code);
  // Asked only now that there is something worth keeping: browsers say yes to who is used.
  void navigator.storage?.persist?.();
  wallet.claimTrouble = null;
  const { words } = wallet;
  if (!isHere()) {
    wallet.home(false);
    return wallet.say(words.text("claimedLate", { name: words.person(card).name }), true);
  }
  wallet.pick(card);
  wallet.home();
  wallet.say(words.text(card.issued.form === "assisted" ? "claimedRelative" : "claimed"));
}

/** The stable code of why there is no code. */
export function codeOf(failure: unknown): string {
  if (failure instanceof Refusal || failure instanceof CredentialError) return failure.code;
  if (failure instanceof NotKept) return "not-kept";
  throw failure;
}

/** The words for it: what happened, and whether it goes on by itself. */
export function wordsOf(failure: unknown, wallet: Wallet): string {
  if (failure instanceof NotKept) return wallet.words.text(`refusal-not-kept-${failure.trouble}`);
  return claimRefusal(codeOf(failure), wallet);
}
