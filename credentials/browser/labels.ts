// The words of the closed lists (profile.ts), in the language of the page.

import type { Label } from "./profile";

/** One of the three, by the language of the page. */
export function said([zhCN, zhHK, en]: Label, language: string): string {
  return language === "en" ? en : language === "zh-HK" ? zhHK : zhCN;
}
