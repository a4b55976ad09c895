// What the gate knows, kept on the device: read from IndexedDB at a cold start, renewed from the verifier when there is
// a network. A newer snapshot takes the older one's place only after it was read whole; what fails leaves what is held.

import { CredentialError } from "../../credentials/browser/errors";
import { readSnapshot, type Knowledge, type SnapshotJson } from "../../credentials/browser/trust";
import { recall, remember } from "../../service_kit/browser/choices";
import type { Store } from "../../service_kit/browser/store";

const ADDRESS = "v1/snapshot";
const KEY = "snapshot";
/** Says that there once was something to find here, so that a browser which threw it away is found out. */
const KEPT = "gate-kept";
const POLL_SECONDS = 60;
/** Share of the time between polls by which gates spread out. */
const JITTER = 0.2;
const TIMEOUT_SECONDS = 30;

/** What is held: the document, its ETag, and when it last was known to be the newest (seconds UTC of the device). */
interface Held {
  document: SnapshotJson;
  etag: string | null;
  syncedAt: number;
}

export interface News {
  document: SnapshotJson;
  knowledge: Knowledge;
}

/** Whether what is held outlives a restart: kept for good, until the browser needs the room, not at all, lost. */
export type Storage = "kept" | "lent" | "refused" | "lost";

export class Upkeep {
  private held: Held | null = null;
  private refreshing: Promise<void> | null = null;
  /** Why the last attempt failed, or null: `offline`, `older`, an HTTP status, or the code of what could not be read. */
  failure: string | null = null;
  storage: Storage = "lent";

  /** `tell` is given what is new, or null when only its age or the way to it has changed; `ahead` see `Memory`. */
  constructor(
    private readonly store: Store,
    private readonly deviceNow: () => number,
    private readonly tell: (news: News | null) => void,
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
      if (held) await this.take(held).catch(() => (this.storage = "lost"));
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
      this.failure = error instanceof CredentialError ? error.code : error instanceof Refused ? error.message : "offline";
    }
    this.tell(null);
  }

  private async fetch(): Promise<void> {
    const asked: HeadersInit = this.held?.etag ? { "If-None-Match": this.held.etag } : {};
    const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
    const answer = await fetch(ADDRESS, { headers: asked, cache: "no-store", signal });
    this.compareClocks(answer);
    const syncedAt = this.deviceNow();
    if (answer.status === 304 && this.held) this.held = { ...this.held, syncedAt };
    else if (answer.ok) await this.take({ document: await wholeDocument(answer), etag: answer.headers.get("ETag"), syncedAt });
    else throw new Refused(String(answer.status));
    await this.keep();
  }

  private compareClocks(answer: Response): void {
    const theirs = Date.parse(answer.headers.get("Date") ?? "") / 1000;
    if (Number.isFinite(theirs)) this.measure(this.deviceNow() - theirs);
  }

  private async take(held: Held): Promise<void> {
    if (isOlder(held.document, this.held?.document)) throw new Refused("older");
    const knowledge = await readSnapshot(held.document);
    this.held = held;
    this.tell({ document: held.document, knowledge });
  }

  private async keep(): Promise<void> {
    try {
      await this.store.put(KEY, this.held);
      remember(KEPT, "yes");
      this.storage = (await navigator.storage?.persist?.()) ? "kept" : "lent";
    } catch {
      this.storage = "refused";
    }
  }
}

/** A service that was put back, or has lost its memory, must not take from a gate what it already knows. */
function isOlder(document: SnapshotJson, held: SnapshotJson | undefined): boolean {
  return (document.trust?.registry_time ?? 0) < (held?.trust?.registry_time ?? 0);
}

/** The document of an answer. Throws Refused for one that is no snapshot, half of one included. */
async function wholeDocument(answer: Response): Promise<SnapshotJson> {
  const document = (await answer.json().catch(() => null)) as SnapshotJson | null;
  if (!document?.policy || !document.reasons || !document.statuses) throw new Refused("half");
  return document;
}

class Refused extends Error {}
