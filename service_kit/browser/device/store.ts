// What an app keeps on the device: one IndexedDB database an app, one table of names and values.

const TABLE = "values";
/** A database that has not opened by then does not open; a slow phone takes a second. */
const OPEN_MILLISECONDS = 5000;
const NUDGE_MILLISECONDS = 100;

/** Whether there was no room for what was to be kept. */
export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

/** Whether the browser does not let this page keep anything: a private window, or a setting. */
export function isForbidden(error: unknown): boolean {
  return error instanceof DOMException && ["SecurityError", "InvalidStateError"].includes(error.name);
}

/** Values by name. Rejects when the browser refuses storage (private windows, a full disk) or does not answer: the caller says so. */
export class Store {
  private opened: Promise<IDBDatabase> | null = null;

  constructor(private readonly name: string) {}

  get<Value>(key: string): Promise<Value | undefined> {
    return this.ask("readonly", (table) => table.get(key) as IDBRequest<Value | undefined>);
  }

  put(key: string, value: unknown): Promise<unknown> {
    return this.ask("readwrite", (table) => table.put(value, key));
  }

  /** Put in place of a value what `change` makes of it, as one step: another tab of the app comes before it or after it. */
  async update<Value>(key: string, change: (value: Value | undefined) => Value): Promise<Value> {
    let changed!: Value;
    let failure: unknown = null;
    const deed = (table: IDBObjectStore) => {
      const request = table.get(key) as IDBRequest<Value | undefined>;
      request.onsuccess = () => {
        try {
          table.put((changed = change(request.result)), key);
        } catch (error) {
          failure = error;
          table.transaction.abort();
        }
      };
      return request;
    };
    await this.ask("readwrite", deed).catch((error: unknown) => {
      throw failure ?? error;
    });
    return changed;
  }

  delete(key: string): Promise<unknown> {
    return this.ask("readwrite", (table) => table.delete(key));
  }

  /** Forget everything on this device. */
  clear(): Promise<unknown> {
    return this.ask("readwrite", (table) => table.clear());
  }

  /** A connection that died behind the page (an update of the browser, a phone that slept) is opened anew, once. */
  private async ask<Value>(
    mode: IDBTransactionMode,
    deed: (table: IDBObjectStore) => IDBRequest<Value>,
  ): Promise<Value> {
    try {
      return await this.askOnce(mode, deed);
    } catch (error) {
      if (isFull(error)) throw error;
      const last = await this.opened?.catch(() => null);
      last?.close();
      this.opened = null;
      return this.askOnce(mode, deed);
    }
  }

  private async askOnce<Value>(
    mode: IDBTransactionMode,
    deed: (table: IDBObjectStore) => IDBRequest<Value>,
  ): Promise<Value> {
    const database = await (this.opened ??= this.open());
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode, { durability: "strict" });
      const request = deed(transaction.objectStore(TABLE));
      // Only a completed transaction is on the disk.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  }

  /** Rejects also where nothing answers: that must not be a page that waits without a word. */
  private open(): Promise<IDBDatabase> {
    const opening = new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => resolve(this.held(request.result));
    });
    return inTime(opening).catch((error: unknown) => {
      this.opened = null;
      // What comes after all is in nobody's hands.
      void opening.then(
        (database) => database.close(),
        () => undefined,
      );
      throw error;
    });
  }

  /** A browser may close it under us, or clear the app's data in another tab, which would wait for ever for whoever holds
   * on to it: the next question opens it again. */
  private held(database: IDBDatabase): IDBDatabase {
    database.onclose = () => (this.opened = null);
    database.onversionchange = () => {
      database.close();
      this.opened = null;
    };
    return database;
  }
}

/** Safari 14.1 forgets the first question of a page until another one is asked (bugs.webkit.org/show_bug.cgi?id=226547). */
async function inTime<Value>(opening: Promise<Value>): Promise<Value> {
  const nudge = setInterval(() => void indexedDB.databases?.().catch(() => undefined), NUDGE_MILLISECONDS);
  let late: ReturnType<typeof setTimeout> | undefined;
  const never = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error("the database does not open")), OPEN_MILLISECONDS);
  });
  try {
    return await Promise.race([opening, never]);
  } finally {
    clearInterval(nudge);
    clearTimeout(late);
  }
}
