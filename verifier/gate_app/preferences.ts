// What the guard has set on this device.

import { recall, remember } from "../../service_kit/browser/choices";

export const TOGGLES = ["sound", "speech", "automatic", "large"] as const;
export type Toggle = (typeof TOGGLES)[number];

const BY_DEFAULT: Record<Toggle, boolean> = { sound: true, speech: true, automatic: true, large: false };
const PREFIX = "gate-";
export const MAX_LANE_CHARACTERS = 24;

export class Preferences {
  wants(toggle: Toggle): boolean {
    const stored = recall(PREFIX + toggle);
    return stored === null ? BY_DEFAULT[toggle] : stored === "yes";
  }

  set(toggle: Toggle, wanted: boolean): void {
    remember(PREFIX + toggle, wanted ? "yes" : "no");
    this.apply();
  }

  /** Large text and targets stand on the page's root, where the style sheet looks for them. */
  apply(): void {
    document.documentElement.toggleAttribute("data-elder", this.wants("large"));
  }

  /** The name of this lane, as its guards call it; empty when they have not said. */
  get lane(): string {
    return recall(`${PREFIX}lane`) ?? "";
  }

  set lane(name: string) {
    remember(`${PREFIX}lane`, name.trim().slice(0, MAX_LANE_CHARACTERS));
  }

  /** The id of the camera to use; empty: any that looks away from the guard. */
  get camera(): string {
    return recall(`${PREFIX}camera`) ?? "";
  }

  set camera(id: string) {
    remember(`${PREFIX}camera`, id);
  }
}
