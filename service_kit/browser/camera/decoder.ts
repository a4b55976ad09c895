// The worker that reads QR symbols from pixels: zxing-cpp as WebAssembly, paired with its glue by the bundler. QR only:
// a reader of everything finds a Codabar inside a symbol.

import { prepareZXingModule, type ReaderOptions, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

/** A part of a picture, in its pixels. */
export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A frame of the camera, and the part of it that is to be read. Whoever has it closes it. */
export interface Cut extends Part {
  frame: VideoFrame;
}

export interface ReadRequest {
  number: number;
  picture: ImageData | Cut;
}

export interface Answered {
  number: number;
  /** "loading": it lives and will read, which is said each second until then; null: it cannot read at all. */
  texts: string[] | "loading" | null;
}

const OPTIONS: ReaderOptions = {
  formats: ["QRCode"],
  tryHarder: true,
  tryRotate: true,
  tryInvert: true,
  maxNumberOfSymbols: 4,
};

const BEAT_MILLISECONDS = 1000;
/** Whoever is still loading after so many says no more, and is taken for dead. */
const MAX_BEATS = 15;
/** A symbol of 21 modules a side, each row as bits from left to right, for a first reading in which nobody waits. */
const FIRST = [
  0x1fcb7f, 0x104e41, 0x175b5d, 0x174a5d, 0x17455d, 0x104141, 0x1fd57f, 0x001b00, 0x1dfec4, 0x1c904b, 0x057514,
  0x172841, 0x147555, 0x001ea8, 0x1fd2e6, 0x1053b8, 0x175ee5, 0x174846, 0x175d11, 0x105447, 0x1fd155,
];
const MODULE_PIXELS = 4;
const QUIET_ZONE_MODULES = 4;

const loaded = prepareZXingModule({
  overrides: { locateFile: () => new URL(wasm, self.location.href).href },
  fireImmediately: true,
});
// What runs for the first time is compiled first, which takes longer than the reading.
const ready = loaded.then(() => readBarcodes(first(), OPTIONS));
// Said when somebody asks; nobody waits for it before.
ready.catch(() => undefined);

self.onmessage = async ({ data: { number, picture } }: MessageEvent<ReadRequest>) => {
  const tell = (texts: Answered["texts"]) => self.postMessage({ number, texts } satisfies Answered);
  let beats = 0;
  const beating = setInterval(() => beats++ < MAX_BEATS && tell("loading"), BEAT_MILLISECONDS);
  const texts = await read(picture);
  clearInterval(beating);
  tell(texts);
};

async function read(picture: ImageData | Cut): Promise<string[] | null> {
  try {
    // Ahead of all waiting: a camera has few frames, and stands still until it has them back.
    const pixels = picture instanceof ImageData ? picture : await taken(picture);
    await ready;
    const symbols = await readBarcodes(pixels, OPTIONS);
    const texts = symbols.filter((symbol) => symbol.isValid).map((symbol) => symbol.text);
    return [...new Set(texts)];
  } catch {
    return null;
  }
}

/** How frames hold their brightness as a plane of its own, a byte for each pixel: all that a symbol is read by. */
const PLANAR: ReadonlySet<string | null> = new Set(["I420", "I420A", "I422", "I444", "NV12"]);
let planes = new Uint8Array();
let grey: ImageData | undefined;

async function taken(cut: Cut): Promise<ImageData> {
  try {
    return isUpright(cut.frame) ? await brightness(cut).catch(() => drawn(cut)) : drawn(cut);
  } finally {
    cut.frame.close();
  }
}

/** Whether a frame lies in memory as it is shown. */
function isUpright(frame: VideoFrame): boolean {
  const { visibleRect, displayWidth, displayHeight, format } = frame;
  const { rotation, flip } = frame as { rotation?: number; flip?: boolean };
  const isWhole = visibleRect?.width === displayWidth && visibleRect.height === displayHeight;
  return isWhole && PLANAR.has(format) && !rotation && !flip;
}

/** The brightness of a frame, without the colours that a canvas would work out first; in the same memory each time. */
async function brightness({ frame, left, top, width, height }: Cut): Promise<ImageData> {
  // Two pixels share a colour, and none is divided.
  const even = (each: number) => each - (each % 2);
  const { x, y } = frame.visibleRect!;
  const rect = { x: even(x + left), y: even(y + top), width: even(width), height: even(height) };
  const size = frame.allocationSize({ rect });
  if (planes.length !== size) planes = new Uint8Array(size);
  const [{ offset, stride }] = (await frame.copyTo(planes, { rect })) as [PlaneLayout];
  if (grey?.width !== rect.width || grey.height !== rect.height) grey = new ImageData(rect.width, rect.height);
  const pixels = new Uint32Array(grey.data.buffer);
  for (let row = 0, at = 0; row < rect.height; row++)
    for (let from = offset + row * stride, to = at + rect.width; at < to; at++)
      pixels[at] = 0xff000000 | (planes[from++]! * 0x010101);
  return grey;
}

let paper: OffscreenCanvasRenderingContext2D | undefined;

function drawn({ frame, left, top, width, height }: Cut): ImageData {
  paper ??= new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  if (paper.canvas.width !== width || paper.canvas.height !== height) Object.assign(paper.canvas, { width, height });
  paper.drawImage(frame, left, top, width, height, 0, 0, width, height);
  return paper.getImageData(0, 0, width, height);
}

function first(): ImageData {
  const side = (FIRST.length + 2 * QUIET_ZONE_MODULES) * MODULE_PIXELS;
  const picture = new ImageData(side, side);
  const module = (pixel: number) => Math.floor(pixel / MODULE_PIXELS) - QUIET_ZONE_MODULES;
  const isDark = (x: number, y: number) => ((FIRST[module(y)] ?? 0) >> (FIRST.length - 1 - module(x))) & 1;
  for (let pixel = 0; pixel < side * side; pixel++) {
    const isInside = module(pixel % side) >= 0 && module(pixel % side) < FIRST.length;
    const dark = isInside && isDark(pixel % side, Math.floor(pixel / side));
    picture.data.set(dark ? [0, 0, 0, 255] : [255, 255, 255, 255], 4 * pixel);
  }
  return picture;
}
