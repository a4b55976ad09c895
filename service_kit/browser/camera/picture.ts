// A picture that somebody chose, as pixels: by the browser's own reader, which knows what the phone's camera writes
// (HEIC and AVIF where it can). As in credentials/qr/picture.py it is tried in several ways, the likeliest first.

/** A picture is made smaller than this first, in pixels a side. */
const MAX_PICTURE_PIXELS = 2400;
/** The second try is at twice the size: modules of two pixels, and those that a lossy picture has run together. */
const LARGER = 2;
/** What is lighter than this belongs to the symbol, on a ground that is darker. */
const LIGHT = 128;
/** White around a symbol that has none, as a share of its side: four modules of the smallest symbols. */
const QUIET = 0.2;

type Drawn = HTMLImageElement;

/** The picture in the ways to try it, drawn when asked for; nothing for what is no picture. */
export async function* pictures(file: Blob): AsyncGenerator<() => ImageData> {
  const drawn = await load(file);
  if (!drawn) return;
  const most = Math.max(drawn.naturalWidth, drawn.naturalHeight, 1);
  const scale = Math.min(1, MAX_PICTURE_PIXELS / most);
  const plain = pixels(drawn, scale);
  const light = lightPart(plain);
  yield () => plain;
  yield () => pixels(drawn, Math.min(LARGER * scale, MAX_PICTURE_PIXELS / most));
  if (light) yield () => framed(drawn, scale, light);
}

/** A picture of the browser; `createImageBitmap` is younger than some that are promised. */
async function load(file: Blob): Promise<Drawn | null> {
  const address = URL.createObjectURL(file);
  try {
    return await new Promise((resolve) => {
      const picture = new Image();
      picture.onload = () => resolve(picture);
      picture.onerror = () => resolve(null);
      picture.src = address;
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}

function pixels(picture: Drawn, scale: number): ImageData {
  const [width, height] = [picture.naturalWidth, picture.naturalHeight].map((side) =>
    Math.max(1, Math.floor(side * scale)),
  ) as [number, number];
  const drawing = paper(width, height);
  drawing.drawImage(picture, 0, 0, width, height);
  return drawing.getImageData(0, 0, width, height);
}

/** A symbol without a quiet zone on a dark ground, cut out and given one. */
function framed(picture: Drawn, scale: number, [left, top, width, height]: Box): ImageData {
  const edge = Math.ceil(Math.max(width, height) * QUIET);
  const drawing = paper(width + 2 * edge, height + 2 * edge);
  drawing.drawImage(picture, left / scale, top / scale, width / scale, height / scale, edge, edge, width, height);
  return drawing.getImageData(0, 0, width + 2 * edge, height + 2 * edge);
}

/** What is transparent is paper. */
function paper(width: number, height: number): CanvasRenderingContext2D {
  const drawing = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d")!;
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, width, height);
  drawing.imageSmoothingQuality = "high";
  return drawing;
}

type Box = [left: number, top: number, width: number, height: number];

/** The box around all that is light: a symbol's own, since each of its sides has a light module. Null: nothing to cut. */
function lightPart({ data, width, height }: ImageData): Box | null {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let at = 0, y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      if (data[at]! + data[at + 1]! + data[at + 2]! < 3 * LIGHT) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < left ? null : [left, top, right - left + 1, bottom - top + 1];
}
