// The camera and the worker behind it: at most one frame is being read, the newest one, so that a slow phone lags by
// one frame and never by a queue.

import type { Answered, Asked } from "./decoder";

const WIDTH = 1280;
const HEIGHT = 720;

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

  /** The texts of the QR symbols in a picture; none where there is none. */
  read(picture: ImageData | Blob): Promise<string[]> {
    const asked: Asked = { number: ++this.number, picture };
    const answer = new Promise<string[]>((resolve) => this.waiting.set(asked.number, resolve));
    this.worker.postMessage(asked, picture instanceof ImageData ? [picture.data.buffer] : []);
    return answer;
  }
}

/** Looks through the back camera and tells every text that it reads, until it is stopped. */
export class Camera {
  readonly video = document.createElement("video");
  /** Frames read since the start, for the measurements. */
  frames = 0;
  private stream: MediaStream | null = null;
  private readonly canvas = document.createElement("canvas");

  constructor(
    private readonly decoder: Decoder,
    private readonly tell: (text: string) => void,
  ) {
    this.video.muted = true;
    this.video.playsInline = true;
  }

  /** Ask for the camera and begin. Rejects when there is none or it is not allowed. */
  async start(): Promise<void> {
    const wanted = { facingMode: "environment", width: { ideal: WIDTH }, height: { ideal: HEIGHT } };
    this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    this.video.srcObject = this.stream;
    await this.video.play();
    void this.look(this.stream);
  }

  stop(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  private async look(stream: MediaStream): Promise<void> {
    const drawing = this.canvas.getContext("2d", { willReadFrequently: true })!;
    while (this.stream === stream) {
      await new Promise((drawn) => requestAnimationFrame(drawn));
      const { videoWidth: width, videoHeight: height } = this.video;
      if (!width || document.hidden) continue;
      Object.assign(this.canvas, { width, height });
      drawing.drawImage(this.video, 0, 0);
      const texts = await this.decoder.read(drawing.getImageData(0, 0, width, height));
      this.frames++;
      if (this.stream === stream) texts.forEach(this.tell);
    }
  }
}
