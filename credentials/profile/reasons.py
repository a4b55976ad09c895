"""Every reason that a verdict can give, most important first: its outcome, its words, and whom to call.

This is the one table of outcomes. A code of :mod:`credentials.errors` that can end a check stands here with what it
means for the person in front of the gate, in all languages; so do the notes that an accepted code may carry.
"Unknown issuer" is never worded as forged, and nothing but the issuer's signed status is ever a colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from credentials.profile.words import NO_WORDS, Label


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


class Call(StrEnum):
    """Whose hotline helps with a reason."""

    HOST = "host"
    """The member whose rules decided can say what it takes."""
    SOURCE = "source"
    """The issuer of the code from which a converted one was made."""
    ISSUER = "issuer"
    """It can mend the code, give another, hear an appeal, or confirm it to a guard who checks by hand.

    Not for a wrong signature: whose code it pretends to be, nobody vouches for.
    """


class ReasonText(NamedTuple):
    """One reason: its code, the outcome it leads to (None for a note), and its words with the advice.

    ``what`` says what is wrong, without its stop, as a table lists it; ``advice`` is the one thing to do now; ``more``
    helps where that fails. Screens may put the advice first. A note has ``what`` alone.
    """

    code: str
    outcome: Outcome | None
    what: Label
    advice: Label = NO_WORDS
    more: Label = NO_WORDS
    call: tuple[Call, ...] = ()
    """Who can help, the most helpful first."""

    @property
    def zh(self) -> str:
        """All of it in zh-CN."""
        return f"{self.what.zh_cn}。{self.advice.zh_cn}{self.more.zh_cn}"

    @property
    def zh_hk(self) -> str:
        """All of it in zh-HK."""
        return f"{self.what.zh_hk}。{self.advice.zh_hk}{self.more.zh_hk}"

    @property
    def en(self) -> str:
        """All of it in English."""
        return " ".join(filter(None, (f"{self.what.en}.", self.advice.en, self.more.en)))


TRUST_AGING, CHECK_DOCUMENT, COMPARE_HOLDER, COMPARE_TRAVEL_DOCUMENT, REPLAY_NOT_SHARED, SHOWN_AGAIN = (
    "trust-aging", "check-document", "compare-holder", "compare-travel-document", "replay-not-shared", "shown-again"
)  # fmt: skip
"""Notes that an accepted code may carry."""
_R, _U, _N = Outcome.REFUSED, Outcome.UNDETERMINED, None

REASONS: Mapping[str, ReasonText] = {
    row.code: row
    for row in (
        ReasonText(
            "not-a-credential",
            _R,
            Label("不是健康码", "不是健康碼", "This is not a health code"),
            Label(
                "请对方出示手机上的健康码或纸质码。",
                "請對方出示手機上的健康碼或紙本碼。",
                "Ask for the code on the phone or on paper.",
            ),
            Label("都没有的，走人工通道。", "兩者都沒有的，用人手通道。", "Without one, use the manual lane."),
        ),
        ReasonText(
            "challenge-shown",
            _R,
            Label("这是卡口码，不是健康码", "這是關卡碼，不是健康碼", "This is a gate's challenge, no health code"),
            Label(
                "请对方用手机扫它，再出示手机上的新码。",
                "請對方用手機掃描它，再出示手機上的新碼。",
                "Ask to scan it with the phone and show the phone's new code.",
            ),
        ),
        ReasonText(
            "too-large",
            _R,
            Label("内容太长，不是健康码", "內容太長，不是健康碼", "Too long to be a health code"),
            Label("请对方出示健康码本身。", "請對方出示健康碼本身。", "Ask to show the code itself."),
            Label("仍不行，走人工通道。", "仍然不行，用人手通道。", "If that fails, use the manual lane."),
        ),
        ReasonText(
            "malformed",
            _R,
            Label("码不完整或已损坏", "碼不完整或已損壞", "The code is damaged"),
            Label(
                "请对方点“立即更新”再扫。", "請對方按「立即更新」再掃。", 'Ask to press "Update now" and scan again.'
            ),
            Label(
                "纸质码先展平、擦干再扫；仍不行，走人工通道。",
                "紙本碼先弄平、抹乾再掃；仍然不行，用人手通道。",
                "Flatten and dry a paper code; if that fails, use the manual lane.",
            ),
            (Call.ISSUER,),
        ),
        ReasonText(
            "wrong-signature",
            _R,
            Label(
                "签名对不上，内容可能被改过",
                "簽署不符，內容可能曾被改動",
                "The signature does not hold; perhaps the code was changed",
            ),
            Label(
                "请对方点“立即更新”再扫。", "請對方按「立即更新」再掃。", 'Ask to press "Update now" and scan again.'
            ),
            Label(
                "仍不行的和纸质码，走人工通道。",
                "仍然不行的和紙本碼，用人手通道。",
                "If that fails, and for paper, use the manual lane.",
            ),
        ),
        ReasonText(
            "algorithm-mismatch",
            _R,
            Label(
                "签名方式与登记的不符",
                "簽署方式與登記的不符",
                "The signature algorithm is not the one registered for the key",
            ),
            Label(
                "请走人工通道，并致电发码单位。",
                "請用人手通道，並致電發碼單位。",
                "Use the manual lane and call the issuer.",
            ),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "issuer-mismatch",
            _R,
            Label(
                "码上的发码单位与签名的不是同一家",
                "碼上的發碼單位與簽署的不是同一家",
                "The issuer named is not the member that owns the key",
            ),
            Label(
                "请走人工通道，并致电发码单位。",
                "請用人手通道，並致電發碼單位。",
                "Use the manual lane and call the issuer.",
            ),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "key-use-mismatch",
            _R,
            Label(
                "签名的密钥没有登记用于健康码",
                "簽署的密鑰並未登記用於健康碼",
                "The key is not registered for signing health codes",
            ),
            Label(
                "请走人工通道，并致电发码单位。",
                "請用人手通道，並致電發碼單位。",
                "Use the manual lane and call the issuer.",
            ),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "wrong-environment",
            _R,
            Label(
                "这是测试或演示用的码，在这里不能用",
                "這是測試或示範用的碼，在這裏不能用",
                "A code from a test or demonstration system, not valid here",
            ),
            Label("请对方出示正式的健康码。", "請對方出示正式的健康碼。", "Ask for the real one."),
            Label("没有的，走人工通道。", "沒有的，用人手通道。", "Without one, use the manual lane."),
        ),
        ReasonText(
            "key-not-active",
            _R,
            Label(
                "签发时密钥不在有效期内", "簽發時密鑰不在有效期內", "The key was not active when the code was issued"
            ),
            Label(
                "请走人工通道，并致电发码单位。",
                "請用人手通道，並致電發碼單位。",
                "Use the manual lane and call the issuer.",
            ),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "key-denied",
            _R,
            Label(
                "签这个码的密钥已停用，它签的码全部作废",
                "簽署此碼的密鑰已停用，它簽署的碼全部作廢",
                "The key that signed this code has been denied, and all its codes with it",
            ),
            Label("请对方重新领码。", "請對方重新領碼。", "Ask the holder to get a new code."),
            Label("领到之前，走人工通道。", "領到之前，用人手通道。", "Until then use the manual lane."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "not-permitted",
            _R,
            Label("发码单位无权签发这种码", "發碼單位無權簽發這種碼", "The issuer may not issue this status or form"),
            Label(
                "请走人工通道，并致电发码单位。",
                "請用人手通道，並致電發碼單位。",
                "Use the manual lane and call the issuer.",
            ),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "unknown-key",
            _R,
            Label(
                "不认识发码单位，或它的密钥没有登记",
                "不認識發碼單位，或其密鑰並未登記",
                "The issuer or its key is not in the registry",
            ),
            Label("请走人工通道。", "請用人手通道。", "Use the manual lane."),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
        ),
        ReasonText(
            "expired",
            _R,
            Label("码已过期", "碼已過期", "The code has expired"),
            Label(
                "请对方点“立即更新”再扫。", "請對方按「立即更新」再掃。", 'Ask to press "Update now" and scan again.'
            ),
            Label(
                "纸质码要重新领取，领到之前走人工通道。",
                "紙本碼要重新領取，領到之前用人手通道。",
                "Paper must be issued anew; until then use the manual lane.",
            ),
            (Call.ISSUER,),
        ),
        ReasonText(
            "lifetime-too-long",
            _R,
            Label("码的有效期超出规定", "碼的有效期超出規定", "The code is valid for longer than the rules allow"),
            Label(
                "请走人工通道，并致电发码单位。",
                "請用人手通道，並致電發碼單位。",
                "Use the manual lane and call the issuer.",
            ),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "withdrawn",
            _R,
            Label("此码已作废", "此碼已作廢", "The code was withdrawn"),
            Label(
                "请对方点“立即更新”再扫。", "請對方按「立即更新」再掃。", 'Ask to press "Update now" and scan again.'
            ),
            Label(
                "纸质码要重新领取；原因可打热线询问。",
                "紙本碼要重新領取；原因可致電熱線查詢。",
                "Paper must be issued anew; the hotline tells why.",
            ),
            (Call.ISSUER,),
        ),
        ReasonText(
            "source-withdrawn",
            _R,
            Label(
                "转码所依据的原码已作废",
                "轉碼所依據的原碼已作廢",
                "The code from which this one was converted was withdrawn",
            ),
            Label(
                "请对方向原发码单位领新码，再重新转码。",
                "請對方向原發碼單位領新碼，再重新轉碼。",
                "Ask the holder to get a new one from its issuer and convert that.",
            ),
            Label("其间走人工通道。", "期間用人手通道。", "Until then use the manual lane."),
            (Call.SOURCE,),
        ),
        ReasonText(
            "status-reference-invalid",
            _R,
            Label(
                "码上的作废名单编号不存在或已停用",
                "碼上的作廢名單編號不存在或已停用",
                "It names a status list that does not exist or is retired",
            ),
            Label(
                "请对方点“立即更新”再扫。", "請對方按「立即更新」再掃。", 'Ask to press "Update now" and scan again.'
            ),
            Label("纸质码要重新领取。", "紙本碼要重新領取。", "Paper must be issued anew."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "presentation-missing",
            _R,
            Label(
                "这是截图或打印件，不是现场出示",
                "這是螢幕截圖或列印本，不是即場出示",
                "A picture or print of a phone code",
            ),
            Label(
                "请对方在自己的手机上打开健康码再扫。",
                "請對方在自己的手機上開啟健康碼再掃。",
                "Ask to open it on the phone itself and scan that.",
            ),
            Label(
                "没有手机的可领纸质码，领到之前走人工通道。",
                "沒有手機的可領紙本碼，領到之前用人手通道。",
                "Without a phone, the issuer gives a paper code; until then use the manual lane.",
            ),
            (Call.ISSUER,),
        ),
        ReasonText(
            "presentation-expired",
            _R,
            Label("不是现在的码", "不是現在的碼", "Not a code of this moment"),
            Label(
                "请对方重新打开健康码再扫。",
                "請對方重新開啟健康碼再掃。",
                "Ask to open it anew on the phone and scan that.",
            ),
            Label(
                "仍不行，让对方扫卡口码（不受手机时钟影响），或走人工通道。",
                "仍然不行，讓對方掃關卡碼（不受手機時鐘影響），或用人手通道。",
                "If that fails, let the phone scan the gate's challenge, which needs no clock, or use the manual lane.",
            ),
        ),
        ReasonText(
            "presentation-signature",
            _R,
            Label(
                "认不出是领码时的那部手机",
                "認不出是領碼時的那部手機",
                "This is not known to be the phone that the code was issued to",
            ),
            Label(
                "请对方在这部手机上重新领码。",
                "請對方在這部手機上重新領碼。",
                "Ask the holder to get a new code on this phone.",
            ),
            Label("领到之前，走人工通道。", "領到之前，用人手通道。", "Until then use the manual lane."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "challenge-not-answered",
            _R,
            Label(
                "这不是对本卡口的回答", "這不是對本關卡的回應", "The phone did not answer this gate's present challenge"
            ),
            Label("请再出示卡口码，让对方扫。", "請再出示關卡碼，讓對方掃描。", "Show a fresh one for it to scan."),
            Label("仍不行，走人工通道。", "仍然不行，用人手通道。", "If this comes again, use the manual lane."),
        ),
        ReasonText(
            "replayed",
            _R,
            Label("这个码刚刚用过", "這個碼剛剛用過", "This live code has just been used"),
            Label(
                "请核对姓名和证件尾号，再扫对方手机上新的码。",
                "請核對姓名和證件尾號，再掃對方手機上新的碼。",
                "Compare the name and the end of the document's number, then scan a fresh code from the phone.",
            ),
        ),
        ReasonText(
            "recognition-denied",
            _R,
            Label(
                "本地暂停互认这家发码单位的码",
                "本地暫停互認這家發碼單位的碼",
                "Codes of this issuer are not recognised here at present",
            ),
            Label("请走人工通道。", "請用人手通道。", "Use the manual lane."),
            Label("这不是持码人的错。", "這不是持碼人的錯。", "It is not the holder's fault."),
            (Call.HOST,),
        ),
        ReasonText(
            "rule-failed",
            _R,
            Label("不符合本地要求", "不符合本地要求", "The code does not meet the rules of this place"),
            Label(
                "请对方按要求补足，或走人工通道。",
                "請對方按要求補足，或用人手通道。",
                "Ask for what is missing, or use the manual lane.",
            ),
            call=(Call.HOST,),
        ),
        ReasonText(
            "status-not-accepted",
            _R,
            Label("这种颜色的码不能放行", "這種顏色的碼不能放行", "This colour is not admitted here"),
            Label(
                "请对方到一旁，联系防疫人员。",
                "請對方到一旁，聯絡防疫人員。",
                "Ask the holder to step aside and call the health staff.",
            ),
            Label(
                "对颜色有异议，可向发码单位申诉。",
                "對顏色有異議，可向發碼單位申訴。",
                "Whoever disputes the colour can appeal to its issuer.",
            ),
            (Call.HOST, Call.ISSUER),
        ),
        ReasonText(
            "form-not-accepted",
            _R,
            Label("本卡口不收这种形式的码", "本關卡不接受這種形式的碼", "This gate does not take this form of code"),
            Label("请走人工通道。", "請用人手通道。", "Use the manual lane."),
        ),
        ReasonText(
            "trust-missing",
            _U,
            Label("卡口还没有发码单位名单", "關卡尚無發碼單位名單", "The gate has no trust list yet"),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label(
                "让卡口联网，或导入离线包。",
                "讓關卡連線，或匯入離線資料包。",
                "Bring the gate online or give it a bundle.",
            ),
        ),
        ReasonText(
            "trust-stale",
            _U,
            Label("卡口的发码单位名单太旧", "關卡的發碼單位名單太舊", "The gate's trust list is too old"),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("让卡口联网更新。", "讓關卡連線更新。", "Bring the gate online."),
        ),
        ReasonText(
            "unknown-key-old-list",
            _U,
            Label(
                "卡口的名单较旧，还不认识这家单位的密钥",
                "關卡的名單較舊，尚不認識這家單位的密鑰",
                "The gate's trust list is old and does not know this key yet",
            ),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("让卡口联网更新。", "讓關卡連線更新。", "Bring the gate online."),
        ),
        ReasonText(
            "member-changed",
            _U,
            Label(
                "发码单位刚换了根密钥，正在确认",
                "發碼單位剛更換根密鑰，正在確認",
                "The issuer has just changed its root key and is under review",
            ),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("可打热线向发码单位核实。", "可致電熱線向發碼單位核實。", "The hotline can confirm the code."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "status-missing",
            _U,
            Label(
                "卡口还没有这家单位的作废名单",
                "關卡尚無這家單位的作廢名單",
                "The gate has no withdrawal data of this issuer yet",
            ),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("让卡口联网更新。", "讓關卡連線更新。", "Bring the gate online."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "status-stale",
            _U,
            Label("卡口的作废名单太旧", "關卡的作廢名單太舊", "The gate's withdrawal data of this issuer is too old"),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("让卡口联网更新。", "讓關卡連線更新。", "Bring the gate online."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "clock-in-doubt",
            _U,
            Label("卡口的时钟不准", "關卡的時鐘不準", "The gate's clock is in doubt"),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("把本机时间校准后再扫。", "把本機時間校準後再掃。", "Set this device's clock, then scan again."),
        ),
        ReasonText(
            "no-decision",
            _U,
            Label(
                "这个颜色查不到依据，不作数", "這個顏色查不到依據，不作數", "This status carries no recorded decision"
            ),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("持码人可向发码单位申诉。", "持碼人可向發碼單位申訴。", "The holder can appeal to the issuer."),
            (Call.ISSUER,),
        ),
        ReasonText(
            "foreign-keys-missing",
            _U,
            Label(
                "本卡口没有境外证件签发方的密钥名单，验不了这张境外证件",
                "本關卡沒有境外證件簽發方的密鑰名單，無法核驗這張境外證件",
                "This gate has no list of foreign issuers' keys, so it cannot verify this foreign certificate",
            ),
            Label(
                "请人工核验：看证件原件和旅行证件。",
                "請人手核驗：查看證件正本和旅行證件。",
                "Check by hand: the certificate itself and the travel document.",
            ),
            Label("这不是持证人的错。", "這不是持證人的錯。", "It is not the holder's fault."),
            (Call.HOST,),
        ),
        ReasonText(
            "rules-missing",
            _U,
            Label(
                "卡口还没有本地的互认规则",
                "關卡尚無本地的互認規則",
                "The gate has no recognition rules of this place yet",
            ),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            Label("让卡口联网更新。", "讓關卡連線更新。", "Bring the gate online."),
        ),
        ReasonText(
            "rule-open",
            _U,
            Label(
                "本地规则对这份证明定不下来",
                "本地規則未能對這份證明作出判斷",
                "The rules of this place cannot decide on this evidence",
            ),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
            call=(Call.HOST,),
        ),
        ReasonText(
            "nonce-required",
            _U,
            Label("本卡口要让对方先扫卡口码", "本關卡要讓對方先掃關卡碼", "This gate asks first"),
            Label("请出示卡口码。", "請出示關卡碼。", "Show its challenge for the phone to scan."),
            Label(
                "对方扫后，再扫对方手机上的新码。",
                "對方掃描後，再掃對方手機上的新碼。",
                "Then scan the phone's new code.",
            ),
        ),
        ReasonText(
            "replay-unchecked",
            _U,
            Label(
                "查不了这个码是否在别处用过",
                "未能查證這個碼是否已在別處用過",
                "Earlier use of this live code could not be checked",
            ),
            Label("请人工核验。", "請人手核驗。", "Check by hand."),
        ),
        ReasonText(
            TRUST_AGING,
            _N,
            Label(
                "发码单位名单较旧，请尽快让卡口联网",
                "發碼單位名單較舊，請盡快讓關卡連線",
                "The trust list is past its advised age; bring the gate online soon",
            ),
        ),
        ReasonText(
            CHECK_DOCUMENT,
            _N,
            Label(
                "请看身份证件：姓名和尾号须与码上一致",
                "請查看身份證明文件：姓名和尾號須與碼上一致",
                "Check the holder's identity document: name and last characters must be those of the code",
            ),
        ),
        ReasonText(
            COMPARE_HOLDER,
            _N,
            Label(
                "请核对姓名和证件尾号；有疑问就看证件",
                "請核對姓名和證件尾號；有疑問便查看證件",
                "Compare the name and the end of the document's number with the holder's; "
                "in doubt, look at the document",
            ),
        ),
        ReasonText(
            COMPARE_TRAVEL_DOCUMENT,
            _N,
            Label(
                "境外证件：必须与护照等旅行证件核对姓名和出生日期",
                "境外證件：必須與護照等旅行證件核對姓名和出生日期",
                "Foreign certificate: compare name and date of birth with the travel document",
            ),
        ),
        ReasonText(
            REPLAY_NOT_SHARED,
            _N,
            Label("仅在本卡口查过是否重复使用", "只在本關卡查過是否重複使用", "Reuse was checked at this gate only"),
        ),
        ReasonText(
            SHOWN_AGAIN,
            _N,
            Label(
                "这个码几秒前刚扫过：只放同一个人过",
                "這個碼幾秒前剛掃過：只讓同一個人通過",
                "This code was read seconds ago: let only the same person pass",
            ),
        ),
    )
}
