// The frame around the screens: what is shown, in which language and size; and what goes on behind them.

import { CredentialError } from "../../credentials/browser/errors";
import type { Language } from "../../credentials/browser/profile";
import { hush } from "../../service_kit/browser/announce";
import { Decoder } from "../../service_kit/browser/camera/camera";
import { keepInstalled } from "../../service_kit/browser/device/installed";
import { Store } from "../../service_kit/browser/device/store";
import { awaitOffer } from "../../service_kit/browser/device/surroundings";
import { element, put } from "../../service_kit/browser/dom";
import { chooseLanguage, chosenLanguage } from "../../service_kit/browser/language";
import { type Card, Cards, type KeepingTrouble, NotKept } from "./holding/cards";
import { HolderClock } from "./holding/clock";
import { type Office, Refusal } from "./holding/issuer";
import * as preferences from "./preferences";
import { canReadAloud, readAloud } from "./reading_aloud";
import type { Screen, Shown, Wallet } from "./screen";
import { action } from "./screens/parts";
import { showScreen } from "./screens/show";
import { comeBack } from "./screens/sign_in";
import { welcomeScreen } from "./screens/welcome";
import { WalletWords } from "./words";

/** How often it is looked whether something is due by itself. */
const UPKEEP_SECONDS = 60;
const SAID_SECONDS = 8;
/** Nobody looks at a white page for longer without a word. */
const LATE_MILLISECONDS = 1500;

const deviceNow = () => Math.floor(Date.now() / 1000);
const running = () => performance.now() / 1000;

export class App implements Wallet {
  readonly cards = new Cards(new Store("tongxing-wallet"), new HolderClock(deviceNow, running), deviceNow);
  isElder = preferences.isElder();
  trouble: KeepingTrouble | null = null;
  office: Office | null = preferences.lastOffice();
  words = new WalletWords(chosenLanguage(), this.office);
  claimTrouble: string | null = null;
  private picked: string | null = preferences.lastPicked();
  private screen: Screen | null = null;
  private shown: Shown | null = null;
  private reader: Decoder | null = null;
  private readonly said = element("p", { class: "said", role: "status" });
  private readonly place = element("div", { id: "place" });
  private saidUntil: ReturnType<typeof setTimeout> | undefined;
  /** Which showing of a screen stands: one that was left and opened again is another. */
  private visit = 0;
  private isReturning = false;
  private isKeepingUp = false;
  private isAskedAgain = false;

  constructor(private readonly root: HTMLElement) {}

  start(): void {
    // A region that is read out must stand in the page before anything is said in it.
    this.root.append(this.said, this.place);
    chooseLanguage(this.words.language);
    preferences.chooseElder(this.isElder);
    awaitOffer();
    addEventListener("popstate", () => {
      this.isReturning = false;
      this.draw(null);
    });
    document.addEventListener("visibilitychange", () => document.hidden || void this.wake());
    addEventListener("online", () => void this.keepUp(true));
    // From the memory of the browser ("back") a page comes as it was left, hours ago perhaps.
    addEventListener("pageshow", (event) => (event as PageTransitionEvent).persisted && void this.wake());
    setInterval(() => document.hidden || this.shown?.tick?.(), 1000);
    setInterval(() => void this.keepUp(false), UPKEEP_SECONDS * 1000);
    keepInstalled();
    void this.begin();
  }

  /** The decoder is large: it is loaded when somebody wants to scan. */
  get decoder(): Decoder {
    return (this.reader ??= new Decoder());
  }

  get card(): Card | null {
    return this.cards.all.find(({ id }) => id === this.picked) ?? this.cards.all[0] ?? null;
  }

  open(screen: Screen): void {
    // The phone's own "back" leads home, not out of the app.
    if (!this.screen) history.pushState(null, "");
    this.say("");
    this.draw(screen);
  }

  home(isHere = true): void {
    this.remember();
    if (!this.screen) return isHere ? this.draw(null) : this.refresh();
    // A second step back, before the browser has done the first, would lead out of the app.
    if (!isHere || this.isReturning) return;
    this.isReturning = true;
    this.visit++;
    history.back();
  }

  staying(): () => boolean {
    const { visit } = this;
    return () => visit === this.visit;
  }

  pick(card: Card): void {
    this.picked = card.id;
    preferences.rememberPicked(card.id);
    this.remember();
    this.refresh();
  }

