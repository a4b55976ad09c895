// The gate app (卡口验码): one screen at a time, and all of it works with network and server off.

import { NONCE } from "../../credentials/browser/presentation";
import type { Verdict } from "../../credentials/browser/verdict";
import { hush, sound, speak, unlockSound, vibrate } from "../../service_kit/browser/announce";
import { stayAwake } from "../../service_kit/browser/awake";
import { Camera, Decoder, troubleOf, type CameraTrouble } from "../../service_kit/browser/camera";
import { chooseLanguage, chosenLanguage, type Language } from "../../service_kit/browser/language";
import { Store } from "../../service_kit/browser/store";
import { Attention } from "./attention";
import { Challenges } from "./challenges";
import type { Desk, ScreenName } from "./desk";
import { Gate, Memory } from "./gate";
import { asTyped, listenToHandScanner } from "./hand_scanner";
import { Preferences } from "./preferences";
import { challengeScreen } from "./screens/challenge";
import { manualScreen } from "./screens/manual";
import { bar, warnings } from "./screens/parts";
import { renewView, renewWays, scanScreen, tellOverCamera } from "./screens/scan";
import { settingsScreen } from "./screens/settings";
import { shiftScreen } from "./screens/shift";
import { countDown, manualResultScreen, outcomeByHand, SIGNALS, spoken, verdictScreen } from "./screens/verdict";
import { Tally, type ManualResult } from "./tally";
import { Upkeep, type News } from "./upkeep";
import { Words } from "./words";

/** How long an accepted verdict stands before the next scan begins by itself. */
const AUTOMATIC_SECONDS = 6;
/** How long a word about what the camera sees stands over the picture. */
const HINT_MILLISECONDS = 1500;
/** How often the ages on the screen are written anew. */
const AGES_MILLISECONDS = 30_000;

const deviceNow = () => Math.floor(Date.now() / 1000);
/** Seconds of a clock that only goes forward, whatever the guard does to the time of day. */
const elapsed = () => performance.now() / 1000;

