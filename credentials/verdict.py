"""Verdicts: what a gate says of a code, and every reason it can give, most important first.

This is the one table of outcomes. A code of :mod:`credentials.errors` that can end a check stands here with what it
means for the person in front of the gate, in all languages; so do the notes that an accepted code may carry.
"Unknown issuer" is never worded as forged, and nothing but the issuer's signed status is ever a colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from credentials.formats.presentation import Presentation
from credentials.model import Status, StatusCredential


class Outcome(StrEnum):
    """What the guard does: let pass, refuse, or check by hand."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNDETERMINED = "undetermined"

    @property
    def zh(self) -> str:
        """The one Chinese word for it, wherever a guard reads it."""
        return _OUTCOMES_ZH[self]


_OUTCOMES_ZH = {Outcome.ACCEPTED: "通过", Outcome.REFUSED: "不通过", Outcome.UNDETERMINED: "需人工核验"}


class ReasonText(NamedTuple):
    """One reason: its code, the outcome it leads to (None for a note), and its words with the advice.

    ``zh_hk``: in Hong Kong's characters and words, for gates in browsers.
    """

    code: str
    outcome: Outcome | None
    zh: str
    zh_hk: str
    en: str


TRUST_AGING, CHECK_DOCUMENT, COMPARE_HOLDER, REPLAY_NOT_SHARED = (
    "trust-aging", "check-document", "compare-holder", "replay-not-shared"
)  # fmt: skip
"""Notes that an accepted code may carry."""
_R, _U, _N = Outcome.REFUSED, Outcome.UNDETERMINED, None

