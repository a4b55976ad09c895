// The camera and the worker behind it: at most one frame is being read, the newest one, so that a slow phone lags by
// one frame and never by a queue.

import type { Answered, Asked } from "./decoder";

const WIDTH = 1280;
const HEIGHT = 720;
/** Reading more often than this only warms the phone: a gate's day is long. */
const FRAME_MILLISECONDS = 60;
/** A picture that was chosen is made smaller than this first, in pixels a side. */
const MAX_PICTURE_PIXELS = 2400;

/** Why there is no picture. `insecure`: the page was not served over https, so browsers give it no camera. */
export type CameraTrouble = "denied" | "absent" | "busy" | "insecure" | "ended";

const TROUBLES: Record<string, CameraTrouble> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Reads pictures in a worker. */
export class Decoder {
  private readonly worker = new Worker(new URL("./decoder.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, (texts: string[]) => void>();
  private number = 0;

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<Answered>) => {
      this.waiting.get(data.number)?.(data.texts);
      this.waiting.delete(data.number);
    };
  }

  /** The texts of the QR symbols in a picture; none where there is none, or no picture. */
  async read(picture: ImageData | Blob): Promise<string[]> {
    const asked: Asked = { number: ++this.number, picture: picture instanceof Blob ? await pixelsOf(picture) : picture };
    const answer = new Promise<string[]>((resolve) => this.waiting.set(asked.number, resolve));
    this.worker.postMessage(asked, asked.picture instanceof ImageData ? [asked.picture.data.buffer] : []);
    return answer;
  }
}

/** Looks through the back camera and tells what it reads, until it is stopped. */
export class Camera {
  readonly video = document.createElement("video");
  /** Frames read since the start, for the measurements. */
  frames = 0;
  /** While true no frame is read; the picture goes on. */
  isPaused = false;
  private stream: MediaStream | null = null;
  private readonly canvas = document.createElement("canvas");

  /**
   * `tell` is given a text of each frame that has one, and the other texts in the same picture; `end` is told when the
   * device takes the camera away.
   */
  constructor(
    private readonly decoder: Decoder,
    private readonly tell: (text: string, others: readonly string[]) => void,
    private readonly end: (trouble: CameraTrouble) => void = () => undefined,
  ) {
    this.video.muted = true;
    this.video.playsInline = true;
  }

  get isOn(): boolean {
    return this.stream !== null;
  }

  /** Ask for the camera `device`, or for any that looks away from the user, and begin. Rejects: see `troubleOf`. */
  async start(device = ""): Promise<void> {
    this.stop();
    if (!navigator.mediaDevices) throw new DOMException("no camera without https", "InsecureContext");
    const which: MediaTrackConstraints = device ? { deviceId: { ideal: device } } : { facingMode: "environment" };
    const video = { ...which, width: { ideal: WIDTH }, height: { ideal: HEIGHT } };
    const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    this.stop();
    this.stream = stream;
    this.track!.addEventListener("ended", () => this.stream === stream && this.ended());
    this.video.srcObject = stream;
    await this.resume();
    void this.look(stream);
  }

  /** Show the picture again after the video was moved in the page, which pauses it. */
  async resume(): Promise<void> {
    await this.video.play().catch(() => undefined);
  }

  stop(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  get hasTorch(): boolean {
    const capabilities = this.track?.getCapabilities?.() as { torch?: boolean } | undefined;
    return capabilities?.torch === true;
  }

  async light(on: boolean): Promise<void> {
    await this.track?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
  }

  private get track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }

  private ended(): void {
    this.stop();
    this.end("ended");
  }

  private async look(stream: MediaStream): Promise<void> {
    const drawing = this.canvas.getContext("2d", { willReadFrequently: true })!;
    let next = 0;
    while (this.stream === stream) {
      const now = await new Promise<number>((drawn) => requestAnimationFrame(drawn));
      const { videoWidth: width, videoHeight: height } = this.video;
      if (!width || this.isPaused || now < next) continue;
      next = now + FRAME_MILLISECONDS;
      if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
      drawing.drawImage(this.video, 0, 0);
      const [text, ...others] = await this.decoder.read(drawing.getImageData(0, 0, width, height));
      this.frames++;
      if (text !== undefined && this.stream === stream && !this.isPaused) this.tell(text, others);
    }
  }
}

/** Why `start` was rejected. */
export function troubleOf(error: unknown): CameraTrouble {
  const { name } = error as DOMException;
  return name === "InsecureContext" ? "insecure" : (TROUBLES[name] ?? "absent");
}

/** The cameras of this device; without names until one has been allowed. */
export async function cameras(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId);
}

/** The pixels of a picture by the browser's own reader, which knows what the phone's camera writes. */
async function pixelsOf(file: Blob): Promise<ImageData | Blob> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, MAX_PICTURE_PIXELS / Math.max(picture.width, picture.height));
  const [width, height] = [Math.max(1, picture.width * scale), Math.max(1, picture.height * scale)].map(Math.floor) as [number, number];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const drawing = canvas.getContext("2d")!;
  // What is transparent is paper.
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, width, height);
  drawing.drawImage(picture, 0, 0, width, height);
  picture.close();
  return drawing.getImageData(0, 0, width, height);
}
