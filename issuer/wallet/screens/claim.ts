// A claim code that staff gave (领取码), typed from a slip of paper: large, in groups, checked before it is sent.

import { CredentialError } from "../../../credentials/browser/errors";
import { element } from "../../../service_kit/browser/dom";
import { NotKept } from "../cards";
import { CLAIM_CODE_DIGITS, digitsOf, grouped, isSound } from "../claim_code";
import { Refusal } from "../issuer";
import { heading, hotline, whileBusy } from "./parts";
import type { Screen, Wallet } from "../screen";

const MAX_TYPED_CHARACTERS = 64;

export const claimScreen: Screen = (wallet) => {
  const { words } = wallet;
  const box = element("input", {
    id: "code", class: "claim-code", autocomplete: "one-time-code", spellcheck: "false", inputmode: "numeric",
    enterkeyhint: "done", placeholder: "0000 0000 0000 0000", maxlength: MAX_TYPED_CHARACTERS, "aria-describedby": "code-hint code-error",
    required: true,
  });
  const error = element("p", { id: "code-error", class: "error", role: "alert" });
  const help = hotline(wallet);
  const send = element("button", { class: "primary wide", id: "send" }, words.text("claimSend"));
  const complain = (code: string) => {
    error.textContent = words.refusal(code);
    main.dataset.refusal = code;
    box.setAttribute("aria-invalid", "true");
    box.focus();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const code = digitsOf(box.value);
    if (!isSound(code)) return complain("claim-code-mistyped");
    error.textContent = "";
    await whileBusy(send, () => claim(code, wallet).catch((failure: unknown) => complain(codeOf(failure))));
  };
  box.addEventListener("input", () => {
    if (box.selectionStart === box.value.length) box.value = grouped(box.value);
    box.removeAttribute("aria-invalid");
  });
  const main = element(
    "main",
    { class: "page" },
    heading(words.text("claim")),
    element(
      "form",
      { class: "stack", onsubmit: submit },
      element("label", { for: "code", class: "large" }, words.text("claimCode")),
      box,
      element("p", { id: "code-hint", class: "quiet" }, words.text("claimHint", { count: CLAIM_CODE_DIGITS })),
      error,
      send,
    ),
    element("p", {}, words.text("onePhone")),
    wallet.isElder ? null : element("p", {}, words.text("claimRelative")),
    help,
  );
  return { main, actions: [] };
};

async function claim(code: string, wallet: Wallet): Promise<void> {
  const card = await wallet.cards.claim(code);
  // Asked only now that there is something worth keeping: browsers say yes to who is used.
  void navigator.storage?.persist?.();
  wallet.pick(card);
  wallet.home();
  wallet.say(wallet.words.text(card.issued.form === "assisted" ? "claimedRelative" : "claimed"));
}

function codeOf(failure: unknown): string {
  if (failure instanceof Refusal || failure instanceof CredentialError) return failure.code;
  if (failure instanceof NotKept) return "not-kept";
  throw failure;
}