REASONS: Mapping[str, ReasonText] = {
    row[0]: ReasonText(*row)
    for row in (
        (
            "not-a-credential",
            _R,
            "不是健康码。请出示手机上的健康码或纸质码；都没有的请走人工通道。",
            "這不是健康碼。請出示手機上的健康碼或紙本碼；兩者都沒有的，請使用人手通道。",
            "This is not a health code. Ask for the code on the phone or on paper; without one, use the manual lane.",
        ),
        (
            "challenge-shown",
            _R,
            "这是卡口码，不是健康码。请持码人用手机扫描它，再出示手机上的动态码。",
            "這是關卡碼，不是健康碼。請持碼人用手機掃描它，再出示手機上的動態碼。",
            "This is a gate's challenge, no health code. Ask to scan it with the phone and show the phone's answer.",
        ),
        (
            "too-large",
            _R,
            "内容过长，不是有效的健康码。请出示健康码本身；仍不行请走人工通道。",
            "內容過長，不是有效的健康碼。請出示健康碼本身；仍然不行請使用人手通道。",
            "Too long to be a health code. Ask to show the code itself; if that fails, use the manual lane.",
        ),
        (
            "malformed",
            _R,
            "健康码内容残缺或有误。请刷新后重新出示；纸质码请向签发地重新领取。",
            "健康碼內容殘缺或有誤。請重新整理後再出示；紙本碼請向簽發地重新領取。",
            "The code is damaged. Ask to refresh it; a paper code must be issued anew.",
        ),
        (
            "wrong-signature",
            _R,
            "签名无效，内容可能被改动。请刷新后重新出示；纸质码请向签发地重新领取，其间走人工通道。",
            "簽署無效，內容可能曾被改動。請重新整理後再出示；紙本碼請向簽發地重新領取，期間使用人手通道。",
            "The signature does not hold; perhaps it was changed. Ask to refresh it; paper must be issued "
            "anew. Until then use the manual lane.",
        ),
        (
            "algorithm-mismatch",
            _R,
            "签名算法与登记的密钥不符。这不是持码人的过错：请走人工通道，并联系签发地。",
            "簽署演算法與登記的密鑰不符。這不是持碼人的過錯：請使用人手通道，並聯絡簽發地。",
            "The signature algorithm is not the one registered for the key. Not the holder's fault: use the "
            "manual lane and call the issuer.",
        ),
        (
            "issuer-mismatch",
            _R,
            "码上写的签发方不是密钥所属的成员。这不是持码人的过错：请走人工通道，并联系签发地。",
            "碼上所寫的簽發方不是密鑰所屬的成員。這不是持碼人的過錯：請使用人手通道，並聯絡簽發地。",
            "The issuer named is not the member that owns the key. Not the holder's fault: use the manual lane "
            "and call the issuer.",
        ),
        (
            "key-use-mismatch",
            _R,
            "该密钥未登记用于签发健康码。这不是持码人的过错：请走人工通道，并联系签发地。",
            "該密鑰並未登記用於簽發健康碼。這不是持碼人的過錯：請使用人手通道，並聯絡簽發地。",
            "The key is not registered for signing health codes. Not the holder's fault: use the manual lane "
            "and call the issuer.",
        ),
        (
            "wrong-environment",
            _R,
            "这是测试或演示系统签发的码，在此无效。请出示正式的健康码，或走人工通道。",
            "這是測試或示範系統簽發的碼，在此無效。請出示正式的健康碼，或使用人手通道。",
            "A code from a test or demonstration system; not valid here. Ask for the real one, or use the manual lane.",
        ),
        (
            "key-not-active",
            _R,
            "签发时密钥尚未生效或已过有效期。这不是持码人的过错：请走人工通道，并联系签发地。",
            "簽發時密鑰尚未生效或已過有效期。這不是持碼人的過錯：請使用人手通道，並聯絡簽發地。",
            "The key was not active when the code was issued. Not the holder's fault: use the manual lane and "
            "call the issuer.",
        ),
        (
            "key-denied",
            _R,
            "签发此码的密钥已被停用，它签发的码一律失效。请持码人向签发地重新领取，其间走人工通道。",
            "簽發此碼的密鑰已被停用，它簽發的碼一律失效。請持碼人向簽發地重新領取，期間使用人手通道。",
            "The key that signed this code has been denied, and all its codes with it. The holder needs a new "
            "code from the issuer; until then use the manual lane.",
        ),
        (
            "not-permitted",
            _R,
            "该签发方无权签发此状态或形式的健康码。这不是持码人的过错：请走人工通道，并联系签发地。",
            "該簽發方無權簽發此狀態或形式的健康碼。這不是持碼人的過錯：請使用人手通道，並聯絡簽發地。",
            "The issuer may not issue this status or form. Not the holder's fault: use the manual lane and "
            "call the issuer.",
        ),
        (
            "unknown-key",
            _R,
            "签发方或其密钥未登记，无法识别。这不是持码人的过错：请走人工通道。",
            "簽發方或其密鑰並未登記，無法識別。這不是持碼人的過錯：請使用人手通道。",
            "The issuer or its key is not in the registry. Not the holder's fault: use the manual lane.",
        ),
        (
            "expired",
            _R,
            "健康码已过期。请刷新后重新出示；纸质码请向签发地重新领取，其间走人工通道。",
            "健康碼已過期。請重新整理後再出示；紙本碼請向簽發地重新領取，期間使用人手通道。",
            "The code has expired. Ask to refresh it; a paper code must be issued anew, until then use the "
            "manual lane.",
        ),
        (
            "lifetime-too-long",
            _R,
            "健康码有效期超出规定。这不是持码人的过错：请走人工通道，并联系签发地。",
            "健康碼的有效期超出規定。這不是持碼人的過錯：請使用人手通道，並聯絡簽發地。",
            "The code is valid for longer than the rules allow. Not the holder's fault: use the manual lane "
            "and call the issuer.",
        ),
        (
            "withdrawn",
            _R,
            "健康码已被撤回。请在手机上领取新码，纸质码请向签发地重新领取；原因可打热线询问。",
            "健康碼已被撤回。請在手機上領取新碼，紙本碼請向簽發地重新領取；原因可致電熱線查詢。",
            "The code was withdrawn. The holder needs a fresh one, on the phone or on paper from the issuer; "
            "the hotline tells why.",
        ),
        (
            "source-withdrawn",
            _R,
            "转码所依据的原码已被撤回。请向原签发地领取新码，再重新转码。",
            "轉碼所依據的原碼已被撤回。請向原簽發地領取新碼，再重新轉碼。",
            "The code from which this one was converted was withdrawn. Get a fresh one from its issuer, then "
            "convert that.",
        ),
        (
            "status-reference-invalid",
            _R,
            "健康码引用的状态列表不存在或已停用。请刷新后重新出示；纸质码请向签发地重新领取。",
            "健康碼引用的狀態列表不存在或已停用。請重新整理後再出示；紙本碼請向簽發地重新領取。",
            "It names a status list that does not exist or is retired. Ask to refresh it; paper must be issued anew.",
        ),
        (
            "presentation-missing",
            _R,
            "这是手机码的截图或打印件。请在手机上现场出示；没有手机的可向签发地申领纸质码，其间走人工通道。",
            "這是手機碼的螢幕截圖或列印本。請在手機上即場出示；沒有手機的可向簽發地申領紙本碼，期間使用人手通道。",
            "A picture or print of a phone code. Ask to show it live on the phone; without a phone, the issuer "
            "gives a paper code. Until then use the manual lane.",
        ),
        (
            "presentation-expired",
            _R,
            "出示时间不符：可能是截图，或手机时钟不准。请刷新；仍不符请出示卡口码让手机扫描作答（不受时钟影响），"
            "或走人工通道。",
            "出示時間不符：可能是螢幕截圖，或手機時鐘不準。請重新整理；仍不符請出示關卡碼讓手機掃描作答（不受時鐘影響），或使用人手通道。",
            "Shown too late or too early: a screenshot, or a clock is off. Ask to refresh; if that fails, show the "
            "gate's challenge for the phone to answer, which needs no clock, or use the manual lane.",
        ),
        (
            "presentation-signature",
            _R,
            "未能确认是领码时的那部手机。换过手机的请重新领码，其间走人工通道。",
            "未能確認是領碼時的那部手機。換過手機的請重新領碼，期間使用人手通道。",
            "Could not confirm the phone that the code was issued to. After a change of phone, get a new code; "
            "until then use the manual lane.",
        ),
        (
            "challenge-not-answered",
            _R,
            "未能确认手机回答了本卡口当前的卡口码。请重新出示卡口码让手机扫描；仍不符的走人工通道。",
            "未能確認手機回答了本關卡目前的關卡碼。請重新出示關卡碼讓手機掃描；仍不符的請使用人手通道。",
            "The phone did not answer this gate's present challenge. Show a fresh one for it to scan; if this "
            "comes again, use the manual lane.",
        ),
        (
            "replayed",
            _R,
            "同一动态码刚刚已使用过。请刷新后再出示，并核对姓名和证件尾号。",
            "同一動態碼剛剛已使用過。請重新整理後再出示，並核對姓名和證件尾號。",
            "This live code has just been used. Ask to refresh it, and compare the name and the end of the "
            "document's number.",
        ),
        (
            "recognition-denied",
            _R,
            "本地目前暂停互认该签发方的健康码。这不是持码人的过错：请走人工通道。",
            "本地現時暫停互認該簽發方的健康碼。這不是持碼人的過錯：請使用人手通道。",
            "Codes of this issuer are not recognised here at present. Not the holder's fault: use the manual lane.",
        ),
        (
            "rule-failed",
            _R,
            "不符合本地的防疫要求。请走人工通道，按指引补足。",
            "不符合本地的防疫要求。請使用人手通道，按指引補足。",
            "The code does not meet the rules of this place. Use the manual lane, where they say what to do.",
        ),
        (
            "status-not-accepted",
            _R,
            "该状态按本地规则不通过。请走人工通道，按防疫指引办理；对状态有异议可向签发地申诉。",
            "此狀態按本地規則不獲通過。請使用人手通道，按防疫指引辦理；對狀態有異議可向簽發地申訴。",
            "This status is not admitted here. Use the manual lane; whoever disputes the status can appeal to "
            "its issuer.",
        ),
        (
            "form-not-accepted",
            _R,
            "此卡口不接受这种形式的健康码。请走人工通道。",
            "此關卡不接受這種形式的健康碼。請使用人手通道。",
            "This gate does not take this form of code. Use the manual lane.",
        ),
        (
            "trust-missing",
            _U,
            "卡口尚无信任列表。请人工核验，并让卡口联网或导入离线包。",
            "關卡尚無信任名單。請人手核驗，並讓關卡連線或匯入離線資料包。",
            "The gate has no trust list yet. Check by hand; bring the gate online or give it a bundle.",
        ),
        (
            "trust-stale",
            _U,
            "卡口的信任列表过旧。请人工核验，并让卡口联网更新。",
            "關卡的信任名單過舊。請人手核驗，並讓關卡連線更新。",
            "The gate's trust list is too old. Check by hand and bring the gate online.",
        ),
        (
            "unknown-key-old-list",
            _U,
            "卡口的信任列表较旧，尚不认识该签发密钥。请人工核验，并让卡口联网更新。",
            "關卡的信任名單較舊，尚不認識該簽發密鑰。請人手核驗，並讓關卡連線更新。",
            "The gate's trust list is old and does not know this key yet. Check by hand and bring the gate online.",
        ),
        (
            "member-changed",
            _U,
            "该签发方刚刚更换根密钥，尚在确认期。请人工核验，可打热线向签发地核实。",
            "該簽發方剛剛更換根密鑰，尚在確認期。請人手核驗，可致電熱線向簽發地核實。",
            "The issuer has just changed its root key and is under review. Check by hand; the hotline can "
            "confirm the code.",
        ),
        (
            "status-missing",
            _U,
            "卡口尚无该签发方的撤回数据。请人工核验，并让卡口联网更新。",
            "關卡尚無該簽發方的撤回資料。請人手核驗，並讓關卡連線更新。",
            "The gate has no withdrawal data of this issuer yet. Check by hand and bring the gate online.",
        ),
        (
            "status-stale",
            _U,
            "卡口的撤回数据过旧。请人工核验，并让卡口联网更新。",
            "關卡的撤回資料過舊。請人手核驗，並讓關卡連線更新。",
            "The gate's withdrawal data of this issuer is too old. Check by hand and bring the gate online.",
        ),
        (
            "clock-in-doubt",
            _U,
            "卡口的时钟不准。请校准卡口设备的时间，其间人工核验。",
            "關卡的時鐘不準。請校準關卡裝置的時間，期間人手核驗。",
            "The gate's clock is in doubt. Set this device's clock; check by hand meanwhile.",
        ),
        (
            "no-decision",
            _U,
            "该状态没有可查的赋码决定，不予采信。请人工核验；持码人可向签发地申诉。",
            "此狀態沒有可查的賦碼決定，不予採信。請人手核驗；持碼人可向簽發地申訴。",
            "This status carries no recorded decision. Check by hand; the holder can appeal to the issuer.",
        ),
        (
            "rules-missing",
            _U,
            "卡口尚无本地的互认规则。请人工核验，并让卡口联网更新。",
            "關卡尚無本地的互認規則。請人手核驗，並讓關卡連線更新。",
            "The gate has no recognition rules of this place yet. Check by hand and bring the gate online.",
        ),
        (
            "rule-open",
            _U,
            "本地规则无法对该证明作出判断。请人工核验。",
            "本地規則無法對該證明作出判斷。請人手核驗。",
            "The rules of this place cannot decide on this evidence. Check by hand.",
        ),
        (
            "nonce-required",
            _U,
            "此卡口须用卡口码核验。请出示卡口码，让持码人用手机扫描后再出示动态码。",
            "此關卡須用關卡碼核驗。請出示關卡碼，讓持碼人用手機掃描後再出示動態碼。",
            "This gate asks first. Show its challenge for the phone to scan, and check what the phone answers.",
        ),
        (
            "replay-unchecked",
            _U,
            "无法确认该动态码是否已在别处使用。请刷新后重扫，或人工核验。",
            "無法確認該動態碼是否已在別處使用。請重新整理後再掃描，或人手核驗。",
            "Earlier use of this live code could not be checked. Ask to refresh it, or check by hand.",
        ),
        (
            TRUST_AGING,
            _N,
            "信任列表已超过建议时限，请尽快让卡口联网。",
            "信任名單已超過建議時限，請盡快讓關卡連線。",
            "The trust list is past its advised age; bring the gate online soon.",
        ),
        (
            CHECK_DOCUMENT,
            _N,
            "请查验持码人的身份证件，姓名和尾号须与码上一致。",
            "請查驗持碼人的身份證明文件，姓名和尾號須與碼上一致。",
            "Check the holder's identity document: name and last characters must be those of the code.",
        ),
        (
            COMPARE_HOLDER,
            _N,
            "请核对姓名和证件尾号；有疑问时查验证件。",
            "請核對姓名和證件尾號；有疑問時查驗證件。",
            "Compare the name and the end of the document's number with the holder's; in doubt, look at the document.",
        ),
        (
            REPLAY_NOT_SHARED,
            _N,
            "仅在本卡口检查了重复使用。",
            "只在本關卡檢查了重複使用。",
            "Reuse was checked at this gate only.",
        ),
    )
}
_RANK = {code: rank for rank, code in enumerate(REASONS)}


