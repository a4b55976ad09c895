// What people read for the closed lists, in the three languages of the pages. Members' names come with the trust list
// in two of them; the third stands here.

import type { EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status } from "./model";

export type Label = readonly [zhCN: string, zhHK: string, en: string];

export const STATUS_LABELS: Record<Status, Label> = {
  green: ["绿码", "綠碼", "Green"],
  yellow: ["黄码", "黃碼", "Yellow"],
  red: ["红码", "紅碼", "Red"],
  pending: ["待定", "待定", "Pending"],
};

export const REASON_LABELS: Record<Reason, Label> = {
  "no-finding": ["没有风险记录", "沒有風險紀錄", "No finding"],
  "test-recent": ["近期检测阴性", "近期檢測陰性", "Recent negative test"],
  "test-missing": ["缺少近期检测", "欠缺近期檢測", "No recent test"],
  "test-positive": ["检测阳性", "檢測陽性", "Positive test"],
  "close-contact": ["密切接触者", "密切接觸者", "Close contact"],
  "contact-of-contact": ["次密切接触者", "次密切接觸者", "Contact of a contact"],
  "risk-area-stay": ["到过风险地区", "曾到風險地區", "Stay in a risk area"],
  symptoms: ["有症状", "有症狀", "Symptoms"],
  quarantine: ["隔离观察", "隔離觀察", "Quarantine"],
  "inbound-travel": ["入境", "入境", "Arrival from abroad"],
  "review-open": ["正在复核", "正在覆核", "Under review"],
  converted: ["由外地码转换", "由外地碼轉換", "Converted from another province"],
};

export const FORM_LABELS: Record<Form, Label> = {
  phone: ["本人手机", "本人手機", "Own phone"],
  assisted: ["亲属手机", "親屬手機", "Relative's phone"],
  paper: ["纸质码", "紙本碼", "Paper"],
};

export const KIND_LABELS: Record<EvidenceKind, Label> = {
  "nucleic-acid": ["核酸检测", "核酸檢測", "nucleic-acid test"],
  antigen: ["抗原检测", "抗原檢測", "antigen test"],
  vaccination: ["疫苗接种", "疫苗接種", "vaccination"],
  recovery: ["康复", "康復", "recovery"],
  quarantine: ["隔离", "隔離", "quarantine"],
  travel: ["行程", "行程", "journey"],
};

export const RESULT_LABELS: Record<EvidenceResult, Label> = {
  negative: ["阴性", "陰性", "negative"],
  positive: ["阳性", "陽性", "positive"],
  inconclusive: ["结果不明", "結果不明", "inconclusive"],
  completed: ["已完成", "已完成", "completed"],
};

export const GUARDIAN_LABELS: Record<Guardian, Label> = {
  parent: ["父母", "父母", "parent"],
  child: ["子女", "子女", "child"],
  spouse: ["配偶", "配偶", "spouse"],
  relative: ["亲属", "親屬", "relative"],
  "care-home": ["养老院", "安老院", "care home"],
  school: ["学校", "學校", "school"],
};

export const MEMBERS_IN_TRADITIONAL: Readonly<Record<string, string>> = {
  "CN-11": "北京",
  "CN-12": "天津",
  "CN-13": "河北",
  "CN-14": "山西",
  "CN-15": "內蒙古",
  "CN-21": "遼寧",
  "CN-22": "吉林",
  "CN-23": "黑龍江",
  "CN-31": "上海",
  "CN-32": "江蘇",
  "CN-33": "浙江",
  "CN-34": "安徽",
  "CN-35": "福建",
  "CN-36": "江西",
  "CN-37": "山東",
  "CN-41": "河南",
  "CN-42": "湖北",
  "CN-43": "湖南",
  "CN-44": "廣東",
  "CN-45": "廣西",
  "CN-46": "海南",
  "CN-50": "重慶",
  "CN-51": "四川",
  "CN-52": "貴州",
  "CN-53": "雲南",
  "CN-54": "西藏",
  "CN-61": "陝西",
  "CN-62": "甘肅",
  "CN-63": "青海",
  "CN-64": "寧夏",
  "CN-65": "新疆",
  "CN-71": "台灣",
  "CN-81": "香港",
  "CN-82": "澳門",
  "CN-XPCC": "新疆生產建設兵團",
  "CN-D-HC": "國家衞生健康委員會",
  "CN-D-IM": "國家移民管理局",
  "CN-D-CU": "海關總署",
};

/** One of the three, by the language of the page. */
export function said([zhCN, zhHK, en]: Label, language: string): string {
  return language === "en" ? en : language === "zh-HK" ? zhHK : zhCN;
}
