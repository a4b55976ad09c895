// A hand scanner is a keyboard that types fast and ends with Enter, with Tab, or with nothing. It need not be aimed at
// the text box: what comes fast while the focus is on no box is taken as a code, and presses no button on its way (a
// code may hold spaces).

import { JWS_PREFIX, PREFIX } from "../../credentials/browser/formats/smart_health_card/prefix";
import { formatOf } from "../../credentials/browser/formats/table";
import { MAX_TEXT_CHARACTERS } from "../../credentials/browser/profile";

/** Keys that follow each other within this time belong together; no guard types anything outside of a box. */
const GAP_MILLISECONDS = 400;
const MIN_CHARACTERS = 4;
/** Some scanners end with two keys; the second must not press what the verdict has just put under it. */
const AFTER_MILLISECONDS = 700;
const ENDS = new Set(["Enter", "Tab"]);
/** What a scanner may be set to say first: which kind of symbol it has read (ISO/IEC 15424). */
const SYMBOLOGY = /^\][A-Z][0-9A-Z]/;
/** Keys of a keyboard that is set to Chinese, where NFKC does not lead back to the key. */
const CHINESE_KEYS: Readonly<Record<string, string>> = {
  "】": "]",
  "。": ".",
  "、": "/",
  "¥": "$",
  "·": "`",
  "—": "-",
  "×": "*",
};

/** Tell `take` what a hand scanner types anywhere on the page, as long as that lives. */
export function listenToHandScanner(take: (text: string) => void): void {
  let typed = "";
  let last = -Infinity;
  let ended = -Infinity;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const stop = (event: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
  };
  const end = () => {
    const text = typed;
    typed = "";
    clearTimeout(silence);
    if (text) take(text);
  };
  const onEnd = (event: KeyboardEvent) => {
    const box = boxOf(event.target);
    const isSecond = event.timeStamp - ended < AFTER_MILLISECONDS;
    if (box && event.key === "Tab" && isBegun(asTyped(box.value))) {
      stop(event);
      typed = box.value;
      box.value = "";
    } else if (!isSecond && typed.length < MIN_CHARACTERS) return;
    else if (!box) stop(event);
    else return;
    ended = event.timeStamp;
    end();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.timeStamp - last > GAP_MILLISECONDS) typed = "";
    if (ENDS.has(event.key)) onEnd(event);
    else if (event.key.length === 1 && !isBox(event.target)) {
      if (typed) stop(event);
      typed = (typed + event.key).slice(0, MAX_TEXT_CHARACTERS);
      last = event.timeStamp;
      clearTimeout(silence);
      if (isBegun(asTyped(typed))) silence = setTimeout(end, GAP_MILLISECONDS);
    }
  };
  addEventListener("keydown", onKey, { capture: true });
  // Firefox presses a button when the space bar is let go.
  const onKeyUp = (event: KeyboardEvent) => {
    if (event.key === " " && typed.length > 1) stop(event);
  };
  addEventListener("keyup", onKeyUp, { capture: true });
}

/** What was typed as it was meant: a Chinese keyboard writes wide letters, a locked capital key small ones. */
export function asTyped(text: string): string {
  const plain = text.normalize("NFKC").trim();
  // A JWS tells capitals from others; of a symbol of such a card only the beginning has letters.
  if (plain.startsWith(JWS_PREFIX)) return plain;
  const typed = [...plain.toUpperCase()]
    .map((key) => CHINESE_KEYS[key] ?? key)
    .join("")
    .replace(SYMBOLOGY, "");
  return typed.startsWith(PREFIX.toUpperCase()) ? typed.toLowerCase() : typed;
}

/** Whether more than the first characters of a code have come. */
function isBegun(text: string): boolean {
  const format = formatOf(text);
  return format !== undefined && text.length > format.PREFIX.length;
}

function boxOf(target: EventTarget | null): HTMLInputElement | null {
  return target instanceof HTMLInputElement && target.type === "text" ? target : null;
}

function isBox(target: EventTarget | null): boolean {
  return boxOf(target) !== null || target instanceof HTMLSelectElement;
}