class Finding(NamedTuple):
    """A reason or note with an optional detail that texts of a rule set or of a member may add."""

    code: str
    zh: str = ""
    en: str = ""

    def to_dict(self) -> dict[str, str]:
        text = REASONS[self.code]
        return {
            "code": self.code,
            "text_zh": f"{text.zh} {self.zh}".strip(),
            "text_en": f"{text.en} {self.en}".strip(),
        }


class Freshness(NamedTuple):
    """Ages in seconds of what the verdict rests on; None where there is nothing."""

    trust: int | None
    status: int | None


class Step(NamedTuple):
    """One numbered step of the recipe in ``verifier/verification.py``."""

    number: int
    name: str


class DecidingRules(NamedTuple):
    """Whose rule set decided, in which version, and by which rule (None when all passed)."""

    member: str
    rule_set: int
    version: int
    rule: str | None


class Verdict(NamedTuple):
    """What a gate says of one code.

    ``reasons`` come most important first and are empty for an accepted code; ``credential`` is None until the issuer's
    signature holds; ``live`` is the presentation it came in. ``last_step`` is the step at which the check ended,
    ``open_steps`` those that could not be decided.
    """

    outcome: Outcome
    reasons: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    credential: StatusCredential | None
    live: Presentation | None
    freshness: Freshness
    last_step: int
    open_steps: tuple[int, ...]
    rules: DecidingRules | None

    @property
    def shows_status(self) -> bool:
        """Whether the status may be shown: a yellow, red or pending without a decision is no colour."""
        credential = self.credential
        return credential is not None and (
            credential.status is Status.GREEN or credential.decision_reference is not None
        )


