// What an app keeps on the device: one IndexedDB database an app, one table of names and values.

const TABLE = "values";

/** Whether there was no room for what was to be kept. */
export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

/** Values by name. Rejects when the browser refuses storage (private windows, a full disk): the caller says so. */
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
  private async ask<Value>(mode: IDBTransactionMode, deed: (table: IDBObjectStore) => IDBRequest<Value>): Promise<Value> {
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

  private async askOnce<Value>(mode: IDBTransactionMode, deed: (table: IDBObjectStore) => IDBRequest<Value>): Promise<Value> {
    const database = await (this.opened ??= this.open());
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode, { durability: "strict" });
      const request = deed(transaction.objectStore(TABLE));
      // Only a completed transaction is on the disk.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  }

  private open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
      request.onerror = () => {
        this.opened = null;
        reject(request.error);
      };
      request.onsuccess = () => {
        // A browser may close it under us; the next question opens it again.
        request.result.onclose = () => (this.opened = null);
        // Somebody clears the app's data in another tab: whoever holds on to it would have them wait for ever.
        request.result.onversionchange = () => {
          request.result.close();
          this.opened = null;
        };
        resolve(request.result);
      };
    });
  }
}
