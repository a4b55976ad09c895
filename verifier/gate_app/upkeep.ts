// What the gate knows, kept on the device: read from IndexedDB at a cold start, renewed from the verifier when there is
// a network: the whole at first, then what is new. What is newer takes the older one's place only after it was read
// whole; what fails leaves what is held.

import { CredentialError } from "../../credentials/browser/errors";
import { recall, remember } from "../../service_kit/browser/choices";
import { ask, NoAnswer, timeOf } from "../../service_kit/browser/device/network";
import { isFull, type Store } from "../../service_kit/browser/device/store";
import { type DeltaJson, take } from "./judging/delta";
import type { Knowledge, SnapshotJson } from "./judging/knowledge";

const ADDRESS = "v1/snapshot";
const KEY = "snapshot";
/** Says that there once was something to find here, so that a browser which threw it away is found out. */
const KEPT = "gate-kept";
const POLL_SECONDS = 60;
/** Share of the time between polls by which gates spread out. */
const JITTER = 0.2;
const TIMEOUT_SECONDS = 30;
/** How often withdrawals alone are written to the device: megabytes each time, that wear it out. */
const WRITE_SECONDS = 600;

/** What is held: the document, its ETag, and when it last was known to be the newest (seconds UTC of the device). */
interface Held {
  document: SnapshotJson;
  etag: string | null;
  syncedAt: number;
}

export interface RoundNews {
  document: SnapshotJson;
  knowledge: Knowledge;
}

/** Whether what is held outlives a restart: kept for good, until the browser needs the room, not at all (refused, or for
 * want of room), lost. */
export type Persistence = "kept" | "lent" | "refused" | "full" | "lost";

export class GateUpkeep {
  private held: Held | null = null;
  private knowledge: Knowledge | null = null;
  /** What lies on the device. */
  private stored: Held | null = null;
  private refreshing: Promise<void> | null = null;
  /**
   * Why the last attempt failed, or null: `offline`, `timeout`, `foreign` (somebody else has answered), `half`, `older`, an
   * HTTP status, the code of what could not be read, or `fault` for an error of the app's own.
   */
  failure: string | null = null;
  storage: Persistence = "lent";

  /** `tell` is given what is new, or null when only its age or the way to it has changed; `ahead` see `Memory`. */
  constructor(
    private readonly store: Store,
    private readonly deviceNow: () => number,
    private readonly tell: (news: RoundNews | null) => void,
    private readonly measure: (ahead: number) => void,
  ) {}

  get syncedAt(): number | null {
    return this.held?.syncedAt ?? null;
  }

  /** Take up what is stored, then renew it now and then for as long as the page lives. */
  async run(): Promise<never> {
    await this.load();
    for (;;) {
      await this.refresh();
      await new Promise((wake) => {
        addEventListener("online", wake, { once: true });
        setTimeout(wake, POLL_SECONDS * 1000 * (1 + JITTER * (2 * Math.random() - 1)));
      });
    }
  }

  /** Nothing is thrown: storage that is refused, and what is damaged or gone, is said, and the gate fetches. */
  private async load(): Promise<void> {
    try {
      const held = await this.store.get<Held>(KEY);
      if (!held && recall(KEPT)) this.storage = "lost";
      if (held) await this.take(held.document, held).catch(() => (this.storage = "lost"));
      this.stored = this.held;
    } catch {
      this.storage = "refused";
    }
    this.tell(null);
  }

  /** One round. Nothing is thrown: a gate goes on with what it has. */
  refresh(): Promise<void> {
    this.refreshing ??= this.round().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  private async round(): Promise<void> {
    try {
      await this.fetch();
      this.failure = null;
    } catch (error) {
      this.failure = failureOf(error);
      if (this.failure === "fault") console.error(error);
    }
    this.tell(null);
  }

  private async fetch(whole = false): Promise<void> {
    const held = whole ? null : this.held;
    const address = held?.document.position
      ? `${ADDRESS}?since=${encodeURIComponent(held.document.position)}`
      : ADDRESS;
    const asked: HeadersInit = held?.etag ? { "If-None-Match": held.etag } : {};
    await ask(address, { headers: asked, cache: "no-store" }, TIMEOUT_SECONDS, async (answer) => {
      const now = { etag: answer.headers.get("ETag"), syncedAt: this.deviceNow() };
      if (answer.status === 304 && held) this.held = { ...held, syncedAt: now.syncedAt };
      else if (!answer.ok) throw new Refused(String(answer.status));
      else await this.take(await wholeAnswer(answer), now);
      // Only now is it known that the service itself has said it.
      this.compareClocks(answer);
    }).catch((error) => {
      if (whole || !(error instanceof CredentialError && error.code === "delta-does-not-fit")) throw error;
      return this.fetch(true);
    });
    await this.keep();
  }

  private compareClocks(answer: Response): void {
    const theirs = timeOf(answer);
    if (theirs !== null) this.measure(this.deviceNow() - theirs);
  }

  private async take(answer: SnapshotJson | DeltaJson, { etag, syncedAt }: Omit<Held, "document">): Promise<void> {
    const before = this.held && this.knowledge && { document: this.held.document, knowledge: this.knowledge };
    const { document, knowledge } = await take(answer, before);
    [this.held, this.knowledge] = [{ document, etag, syncedAt }, knowledge];
    this.tell({ document, knowledge });
  }

  private async keep(): Promise<void> {
    if (this.stored && this.held && isAlmost(this.held, this.stored)) return;
    try {
      await this.store.put(KEY, this.held);
      this.stored = this.held;
      remember(KEPT, "yes");
      this.storage = (await navigator.storage?.persist?.().catch(() => false)) ? "kept" : "lent";
    } catch (error) {
      this.storage = isFull(error) ? "full" : "refused";
    }
  }
}

/** Whether what is stored lacks nothing but withdrawals and times of the last minutes: a denial, or newer versions, at once. */
function isAlmost({ document, syncedAt }: Held, stored: Held): boolean {
  const of = ({ trust, rules, foreign_keys, reasons, policy, member, gate }: SnapshotJson) => [
    trust?.members,
    trust?.denied,
    JSON.stringify([trust?.anchor, trust?.versions]),
    rules,
    foreign_keys,
    reasons,
    policy,
    member,
    gate,
  ];
  const before = of(stored.document);
  return of(document).every((part, at) => part === before[at]) && Math.abs(syncedAt - stored.syncedAt) < WRITE_SECONDS;
}

/** A snapshot or a delta. Throws Refused for an answer that is neither: half of one, or the page of somebody else. */
async function wholeAnswer(answer: Response): Promise<SnapshotJson | DeltaJson> {
  // A network that wants a sign-in first answers for everybody.
  const isOurs = !answer.redirected && /json/.test(answer.headers.get("Content-Type") ?? "");
  if (!isOurs) throw new Refused("foreign");
  const news = (await answer.json().catch(() => null)) as SnapshotJson | DeltaJson | null;
  if (!news?.statuses || !news.segments || !("since" in news || (news.policy && news.reasons)))
    throw new Refused("half");
  return news;
}

function failureOf(error: unknown): string {
  if (error instanceof CredentialError || error instanceof NoAnswer) return error.code;
  return error instanceof Refused ? error.message : "fault";
}

class Refused extends Error {}
