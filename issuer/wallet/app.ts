// The frame around the screens: what is shown, in which language and size; and what goes on behind them.

import { Decoder } from "../../service_kit/browser/camera";
import { element } from "../../service_kit/browser/dom";
import { chooseLanguage, chosenLanguage, type Language } from "../../service_kit/browser/language";
import { Store } from "../../service_kit/browser/store";
import { hush } from "../../service_kit/browser/announce";
import { Cards, type Card } from "./cards";
import * as issuer from "./issuer";
import { Refusal, type Office } from "./issuer";
import * as preferences from "./preferences";
import { canReadAloud, readAloud } from "./reading_aloud";
import type { Screen, Shown, Wallet } from "./screen";
import { showScreen } from "./screens/show";
import { comeBack } from "./screens/sign_in";
import { action } from "./screens/parts";
import { welcomeScreen } from "./screens/welcome";
import { Words } from "./words";

const UPKEEP_SECONDS = 600;
const SAID_SECONDS = 8;

const deviceNow = () => Math.floor(Date.now() / 1000);

export class App implements Wallet {
  readonly cards = new Cards(new Store("tongxing-wallet"), deviceNow);
  isElder = preferences.isElder();
  isKept = true;
  office: Office | null = preferences.lastOffice();
  words = new Words(chosenLanguage(), this.office);
  private picked: string | null = null;
  private screen: Screen | null = null;
  private shown: Shown | null = null;
  private reader: Decoder | null = null;
  private readonly said = element("p", { class: "said", role: "status" });
  private readonly place = element("div", { id: "place" });
  private saidUntil: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly root: HTMLElement) {}

  start(): void {
    // A region that is read out must stand in the page before anything is said in it.
    this.root.append(this.said, this.place);
    chooseLanguage(this.words.language);
    preferences.chooseElder(this.isElder);
    addEventListener("popstate", () => this.draw(null));
    document.addEventListener("visibilitychange", () => document.hidden || void this.keepUp());
    addEventListener("online", () => void this.keepUp());
    setInterval(() => void this.keepUp(), UPKEEP_SECONDS * 1000);
    if ("serviceWorker" in navigator) void navigator.serviceWorker.register("service-worker.js").catch(() => undefined);
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

  home(): void {
    if (this.screen) history.back();
    else this.draw(null);
  }

  pick(card: Card): void {
    this.picked = card.id;
    this.remember();
    this.refresh();
  }

  refresh(): void {
    const focused = document.activeElement?.id;
    this.draw(this.screen, false);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  say(text: string): void {
    this.said.textContent = text;
    clearTimeout(this.saidUntil);
    this.saidUntil = setTimeout(() => (this.said.textContent = ""), SAID_SECONDS * 1000);
  }

  chooseLanguage(language: Language): void {
    chooseLanguage(language);
    this.words = new Words(language, this.office);
    this.refresh();
  }

  chooseElder(on: boolean): void {
    this.isElder = on;
    preferences.chooseElder(on);
    this.refresh();
  }

  private async begin(): Promise<void> {
    try {
      await this.cards.load();
    } catch {
      this.isKept = false;
    }
    this.draw(null, false);
    await comeBack(this);
    await this.keepUp();
  }

  private draw(screen: Screen | null, isNew = true): void {
    this.shown?.leave?.();
    hush();
    this.screen = screen;
    this.shown = (screen ?? this.homeScreen)(this);
    const { main, actions } = this.shown;
    document.title = `${main.querySelector("h1")?.textContent ?? ""} · ${this.words.text("title")}`;
    this.place.replaceChildren(main, this.bar(main, screen !== null, actions));
    if (isNew) main.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    if (isNew) scrollTo(0, 0);
  }

  private readonly homeScreen: Screen = (wallet) => (this.card ? showScreen(this.card) : welcomeScreen)(wallet);

  private bar(main: HTMLElement, isAway: boolean, actions: HTMLElement[]): HTMLElement {
    const back = isAway ? action("back", this.words.text("back"), () => this.home()) : null;
    const read = canReadAloud() ? action("read", this.words.text("read"), () => readAloud(main, this)) : null;
    return element("nav", { class: "bar", "aria-label": this.words.text("actions") }, back, ...actions, read);
  }

  /** What goes on by itself: the office heard once, what was lost on its way fetched, codes renewed when it is time. */
  private async keepUp(): Promise<void> {
    if (!this.isKept || navigator.onLine === false) return;
    const before = this.picture();
    try {
      if (!this.cards.all.length && !this.screen) await this.hearOffice();
      await this.cards.recover();
      await this.cards.renew();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    this.remember();
    if (this.picture() !== before && !this.screen) this.refresh();
  }

  private async hearOffice(): Promise<void> {
    this.learn(await issuer.office());
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
    this.words = new Words(this.words.language, office);
    preferences.rememberOffice(office);
  }

  /** All that decides what the home screen looks like, to redraw it only when it changes. */
  private picture(): string {
    const cards = this.cards.all.map(({ issued, refusal, ahead }) => [issued.text, refusal, ahead]);
    return JSON.stringify([cards, this.office?.member, this.office?.hotline, this.office?.sign_in]);
  }
}