  refresh(): void {
    const focused = document.activeElement?.id;
    this.draw(this.screen, false);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  say(text: string, stays = false): void {
    this.said.textContent = text;
    clearTimeout(this.saidUntil);
    if (!stays) this.saidUntil = setTimeout(() => (this.said.textContent = ""), SAID_SECONDS * 1000);
  }

  chooseLanguage(language: Language): void {
    chooseLanguage(language);
    this.words = new WalletWords(language, this.office);
    this.refresh();
  }

  chooseElder(on: boolean): void {
    this.isElder = on;
    preferences.chooseElder(on);
    this.refresh();
  }

  /** What goes on by itself: the office heard once, claims tried again, codes renewed; and a change is told. */
  async keepUp(isOpened: boolean): Promise<void> {
    if (this.isKeepingUp) this.isAskedAgain ||= isOpened;
    if (this.trouble || this.isKeepingUp || navigator.onLine === false) return;
    this.isKeepingUp = true;
    const [before, standing] = [this.picture(), this.standings()];
    try {
      if (!this.cards.all.length && !this.screen) this.learn(await this.cards.hear());
      await this.recover(isOpened);
      await this.cards.renew({ opened: isOpened });
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NotKept)) throw error;
    } finally {
      this.isKeepingUp = false;
    }
    this.remember();
    if (this.picture() !== before && !this.screen) this.refresh();
    this.tellChanges(standing);
    if (!this.isAskedAgain) return;
    this.isAskedAgain = false;
    await this.keepUp(true);
  }

  private async recover(isOpened: boolean): Promise<void> {
    if (!this.cards.pending.length) return;
    try {
      await this.cards.recover(isOpened);
      this.claimTrouble = null;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof CredentialError)) throw error;
      this.claimTrouble = error.code;
    }
  }

  /** How each card stands, to see what changes. */
  private standings(): Map<string, string> {
    return new Map(this.cards.all.map((card) => [card.id, this.words.standing(card, this.cards.clock)]));
  }

  /**
   * What changed or came while nobody looked is said, and stays until the next screen: it may be why somebody is sent
   * away.
   */
  private tellChanges(before: ReadonlyMap<string, string>): void {
    for (const card of this.cards.all) {
      const [was, is] = [before.get(card.id), this.words.standing(card, this.cards.clock)];
      const { name } = this.words.person(card);
      if (was === undefined) this.say(this.words.text("claimedLate", { name }), true);
      else if (was !== is) this.say(this.words.text("changed", { name, status: is }), true);
    }
  }

  private async begin(): Promise<void> {
    const late = setTimeout(() => this.say(this.words.text("opening"), true), LATE_MILLISECONDS);
    await this.load();
    clearTimeout(late);
    this.say("");
    this.draw(null, false);
    await comeBack(this);
    await this.keepUp(true);
  }

  /** Seen again: what the browser refused before it may give now. */
  private async wake(): Promise<void> {
    if (this.trouble) await this.load();
    this.shown?.tick?.();
    await this.keepUp(true);
  }

  private async load(): Promise<void> {
    try {
      await this.cards.load();
      this.trouble = null;
    } catch (error) {
      if (!(error instanceof NotKept)) throw error;
      this.trouble = error.trouble;
    }
  }

  private draw(screen: Screen | null, isNew = true): void {
    if (isNew) this.visit++;
    this.shown?.leave?.();
    hush();
    this.screen = screen;
    this.shown = (screen ?? this.homeScreen)(this);
    const { main, actions } = this.shown;
    document.title = `${main.querySelector("h1")?.textContent ?? ""} · ${this.words.text("title")}`;
    // A symbol stands beside the words where the screen is low and wide (style.css).
    const { documentElement } = document;
    documentElement.toggleAttribute("data-showing", main.matches(".show") && main.querySelector(".symbol") !== null);
    documentElement.toggleAttribute("data-several", main.querySelector("#people") !== null);
    put(this.place, main, this.bar(main, screen !== null, actions));
    if (isNew) main.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    if (isNew) scrollTo(0, 0);
  }

  private readonly homeScreen: Screen = (wallet) => (this.card ? showScreen(this.card) : welcomeScreen)(wallet);

  private bar(main: HTMLElement, isAway: boolean, actions: HTMLElement[]): HTMLElement {
    const back = isAway ? action("back", this.words.text("back"), () => this.home()) : null;
    const read = canReadAloud() ? action("read", this.words.text("read"), () => readAloud(main, this)) : null;
    return element("nav", { class: "bar", "aria-label": this.words.text("actions") }, back, ...actions, read);
  }

  /** That there are codes here is remembered apart from them; only who removes the last one takes that away. */
  private remember(): void {
    const office = this.cards.all[0]?.office;
    if (!office) return;
    preferences.rememberCards(true);
    this.learn(office);
  }

  private learn(office: Office): void {
    this.office = office;
    this.words = new WalletWords(this.words.language, office);
    preferences.rememberOffice(office);
  }

  /** All that decides what the home screen looks like, to redraw it only when it changes. */
  private picture(): string {
    const { clock, pending } = this.cards;
    const cards = this.cards.all.map(({ issued, refusal }) => [issued.text, refusal]);
    const claims = [pending.length, this.claimTrouble];
    return JSON.stringify([
      cards,
      claims,
      clock.isFar,
      clock.isWrong,
      this.office?.member,
      this.office?.hotline,
      this.office?.sign_in,
    ]);
  }
}
