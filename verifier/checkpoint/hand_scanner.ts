// A hand scanner is a keyboard that types fast and ends with Enter. It need not be aimed at the text box: what comes
// fast while the focus is on no box is taken as a code, and presses no button on its way (a code may hold spaces).

/** Keys that follow each other within this time belong together; no guard types anything outside of a box. */
const GAP_MILLISECONDS = 400;
const MIN_CHARACTERS = 4;
const MAX_CHARACTERS = 4096;
/** Some scanners end with two keys; the second must not press what the verdict has just put under it. */
const AFTER_MILLISECONDS = 700;

/** Tell `take` what a hand scanner types anywhere on the page, as long as that lives. */
export function listenToHandScanner(take: (text: string) => void): void {
  let typed = "";
  let last = -Infinity;
  let ended = -Infinity;
  const stop = (event: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.timeStamp - last > GAP_MILLISECONDS) typed = "";
    if (event.key === "Enter" && (typed.length >= MIN_CHARACTERS || event.timeStamp - ended < AFTER_MILLISECONDS)) {
      stop(event);
      const text = typed;
      typed = "";
      ended = event.timeStamp;
      if (text && !isBox(event.target)) take(text);
    } else if (event.key.length === 1 && !isBox(event.target)) {
      if (typed) stop(event);
      typed = (typed + event.key).slice(0, MAX_CHARACTERS);
      last = event.timeStamp;
    }
  };
  addEventListener("keydown", onKey, { capture: true });
  // Firefox presses a button when the space bar is let go.
  const onKeyUp = (event: KeyboardEvent) => {
    if (event.key === " " && typed.length > 1) stop(event);
  };
  addEventListener("keyup", onKeyUp, { capture: true });
}

/** What was typed as it was meant: a Chinese keyboard writes wide letters, and a locked capital key small ones. */
export function asTyped(text: string): string {
  return text.normalize("NFKC").toUpperCase().trim();
}

function isBox(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement ? target.type === "text" : target instanceof HTMLSelectElement;
}
