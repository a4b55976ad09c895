// What every screen of the gate app works with.

import type { Language } from "../../credentials/browser/profile";
import type { Camera, CameraTrouble, Decoder } from "../../service_kit/browser/camera/camera";
import type { Gate } from "./gate";
import type { Gathering } from "./gathering";
import type { Preferences } from "./preferences";
import type { ManualResult, Shape, Tally } from "./tally";
import type { GateUpkeep } from "./upkeep";
import type { Visit } from "./visit";
import type { GateWords } from "./words";

export interface Desk {
  readonly words: GateWords;
  /** Null until the first snapshot: then nothing can be checked. */
  readonly gate: Gate | null;
  /** Of a card that is in several symbols: those that have been scanned. */
  readonly gathering: Gathering;
  readonly upkeep: GateUpkeep;
  readonly tally: Tally;
  readonly preferences: Preferences;
  readonly camera: Camera;
  readonly decoder: Decoder;
  /** Who stands here. */
  readonly visit: Visit;
  /** Why the camera shows nothing; null while it does, or is being opened. */
  readonly trouble: CameraTrouble | null;
  /** Whether somebody's code came while there was nothing to judge it by. */
  readonly isTurnedAway: boolean;
  /** Whether a newer version of the app waits for this one to be opened anew. */
  readonly isOutdated: boolean;
  /** Seconds UTC by the device's clock. */
  deviceNow(): number;
  /** The one tap that begins: language, sound, camera. */
  begin(language: Language): void;
  /** Show what an outcome looks and sounds like, as practice. */
  practise(outcome: Shape): void;
  /** Judge a text and show its verdict. */
  check(text: string): Promise<void>;
  /** Count what was decided by hand and show it. */
  decide(result: ManualResult): void;
  openCamera(): Promise<void>;
  speakLanguage(language: Language): void;
  /** On to another screen; whoever stands here still does. */
  go(screen: ScreenName): void;
  /** On to the next person. */
  next(): void;
}

export type ScreenName = "start" | "scan" | "verdict" | "manual" | "challenge" | "shift" | "settings";
