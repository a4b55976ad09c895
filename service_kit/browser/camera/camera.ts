// The camera and the reader behind it: at most one frame is being read, the newest one, so that a slow phone lags by
// one frame and never by a queue. What is read is what is seen: the part of the picture that stands on the screen.

import type { Cut, Part } from "./decoder";
import { pictures } from "./picture";
import { Reader, ReaderFailed } from "./reader";

const WIDTH = 1280;
const HEIGHT = 720;
/** Reading more often than this only warms the phone: a gate's day is long. */
const FRAME_MILLISECONDS = 60;
/** How soon it is looked again for a picture that has not come yet. */
const LOOK_MILLISECONDS = 10;
/** A picture that has not changed for so long has stopped, whatever the device says. */
const STALL_MILLISECONDS = 8000;
/** So many frames in a row that the reader fails at are no accident: it was opened anew between them. */
const MAX_FAILURES = 2;

/**
 * Why there is no picture. `insecure`: the page was not served over https, so browsers give it no camera; `reader`: there
 * is a picture, and nothing that reads it; `unknown`: what no browser should say.
 */
export type CameraTrouble = "denied" | "absent" | "busy" | "insecure" | "ended" | "reader" | "unknown";

const TROUBLES: Record<string, CameraTrouble> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Reads the texts of QR symbols, in a worker. */
export class Decoder {
  private readonly reader: Reader;

  /** `tellLoading` is called each second while somebody waits for the reader to load. */
  constructor(tellLoading?: () => void) {
    this.reader = new Reader(tellLoading);
  }

  /** The texts in a frame, or in a picture that was chosen; none where there is none. Rejects with ReaderFailed. */
  async read(picture: ImageData | Cut | Blob): Promise<string[]> {
    if (!(picture instanceof Blob)) return this.reader.readFrame(picture);
    for await (const pixels of pictures(picture)) {
      const texts = await this.reader.readPicture(pixels());
      if (texts.length) return texts;
    }
    return [];
  }
}

/** What the camera can do beside seeing. */
interface Abilities {
  torch?: boolean;
  zoom?: { min: number; max: number };
}

/** Looks through the back camera and tells what it reads, until it is stopped. */
export class Camera {
  readonly video = document.createElement("video");
  /** Frames read since the start, for the measurements. */
  frames = 0;
  /** While true no frame is read; the picture and the light go on. */
  isPaused = false;
  /** Whether the light is on, as far as the device says; it is switched on again with the camera. */
  isLit = false;
  private stream: MediaStream | null = null;
  /** How often it was started or stopped: a camera that comes when nobody wants it any more is switched off. */
  private wishes = 0;
  private factor = 1;
  /** Whether frames are handed to the worker as they are, which draws them: on a slow phone the page has enough to do. */
  private handsOver = "VideoFrame" in globalThis && "OffscreenCanvas" in globalThis;
  private readonly canvas = document.createElement("canvas");

  /**
   * `tell` is given a text of each frame that has one, and the other texts in the same picture; `end` is told when the
   * device takes the camera away, `none` that a frame had no text.
   */
  constructor(
    private readonly decoder: Decoder,
    private readonly tell: (text: string, others: readonly string[]) => void,
    private readonly end: (trouble: CameraTrouble) => void = () => undefined,
    private readonly none: () => void = () => undefined,
  ) {
    this.video.muted = true;
    this.video.playsInline = true;
    // Older browsers of phones go by the attributes alone, and would open the picture on a screen of its own.
    this.video.setAttribute("muted", "");
    this.video.setAttribute("playsinline", "");
  }

  get isOn(): boolean {
    return this.stream !== null;
  }

  /** Ask for the camera `device`, or for any that looks away from the user, and begin. Rejects: see `troubleOf`. */
  async start(device = ""): Promise<void> {
    this.stop();
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no camera without https", "InsecureContext");
    const which: MediaTrackConstraints = device ? { deviceId: { ideal: device } } : { facingMode: "environment" };
    const video = { ...which, width: { ideal: WIDTH }, height: { ideal: HEIGHT } };
    const wish = this.wishes;
    const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    if (wish !== this.wishes) return stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    this.track!.addEventListener("ended", () => this.stream === stream && this.lose("ended"));
    this.video.srcObject = stream;
    await this.resume();
    if (this.isLit) await this.light(true);
    if (this.factor !== 1) await this.zoom(this.factor);
    void this.look(stream);
  }

  /** Show the picture again after the video was moved in the page, which pauses it. */
  async resume(): Promise<void> {
    await this.video.play().catch(() => undefined);
  }

