// The worker that reads QR symbols from pixels: zxing-cpp as WebAssembly, paired with its glue by the bundler. QR only:
// a reader of everything finds a Codabar inside a symbol.

import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

export interface Asked {
  number: number;
  picture: ImageData;
}

export interface Answered {
  number: number;
  /** Null: it cannot read at all. */
  texts: string[] | null;
}

const OPTIONS: ReaderOptions = { formats: ["QRCode"], tryHarder: true, tryRotate: true, tryInvert: true, maxNumberOfSymbols: 4 };

const ready = prepareZXingModule({ overrides: { locateFile: () => new URL(wasm, self.location.href).href }, fireImmediately: true });
// Said when somebody asks; nobody waits for it before.
ready.catch(() => undefined);

self.onmessage = async ({ data }: MessageEvent<Asked>) => {
  self.postMessage({ number: data.number, texts: await read(data.picture) } satisfies Answered);
};

async function read(picture: ImageData): Promise<string[] | null> {
  try {
    await ready;
    const symbols = await readBarcodes(picture, OPTIONS);
    const texts = symbols.filter((symbol) => symbol.isValid).map((symbol) => symbol.text);
    return [...new Set(texts)];
  } catch {
    return null;
  }
}
