// What the gate app says; one file a language, and a test holds them equal. The reasons' words in zh-CN and en come
// with the snapshot, so that they are those of the verifier.

import type { Catalogue } from "../../service_kit/browser/language";
import { EN } from "./texts_en";
import { type GateTextName, ZH_CN } from "./texts_zh_cn";
import { ZH_HK } from "./texts_zh_hk";

export type { GateTextName };

export const TEXTS: Catalogue<GateTextName> = { "zh-CN": ZH_CN, "zh-HK": ZH_HK, en: EN };
