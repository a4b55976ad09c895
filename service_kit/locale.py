"""What people read of an error that is no verdict, in zh-CN and en. Verdicts have theirs in ``credentials.verdict``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from credentials.errors import TongxingError

_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


class Message(NamedTuple):
    """One message in both languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """In one of LANGUAGES."""
        return self.zh if language == "zh" else self.en


LANGUAGES = ("zh", "en")
BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had no daylight saving since 1991."""
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
UNEXPECTED: Final = "unexpected"
"""The code of what should never happen."""

TEXTS: Final[Mapping[str, Message]] = {
    "credential-error": Message("签名对象未通过校验。", "The signed object was not accepted."),
    "too-large": Message("内容过大。", "Too large."),
    "key-rejected": Message("密钥不合要求。", "The key is not acceptable."),
    "invalid-request": Message("请求内容有误。", "The request is not valid."),
    "invalid-document": Message("证件号码有误。", "The document number is not valid."),
    "invalid-name": Message(
        "姓名无法使用：须含文字，不得含符号。", "The name cannot be used: it needs a letter, and no symbols."
    ),
    "picture-unreadable": Message("图片中没有可读的二维码。", "No QR code could be read from the picture."),
    "text-too-long-for-symbol": Message("内容过长，无法生成二维码。", "The text is too long for a QR code."),
    "not-found": Message("未找到。", "Not found."),
    "conflict": Message(
        "与当前状态冲突，可能已有人处理。", "In conflict with the present state; perhaps it was done already."
    ),
    "idempotency-conflict": Message("同一幂等键已用于其他请求。", "The idempotency key was used for another request."),
    "not-authenticated": Message("身份验证未通过。", "Not authenticated."),
    "not-authorised": Message("没有此项权限。", "Not allowed to do this."),
    "rate-limited": Message("请求过于频繁，请稍后再试。", "Too many requests; try again later."),
    "quota-exceeded": Message("超出容量限额。", "Over the quota."),
    "statement-rejected": Message("成员声明未被接受。", "The province statement was not accepted."),
    "approval-rejected": Message("批准未被接受。", "The approval was not accepted."),
    "sequence-not-newer": Message("序号不比现有的新。", "The sequence is not newer than the one held."),
    "ahead-of-time": Message("数据的时间在将来，请检查双方时钟。", "Data of a time to come; check both clocks."),
    "segment-missing": Message("状态分段不连续，中间有缺失。", "A status segment is missing in between."),
    "segment-repeated": Message("该状态分段已处理过。", "The status segment was taken already."),
    "segment-backdated": Message("状态分段的时间早于前一分段。", "The status segment is older than the one before it."),
    "chain-forked": Message("状态分段链出现分叉。", "The chain of status segments has forked."),
    "proof-of-possession-failed": Message("密钥持有证明未通过。", "The proof of possession failed."),
    "claim-code-mistyped": Message(
        "领取码输入有误，请核对后重新输入。", "The claim code has a typing error; check it."
    ),
    "claim-code-unknown": Message(
        "没有这个领取码，或已另发新码；请核对，或向发码单位重新领取。",
        "There is no such claim code, or a newer one was given out; check it, or ask for a new one.",
    ),
    "claim-code-expired": Message("领取码已过期，请重新领取。", "The claim code has expired; ask for a new one."),
    "claim-code-used": Message(
        "领取码已在另一部手机上使用；若不是本人操作，请立即致电热线。",
        "The claim code was used on another phone; if that was not you, call the hotline at once.",
    ),
    "device-unknown": Message(
        "本机没有领取过健康码，请使用领取码领取。", "This phone has no code; get one by a claim code."
    ),
    "device-replaced": Message(
        "健康码已在另一部手机上领取，本机的码已停用；若不是本人操作，请立即致电热线。",
        "The code was claimed on another phone and ended here; if that was not you, call the hotline at once.",
    ),
    "device-lost": Message(
        "本机已报失，不再发码；找回后请使用新的领取码。",
        "This phone was reported lost; get a new claim code to use it again.",
    ),
    "code-taken-back": Message(
        "本机的健康码已被收回，请致电热线或使用新的领取码。",
        "The code of this phone was taken back; call the hotline, or use a new claim code.",
    ),
    "holder-unknown": Message(
        "没有此人的登记资料，请先向签发方登记。", "Nothing is on file for this person; register first."
    ),
    "decision-rejected": Message("赋码决定不合规定。", "The decision does not meet the rules for decisions."),
    "rule-set-invalid": Message("规则集无效。", "The rule set is not valid."),
    "setting-invalid": Message("配置有误。", "A setting is wrong."),
    "state-behind": Message(
        "本发码系统的数据比各地卡口已知的旧（可能恢复了旧备份），已停止发码。",
        "This issuer's database is older than what gates know (a restored backup?); it issues nothing.",
    ),
    "key-not-listed": Message(
        "发码密钥不在信任列表中，各地卡口不会认可，已停止发码。",
        "The trust list does not have this issuer's key, so gates would refuse its codes; it issues none.",
    ),
    "storage-unavailable": Message("存储暂不可用，请稍后再试。", "Storage is not available; try again later."),
    "storage-full": Message("存储空间已满。", "Storage is full."),
    "schema-outdated": Message("数据库版本不符。", "The database is of another version."),
    "store-behind": Message(
        "数据库比已发布的数据旧，可能恢复了旧备份。",
        "The database is older than what was published: a backup was restored.",
    ),
    "fetch-failed": Message("与对方服务器的数据传输失败。", "Fetching from or sending to another server failed."),
    "fetch-too-large": Message("获取的数据过大。", "What was fetched is too large."),
    "metadata-rejected": Message("信任元数据未通过校验。", "The trust metadata was not accepted."),
    "bundle-rejected": Message("离线数据包未被接受。", "The offline bundle was not accepted."),
    "self-check-failed": Message("自检未通过，未予发出。", "This failed our own check and was not released."),
    "sign-in-not-begun": Message(
        "登录不是在本浏览器发起的，或已超时，请重新登录。",
        "This sign-in was not begun in this browser, or too long ago; sign in again.",
    ),
    "sign-in-declined": Message("登录已取消，或未获统一身份认证同意。", "The sign-in was cancelled or declined."),
    "sign-in-unproven": Message(
        "统一身份认证的答复无法确认，未予登录。", "The identity provider's answer could not be believed."
    ),
    "sign-in-without-document": Message(
        "您的统一身份认证账户中没有可用的姓名或证件号码。",
        "Your account with the identity provider has no name or document number that can be used here.",
    ),
    "sign-in-name-differs": Message(
        "统一身份认证中的姓名与登记资料不一致，请致电热线。",
        "Your name with the identity provider is not the one on file; call the hotline.",
    ),
    "sign-in-unavailable": Message(
        "统一身份认证暂不可用，请稍后再试。", "The identity provider is not available at present; try again later."
    ),
    "output-unwritable": Message("结果无法输出。", "The result could not be written."),
    "unavailable": Message("服务暂不可用，请稍后再试。", "Not available at present; try again later."),
    UNEXPECTED: Message("内部错误，已记录。", "An internal error; it has been logged."),
}


def text_of(error: TongxingError) -> Message:
    """What to say of an error; a code that only verdicts use is said in general words."""
    return TEXTS.get(error.code, TEXTS["credential-error"])


def prefers_english(accept_language: str | None) -> bool:
    """Whether an ``Accept-Language`` header (RFC 9110 section 12.5.4) asks for English before Chinese.

    Chinese comes first otherwise.
    """
    best, most = "zh", 0.0
    for wanted in (accept_language or "").lower().split(","):
        tag, _, parameter = wanted.partition(";")
        primary, weight = tag.strip().partition("-")[0], _weight(parameter.strip())
        if primary in ("zh", "en") and weight > most:
            best, most = primary, weight
    return best == "en"


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


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    found = _WEIGHT.fullmatch(parameter)
    return float(found[1]) if found else 0.0
