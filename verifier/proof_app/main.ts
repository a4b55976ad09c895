// The page that checks a proof file on this device: what is chosen here is read here, and nothing of it is sent.

import { LANGUAGES, type Language, WORDS } from "../../credentials/browser/profile";
import { fill, said, type Values } from "../../credentials/browser/words";
import { keepInstalled } from "../../service_kit/browser/device/installed";
import { button, element, facts, put } from "../../service_kit/browser/dom";
import { chooseLanguage, chosenLanguage } from "../../service_kit/browser/language";
import { isDecisionFile, proveDecision } from "./decision_file";
import { isLeafProof, proveLeaf } from "./leaf_proof";
import type { Proved, Sentence } from "./proved";
import { type ProofTextName, TEXTS } from "./texts";
import { fetchTrustList } from "./trust_list";
import { Unproved } from "./unproved";

/** Of the largest kind; each has narrower bounds of its own. */
const MAX_FILE_BYTES = 512 * 1024;
const MAX_POLICY_BYTES = 65_536;

class ProofPage {
  private language = chosenLanguage();
  private outcome: Proved | Unproved | null = null;
  /** How often something was asked or chosen: an answer about what stood here before is nobody's any more. */
  private asked = 0;
  private readonly root = document.getElementById("app")!;
  private readonly proof = element("input", { type: "file", id: "proof" });
  private readonly policyFile = element("input", { type: "file", id: "policy-file" });
  private readonly policy = element("textarea", { id: "policy", rows: 4, spellcheck: false, autocomplete: "off" });
  private readonly result = element("section", { id: "result", role: "status", "aria-live": "polite" });

  start(): void {
    keepInstalled();
    chooseLanguage(this.language);
    this.proof.addEventListener("change", () => this.forget());
    this.policy.addEventListener("input", () => this.forget());
    this.policyFile.addEventListener("change", () => void this.takePolicy());
    this.draw();
  }

  private text(name: ProofTextName, values: Values = {}): string {
    return fill(TEXTS[this.language][name], values, this.language);
  }

  private draw(): void {
    document.title = this.text("title");
    put(
      this.root,
      element(
        "main",
        { class: "page" },
        element("h1", {}, this.text("heading")),
        element("p", {}, this.text("lead")),
        this.form(),
        this.result,
        this.languages(),
      ),
    );
    this.show(this.outcome);
  }

  private form(): HTMLElement {
    return element(
      "section",
      { class: "card" },
      this.field("file", this.proof),
      element("p", { class: "quiet" }, this.text("fileHow")),
      this.field("policyFile", this.policyFile),
      this.field("policyText", this.policy),
      element("p", { class: "quiet" }, this.text("policyHow")),
      button(this.text("check"), () => this.check(), "primary"),
    );
  }

  private field(name: ProofTextName, box: HTMLElement): HTMLElement {
    return element("div", {}, element("label", { for: box.id }, this.text(name)), box);
  }

  private languages(): HTMLElement {
    const choice = element("fieldset", { class: "row" }, element("legend", { class: "hidden" }, this.text("language")));
    for (const each of LANGUAGES) {
      const one = button(said(WORDS["language.name"], each), () => this.speak(each), "grow");
      one.setAttribute("aria-pressed", String(each === this.language));
      one.lang = each;
      choice.append(one);
    }
    return choice;
  }

  private speak(language: Language): void {
    this.language = language;
    chooseLanguage(language);
    this.draw();
  }

  private async takePolicy(): Promise<void> {
    const file = this.policyFile.files?.[0];
    if (!file) return;
    if (file.size > MAX_POLICY_BYTES) return this.show(new Unproved("policy", `${file.size} B`));
    const text = await file.text();
    if (this.policyFile.files?.[0] !== file) return;
    this.policy.value = text;
    this.forget();
  }

  private async check(): Promise<void> {
    this.forget();
    const [file, { asked }] = [this.proof.files?.[0], this];
    put(this.result, element("p", {}, this.text(file ? "checking" : "noFile")));
    if (!file) return;
    const outcome = await prove(file, this.policy.value).catch((error: unknown) =>
      error instanceof Unproved ? error : new Unproved("fault", String(error)),
    );
    // It would stand below the name of another file.
    if (asked === this.asked) this.show(outcome);
  }

  private forget(): void {
    this.asked++;
    this.show(null);
  }

  private show(outcome: Proved | Unproved | null): void {
    this.outcome = outcome;
    if (!outcome) put(this.result);
    else if (outcome instanceof Unproved) this.tellWhy(outcome);
    else this.tell(outcome);
  }

  private tellWhy({ why, detail }: Unproved): void {
    const sentence = this.text(`bad_${why}`);
    put(
      this.result,
      element("h2", { "data-holds": "false" }, `✗ ${this.text("failed")}`),
      element("p", {}, sentence),
      element("p", { class: "quiet" }, detail),
    );
  }

  private tell({ title, facts: pairs, checked, unchecked, leaf }: Proved): void {
    const shown = pairs.map(([term, fact]) => [this.text(term), this.spoken(fact)] as [string, string]);
    put(
      this.result,
      element("h2", { "data-holds": "true" }, `✓ ${this.text(title)}`),
      facts(...shown),
      element("h3", {}, this.text("checked")),
      this.list(checked),
      element("h3", {}, this.text("unchecked")),
      this.list(unchecked),
      element("details", {}, element("summary", {}, this.text("leafText")), element("pre", {}, leaf)),
    );
  }

  private spoken(fact: Proved["facts"][number][1]): string {
    return typeof fact === "string" ? fact : said(fact, this.language);
  }

  private list(sentences: readonly Sentence[]): HTMLElement {
    return element("ul", {}, ...sentences.map(([name, values]) => element("li", {}, this.text(name, values))));
  }
}

/** What a file of either kind proves. Throws Unproved. */
async function prove(file: File, policy: string): Promise<Proved> {
  if (file.size > MAX_FILE_BYTES) throw new Unproved("tooLarge", `${file.size} B`);
  const content = new Uint8Array(await file.arrayBuffer());
  if (isLeafProof(content)) return proveLeaf(content, policy);
  if (isDecisionFile(content)) return proveDecision(content, await fetchTrustList());
  throw new Unproved("notProof");
}

// Where the page has already said that it cannot run here (support.js), that stands.
if (!document.querySelector("[data-unsupported]")) new ProofPage().start();
