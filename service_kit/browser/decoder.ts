// The worker that reads QR symbols from pixels: zxing-cpp as WebAssembly, paired with its glue by the bundler. QR only:
// a reader of everything finds a Codabar inside a symbol.

import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

export interface Asked {
  number: number;
  /** A frame of the camera, or a file that was chosen. */
  picture: ImageData | Blob;
}

export interface Answered {
  number: number;
  texts: string[];
}

const OPTIONS: ReaderOptions = { formats: ["QRCode"], tryHarder: true, tryRotate: true, tryInvert: true, maxNumberOfSymbols: 4 };

void prepareZXingModule({ overrides: { locateFile: () => new URL(wasm, self.location.href).href }, fireImmediately: true });

self.onmessage = async ({ data }: MessageEvent<Asked>) => {
  self.postMessage({ number: data.number, texts: await read(data.picture) } satisfies Answered);
};

/** What is no picture has no symbols. */
async function read(picture: ImageData | Blob): Promise<string[]> {
  try {
    const symbols = await readBarcodes(picture, OPTIONS);
    const texts = symbols.filter((symbol) => symbol.isValid).map((symbol) => symbol.text);
    return [...new Set(texts)];
  } catch {
    return [];
  }
}
