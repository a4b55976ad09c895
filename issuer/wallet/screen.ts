// What a screen is, and what it may ask of the app.

import type { Decoder } from "../../service_kit/browser/camera";
import type { Language } from "../../service_kit/browser/language";
import type { Card, Cards } from "./cards";
import type { Office } from "./issuer";
import type { Words } from "./words";

/** What stands on the screen: its main part, the buttons below it, and what ends when it is left. */
export interface Shown {
  main: HTMLElement;
  actions: HTMLElement[];
  leave?: () => void;
}

/** Draws itself anew whenever language or size change. */
export type Screen = (wallet: Wallet) => Shown;

export interface Wallet {
  readonly cards: Cards;
  readonly words: Words;
  readonly decoder: Decoder;
  readonly isElder: boolean;
  /** Whose wallet this is, as last heard; null where it never was. */
  readonly office: Office | null;
  /** The card that is shown. */
  readonly card: Card | null;
  /** Whether the browser lets us keep anything. */
  readonly isKept: boolean;
  open(screen: Screen): void;
  home(): void;
  /** Show another card. */
  pick(card: Card): void;
  /** Draw the screen again, with the focus where it was. */
  refresh(): void;
  /** Say something in passing, on the screen and to screen readers. */
  say(text: string): void;
  chooseLanguage(language: Language): void;
  chooseElder(on: boolean): void;
}
