// The gate app (卡口验码): one screen at a time, and all of it works with network and server off.

import { NONCE } from "../../credentials/browser/formats/presentation";
import { partOf } from "../../credentials/browser/formats/smart_health_card/prefix";
import type { Language } from "../../credentials/browser/profile";
import { beginSound, hush, sound, speak, unlockSound, vibrate } from "../../service_kit/browser/announce";
import { stayAwake } from "../../service_kit/browser/camera/awake";
import { Camera, type CameraTrouble, Decoder, troubleOf } from "../../service_kit/browser/camera/camera";
import { keepInstalled } from "../../service_kit/browser/device/installed";
import { Store } from "../../service_kit/browser/device/store";
import { put } from "../../service_kit/browser/dom";
import { chooseLanguage, chosenLanguage, prepareTimes } from "../../service_kit/browser/language";
import { Attention } from "./attention";
import { Challenges } from "./challenges";
import type { Desk, ScreenName } from "./desk";
import { Gate, Memory } from "./gate";
import { Gathering } from "./gathering";
import { asTyped, listenToHandScanner } from "./hand_scanner";
import { identityOf, type Verdict } from "./judging/verdict";
import { Preferences } from "./preferences";
import { challengeScreen, drawing } from "./screens/challenge";
import { manualScreen } from "./screens/manual";
import { bar, warnings } from "./screens/parts";
import { PRACTICE_SECONDS, practiceScreen } from "./screens/practice";
import { renewView, renewWays, scanScreen, tellOverCamera, usual } from "./screens/scan";
import { settingsScreen } from "./screens/settings";
import { shiftScreen } from "./screens/shift";
import { startScreen, where } from "./screens/start";
import { countDown, manualResultScreen, SIGNALS, shapeByHand, verdictScreen } from "./screens/verdict";
import type { Shape } from "./tally";
import { type ManualResult, sumOf, Tally } from "./tally";
import { GateUpkeep, type RoundNews } from "./upkeep";
import { Visit } from "./visit";
import { GateWords } from "./words";

/** How long an accepted verdict stands before the next scan begins by itself. */
const AUTOMATIC_SECONDS = 6;
/** How long a word about what the camera sees stands over the picture. */
const HINT_MILLISECONDS = 1500;
/** How often the ages on the screen are written anew. */
const AGES_MILLISECONDS = 30_000;
/** A camera that is lost again within this time is not opened again by itself. */
const REOPEN_SECONDS = 30;

const deviceNow = () => Math.floor(Date.now() / 1000);
/** Seconds of a clock that only goes forward, whatever the guard does to the time of day. */
const elapsed = () => performance.now() / 1000;

type Place = ScreenName | "practice";

