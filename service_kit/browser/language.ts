// The language of the page: the one that was chosen, else the best of what the browser asks for.

import { LANGUAGES, type Language, WORDS } from "../../credentials/browser/profile";
import { said } from "../../credentials/browser/words";
import { recall, remember } from "./choices";

const KEY = "language";
/** The language that was chosen on this device, else the best of what the browser asks for. */
export function chosenLanguage(): Language {
  const stored = recall(KEY);
  if (LANGUAGES.includes(stored as Language)) return stored as Language;
  const wanted = navigator.languages.map(languageFor).find((language) => language !== null);
  return wanted ?? LANGUAGES[0];
}

/** The language that answers whoever asks for `tag`: the one that lists the longest beginning of it (RFC 4647 section 3.4). */
function languageFor(tag: string): Language | null {
  let best: Language | null = null;
  let longest = 0;
  for (const language of LANGUAGES)
    for (const beginning of said(WORDS["language.answers"], language).toLowerCase().split(" "))
      if (`${tag.toLowerCase()}-`.startsWith(`${beginning}-`) && beginning.length > longest)
        [best, longest] = [language, beginning.length];
  return best;
}

/** Keep the choice, and tell the page. */
export function chooseLanguage(language: Language): void {
  remember(KEY, language);
  document.documentElement.lang = language;
}

/** How long something takes or took, as people say it: minutes, hours, days; never less than a minute. */
export function ago(seconds: number, language: Language): string {
  const [count, unit] = counted(Math.max(SECONDS.minute, seconds));
  const make = () => new Intl.NumberFormat(language, { style: "unit", unitDisplay: "long", unit });
  return made(`${language} ${unit}`, make).format(count);
}

/** When something was, counted back from now: 刚刚, 5分钟前, 3小时前, 4天前. Nothing was "in" the future or "0 seconds" ago. */
export function since(seconds: number, language: Language): string {
  if (seconds < SECONDS.minute) return said(WORDS["browser.just-now"], language);
  const [count, unit] = counted(seconds);
  return made(`${language} since`, () => new Intl.RelativeTimeFormat(language, { numeric: "always" })).format(
    -count,
    unit,
  );
}

const SECONDS = { minute: 60, hour: 3600, day: 86_400 };

/** Whole minutes, hours or days, never rounded up. Rules count tests in hours up to three days, and so does everybody. */
function counted(seconds: number): [number, keyof typeof SECONDS] {
  const unit = seconds < SECONDS.hour ? "minute" : seconds < 3 * SECONDS.day ? "hour" : "day";
  return [Math.floor(seconds / SECONDS[unit]), unit];
}

/** A moment (seconds UTC) as people in China read it, whatever zone the device is set to; `withYear` for what is kept. */
export function moment(seconds: number, language: Language, withYear = false): string {
  const make = () =>
    new Intl.DateTimeFormat(language, {
      timeZone: "Asia/Shanghai",
      ...(withYear && { year: "numeric" }),
      month: withYear ? "long" : "short",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  return made(`${language} moment ${withYear}`, make).format(seconds * 1000);
}

/** Make what times are said with ahead of the first person who waits for it. */
export function prepareTimes(language: Language): void {
  moment(0, language);
  ago(SECONDS.hour, language);
}

const formats = new Map<string, object>();

/** What formats, made once: that takes a slow phone twenty milliseconds, and formatting takes it none. */
function made<Format extends object>(key: string, make: () => Format): Format {
  const kept = (formats.get(key) as Format | undefined) ?? make();
  formats.set(key, kept);
  return kept;
}
