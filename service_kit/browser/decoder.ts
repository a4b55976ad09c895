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
  const symbols = await readBarcodes(data.picture, OPTIONS);
  const texts = symbols.filter((symbol) => symbol.isValid).map((symbol) => symbol.text);
  self.postMessage({ number: data.number, texts } satisfies Answered);
};
