// What the wallet says; one file a language, and a test holds them equal.

import type { Catalogue } from "../../service_kit/browser/language";
import { EN } from "./texts_en";
import { type WalletTextName, ZH_CN } from "./texts_zh_cn";
import { ZH_HK } from "./texts_zh_hk";

export type { WalletTextName };

export const TEXTS: Catalogue<WalletTextName> = { "zh-CN": ZH_CN, "zh-HK": ZH_HK, en: EN };
