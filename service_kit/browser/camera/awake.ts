// Keeps the screen on, where the device can: a screen that goes dark between two people costs both of them time.

let lock: WakeLockSentinel | null = null;
let isWanted = false;

/** Keep the screen on from now on, again after every time the page was hidden. */
export function stayAwake(): void {
  if (!isWanted) document.addEventListener("visibilitychange", () => void ask());
  isWanted = true;
  void ask();
}

async function ask(): Promise<void> {
  if (document.hidden || (lock && !lock.released)) return;
  try {
    lock = (await navigator.wakeLock?.request("screen")) ?? null;
  } catch {
    // A low battery, or a browser without: the screen goes dark as it always did.
  }
}
