// What a screen is, and what it may ask of the app.

import type { Language } from "../../credentials/browser/profile";
import type { Decoder } from "../../service_kit/browser/camera/camera";
import type { Card, Cards, KeepingTrouble } from "./holding/cards";
import type { Office } from "./holding/issuer";
import type { WalletWords } from "./words";

/**
 * What stands on the screen: its main part, the buttons below it, what is done each second while it is seen, as what it
 * says of times goes on, and what ends when it is left.
 */
export interface Shown {
  main: HTMLElement;
  actions: HTMLElement[];
  tick?: () => void;
  leave?: () => void;
}

/** Draws itself anew whenever language or size change. */
export type Screen = (wallet: Wallet) => Shown;

export interface Wallet {
  readonly cards: Cards;
  readonly words: WalletWords;
  readonly decoder: Decoder;
  readonly isElder: boolean;
  /** Whose wallet this is, as last heard; null where it never was. */
  readonly office: Office | null;
  /** The card that is shown. */
  readonly card: Card | null;
  /** Why the browser does not let us keep anything, or null. */
  readonly trouble: KeepingTrouble | null;
  /** Why the last try of a claim that goes on was refused, or null. */
  claimTrouble: string | null;
  open(screen: Screen): void;
  /**
   * Back to the code. What was asked for may come late: whoever has left the screen that asked (`isHere` false) is not
   * fetched from where they are; only the home screen, where it stands, is drawn with what has come.
   */
  home(isHere?: boolean): void;
  /** Tells, when an answer comes, whether the screen that stands now has been left meanwhile. */
  staying(): () => boolean;
  /** Show another card. */
  pick(card: Card): void;
  /** Draw the screen again, with the focus where it was. */
  refresh(): void;
  /** Say something on the screen and to screen readers: in passing, or until another screen comes. */
  say(text: string, stays?: boolean): void;
  /** Do what goes on by itself: ask the issuer where it is time, or of all as when the page `isOpened`. */
  keepUp(isOpened: boolean): Promise<void>;
  chooseLanguage(language: Language): void;
  chooseElder(on: boolean): void;
}
