"""What people read of an error that is no verdict. Verdicts have theirs in ``credentials.profile.reasons``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from credentials.errors import TongxingError
from credentials.profile.words import Label

_TRADITIONAL = re.compile(r"zh-(?:hant|hk|mo|tw)\b")
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


class Message(NamedTuple):
    """One message at a terminal, in both of its languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """In one of LANGUAGES."""
        return self.zh if language == "zh" else self.en


LANGUAGES = ("zh", "en")
"""Of a terminal."""
BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had no daylight saving since 1991."""
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
UNEXPECTED: Final = "unexpected"
"""The code of what should never happen."""

TEXTS: Final[Mapping[str, Label]] = {
    "credential-error": Label(
        "签名对象未通过校验。", "簽署的內容未能通過核驗。", "The signed object was not accepted."
    ),
    "too-large": Label("内容过大。", "內容過大。", "Too large."),
    "key-rejected": Label("密钥不合要求。", "密鑰不符合要求。", "The key is not acceptable."),
    "invalid-request": Label("请求内容有误。", "請求的內容有誤。", "The request is not valid."),
    "invalid-document": Label("证件号码有误。", "證件號碼有誤。", "The document number is not valid."),
    "invalid-name": Label(
        "姓名无法使用：须含文字，不得含符号。",
        "此姓名不能使用：必須含有文字，並且不可含有符號。",
        "The name cannot be used: it needs a letter, and no symbols.",
    ),
    "picture-unreadable": Label(
        "图片中没有可读的二维码。", "圖片中找不到可讀取的二維碼。", "No QR code could be read from the picture."
    ),
    "text-too-long-for-symbol": Label(
        "内容过长，无法生成二维码。", "內容過長，無法產生二維碼。", "The text is too long for a QR code."
    ),
    "not-found": Label("未找到。", "找不到。", "Not found."),
    "conflict": Label(
        "与当前状态冲突，可能已有人处理。",
        "與目前狀態有衝突，可能已有人處理。",
        "In conflict with the present state; perhaps it was done already.",
    ),
    "idempotency-conflict": Label(
        "同一幂等键已用于其他请求。",
        "同一個冪等鍵已用於另一項請求。",
        "The idempotency key was used for another request.",
    ),
    "not-authenticated": Label("身份验证未通过。", "身份驗證未能通過。", "Not authenticated."),
    "not-authorised": Label("没有此项权限。", "沒有這項權限。", "Not allowed to do this."),
    "rate-limited": Label(
        "请求过于频繁，请稍后再试。", "請求過於頻密，請稍後再試。", "Too many requests; try again later."
    ),
    "quota-exceeded": Label("超出容量限额。", "超出容量限額。", "Over the quota."),
    "statement-rejected": Label("成员声明未被接受。", "成員聲明未獲接納。", "The province statement was not accepted."),
    "approval-rejected": Label("批准未被接受。", "批准未獲接納。", "The approval was not accepted."),
    "sequence-not-newer": Label(
        "序号不比现有的新。", "序號並不比現有的新。", "The sequence is not newer than the one held."
    ),
    "ahead-of-time": Label(
        "数据的时间在将来，请检查双方时钟。",
        "資料的時間在將來，請檢查雙方的時鐘。",
        "Data of a time to come; check both clocks.",
    ),
    "segment-missing": Label(
        "状态分段不连续，中间有缺失。", "狀態分段不連續，中間有缺失。", "A status segment is missing in between."
    ),
    "segment-repeated": Label(
        "该状态分段已处理过。", "這個狀態分段已經處理過。", "The status segment was taken already."
    ),
    "segment-backdated": Label(
        "状态分段的时间早于前一分段。",
        "狀態分段的時間早於上一個分段。",
        "The status segment is older than the one before it.",
    ),
    "chain-forked": Label("状态分段链出现分叉。", "狀態分段鏈出現分叉。", "The chain of status segments has forked."),
    "record-proof-failed": Label(
        "公开日志的证明未通过。", "公開日誌的證明未能通過。", "The proof from the public log does not hold."
    ),
    "quorum-missing": Label(
        "见证方的联署不足。", "見證方的聯署不足。", "Too few witnesses have cosigned the public log."
    ),
    "record-forked": Label(
        "公开日志出现两份互不相容的历史，请立即联系登记处。",
        "公開日誌出現兩份互不相容的歷史，請立即聯絡登記處。",
        "The public log has two histories that contradict each other; call the registry at once.",
    ),
    "witness-at-other-size": Label(
        "见证方上次联署的大小与请求不符。",
        "見證方上次聯署的大小與請求不符。",
        "The witness has cosigned another size of this log last.",
    ),
    "proof-of-possession-failed": Label(
        "密钥持有证明未通过。", "密鑰持有證明未能通過。", "The proof of possession failed."
    ),
    "claim-code-mistyped": Label(
        "领取码输入有误，请核对后重新输入。",
        "領取碼輸入有誤，請核對後重新輸入。",
        "The claim code has a typing error; check it.",
    ),
    "claim-code-unknown": Label(
        "没有这个领取码，或已另发新码；请核对，或向发码单位重新领取。",
        "沒有這個領取碼，或已另發新碼；請核對，或向發碼單位重新領取。",
        "There is no such claim code, or a newer one was given out; check it, or ask for a new one.",
    ),
    "claim-code-expired": Label(
        "领取码已过期，请重新领取。", "領取碼已過期，請重新領取。", "The claim code has expired; ask for a new one."
    ),
    "claim-code-used": Label(
        "领取码已在另一部手机上使用；若不是本人操作，请立即致电热线。",
        "領取碼已在另一部手機上使用；如非本人操作，請立即致電熱線。",
        "The claim code was used on another phone; if that was not you, call the hotline at once.",
    ),
    "device-unknown": Label(
        "本机没有领取过健康码，请使用领取码领取。",
        "這部手機沒有領取過健康碼，請使用領取碼領取。",
        "This phone has no code; get one by a claim code.",
    ),
    "device-replaced": Label(
        "健康码已在另一部手机上领取，本机的码已停用；若不是本人操作，请立即致电热线。",
        "健康碼已在另一部手機上領取，這部手機的碼已停用；如非本人操作，請立即致電熱線。",
        "The code was claimed on another phone and ended here; if that was not you, call the hotline at once.",
    ),
    "device-lost": Label(
        "本机已报失，不再发码；找回后请使用新的领取码。",
        "這部手機已報失，不再發碼；尋回後請使用新的領取碼。",
        "This phone was reported lost; get a new claim code to use it again.",
    ),
    "code-taken-back": Label(
        "本机的健康码已被收回，请致电热线或使用新的领取码。",
        "這部手機的健康碼已被收回，請致電熱線或使用新的領取碼。",
        "The code of this phone was taken back; call the hotline, or use a new claim code.",
    ),
    "holder-unknown": Label(
        "没有此人的登记资料，请先向签发方登记。",
        "沒有此人的登記資料，請先向發碼單位登記。",
        "Nothing is on file for this person; register first.",
    ),
    "decision-rejected": Label(
        "赋码决定不合规定。", "賦碼決定不符合規定。", "The decision does not meet the rules for decisions."
    ),
    "rule-set-invalid": Label("规则集无效。", "規則集無效。", "The rule set is not valid."),
    "setting-invalid": Label("配置有误。", "設定有誤。", "A setting is wrong."),
    "state-behind": Label(
        "本发码系统的数据比各地卡口已知的旧（可能恢复了旧备份），已停止发码。",
        "本發碼系統的資料比各地關卡所知的舊（可能還原了舊備份），已停止發碼。",
        "This issuer's database is older than what gates know (a restored backup?); it issues nothing.",
    ),
    "key-not-listed": Label(
        "发码密钥不在信任列表中，各地卡口不会认可，已停止发码。",
        "發碼密鑰不在信任名單上，各地關卡不會承認，已停止發碼。",
        "The trust list does not have this issuer's key, so gates would refuse its codes; it issues none.",
    ),
    "storage-unavailable": Label(
        "存储暂不可用，请稍后再试。", "暫時無法存取儲存系統，請稍後再試。", "Storage is not available; try again later."
    ),
    "storage-full": Label("存储空间已满。", "儲存空間已滿。", "Storage is full."),
    "schema-outdated": Label("数据库版本不符。", "資料庫版本不符。", "The database is of another version."),
    "store-behind": Label(
        "数据库比已发布的数据旧，可能恢复了旧备份。",
        "資料庫比已發布的資料舊，可能還原了舊備份。",
        "The database is older than what was published: a backup was restored.",
    ),
    "fetch-failed": Label(
        "与对方服务器的数据传输失败。",
        "與對方伺服器傳輸資料失敗。",
        "Fetching from or sending to another server failed.",
    ),
    "fetch-too-large": Label("获取的数据过大。", "取得的資料過大。", "What was fetched is too large."),
    "metadata-rejected": Label(
        "信任元数据未通过校验。", "信任元資料未能通過核驗。", "The trust metadata was not accepted."
    ),
    "bundle-rejected": Label("离线数据包未被接受。", "離線資料包未獲接納。", "The offline bundle was not accepted."),
    "self-check-failed": Label(
        "自检未通过，未予发出。", "自我檢查未能通過，因此沒有發出。", "This failed our own check and was not released."
    ),
    "sign-in-not-begun": Label(
        "登录不是在本浏览器发起的，或已超时，请重新登录。",
        "這次登入並非在此瀏覽器開始，或已逾時，請重新登入。",
        "This sign-in was not begun in this browser, or too long ago; sign in again.",
    ),
    "sign-in-declined": Label(
        "登录已取消，或未获统一身份认证同意。",
        "登入已取消，或未獲統一身份認證同意。",
        "The sign-in was cancelled or declined.",
    ),
    "sign-in-unproven": Label(
        "统一身份认证的答复无法确认，未予登录。",
        "未能確認統一身份認證的回覆，因此沒有登入。",
        "The identity provider's answer could not be believed.",
    ),
    "sign-in-without-document": Label(
        "您的统一身份认证账户中没有可用的姓名或证件号码。",
        "您的統一身份認證帳戶中沒有可用的姓名或證件號碼。",
        "Your account with the identity provider has no name or document number that can be used here.",
    ),
    "sign-in-name-differs": Label(
        "统一身份认证中的姓名与登记资料不一致，请致电热线。",
        "統一身份認證中的姓名與登記資料不一致，請致電熱線。",
        "Your name with the identity provider is not the one on file; call the hotline.",
    ),
    "sign-in-unavailable": Label(
        "统一身份认证暂不可用，请稍后再试。",
        "暫時未能使用統一身份認證，請稍後再試。",
        "The identity provider is not available at present; try again later.",
    ),
    "output-unwritable": Label("结果无法输出。", "未能輸出結果。", "The result could not be written."),
    "unavailable": Label(
        "服务暂不可用，请稍后再试。", "服務暫時無法使用，請稍後再試。", "Not available at present; try again later."
    ),
    UNEXPECTED: Label("内部错误，已记录。", "系統內部錯誤，已記錄在案。", "An internal error; it has been logged."),
}


def at_terminal(text: Label) -> Message:
    """The same for somebody at a terminal."""
    return Message(text.zh_cn, text.en)


def text_of(error: TongxingError) -> Label:
    """What to say of an error; a code that only verdicts use is said in general words."""
    return TEXTS.get(error.code, TEXTS["credential-error"])


def preferred_language(accept_language: str | None) -> str:
    """Which of our languages an ``Accept-Language`` header (RFC 9110 section 12.5.4) asks for first.

    ``zh-CN``, ``zh-HK`` (for every tag of traditional characters, RFC 4647 section 3.4) or ``en``; zh-CN where it names
    none of them.
    """
    best, most = "zh-CN", 0.0
    for wanted in (accept_language or "").lower().split(","):
        tag, _, parameter = wanted.partition(";")
        language, weight = _language_of(tag.strip()), _weight(parameter.strip())
        if language and weight > most:
            best, most = language, weight
    return best


def reader_languages(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The languages for somebody at a terminal: one of LANGUAGES where the locale says so, else both, Chinese first.

    The first of LC_ALL, LC_MESSAGES and LANG that is set counts. Source: POSIX.1-2017, section 8.2.
    """
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    language = re.split("[-_.@]", locale)[0].lower()
    return (language,) if language in LANGUAGES else LANGUAGES


def beijing_time(seconds: int) -> str:
    """A time (seconds UTC) to the minute, in Beijing time: whoever prints it says so beside it (北京时间, UTC+8)."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _language_of(tag: str) -> str | None:
    if _TRADITIONAL.match(tag):
        return "zh-HK"
    return {"zh": "zh-CN", "en": "en"}.get(tag.partition("-")[0])


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    found = _WEIGHT.fullmatch(parameter)
    return float(found[1]) if found else 0.0