def outcome_of(findings: Sequence[Finding]) -> tuple[Outcome, tuple[Finding, ...]]:
    """The outcome that the reasons found lead to, and the reasons in order of importance."""
    if not findings:
        return Outcome.ACCEPTED, ()
    ordered = tuple(findings if len(findings) == 1 else sorted(findings, key=_importance))
    outcome = REASONS[ordered[0].code].outcome
    assert outcome is not None, "notes are no reasons"
    return outcome, ordered


def _importance(finding: Finding) -> int:
    return _RANK[finding.code]


def to_json(verdict: Verdict, steps: tuple[Step, ...]) -> dict[str, Any]:
    """The verdict as the JSON object of ``docs/verdict.md``. ``steps`` is the recipe it was made by."""
    return {
        "outcome": verdict.outcome.value,
        "reasons": [finding.to_dict() for finding in verdict.reasons],
        "notes": [finding.to_dict() for finding in verdict.notes],
        "checks": checks_json(verdict.outcome, verdict.last_step, verdict.open_steps, steps),
        **shown_json(verdict),
    }


def shown_json(verdict: Verdict) -> dict[str, Any]:
    """What is this code's own in the object: what it says, how fresh the knowledge of its issuer is, whose rules."""
    credential, rules = verdict.credential, verdict.rules
    shown = dict(_NO_CREDENTIAL) if credential is None else _credential_json(credential)
    if not verdict.shows_status:
        shown["status"] = None
    trust, status = verdict.freshness
    shown["freshness"] = {"trust": trust, "status": status}
    shown["rules"] = None if rules is None else rules._asdict()
    return shown