class App implements Desk {
  readonly decoder = new Decoder();
  readonly camera = new Camera(this.decoder, (text, others) => this.see([text, ...others]), (trouble) => this.lose(trouble));
  readonly tally = new Tally(deviceNow);
  readonly preferences = new Preferences();
  readonly upkeep: Upkeep;
  readonly deviceNow = deviceNow;
  gate: Gate | null = null;
  words = new Words(chosenLanguage(), null);
  trouble: CameraTrouble | null = null;
  private readonly root = document.getElementById("app")!;
  private readonly announcement = document.getElementById("announcement")!;
  private readonly attention = new Attention();
  private readonly memory = new Memory(new Challenges(elapsed));
  private screen: ScreenName | "verdict" = "scan";
  /** The member whose code was looked at last: whom to call about it. */
  private issuer: string | null = null;
  private isChecking = false;
  private counting: ReturnType<typeof setInterval> | undefined;
  private hinting: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const measure = (ahead: number) => (this.memory.ahead = ahead);
    this.upkeep = new Upkeep(new Store("tongxing-gate"), deviceNow, (news) => this.learn(news), measure);
  }

  start(): void {
    chooseLanguage(this.words.language);
    this.preferences.apply();
    this.go("scan");
    void this.upkeep.run();
    listenToHandScanner((text) => void this.check(asTyped(text)));
    unlockSound();
    stayAwake();
    document.addEventListener("visibilitychange", () => this.rest());
    setInterval(() => this.renew(), AGES_MILLISECONDS);
    if ("serviceWorker" in navigator) void navigator.serviceWorker.register("service-worker.js", { type: "module" });
  }

  go(screen: ScreenName): void {
    this.leave();
    if (this.screen !== "verdict") this.issuer = null;
    this.screen = screen;
    if (screen === "scan") this.attention.again(elapsed());
    this.draw(this.drawn(screen));
    if (screen === "scan") void this.look();
    else if (screen !== "challenge") this.camera.stop();
  }

  async check(text: string, isSeen = false): Promise<void> {
    const { gate } = this;
    if (!gate) return tellOverCamera(this, this.words.text("checking"));
    if (this.isChecking) return;
    this.isChecking = true;
    try {
      const verdict = await gate.check(text);
      const accepted = verdict.outcome === "accepted" ? verdict.credential!.cti : "";
      // An answer is a showing of its own, also by a phone that never left: the guard has asked for it.
      const isAnswer = verdict.live?.mode === NONCE;
      const stays = isSeen && !isAnswer && this.attention.stays(accepted, elapsed());
      this.attention.done(text, accepted, elapsed());
      if (stays) this.hint("same");
      else this.tell(verdict, gate.now().now);
    } finally {
      this.isChecking = false;
    }
  }

  decide(result: ManualResult): void {
    this.tally.count(result);
    this.stand(manualResultScreen(this, result), true);
    this.announce(outcomeByHand(result), this.words.result(result));
  }

  async openCamera(): Promise<void> {
    try {
      await this.camera.start(this.preferences.camera);
      this.trouble = null;
    } catch (error) {
      this.trouble = troubleOf(error);
    }
    if (this.screen !== "scan") this.camera.stop();
    renewView(this);
    await this.camera.resume();
  }

  speakLanguage(language: Language): void {
    chooseLanguage(language);
    this.words = new Words(language, this.gate?.knowledge ?? null);
    this.go("settings");
  }

  private drawn(screen: ScreenName): HTMLElement[] {
    if (screen === "challenge" && this.gate) return challengeScreen(this, this.gate);
    if (screen === "manual") return manualScreen(this, this.issuer);
    if (screen === "shift") return shiftScreen(this);
    return screen === "settings" ? settingsScreen(this) : scanScreen(this);
  }

  /** New knowledge, or news about its age: what stands on the screen changes, the screen does not. */
  private learn(news: News | null): void {
    if (news) {
      const { knowledge, document: snapshot } = news;
      this.gate = new Gate(knowledge, snapshot.policy, snapshot.gate, deviceNow, this.memory);
      this.words = new Words(this.words.language, knowledge);
      renewWays(this);
    }
    this.renew();
  }

  private renew(): void {
    document.getElementById("bar")?.replaceWith(bar(this));
    document.getElementById("warnings")?.replaceWith(warnings(this));
  }

  private see(texts: string[]): void {
    const sight = this.attention.see(texts, elapsed());
    if (typeof sight === "object") void this.check(sight.text, true);
    else this.hint(sight);
  }

  private hint(what: "same" | "several"): void {
    tellOverCamera(this, this.words.text(what));
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => tellOverCamera(this, null), HINT_MILLISECONDS);
  }

  private tell(verdict: Verdict, at: number): void {
    this.tally.count(verdict.reasons[0]?.code ?? verdict.outcome);
    this.issuer = verdict.credential?.issuer ?? null;
    this.stand(verdictScreen(this, verdict, at), verdict.outcome === "accepted");
    // The screen first: the first sound of a day can take a slow phone half a second.
    setTimeout(() => this.announce(verdict.outcome, spoken(verdict, this.words)));
  }

  private announce(outcome: Verdict["outcome"], text: string): void {
    if (this.preferences.wants("sound")) {
      sound(SIGNALS[outcome]);
      vibrate(SIGNALS[outcome]);
    }
    if (this.preferences.wants("speech")) speak(text, this.words.language);
    this.announcement.textContent = text;
  }

  /** A result stands until the guard goes on; one that lets pass also ends by itself, if that is wanted. */
  private stand(drawn: HTMLElement[], isPassed: boolean): void {
    this.pause();
    this.screen = "verdict";
    this.draw(drawn);
    if (!isPassed || !this.preferences.wants("automatic")) return;
    let left = AUTOMATIC_SECONDS;
    countDown(this.words, left);
    this.counting = setInterval(() => (--left ? countDown(this.words, left) : this.go("scan")), 1000);
  }

  private async look(): Promise<void> {
    this.camera.isPaused = false;
    if (this.camera.isOn) await this.camera.resume();
    else await this.openCamera();
  }

  private lose(trouble: CameraTrouble): void {
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
    this.root.replaceChildren(...screen);
    document.title = this.words.text("title");
    scrollTo(0, 0);
    this.root.querySelector("h1")?.focus({ preventScroll: true });
  }
}

new App().start();
