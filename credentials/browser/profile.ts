// Made by `make profile` from credentials/profile: change it there.

/** Tags of BCP 47; the first is for whoever asks for none of them. */
export const LANGUAGES = ["zh-CN", "zh-HK", "en"] as const;
export type Language = (typeof LANGUAGES)[number];
/** Every signed document has these. */
export const COMMON = ["zh-CN", "en"] as const;
export const LANGUAGE_TAG = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/;
export const MAX_LANGUAGES = 16;
/** One text in each of LANGUAGES, in their order. */
export type Label = readonly string[];
/** Texts that are put together, by their ids. */
export const WORDS = {
  "browser.just-now": ["刚刚", "剛剛", "just now"],
  "evidence.ago": ["{age}前", "{age}前", "{age} ago"],
  "evidence.nothing": ["没有检测等佐证", "沒有檢測等佐證", "no test or other evidence"],
  "evidence.piece": ["{kind}{result}，{age}", "{kind}{result}，{age}", "{kind}, {result}, {age}"],
  "evidence.series-open": ["未完成全程", "未完成全程", "series not complete"],
  "evidence.to-come": ["时间尚未到", "時間尚未到", "at a time to come"],
  "evidence.unknown-kind": ["其他证明", "其他證明", "other evidence"],
  "evidence.unknown-result": ["结果未识别", "結果未能識別", "result not known here"],
  "join.calls": ["{first}，{next}", "{first}，{next}", "{first}, {next}"],
  "join.clauses": ["{first}；{next}", "{first}；{next}", "{first}; {next}"],
  "join.items": ["{first}、{next}", "{first}、{next}", "{first}, {next}"],
  "join.parts": ["{first} {next}", "{first} {next}", "{first} {next}"],
  "join.sentences": ["{first}{next}", "{first}{next}", "{first} {next}"],
  "language.answers": ["zh", "zh-Hant zh-HK zh-MO zh-TW yue", "en"],
  "language.name": ["简体中文", "繁體中文", "English"],
  "language.voices": ["zh-CN zh", "zh-HK yue zh", "en"],
  "unit.count": ["{count} {unit}", "{count} {unit}", "{count} {unit}"],
  "unit.counts": ["{first} {next}", "{first} {next}", "{first} {next}"],
  "unit.day": ["天", "天", "d"],
  "unit.hour": ["小时", "小時", "h"],
  "unit.minute": ["分钟", "分鐘", "min"],
  "unit.second": ["秒", "秒", "s"],
  "verdict.held": ["此码：{evidence}。", "此碼：{evidence}。", "This code: {evidence}."],
  "verdict.held-by-card": ["此证件：{evidence}。", "此證件：{evidence}。", "This certificate: {evidence}."],
  "verdict.hotline": ["{name}热线 {hotline}", "{name}熱線 {hotline}", "{name} hotline {hotline}"],
  "verdict.hotlines": ["{hotlines}。", "{hotlines}。", "{hotlines}."],
  "verdict.needed": ["所需：{needed}。{held}", "所需：{needed}。{held}", "Needed: {needed}. {held}"],
  "verdict.what": ["{what}。", "{what}。", "{what}."],
} as const satisfies Record<string, Label>;

