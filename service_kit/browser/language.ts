// Languages of the pages: zh-CN first, zh-HK and en complete. A catalogue is one object a language with equal names.

import { recall, remember } from "./choices";

export const LANGUAGES = ["zh-CN", "zh-HK", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
export const LANGUAGE_NAMES: Record<Language, string> = { "zh-CN": "简体中文", "zh-HK": "繁體中文", en: "English" };

/** The languages of one text. */
export type Said = Record<Language, string>;
export type Catalogue<Name extends string> = Record<Language, Record<Name, string>>;

const KEY = "language";
const TRADITIONAL = /^zh-(?:HK|TW|MO|Hant)/i;

/** The language that was chosen on this device, else the best of what the browser asks for. */
export function chosenLanguage(): Language {
  const stored = recall(KEY);
  if (LANGUAGES.includes(stored as Language)) return stored as Language;
  for (const wanted of navigator.languages) {
    if (TRADITIONAL.test(wanted)) return "zh-HK";
    if (/^zh/i.test(wanted)) return "zh-CN";
    if (/^en/i.test(wanted)) return "en";
  }
  return "zh-CN";
}

/** Keep the choice, and tell the page. */
export function chooseLanguage(language: Language): void {
  remember(KEY, language);
  document.documentElement.lang = language;
}

/** The text of `name`, with `{hours}` and the like filled in. */
export function fill(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** How long something takes or took, as people say it: minutes, hours, days; never less than a minute. */
export function ago(seconds: number, language: Language): string {
  const [count, unit] = counted(Math.max(SECONDS.minute, seconds));
  return new Intl.NumberFormat(language, { style: "unit", unitDisplay: "long", unit }).format(count);
}

const JUST_NOW: Said = { "zh-CN": "刚刚", "zh-HK": "剛剛", en: "just now" };

/** When something was, counted back from now: 刚刚, 5分钟前, 3小时前, 4天前. Nothing was "in" the future or "0 seconds" ago. */
export function since(seconds: number, language: Language): string {
  if (seconds < SECONDS.minute) return JUST_NOW[language];
  const [count, unit] = counted(seconds);
  return new Intl.RelativeTimeFormat(language, { numeric: "always" }).format(-count, unit);
}

const SECONDS = { minute: 60, hour: 3600, day: 86_400 };

/** Whole minutes, hours or days, never rounded up. Rules count tests in hours up to three days, and so does everybody. */
function counted(seconds: number): [number, keyof typeof SECONDS] {
  const unit = seconds < SECONDS.hour ? "minute" : seconds < 3 * SECONDS.day ? "hour" : "day";
  return [Math.floor(seconds / SECONDS[unit]), unit];
}

/** A moment (seconds UTC) as people in China read it, whatever zone the device is set to; `withYear` for what is kept. */
export function moment(seconds: number, language: Language, withYear = false): string {
  const format = new Intl.DateTimeFormat(language, {
    timeZone: "Asia/Shanghai",
    ...(withYear && { year: "numeric" }),
    month: withYear ? "long" : "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return format.format(seconds * 1000);
}