  stop(): void {
    this.wishes++;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  /** The id of the device that is seen through; empty where the browser does not say. */
  get device(): string {
    return this.track?.getSettings?.().deviceId ?? "";
  }

  get hasTorch(): boolean {
    return this.abilities.torch === true;
  }

  /** The steps by which the picture can be made larger; a single one where the camera cannot. */
  get zooms(): number[] {
    const { zoom } = this.abilities;
    return zoom ? [1, 2, 4].filter((factor) => factor === 1 || (factor >= zoom.min && factor <= zoom.max)) : [1];
  }

  get zoomed(): number {
    return this.factor;
  }

  async light(on: boolean): Promise<void> {
    this.isLit = (await this.apply({ torch: on })) && on;
  }

  async zoom(factor: number): Promise<void> {
    this.factor = factor;
    await this.apply({ zoom: factor });
  }

  private get abilities(): Abilities {
    return (this.track?.getCapabilities?.() ?? {}) as Abilities;
  }

  private get track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }

  /** Whether the device has taken it. */
  private async apply(wanted: object): Promise<boolean> {
    const applied = this.track?.applyConstraints({ advanced: [wanted as MediaTrackConstraintSet] });
    return (await applied?.then(() => true).catch(() => false)) ?? false;
  }

  private lose(trouble: CameraTrouble): void {
    this.stop();
    this.end(trouble);
  }

  private async look(stream: MediaStream): Promise<void> {
    let [next, moved, time, read, failures] = [0, -1, -1, -1, 0];
    while (this.stream === stream) {
      const wait = this.isPaused ? FRAME_MILLISECONDS : Math.max(LOOK_MILLISECONDS, next - performance.now());
      // No animation frame: for each of them a slow phone draws the whole page, though nothing but the video has moved.
      await new Promise((go) => setTimeout(go, wait));
      const [now, rests] = [performance.now(), this.isPaused || document.hidden];
      if (rests || this.video.currentTime !== time || moved < 0) [time, moved] = [this.video.currentTime, now];
      if (now - moved > STALL_MILLISECONDS && this.stream === stream) return this.lose("ended");
      // In the dark a camera gives ten pictures a second: none is read twice.
      const frame = rests || now < next || time === read ? null : this.frame();
      if (!frame) continue;
      [next, read] = [now + FRAME_MILLISECONDS, time];
      try {
        await this.take(await this.decoder.read(frame), stream);
        failures = 0;
      } catch (error) {
        if (!(error instanceof ReaderFailed)) throw error;
        // It may be the kind of frame: the next reader is given pixels.
        this.handsOver = false;
        if (++failures >= MAX_FAILURES && this.stream === stream) return this.lose("reader");
      }
    }
  }

  private async take([text, ...others]: string[], stream: MediaStream): Promise<void> {
    this.frames++;
    if (this.stream !== stream || this.isPaused) return;
    if (text === undefined) this.none();
    else this.tell(text, others);
  }

  /** The part of the picture that is on the screen; null while there is none. */
  private frame(): ImageData | Cut | null {
    const seen = seenPart(this.video);
    return seen && ((this.handsOver && cut(this.video, seen)) || this.drawn(seen));
  }

  private drawn({ left, top, width, height }: Part): ImageData {
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const drawing = this.canvas.getContext("2d", { willReadFrequently: true })!;
    drawing.drawImage(this.video, left, top, width, height, 0, 0, width, height);
    return drawing.getImageData(0, 0, width, height);
  }
}

/** The video's present frame itself; null where it has none to give, or one that lies otherwise than the picture. */
function cut(video: HTMLVideoElement, seen: Part): Cut | null {
  try {
    const frame = new VideoFrame(video);
    if (frame.displayWidth === video.videoWidth && frame.displayHeight === video.videoHeight) return { frame, ...seen };
    frame.close();
  } catch {
    // No frame yet, or none that may be taken.
  }
  return null;
}

/** What of a video that covers its box (`object-fit: cover`) can be seen on the screen, in whole pixels of the video. */
function seenPart(video: HTMLVideoElement): Part | null {
  const { videoWidth, videoHeight } = video;
  const box = video.getBoundingClientRect();
  const scale = Math.max(box.width / videoWidth, box.height / videoHeight);
  if (!(scale > 0 && Number.isFinite(scale))) return null;
  const across = span(box.left, box.width, videoWidth, scale, innerWidth);
  const down = span(box.top, box.height, videoHeight, scale, innerHeight);
  return across && down && { left: across[0], width: across[1], top: down[0], height: down[1] };
}

/** Of one axis: where what is seen begins in the video, and how long it is. */
function span(from: number, size: number, pixels: number, scale: number, screen: number): [number, number] | null {
  const start = from + (size - pixels * scale) / 2;
  const first = Math.max(0, Math.ceil((Math.max(from, 0) - start) / scale));
  const last = Math.min(pixels, Math.floor((Math.min(from + size, screen) - start) / scale));
  return last > first ? [first, last - first] : null;
}

/** Why `start` was rejected. */
export function troubleOf(error: unknown): CameraTrouble {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  return name === "InsecureContext" ? "insecure" : (TROUBLES[name] ?? "unknown");
}

/** The cameras of this device; without names until one has been allowed. */
export async function cameras(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId);
}
