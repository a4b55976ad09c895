// What every screen of the gate app works with.

import type { Camera, CameraTrouble, Decoder } from "../../service_kit/browser/camera";
import type { Language } from "../../service_kit/browser/language";
import type { Gate } from "./gate";
import type { Preferences } from "./preferences";
import type { ManualResult, Tally } from "./tally";
import type { Upkeep } from "./upkeep";
import type { Words } from "./words";

export interface Desk {
  readonly words: Words;
  /** Null until the first snapshot: then nothing can be checked. */
  readonly gate: Gate | null;
  readonly upkeep: Upkeep;
  readonly tally: Tally;
  readonly preferences: Preferences;
  readonly camera: Camera;
  readonly decoder: Decoder;
  /** Why the camera shows nothing; null while it does, or is being opened. */
  readonly trouble: CameraTrouble | null;
  /** Seconds UTC by the device's clock. */
  deviceNow(): number;
  /** Judge a text and show its verdict. */
  check(text: string): Promise<void>;
  /** Count what was decided by hand and show it. */
  decide(result: ManualResult): void;
  openCamera(): Promise<void>;
  speakLanguage(language: Language): void;
  go(screen: ScreenName): void;
}

export type ScreenName = "scan" | "manual" | "challenge" | "shift" | "settings";
