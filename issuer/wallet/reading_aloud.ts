// A screen read aloud. Only ever when somebody asks for it: a phone that says "red" by itself tells the whole queue.

import { speak } from "../../service_kit/browser/announce";
import type { Wallet } from "./screen";

const READ = "h1, h2, p, dt, dd, li, label, .code-value";

export function canReadAloud(): boolean {
  return "speechSynthesis" in globalThis;
}

/** Read what stands on the screen, from top to bottom. A phone without a voice says so on the screen. */
export function readAloud(main: HTMLElement, wallet: Wallet): void {
  if (!speechSynthesis.getVoices().length) return wallet.say(wallet.words.text("noVoice"));
  speak(textOf(main), wallet.words.language);
}

/** The words of a screen, without what is for eyes only. */
export function textOf(main: HTMLElement): string {
  const parts = [...main.querySelectorAll<HTMLElement>(READ)];
  const outermost = parts.filter((part) => !part.closest("[aria-hidden=true]") && !part.parentElement?.closest(READ));
  return outermost
    .map((part) => part.textContent?.trim())
    .filter(Boolean)
    .join("。");
}
