// The reader of QR symbols as the page sees it: a worker that answers, or that is opened anew.

import type { Answered, Asked } from "./decoder";

/** A phone of ten years compiles the reader once in some seconds; whoever takes longer has died. */
const ANSWER_MILLISECONDS = 20_000;

/** Nothing reads: the worker did not start, died, or does not answer. The next question opens another. */
export class ReaderFailed extends Error {}

interface Waiting {
  resolve: (texts: string[]) => void;
  reject: (failed: ReaderFailed) => void;
}

export class Reader {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private number = 0;

  constructor() {
    // Ahead of the first question: it takes a slow phone a while.
    this.open();
  }

  /** The texts of the symbols in the pixels, which are gone afterwards. Rejects with ReaderFailed. */
  async read(picture: ImageData): Promise<string[]> {
    const asked: Asked = { number: ++this.number, picture };
    const answer = new Promise<string[]>((resolve, reject) => this.waiting.set(asked.number, { resolve, reject }));
    const timer = setTimeout(() => this.fail(), ANSWER_MILLISECONDS);
    try {
      this.open().postMessage(asked, [picture.data.buffer]);
      return await answer;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(asked.number);
    }
  }

  private open(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL("./decoder.ts", import.meta.url));
    worker.onmessage = ({ data }: MessageEvent<Answered>) => this.take(data);
    const fail = (event: Event) => {
      event.preventDefault();
      if (this.worker === worker) this.fail();
    };
    worker.addEventListener("error", fail);
    worker.addEventListener("messageerror", fail);
    return (this.worker = worker);
  }

  private take({ number, texts }: Answered): void {
    if (texts) this.waiting.get(number)?.resolve(texts);
    else this.fail();
  }

  private fail(): void {
    this.worker?.terminate();
    this.worker = null;
    for (const { reject } of this.waiting.values()) reject(new ReaderFailed("nothing reads QR symbols"));
    this.waiting.clear();
  }
}
