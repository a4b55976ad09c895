// The reader of QR symbols as the page sees it: a worker that answers, or that is opened anew.

import type { Answered, Asked, Cut } from "./decoder";

/** A worker that says nothing for so long is dead: a phone of ten years reads a frame in a second, and says when it loads. */
const SILENCE_MILLISECONDS = 4500;
/** A picture that was chosen is many times as large as a frame. */
const SILENCE_OVER_PICTURE_MILLISECONDS = 20_000;
/** A phone that slept wakes with its time run out: it is looked so often, each time after a part of the time. */
const LOOKS = 3;

/** Nothing reads: the worker did not start, died, or does not answer. The next question opens another. */
export class ReaderFailed extends Error {}

interface Waiting {
  resolve: (texts: string[]) => void;
  reject: (failed: ReaderFailed) => void;
  patience: number;
}

export class Reader {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private number = 0;
  private silence: ReturnType<typeof setTimeout> | undefined;

  /** `tellLoading` is called each second while somebody waits for the reader to load. */
  constructor(private readonly tellLoading: () => void = () => undefined) {
    // Ahead of the first question: it takes a slow phone a while.
    this.open();
  }

  /** The texts of the symbols in a frame, which is gone afterwards. Rejects with ReaderFailed. */
  readFrame(frame: ImageData | Cut): Promise<string[]> {
    return this.ask(frame, SILENCE_MILLISECONDS);
  }

  /** The same of a picture of any size. */
  readPicture(picture: ImageData): Promise<string[]> {
    return this.ask(picture, SILENCE_OVER_PICTURE_MILLISECONDS);
  }

  private ask(picture: ImageData | Cut, patience: number): Promise<string[]> {
    const asked: Asked = { number: ++this.number, picture };
    const answer = new Promise<string[]>((resolve, reject) => this.waiting.set(asked.number, { resolve, reject, patience }));
    try {
      this.open().postMessage(asked, [picture instanceof ImageData ? picture.data.buffer : picture.frame]);
      this.listen();
    } catch {
      // A browser that opens no worker, or hands it no frame.
      if (!(picture instanceof ImageData)) picture.frame.close();
      this.fail();
    }
    return answer;
  }

  /** Be patient for as long as the most patient of those who wait, from now on. */
  private listen(looks = LOOKS): void {
    clearTimeout(this.silence);
    const patience = Math.max(0, ...[...this.waiting.values()].map((each) => each.patience));
    if (patience) this.silence = setTimeout(() => (looks > 1 ? this.listen(looks - 1) : this.fail()), patience / LOOKS);
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
    if (texts === null) return this.fail();
    if (texts === "loading") this.tellLoading();
    else {
      this.waiting.get(number)?.resolve(texts);
      this.waiting.delete(number);
    }
    this.listen();
  }

  private fail(): void {
    this.worker?.terminate();
    this.worker = null;
    clearTimeout(this.silence);
    for (const { reject } of this.waiting.values()) reject(new ReaderFailed("nothing reads QR symbols"));
    this.waiting.clear();
  }
}