export const MAX_CREDENTIAL_TEXT_CHARACTERS = 419;
export const MAX_PAPER_TEXT_CHARACTERS = 366;
export const MAX_PRESENTATION_TEXT_CHARACTERS = 528;
export const MAX_TEXT_CHARACTERS = 4096;
export const MAX_CARD_TEXT_CHARACTERS = 33280;
export const MAX_CHALLENGE_TEXT_CHARACTERS = 71;
export const MAX_CREDENTIAL_BYTES = 300;
export const MAX_PRESENTATION_BYTES = 400;
export const MAX_CBOR_DEPTH = 8;
export const MAX_GATE_NAME_BYTES = 24;
export const NONCE_BYTES = 16;
export const MAX_HOLDER_NAME_BYTES = 24;
export const DOCUMENT_TAIL_CHARACTERS = 4;
export const CTI_BYTES = 8;
export const KID_BYTES = 8;
export const DECISION_REFERENCE_BYTES = 16;
export const MAX_EVIDENCE = 2;
export const MAX_EVIDENCE_CONVERTED = 1;
export const EVIDENCE_TIME_STEP_SECONDS = 600;
export const MAX_EVALUATED_BEFORE_SECONDS = 65535;
export const MAX_RULE_SET = 23;
export const MAX_RULE_SET_VERSION = 65535;
export const MAX_STATUS_LIST = 65535;
export const STATUS_LIST_SIZE = 1048576;
export const MIN_TIME_SECONDS = 1577836800;
export const MAX_TIME_SECONDS = 4294967295;
export const MAX_ISSUED_AHEAD_SECONDS = 60;
export const MAX_KEY_EARLY_SECONDS = 60;
export const MAX_STATUS_AHEAD_SECONDS = 60;
export const MAX_LIST_DELAY_SECONDS = 60;
export const MAX_GATE_BEHIND_SECONDS = 60;
export const MAX_LIFETIME_PHONE_SECONDS = 86400;
export const MAX_LIFETIME_PAPER_SECONDS = 604800;
export const MAX_LIFETIME_WITHOUT_STATUS_SECONDS = 3600;
export const MAX_PRESENTATION_AGE_SECONDS = 90;
export const MAX_PRESENTATION_AHEAD_SECONDS = 30;
export const COORDINATE_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const COMPRESSED_POINT_BYTES = 33;
export const MAX_PEM_BYTES = 16384;
export const MAX_JWS_CHARACTERS = 1500000;
export const MAX_JSON_DEPTH = 64;
export const MAX_JSON_INTEGER = 9007199254740991;
export const MAX_SIGNED_BYTES = 16777216;
export const MAX_SYMBOL_VERSION = 14;
export const QUIET_ZONE_MODULES = 4;
export const MAX_SYMBOL_SCALE_PIXELS = 40;
export const MAX_PICTURE_BYTES = 12582912;
export const MAX_PICTURE_PIXELS = 25000000;
export const MAX_DOCUMENT_CHARACTERS = 40;
export const MAX_NAME_CHARACTERS = 128;
export const MIN_BIRTH_YEAR = 1800;
export const MAX_STATUS_LISTS = 1024;
export const MAX_STATUS_WITHDRAWN = 8388608;
export const MAX_STATUS_LIST_BYTES = 131072;
export const MAX_RICE_PARAMETER = 19;
export const MAX_STATUS_SEQUENCE = 9007199254740991;
export const MAX_SEGMENT_BYTES = 1048576;
export const MAX_SEGMENT_CHANGES = 262144;
export const STATUS_HASH_BYTES = 32;
export const MAX_STATUS_TOKEN_CHARACTERS = 262144;
export const MAX_STATUS_SUBJECT_CHARACTERS = 2048;
export const MIN_INDEX_KEY_BYTES = 16;

/** Wire number = place in the list + 1. */
export const STATUSES = ["green", "yellow", "red", "pending"] as const;
export type Status = (typeof STATUSES)[number];
export const STATUS_LABELS: Record<Status, Label> = {
  "green": ["绿码", "綠碼", "Green"],
  "yellow": ["黄码", "黃碼", "Yellow"],
  "red": ["红码", "紅碼", "Red"],
  "pending": ["待定", "待定", "Pending"],
};

/** Wire number = place in the list + 1. */
export const REASONS = ["no-finding", "test-recent", "test-missing", "test-positive", "close-contact", "contact-of-contact", "risk-area-stay", "symptoms", "quarantine", "inbound-travel", "review-open", "converted"] as const;
export type Reason = (typeof REASONS)[number];
export const REASON_LABELS: Record<Reason, Label> = {
  "no-finding": ["没有风险记录", "沒有風險紀錄", "No finding"],
  "test-recent": ["近期检测阴性", "近期檢測陰性", "Recent negative test"],
  "test-missing": ["缺少近期检测", "欠缺近期檢測", "No recent test"],
  "test-positive": ["检测阳性", "檢測陽性", "Positive test"],
  "close-contact": ["密切接触者", "密切接觸者", "Close contact"],
  "contact-of-contact": ["次密切接触者", "次密切接觸者", "Contact of a contact"],
  "risk-area-stay": ["到过风险地区", "曾到風險地區", "Stay in a risk area"],
  "symptoms": ["有症状", "有症狀", "Symptoms"],
  "quarantine": ["隔离观察", "隔離觀察", "Quarantine"],
  "inbound-travel": ["入境", "入境", "Arrival from abroad"],
  "review-open": ["正在复核", "正在覆核", "Under review"],
  "converted": ["由外地码转换", "由外地碼轉換", "Converted from another province"],
};

