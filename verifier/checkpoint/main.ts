// The gate app (卡口验码): one screen at a time, and all of it works with network and server off.

import type { Verdict } from "../../credentials/browser/verdict";
import { hush, signal, speak } from "../../service_kit/browser/announce";
import { button, element, facts } from "../../service_kit/browser/dom";
import { chooseLanguage, chosenLanguage, LANGUAGE_NAMES, LANGUAGES, type Language } from "../../service_kit/browser/language";
import { Store } from "../../service_kit/browser/store";
import { Camera, Decoder } from "../../service_kit/browser/camera";
import { Gate } from "./gate";
import { Tally } from "./tally";
import { PROFILE_NAMES } from "./texts";
import { Upkeep, type News } from "./upkeep";
import { SIGNALS, spoken, verdictScreen } from "./verdict_screen";
import { Words } from "./words";

/** How long an accepted verdict stands before the next scan begins by itself. */
const AUTOMATIC_SECONDS = 6;
/** How long the same text is not looked at again after its verdict was taken away. */
const SAME_TEXT_SECONDS = 4;
const MAX_TYPED_CHARACTERS = 4096;

const deviceNow = () => Math.floor(Date.now() / 1000);

class App {
  private readonly root = document.getElementById("app")!;
  private readonly decoder = new Decoder();
  private readonly camera = new Camera(this.decoder, (text) => void this.check(text));
  private readonly tally = new Tally(deviceNow);
  private readonly upkeep = new Upkeep(new Store("tongxing-gate"), deviceNow, (news) => this.learn(news));
  private language: Language = chosenLanguage();
  private gate: Gate | null = null;
  private words = new Words(this.language, null);
  private screen: () => void = () => this.scan();
  private seen = { text: "", at: 0 };
  private isChecking = false;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    chooseLanguage(this.language);
    this.scan();
    void this.upkeep.run();
    void navigator.storage?.persist?.();
    if ("serviceWorker" in navigator) void navigator.serviceWorker.register("service-worker.js", { type: "module" });
  }

  private learn(news: News | null): void {
    if (news) {
      this.gate = this.gate?.learned(news.knowledge, news.policy) ?? new Gate(news.knowledge, news.policy, deviceNow);
      this.words = new Words(this.language, news.knowledge);
    }
    this.refreshBar();
  }

  private async check(text: string): Promise<void> {
    const at = deviceNow();
    if (this.isChecking || (text === this.seen.text && at - this.seen.at < SAME_TEXT_SECONDS)) return;
    this.isChecking = true;
    try {
      const { gate } = this;
      if (!gate) return;
      const verdict = await gate.check(text);
      this.seen = { text, at };
      this.tally.count(verdict.reasons[0]?.code ?? verdict.outcome);
      this.tell(verdict, gate.now().now);
    } finally {
      this.isChecking = false;
    }
  }

  private tell(verdict: Verdict, at: number): void {
    this.camera.stop();
    signal(SIGNALS[verdict.outcome]);
    if (this.wants("speech")) speak(spoken(verdict, this.words), this.language);
    const next = () => this.scan();
    this.show(() => this.replace(verdictScreen(verdict, at, this.words, { next, manual: () => this.manual() })));
    this.root.querySelector("h1")?.focus();
    if (verdict.outcome === "accepted" && this.wants("automatic")) this.waiting = setTimeout(next, AUTOMATIC_SECONDS * 1000);
  }

  private scan(): void {
    this.seen.at = deviceNow();
    this.show(() => {
      const message = element("p", { role: "status" }, this.words.text("starting"));
      const view = element("div", { class: "view" }, this.camera.video, element("div", { class: "frame" }), message);
      this.replace(
        this.bar(),
        element(
          "main",
          { class: "page" },
          this.warnings(),
          view,
          this.typed(),
          element(
            "div",
            { class: "row" },
            this.picture(),
            button(this.words.text("manual"), () => this.manual(), "grow"),
          ),
        ),
      );
      this.camera.start().then(
        () => (message.textContent = this.words.text("point")),
        () => (message.textContent = this.words.text("noCamera")),
      );
    });
  }

  private typed(): HTMLFormElement {
    const box = element("input", {
      id: "typed", autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
      maxlength: MAX_TYPED_CHARACTERS, placeholder: this.words.text("typeHint"),
    });
    const submit = (event: Event) => {
      event.preventDefault();
      const text = box.value;
      box.value = "";
      if (text.trim()) void this.check(text);
    };
    return element(
      "form",
      { onsubmit: submit },
      element("label", { for: "typed" }, this.words.text("type")),
      element(
        "div",
        { class: "row" },
        element("div", { class: "grow" }, box),
        element("button", { class: "primary" }, this.words.text("check")),
      ),
    );
  }

  private picture(): HTMLElement {
    const message = element("span", { role: "status", class: "quiet" });
    const chooser = element("input", { type: "file", accept: "image/*", class: "hidden", id: "picture", tabindex: -1 });
    chooser.addEventListener("change", async () => {
      const [text] = chooser.files?.[0] ? await this.decoder.read(chooser.files[0]) : [];
      chooser.value = "";
      if (text) void this.check(text);
      else message.textContent = this.words.text("noSymbol");
    });
    chooser.setAttribute("aria-label", this.words.text("picture"));
    return element("div", { class: "grow" }, chooser, button(this.words.text("picture"), () => chooser.click()), " ", message);
  }

  private manual(): void {
    this.camera.stop();
    const done = (result: string) => {
      this.tally.count(result);
      this.scan();
    };
    this.show(() => {
      const ways = (["manualDocument", "manualPaper", "manualRelative", "manualCall"] as const).map((way) =>
        element("li", {}, this.words.text(way)),
      );
      this.replace(
        this.bar(),
        element(
          "main",
          { class: "page" },
          element("h1", { tabindex: -1 }, this.words.text("manual")),
          element("p", {}, this.words.text("manualHow")),
          element("ol", {}, ...ways),
          button(this.words.text("manualPassed"), () => done("manual-passed"), "primary"),
          button(this.words.text("manualRefused"), () => done("manual-refused"), "danger"),
          button(this.words.text("scanAgain"), () => this.scan()),
        ),
      );
    });
  }

  private settings(): void {
    this.camera.stop();
    this.show(() =>
      this.replace(
        this.bar(),
        element(
          "main",
          { class: "page" },
          element("h1", { tabindex: -1 }, this.words.text("settings")),
          this.warnings(),
          this.knowledge(),
          this.choices(),
          this.counts(),
          button(this.words.text("back"), () => this.scan(), "primary"),
        ),
      ),
    );
  }

  private knowledge(): HTMLElement {
    const { words, gate } = this;
    const at = gate?.now().now ?? deviceNow();
    const { syncedAt, failure } = this.upkeep;
    const trust = gate?.knowledge.trust;
    const members = [...(gate?.knowledge.statuses ?? [])].map(([member, status]) =>
      element("tr", {}, element("td", {}, words.member(member)), element("td", {}, words.ago(at - status.asOf))),
    );
    return element(
      "section",
      { class: "card" },
      facts(
        [words.text("place"), gate ? words.member(gate.knowledge.member) : null],
        [words.text("profile"), gate ? (PROFILE_NAMES[gate.policy.name]?.[this.language] ?? gate.policy.name) : null],
        [words.text("age"), trust ? words.text("trustAge", { age: words.ago(trust.age(at)) }) : null],
      ),
      element("p", {}, syncedAt ? words.text("synced", { age: words.ago(deviceNow() - syncedAt) }) : words.text("never")),
      failure ? element("p", { class: "warning" }, words.text("failed", { reason: failure })) : null,
      button(words.text("refresh"), () => this.upkeep.refresh().then(() => this.settings())),
      element("table", {}, element("caption", {}, words.text("membersAge")), element("tbody", {}, ...members)),
    );
  }

  private choices(): HTMLElement {
    const options = LANGUAGES.map((language) =>
      element("option", { value: language, selected: language === this.language }, LANGUAGE_NAMES[language]),
    );
    const select = element("select", { id: "language" }, ...options);
    select.addEventListener("change", () => {
      this.language = select.value as Language;
      chooseLanguage(this.language);
      this.words = new Words(this.language, this.gate?.knowledge ?? null);
      this.settings();
    });
    const toggles = (["speech", "automatic"] as const).map((name) => {
      const box = element("input", { type: "checkbox", checked: this.wants(name) });
      box.addEventListener("change", () => localStorage.setItem(name, box.checked ? "yes" : "no"));
      return element("label", { class: "choice" }, box, this.words.text(name));
    });
    const language = element("label", { for: "language" }, this.words.text("language"));
    return element("section", { class: "card" }, language, select, ...toggles);
  }

  private counts(): HTMLElement {
    const { words } = this;
    const names: Record<string, string> = {
      accepted: words.text("accepted"),
      "manual-passed": words.text("manualPassedCount"),
      "manual-refused": words.text("manualRefusedCount"),
    };
    const rows = this.tally.rows.map(([result, count]) =>
      element("tr", {}, element("td", {}, names[result] ?? words.reason(result)), element("td", {}, String(count))),
    );
    const total = this.tally.rows.reduce((sum, [, count]) => sum + count, 0);
    const again = () => {
      this.tally.begin();
      this.settings();
    };
    return element(
      "section",
      { class: "card" },
      element("h2", {}, words.text("tally")),
      element("p", { class: "quiet" }, words.text("tallySince", { time: words.moment(this.tally.since) })),
      element(
        "table",
        {},
        element("tbody", {}, ...rows, element("tr", {}, element("th", { scope: "row" }, words.text("total")), element("td", {}, String(total)))),
      ),
      button(words.text("newShift"), again),
    );
  }

  private bar(): HTMLElement {
    const open = button(this.words.text("settings"), () => this.settings());
    return element("header", { class: "bar" }, element("p", { id: "state", role: "status" }, this.state()), open);
  }

  private state(): string {
    const { words, gate } = this;
    if (!gate?.knowledge.trust) return words.text("nothing");
    const place = `${words.member(gate.knowledge.member)} · ${PROFILE_NAMES[gate.policy.name]?.[this.language] ?? gate.policy.name}`;
    return `${place} · ${words.text(this.upkeep.failure ? "offline" : "online")}`;
  }

  private refreshBar(): void {
    const state = document.getElementById("state");
    if (state) state.textContent = this.state();
    document.getElementById("warnings")?.replaceWith(this.warnings());
  }

  /** What the guard must know before scanning anybody. */
  private warnings(): HTMLElement {
    const { gate, words } = this;
    const found: string[] = [];
    if (gate?.knowledge.trust) {
      const { now, doubt, alarm } = gate.now();
      if (doubt || alarm) found.push(words.text("clockDoubt"));
      if (gate.knowledge.trust.age(now) > gate.policy.trust_refuse) found.push(words.text("byHand"));
    }
    if (this.upkeep.failure === "storage") found.push(words.text("stored"));
    return element("div", { id: "warnings" }, ...found.map((text) => element("p", { class: "warning", role: "alert" }, text)));
  }

  private wants(name: "speech" | "automatic"): boolean {
    return localStorage.getItem(name) !== "no";
  }

  /** Change the screen, and remember how to draw it again. */
  private show(screen: () => void): void {
    clearTimeout(this.waiting);
    hush();
    document.title = this.words.text("title");
    this.screen = screen;
    this.screen();
  }

  private replace(...children: HTMLElement[]): void {
    this.root.replaceChildren(...children);
    scrollTo(0, 0);
  }
}

new App().start();
