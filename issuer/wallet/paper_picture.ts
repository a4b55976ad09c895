// The paper code as a picture (PNG): for who has no printer at hand and sends it to a shop, or to a relative's phone.

import { modulesOf } from "../../service_kit/browser/camera/symbol";
import { save } from "./saving";

const WIDTH = 1080;
const MARGIN = 60;
const SYMBOL = WIDTH - 2 * MARGIN;
/** Pixels of a letter; at 300 dots an inch, 48 of them are 11.5 points, so a picture fills more than a hand's width. */
const LETTER = 48;
const LINE = Math.round(1.4 * LETTER);
const FONT = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', 'WenQuanYi Zen Hei', sans-serif";

export interface PaperSheet {
  /** What gates read. */
  text: string;
  title: string;
  lines: readonly string[];
  notes: readonly string[];
  /** Of the file, without its ending. */
  name: string;
}

/** Hand the sheet over as a picture: to another app where the phone can, else as a file. Whether it could be made. */
export async function savePicture(sheet: PaperSheet): Promise<boolean> {
  const picture = await drawn(sheet);
  if (!picture) return false;
  const file = new File([picture], `${sheet.name}.png`, { type: "image/png" });
  return save(file);
}

/** Black on white; null where the browser draws nothing. */
async function drawn({ text, title, lines, notes }: PaperSheet): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d");
  if (!drawing) return null;
  drawing.font = `${LETTER}px ${FONT}`;
  const above = [title, ...lines].flatMap((line) => wrapped(drawing, line));
  const below = notes.flatMap((line) => wrapped(drawing, line));
  canvas.width = WIDTH;
  canvas.height = 2 * MARGIN + LINE * (above.length + below.length) + SYMBOL;
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.fillStyle = "#000";
  drawing.font = `${LETTER}px ${FONT}`;
  drawing.textBaseline = "top";
  above.forEach((line, number) => drawing.fillText(line, MARGIN, MARGIN + number * LINE));
  const top = MARGIN + above.length * LINE;
  drawSymbol(drawing, text, top);
  below.forEach((line, number) => drawing.fillText(line, MARGIN, top + SYMBOL + number * LINE));
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** Modules of a whole number of pixels, so that no edge is grey. */
function drawSymbol(drawing: CanvasRenderingContext2D, text: string, top: number): void {
  const modules = modulesOf(text, "quartile");
  const scale = Math.floor(SYMBOL / modules.length);
  const left = Math.floor((WIDTH - scale * modules.length) / 2);
  modules.forEach((row, y) =>
    row.forEach((isDark, x) => isDark && drawing.fillRect(left + x * scale, top + y * scale, scale, scale)),
  );
}

/** The lines into which a text falls; Chinese breaks anywhere, other words between them. */
function wrapped(drawing: CanvasRenderingContext2D, text: string): string[] {
  const lines = [""];
  for (const piece of text.match(/[\u2e80-\uffef]|[^\u2e80-\uffef\s]+\s*|\s+/g) ?? []) {
    const last = lines[lines.length - 1]!;
    if (last && drawing.measureText(last + piece).width > SYMBOL) lines.push(piece);
    else lines[lines.length - 1] = last + piece;
  }
  return lines;
}