def checks_json(
    outcome: Outcome, last_step: int, open_steps: tuple[int, ...], steps: tuple[Step, ...]
) -> list[dict[str, Any]]:
    """Each step of the recipe with its result."""
    return [
        {"step": number, "name": name, "result": _result(outcome, last_step, open_steps, number)}
        for number, name in steps
    ]


_NO_CREDENTIAL: dict[str, Any] = dict.fromkeys(
    ("issuer", "status", "form", "holder", "issued_at", "expires_at", "evidence")
)


def _result(outcome: Outcome, last_step: int, open_steps: tuple[int, ...], number: int) -> str:
    if number in open_steps:
        return "open"
    if number < last_step or (number == last_step and outcome is not Outcome.REFUSED):
        return "passed"
    return "failed" if number == last_step else "skipped"


def _credential_json(credential: StatusCredential) -> dict[str, Any]:
    return {
        "issuer": credential.issuer,
        "status": credential.status.label,
        "form": credential.form.label,
        "holder": {"name": credential.holder_name, "document_tail": credential.document_tail},
        "issued_at": credential.issued_at,
        "expires_at": credential.expires_at,
        "evidence": [
            {
                "kind": piece.kind.label,
                "result": piece.result.label,
                "sampled_at": piece.sampled_at,
                "region": piece.region,
            }
            for piece in credential.evidence
        ],
    }
