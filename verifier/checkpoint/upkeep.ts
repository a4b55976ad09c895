// What the gate knows, kept on the device: read from IndexedDB at a cold start, renewed from the verifier when there is
// a network. A newer snapshot is stored only after it was read whole; what fails leaves what is held.

import { CredentialError } from "../../credentials/browser/errors";
import { readSnapshot, type Knowledge, type Policy, type SnapshotJson } from "../../credentials/browser/trust";
import type { Store } from "../../service_kit/browser/store";

const ADDRESS = "v1/snapshot";
const KEY = "snapshot";
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
  knowledge: Knowledge;
  policy: Policy;
}

export class Upkeep {
  private held: Held | null = null;
  /** Why the last attempt failed, or null: `offline`, a status, or the code of what could not be read. */
  failure: string | null = null;

  constructor(
    private readonly store: Store,
    private readonly deviceNow: () => number,
    private readonly tell: (news: News | null) => void,
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

  async load(): Promise<void> {
    try {
      const held = await this.store.get<Held>(KEY);
      if (held) await this.take(held);
    } catch {
      // Storage that is refused or damaged: the gate says that it knows nothing, and fetches.
      this.failure = "storage";
      this.tell(null);
    }
  }

  /** One round. Nothing is thrown: a gate goes on with what it has. */
  async refresh(): Promise<void> {
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
    const syncedAt = this.deviceNow();
    if (answer.status === 304 && this.held) this.held = { ...this.held, syncedAt };
    else if (answer.ok) await this.take({ document: (await answer.json()) as SnapshotJson, etag: answer.headers.get("ETag"), syncedAt });
    else throw new Refused(String(answer.status));
    await this.store.put(KEY, this.held);
  }

  private async take(held: Held): Promise<void> {
    const knowledge = await readSnapshot(held.document);
    this.held = held;
    this.tell({ knowledge, policy: held.document.policy });
  }
}

class Refused extends Error {}