/** Wire number = place in the list + 1. */
export const FORM_NAMES = ["phone", "assisted", "paper"] as const;
export type Form = (typeof FORM_NAMES)[number];
export const FORM_LABELS: Record<Form, Label> = {
  "phone": ["本人手机", "本人手機", "Own phone"],
  "assisted": ["亲属手机", "親屬手機", "Relative's phone"],
  "paper": ["纸质码", "紙本碼", "Paper"],
};

/** Wire number = place in the list + 1. */
export const EVIDENCE_KINDS = ["nucleic-acid", "antigen", "vaccination", "recovery", "quarantine", "travel", "exemption"] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];
export const KIND_LABELS: Record<EvidenceKind, Label> = {
  "nucleic-acid": ["核酸检测", "核酸檢測", "nucleic-acid test"],
  "antigen": ["抗原检测", "抗原檢測", "antigen test"],
  "vaccination": ["疫苗接种", "疫苗接種", "vaccination"],
  "recovery": ["康复", "康復", "recovery"],
  "quarantine": ["隔离", "隔離", "quarantine"],
  "travel": ["行程", "行程", "journey"],
  "exemption": ["免检证明", "豁免檢測證明", "exemption from testing"],
};

/** Wire number = place in the list + 1. */
export const EVIDENCE_RESULTS = ["negative", "positive", "inconclusive", "completed"] as const;
export type EvidenceResult = (typeof EVIDENCE_RESULTS)[number];
export const RESULT_LABELS: Record<EvidenceResult, Label> = {
  "negative": ["阴性", "陰性", "negative"],
  "positive": ["阳性", "陽性", "positive"],
  "inconclusive": ["结果不明", "結果不明", "inconclusive"],
  "completed": ["已完成", "已完成", "completed"],
};

/** Wire number = place in the list + 1. */
export const GUARDIANS = ["parent", "child", "spouse", "relative", "care-home", "school"] as const;
export type Guardian = (typeof GUARDIANS)[number];
export const GUARDIAN_LABELS: Record<Guardian, Label> = {
  "parent": ["父母", "父母", "parent"],
  "child": ["子女", "子女", "child"],
  "spouse": ["配偶", "配偶", "spouse"],
  "relative": ["亲属", "親屬", "relative"],
  "care-home": ["养老院", "安老院", "care home"],
  "school": ["学校", "學校", "school"],
};

/** What hangs on how a code is carried. `isBound`: to a key of the holder's. `note`: of an accepted one. */
export interface FormProfile {
  readonly maxLifetimeSeconds: number;
  readonly isBound: boolean;
  readonly hasGuardian: boolean;
  readonly note: string;
}
export const FORMS: Record<Form, FormProfile> = {
  "phone": {"maxLifetimeSeconds": 86400, "isBound": true, "hasGuardian": false, "note": "compare-holder"},
  "assisted": {"maxLifetimeSeconds": 86400, "isBound": true, "hasGuardian": true, "note": "check-document"},
  "paper": {"maxLifetimeSeconds": 604800, "isBound": false, "hasGuardian": false, "note": "check-document"},
};

/** The steps of the recipe, as verdicts show them; their number is their place. */
export const STEPS = ["form", "trust", "key", "signature", "claims", "issuer", "permission", "decision", "time", "holder", "withdrawal", "source", "recognition", "rules", "replay"] as const;
export type StepName = (typeof STEPS)[number];
/** Of cards that no member signed. */
export const FOREIGN_STEPS: readonly StepName[] = ["form", "trust", "key", "signature", "claims", "issuer", "permission", "time", "recognition", "rules"];

/** Whose hotline helps with a reason, the most helpful first; what is not here helps itself. */
export type Call = "host" | "source" | "issuer";
export const CALLS: { readonly [reason: string]: readonly Call[] | undefined } = {
  "malformed": ["issuer"],
  "algorithm-mismatch": ["issuer"],
  "issuer-mismatch": ["issuer"],
  "key-use-mismatch": ["issuer"],
  "key-not-active": ["issuer"],
  "key-denied": ["issuer"],
  "not-permitted": ["issuer"],
  "expired": ["issuer"],
  "lifetime-too-long": ["issuer"],
  "withdrawn": ["issuer"],
  "source-withdrawn": ["source"],
  "status-reference-invalid": ["issuer"],
  "presentation-missing": ["issuer"],
  "presentation-signature": ["issuer"],
  "recognition-denied": ["host"],
  "rule-failed": ["host"],
  "status-not-accepted": ["host", "issuer"],
  "member-changed": ["issuer"],
  "status-missing": ["issuer"],
  "status-stale": ["issuer"],
  "no-decision": ["issuer"],
  "foreign-keys-missing": ["host"],
  "rule-open": ["host"],
};