class App implements Desk {
  readonly decoder = new Decoder(() => this.hint("loading"));
  readonly camera = new Camera(
    this.decoder,
    (text, others) => this.see([text, ...others]),
    (trouble) => void this.lose(trouble),
    () => this.attention.seeNothing(elapsed()),
  );
  readonly tally = new Tally(deviceNow);
  readonly preferences = new Preferences();
  readonly upkeep: GateUpkeep;
  readonly deviceNow = deviceNow;
  gate: Gate | null = null;
  words = new GateWords(chosenLanguage(), null);
  trouble: CameraTrouble | null = null;
  readonly gathering = new Gathering();
  isOutdated = false;
  isTurnedAway = false;
  visit = new Visit(this.tally);
  private before: Visit | null = null;
  private readonly root = document.getElementById("app")!;
  private readonly announcement = document.getElementById("announcement")!;
  private readonly attention = new Attention();
  private readonly memory = new Memory(new Challenges(elapsed), elapsed);
  private screen: Place = "start";
  /** The text that is being checked, and the one that was typed or opened meanwhile. */
  private checking: string | null = null;
  private following: { shown: string; from: Place } | null = null;
  /** Whether a verdict has come while the guard was on another screen, and not been looked at. */
  private isWaiting = false;
  private reopenedAt = -Infinity;
  private counting: ReturnType<typeof setInterval> | undefined;
  private hinting: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const measure = (ahead: number) => (this.memory.ahead = ahead);
    this.upkeep = new GateUpkeep(new Store("tongxing-gate"), deviceNow, (news) => this.learn(news), measure);
  }

  start(): void {
    chooseLanguage(this.words.language);
    this.preferences.apply();
    this.go("start");
    void this.upkeep.run();
    listenToHandScanner((text) => void this.check(asTyped(text), this.screen));
    unlockSound();
    stayAwake();
    document.addEventListener("visibilitychange", () => this.rest());
    setInterval(() => this.renew(), AGES_MILLISECONDS);
    keepInstalled(() => this.outdate());
  }

  begin(language: Language): void {
    beginSound(this.preferences.wants("speech"));
    this.adopt(language);
    if (!this.isWaiting) this.pass();
    this.go("scan");
  }

  practise(shape: Shape): void {
    this.leave();
    this.screen = "practice";
    this.draw(practiceScreen(this, shape));
    this.announce(shape, this.words.text("practiceOf", { outcome: this.words.shape(shape) }));
    this.counting = setInterval(() => this.go("start"), PRACTICE_SECONDS * 1000);
  }

  next(): void {
    this.pass();
    this.go("scan");
  }

  go(wanted: ScreenName): void {
    this.leave();
    const screen = wanted === "scan" && this.isWaiting ? "verdict" : wanted;
    this.isWaiting &&= screen !== "verdict";
    this.screen = screen;
    this.draw(this.drawn(screen));
    if (screen === "scan") void this.look();
    else if (screen !== "challenge") this.camera.stop();
  }

  async check(shown: string, from: Place = "scan", isSeen = false): Promise<void> {
    const { gate, visit } = this;
    if (!gate) return this.turnAway(from);
    if (this.checking !== null) {
      // The camera shows it again with its next picture; a hand scanner reads each code once. Of several the newest.
      if (!isSeen && shown !== this.checking) this.following = { shown, from };
      return;
    }
    const text = this.gathering.take(shown);
    if (text === null) return this.wait(from);
    this.checking = shown;
    try {
      // A hand scanner takes the next person while the last one's verdict stands; one that reads twice reads the same.
      const isNext = from === "verdict" && text !== this.attention.text;
      if (isNext) this.memory.goOn();
      const verdict = await gate.check(text);
      // Whoever stands here is being looked at by hand: the next one is scanned again.
      if (isNext && !this.isAt(from)) return;
      if (isNext && visit === this.visit) this.pass();
      const accepted = verdict.outcome === "accepted" ? (identityOf(verdict) ?? "") : "";
      // An answer is a showing of its own, also by a phone that never left: the guard has asked for it.
      const isAnswer = verdict.live?.mode === NONCE;
      const stays = isSeen && !isAnswer && this.attention.stays(accepted);
      this.attention.done(text, accepted);
      if (stays) this.hint("same");
      else this.tell(verdict, gate.now().now, this.isAt(from));
    } finally {
      this.checking = null;
      this.follow();
    }
  }

  /** Check what came meanwhile: as the next person's where another's verdict has come, so that nobody joins a visit. */
  private follow(): void {
    const { following, visit } = this;
    if (!following) return;
    this.following = null;
    const isNext = this.screen !== following.from && (visit.verdict !== null || visit.isDecidedByHand);
    void this.check(following.shown, isNext ? "verdict" : following.from);
  }

  /**
   * Whether the guard looks for what was asked for on a screen. Answers may come late, from the reader of a picture or
   * from a part that was still to be loaded: whoever has gone to look something up is not fetched from there.
   */
  private isAt(from: Place): boolean {
    return this.screen === "scan" || this.screen === from || (this.screen === "start" && from === "practice");
  }

  /** One symbol of several says nothing alone. */
  private wait(from: Place): void {
    if (!this.isAt(from)) return;
    if (this.screen === "verdict") this.pass();
    if (this.screen !== "scan") this.go("scan");
    tellOverCamera(this, null);
    this.announcement.textContent = usual(this);
    vibrate(SIGNALS.undetermined);
  }

  /** A gate without data judges nothing. It says so wherever it stands, each time anew, and asks for data. */
  private turnAway(from: Place): void {
    this.isTurnedAway = true;
    if (this.screen === "scan") renewView(this);
    else if (this.isAt(from)) this.go("scan");
    this.announce("undetermined", this.words.text("notChecked"));
    void this.upkeep.refresh();
  }

  decide(result: ManualResult): void {
    this.visit.count({ name: result, sum: "byHand" });
    this.isWaiting = false;
    const shape = shapeByHand(result);
    this.stand(manualResultScreen(this, result), false);
    this.announce(shape, this.words.spoken(shape));
  }

  async openCamera(): Promise<void> {
    if (!this.gate) return renewView(this);
    try {
      await this.camera.start(this.preferences.camera);
      this.trouble = null;
    } catch (error) {
      // One that was asked for before may be refused after the next has come.
      this.trouble = this.camera.isOn ? null : troubleOf(error);
    }
    if (this.screen !== "scan") this.camera.stop();
    renewView(this);
    await this.camera.resume();
  }

  speakLanguage(language: Language): void {
    this.adopt(language);
    this.go("settings");
  }

  private adopt(language: Language): void {
    chooseLanguage(language);
    this.words = new GateWords(language, this.gate?.knowledge ?? null);
    setTimeout(() => prepareTimes(language));
  }

  private drawn(screen: ScreenName): HTMLElement[] {
    if (screen === "start") return startScreen(this);
    if (screen === "challenge" && this.gate) return challengeScreen(this, this.gate);
    if (screen === "manual") return manualScreen(this);
    if (screen === "verdict") return verdictScreen(this, this.visit);
    if (screen === "shift") return shiftScreen(this);
    return screen === "settings" ? settingsScreen(this) : scanScreen(this);
  }

  /** New knowledge, or news about its age: what stands on the screen changes, the screen does not. */
  private learn(news: RoundNews | null): void {
    const isFirst = !this.gate;
    if (news) {
      const { knowledge, document: snapshot } = news;
      this.isTurnedAway = false;
      this.gate = new Gate(knowledge, snapshot.policy, snapshot.gate, deviceNow, this.memory);
      this.words = new GateWords(this.words.language, knowledge);
      renewWays(this);
      if (isFirst && this.screen === "scan") void this.openCamera();
      if (isFirst) void drawing().catch(() => undefined);
    }
    this.renew();
    if (!this.gate) renewView(this);
  }

  private renew(): void {
    document.getElementById("bar")?.replaceWith(bar(this));
    document.getElementById("warnings")?.replaceWith(warnings(this));
    const place = document.getElementById("place");
    if (place) place.textContent = where(this);
  }

  /** The next version is on the device. Nobody is in front of a gate that has not begun; all others are told. */
  private outdate(): void {
    this.isOutdated = true;
    if (this.screen === "start") location.reload();
    else this.renew();
  }

  private see(texts: string[]): void {
    const symbols = texts.filter((text) => partOf(text));
    // Symbols of one card may stand side by side; those that are there already say nothing new.
    if (symbols.length)
      return symbols.filter((text) => !this.gathering.has(text)).forEach((text) => void this.check(text, "scan", true));
    const sight = this.attention.see(texts, elapsed());
    if (typeof sight === "object") void this.check(sight.text, "scan", true);
    else this.hint(sight);
  }

  private hint(what: "same" | "several" | "loading"): void {
    tellOverCamera(this, this.words.text(what));
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => tellOverCamera(this, null), HINT_MILLISECONDS);
  }

  /** The lane goes on to the next person. */
  private pass(): void {
    this.before = this.visit;
    this.isTurnedAway = this.isWaiting = false;
    this.visit = new Visit(this.tally);
    this.memory.goOn();
  }

  private tell(verdict: Verdict, at: number, isLookedFor: boolean): void {
    // Whoever was decided by hand meanwhile is decided.
    if (!isLookedFor && this.visit.isDecidedByHand) return;
    if (!this.visit.verdict && this.before?.isContinuedBy(verdict)) this.visit = this.before;
    this.visit.note(verdict, at);
    this.visit.count({ name: verdict.reasons[0]?.code ?? verdict.outcome, sum: sumOf(verdict.outcome) });
    // Heard at once; seen where "back" leads.
    this.isWaiting = !isLookedFor;
    if (isLookedFor) this.stand(verdictScreen(this, this.visit), verdict.outcome === "accepted");
    // The screen first: the first sound of a day can take a slow phone half a second.
    setTimeout(() => this.announce(verdict.outcome, this.words.spoken(verdict.outcome)));
  }

  private announce(shape: Shape, text: string): void {
    if (this.preferences.wants("sound")) {
      sound(SIGNALS[shape]);
      vibrate(SIGNALS[shape]);
    }
    if (this.preferences.wants("speech")) speak(text, this.words.language);
    this.announcement.textContent = text;
  }

  /** A result stands until the guard goes on; an accepted code also ends by itself, if that is wanted. */
  private stand(drawn: HTMLElement[], endsByItself: boolean): void {
    this.pause();
    this.screen = "verdict";
    this.draw(drawn);
    if (!endsByItself || !this.preferences.wants("automatic")) return;
    let left = AUTOMATIC_SECONDS;
    countDown(this.words, left);
    this.counting = setInterval(() => (--left ? countDown(this.words, left) : this.next()), 1000);
  }

  private async look(): Promise<void> {
    this.camera.isPaused = false;
    if (this.camera.isOn) await this.camera.resume();
    else await this.openCamera();
  }

  /** The device, another app or a permission has ended the picture. Once it is opened again by itself, then it is said. */
  private async lose(trouble: CameraTrouble): Promise<void> {
    const isFirst = elapsed() - this.reopenedAt > REOPEN_SECONDS;
    this.reopenedAt = elapsed();
    if (isFirst && trouble === "ended" && this.screen === "scan") {
      renewView(this);
      return this.openCamera();
    }
    this.trouble = trouble;
    renewView(this);
  }

  /** A hidden page gives the camera back; a phone would take it away. */
  private rest(): void {
    if (document.hidden) this.camera.stop();
    else if (this.screen === "scan") void this.look();
  }

  private pause(): void {
    clearInterval(this.counting);
    this.camera.isPaused = true;
  }

  private leave(): void {
    this.pause();
    hush();
    this.announcement.textContent = "";
  }

  private draw(screen: HTMLElement[]): void {
    put(this.root, ...screen);
    document.title = this.words.text("title");
    scrollTo(0, 0);
    this.root.querySelector("h1")?.focus({ preventScroll: true });
  }
}

// Where the page has already said that it cannot run here (support.js), that stands.
if (!document.querySelector("[data-unsupported]")) new App().start();