/** Every member's id, with its name; what the trust list calls it goes before. */
export const MEMBER_NAMES: { readonly [member: string]: Label | undefined } = {
  "CN-11": ["北京", "北京", "Beijing"],
  "CN-12": ["天津", "天津", "Tianjin"],
  "CN-13": ["河北", "河北", "Hebei"],
  "CN-14": ["山西", "山西", "Shanxi"],
  "CN-15": ["内蒙古", "內蒙古", "Inner Mongolia"],
  "CN-21": ["辽宁", "遼寧", "Liaoning"],
  "CN-22": ["吉林", "吉林", "Jilin"],
  "CN-23": ["黑龙江", "黑龍江", "Heilongjiang"],
  "CN-31": ["上海", "上海", "Shanghai"],
  "CN-32": ["江苏", "江蘇", "Jiangsu"],
  "CN-33": ["浙江", "浙江", "Zhejiang"],
  "CN-34": ["安徽", "安徽", "Anhui"],
  "CN-35": ["福建", "福建", "Fujian"],
  "CN-36": ["江西", "江西", "Jiangxi"],
  "CN-37": ["山东", "山東", "Shandong"],
  "CN-41": ["河南", "河南", "Henan"],
  "CN-42": ["湖北", "湖北", "Hubei"],
  "CN-43": ["湖南", "湖南", "Hunan"],
  "CN-44": ["广东", "廣東", "Guangdong"],
  "CN-45": ["广西", "廣西", "Guangxi"],
  "CN-46": ["海南", "海南", "Hainan"],
  "CN-50": ["重庆", "重慶", "Chongqing"],
  "CN-51": ["四川", "四川", "Sichuan"],
  "CN-52": ["贵州", "貴州", "Guizhou"],
  "CN-53": ["云南", "雲南", "Yunnan"],
  "CN-54": ["西藏", "西藏", "Xizang"],
  "CN-61": ["陕西", "陝西", "Shaanxi"],
  "CN-62": ["甘肃", "甘肅", "Gansu"],
  "CN-63": ["青海", "青海", "Qinghai"],
  "CN-64": ["宁夏", "寧夏", "Ningxia"],
  "CN-65": ["新疆", "新疆", "Xinjiang"],
  "CN-71": ["台湾", "台灣", "Taiwan"],
  "CN-81": ["香港", "香港", "Hong Kong"],
  "CN-82": ["澳门", "澳門", "Macao"],
  "CN-D-CU": ["海关总署", "海關總署", "General Administration of Customs"],
  "CN-D-CU01": ["北京海关", "北京海關", "Beijing Customs"],
  "CN-D-CU02": ["天津海关", "天津海關", "Tianjin Customs"],
  "CN-D-CU04": ["石家庄海关", "石家莊海關", "Shijiazhuang Customs"],
  "CN-D-CU05": ["太原海关", "太原海關", "Taiyuan Customs"],
  "CN-D-CU06": ["满洲里海关", "滿洲里海關", "Manzhouli Customs"],
  "CN-D-CU07": ["呼和浩特海关", "呼和浩特海關", "Hohhot Customs"],
  "CN-D-CU08": ["沈阳海关", "瀋陽海關", "Shenyang Customs"],
  "CN-D-CU09": ["大连海关", "大連海關", "Dalian Customs"],
  "CN-D-CU15": ["长春海关", "長春海關", "Changchun Customs"],
  "CN-D-CU19": ["哈尔滨海关", "哈爾濱海關", "Harbin Customs"],
  "CN-D-CU22": ["上海海关", "上海海關", "Shanghai Customs"],
  "CN-D-CU23": ["南京海关", "南京海關", "Nanjing Customs"],
  "CN-D-CU29": ["杭州海关", "杭州海關", "Hangzhou Customs"],
  "CN-D-CU31": ["宁波海关", "寧波海關", "Ningbo Customs"],
  "CN-D-CU33": ["合肥海关", "合肥海關", "Hefei Customs"],
  "CN-D-CU35": ["福州海关", "福州海關", "Fuzhou Customs"],
  "CN-D-CU37": ["厦门海关", "廈門海關", "Xiamen Customs"],
  "CN-D-CU40": ["南昌海关", "南昌海關", "Nanchang Customs"],
  "CN-D-CU42": ["青岛海关", "青島海關", "Qingdao Customs"],
  "CN-D-CU43": ["济南海关", "濟南海關", "Jinan Customs"],
  "CN-D-CU46": ["郑州海关", "鄭州海關", "Zhengzhou Customs"],
  "CN-D-CU47": ["武汉海关", "武漢海關", "Wuhan Customs"],
  "CN-D-CU49": ["长沙海关", "長沙海關", "Changsha Customs"],
  "CN-D-CU51": ["广州海关", "廣州海關", "Guangzhou Customs"],
  "CN-D-CU52": ["黄埔海关", "黃埔海關", "Huangpu Customs"],
  "CN-D-CU53": ["深圳海关", "深圳海關", "Shenzhen Customs"],
  "CN-D-CU57": ["拱北海关", "拱北海關", "Gongbei Customs"],
  "CN-D-CU60": ["汕头海关", "汕頭海關", "Shantou Customs"],
  "CN-D-CU64": ["海口海关", "海口海關", "Haikou Customs"],
  "CN-D-CU67": ["湛江海关", "湛江海關", "Zhanjiang Customs"],
  "CN-D-CU68": ["江门海关", "江門海關", "Jiangmen Customs"],
  "CN-D-CU72": ["南宁海关", "南寧海關", "Nanning Customs"],
  "CN-D-CU79": ["成都海关", "成都海關", "Chengdu Customs"],
  "CN-D-CU80": ["重庆海关", "重慶海關", "Chongqing Customs"],
  "CN-D-CU83": ["贵阳海关", "貴陽海關", "Guiyang Customs"],
  "CN-D-CU86": ["昆明海关", "昆明海關", "Kunming Customs"],
  "CN-D-CU88": ["拉萨海关", "拉薩海關", "Lhasa Customs"],
  "CN-D-CU90": ["西安海关", "西安海關", "Xi'an Customs"],
  "CN-D-CU94": ["乌鲁木齐海关", "烏魯木齊海關", "Urumqi Customs"],
  "CN-D-CU95": ["兰州海关", "蘭州海關", "Lanzhou Customs"],
  "CN-D-CU96": ["银川海关", "銀川海關", "Yinchuan Customs"],
  "CN-D-CU97": ["西宁海关", "西寧海關", "Xining Customs"],
  "CN-D-HC": ["国家卫生健康委员会", "國家衞生健康委員會", "National Health Commission"],
  "CN-D-IM": ["国家移民管理局", "國家移民管理局", "National Immigration Administration"],
  "CN-XPCC": ["新疆生产建设兵团", "新疆生產建設兵團", "Xinjiang Production and Construction Corps"],
};
/** The first two digits of GB/T 2260 codes. */
export const REGION_CODES: readonly number[] = [11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 66, 71, 81, 82];

/** First and last of each range of code points that no signed text holds. */
export const HIDDEN: readonly (readonly [first: number, last: number])[] = [[0, 31], [127, 160], [173, 173], [847, 847], [1536, 1541], [1564, 1564], [1757, 1757], [1807, 1807], [2192, 2193], [2274, 2274], [4447, 4448], [5760, 5760], [6068, 6069], [6158, 6158], [8192, 8207], [8232, 8239], [8287, 8303], [10240, 10240], [12288, 12288], [12644, 12644], [55296, 57343], [64976, 65007], [65279, 65279], [65440, 65440], [65520, 65532], [69821, 69821], [69837, 69837], [78896, 78914], [94180, 94180], [113824, 113827], [119129, 119129], [119155, 119162], [917504, 917759], [918000, 921599], [65534, 65535], [131070, 131071], [196606, 196607], [262142, 262143], [327678, 327679], [393214, 393215], [458750, 458751], [524286, 524287], [589822, 589823], [655358, 655359], [720894, 720895], [786430, 786431], [851966, 851967], [917502, 917503], [983038, 983039], [1048574, 1048575], [1114110, 1114111]];
