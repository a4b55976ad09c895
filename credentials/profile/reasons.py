"""Every reason that a verdict can give, most important first: its outcome, its words, and whom to call.

This is the one table of outcomes. A code of :mod:`credentials.errors` that can end a check stands here with what it
means for the person in front of the gate, in all languages; so do the notes that an accepted code may carry.
"Unknown issuer" is never worded as forged, and nothing but the issuer's signed status is ever a colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


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

    The first sentence of a reason says what is wrong, the second is the one thing to do now; what follows helps where
    that fails. Screens may put the second first.

    ``zh_hk``: in Hong Kong's characters and words, for gates in browsers.
    """

    code: str
    outcome: Outcome | None
    zh: str
    zh_hk: str
    en: str
    call: tuple[Call, ...] = ()
    """Who can help, the most helpful first."""


TRUST_AGING, CHECK_DOCUMENT, COMPARE_HOLDER, REPLAY_NOT_SHARED, SHOWN_AGAIN = (
    "trust-aging", "check-document", "compare-holder", "replay-not-shared", "shown-again"
)  # fmt: skip
"""Notes that an accepted code may carry."""
_R, _U, _N = Outcome.REFUSED, Outcome.UNDETERMINED, None

REASONS: Mapping[str, ReasonText] = {
    row[0]: ReasonText(*row)
    for row in (
        (
            "not-a-credential",
            _R,
            "不是健康码。请对方出示手机上的健康码或纸质码。都没有的，走人工通道。",
            "不是健康碼。請對方出示手機上的健康碼或紙本碼。兩者都沒有的，用人手通道。",
            "This is not a health code. Ask for the code on the phone or on paper. Without one, use the manual lane.",
        ),
        (
            "challenge-shown",
            _R,
            "这是卡口码，不是健康码。请对方用手机扫它，再出示手机上的新码。",
            "這是關卡碼，不是健康碼。請對方用手機掃描它，再出示手機上的新碼。",
            "This is a gate's challenge, no health code. Ask to scan it with the phone and show the phone's new code.",
        ),
        (
            "too-large",
            _R,
            "内容太长，不是健康码。请对方出示健康码本身。仍不行，走人工通道。",
            "內容太長，不是健康碼。請對方出示健康碼本身。仍然不行，用人手通道。",
            "Too long to be a health code. Ask to show the code itself. If that fails, use the manual lane.",
        ),
        (
            "malformed",
            _R,
            "码不完整或已损坏。请对方点“立即更新”再扫。纸质码先展平、擦干再扫；仍不行，走人工通道。",
            "碼不完整或已損壞。請對方按「立即更新」再掃。紙本碼先弄平、抹乾再掃；仍然不行，用人手通道。",
            'The code is damaged. Ask to press "Update now" and scan again. Flatten and dry a paper code;'
            " if that fails, use the manual lane.",
            (Call.ISSUER,),
        ),
        (
            "wrong-signature",
            _R,
            "签名对不上，内容可能被改过。请对方点“立即更新”再扫。仍不行的和纸质码，走人工通道。",
            "簽署不符，內容可能曾被改動。請對方按「立即更新」再掃。仍然不行的和紙本碼，用人手通道。",
            'The signature does not hold; perhaps the code was changed. Ask to press "Update now" and '
            "scan again. If that fails, and for paper, use the manual lane.",
        ),
        (
            "algorithm-mismatch",
            _R,
            "签名方式与登记的不符。请走人工通道，并致电发码单位。这不是持码人的错。",
            "簽署方式與登記的不符。請用人手通道，並致電發碼單位。這不是持碼人的錯。",
            "The signature algorithm is not the one registered for the key. Use the manual lane and call "
            "the issuer. It is not the holder's fault.",
            (Call.ISSUER,),
        ),
        (
            "issuer-mismatch",
            _R,
            "码上的发码单位与签名的不是同一家。请走人工通道，并致电发码单位。这不是持码人的错。",
            "碼上的發碼單位與簽署的不是同一家。請用人手通道，並致電發碼單位。這不是持碼人的錯。",
            "The issuer named is not the member that owns the key. Use the manual lane and call the "
            "issuer. It is not the holder's fault.",
            (Call.ISSUER,),
        ),
        (
            "key-use-mismatch",
            _R,
            "签名的密钥没有登记用于健康码。请走人工通道，并致电发码单位。这不是持码人的错。",
            "簽署的密鑰並未登記用於健康碼。請用人手通道，並致電發碼單位。這不是持碼人的錯。",
            "The key is not registered for signing health codes. Use the manual lane and call the issuer."
            " It is not the holder's fault.",
            (Call.ISSUER,),
        ),
        (
            "wrong-environment",
            _R,
            "这是测试或演示用的码，在这里不能用。请对方出示正式的健康码。没有的，走人工通道。",
            "這是測試或示範用的碼，在這裏不能用。請對方出示正式的健康碼。沒有的，用人手通道。",
            "A code from a test or demonstration system, not valid here. Ask for the real one. Without "
            "one, use the manual lane.",
        ),
        (
            "key-not-active",
            _R,
            "签发时密钥不在有效期内。请走人工通道，并致电发码单位。这不是持码人的错。",
            "簽發時密鑰不在有效期內。請用人手通道，並致電發碼單位。這不是持碼人的錯。",
            "The key was not active when the code was issued. Use the manual lane and call the issuer. It"
            " is not the holder's fault.",
            (Call.ISSUER,),
        ),
        (
            "key-denied",
            _R,
            "签这个码的密钥已停用，它签的码全部作废。请对方重新领码。领到之前，走人工通道。",
            "簽署此碼的密鑰已停用，它簽署的碼全部作廢。請對方重新領碼。領到之前，用人手通道。",
            "The key that signed this code has been denied, and all its codes with it. Ask the holder to "
            "get a new code. Until then use the manual lane.",
            (Call.ISSUER,),
        ),
        (
            "not-permitted",
            _R,
            "发码单位无权签发这种码。请走人工通道，并致电发码单位。这不是持码人的错。",
            "發碼單位無權簽發這種碼。請用人手通道，並致電發碼單位。這不是持碼人的錯。",
            "The issuer may not issue this status or form. Use the manual lane and call the issuer. It is"
            " not the holder's fault.",
            (Call.ISSUER,),
        ),
        (
            "unknown-key",
            _R,
            "不认识发码单位，或它的密钥没有登记。请走人工通道。这不是持码人的错。",
            "不認識發碼單位，或其密鑰並未登記。請用人手通道。這不是持碼人的錯。",
            "The issuer or its key is not in the registry. Use the manual lane. It is not the holder's fault.",
        ),
        (
            "expired",
            _R,
            "码已过期。请对方点“立即更新”再扫。纸质码要重新领取，领到之前走人工通道。",
            "碼已過期。請對方按「立即更新」再掃。紙本碼要重新領取，領到之前用人手通道。",
            'The code has expired. Ask to press "Update now" and scan again. Paper must be issued anew; '
            "until then use the manual lane.",
            (Call.ISSUER,),
        ),
        (
            "lifetime-too-long",
            _R,
            "码的有效期超出规定。请走人工通道，并致电发码单位。这不是持码人的错。",
            "碼的有效期超出規定。請用人手通道，並致電發碼單位。這不是持碼人的錯。",
            "The code is valid for longer than the rules allow. Use the manual lane and call the issuer. "
            "It is not the holder's fault.",
            (Call.ISSUER,),
        ),
        (
            "withdrawn",
            _R,
            "此码已作废。请对方点“立即更新”再扫。纸质码要重新领取；原因可打热线询问。",
            "此碼已作廢。請對方按「立即更新」再掃。紙本碼要重新領取；原因可致電熱線查詢。",
            'The code was withdrawn. Ask to press "Update now" and scan again. Paper must be issued anew;'
            " the hotline tells why.",
            (Call.ISSUER,),
        ),
        (
            "source-withdrawn",
            _R,
            "转码所依据的原码已作废。请对方向原发码单位领新码，再重新转码。其间走人工通道。",
            "轉碼所依據的原碼已作廢。請對方向原發碼單位領新碼，再重新轉碼。期間用人手通道。",
            "The code from which this one was converted was withdrawn. Ask the holder to get a new one "
            "from its issuer and convert that. Until then use the manual lane.",
            (Call.SOURCE,),
        ),
        (
            "status-reference-invalid",
            _R,
            "码上的作废名单编号不存在或已停用。请对方点“立即更新”再扫。纸质码要重新领取。",
            "碼上的作廢名單編號不存在或已停用。請對方按「立即更新」再掃。紙本碼要重新領取。",
            'It names a status list that does not exist or is retired. Ask to press "Update now" and scan'
            " again. Paper must be issued anew.",
            (Call.ISSUER,),
        ),
        (
            "presentation-missing",
            _R,
            "这是截图或打印件，不是现场出示。请对方在自己的手机上打开健康码再扫。"
            "没有手机的可领纸质码，领到之前走人工通道。",
            "這是螢幕截圖或列印本，不是即場出示。請對方在自己的手機上開啟健康碼再掃。"
            "沒有手機的可領紙本碼，領到之前用人手通道。",
            "A picture or print of a phone code. Ask to open it on the phone itself and scan that. "
            "Without a phone, the issuer gives a paper code; until then use the manual lane.",
            (Call.ISSUER,),
        ),
        (
            "presentation-expired",
            _R,
            "不是现在的码。请对方重新打开健康码再扫。仍不行，让对方扫卡口码（不受手机时钟影响），或走人工通道。",
            "不是現在的碼。請對方重新開啟健康碼再掃。仍然不行，讓對方掃關卡碼（不受手機時鐘影響），或用人手通道。",
            "Not a code of this moment. Ask to open it anew on the phone and scan that. If that fails, "
            "let the phone scan the gate's challenge, which needs no clock, or use the manual lane.",
        ),
        (
            "presentation-signature",
            _R,
            "认不出是领码时的那部手机。请对方在这部手机上重新领码。领到之前，走人工通道。",
            "認不出是領碼時的那部手機。請對方在這部手機上重新領碼。領到之前，用人手通道。",
            "This is not known to be the phone that the code was issued to. Ask the holder to get a new "
            "code on this phone. Until then use the manual lane.",
            (Call.ISSUER,),
        ),
        (
            "challenge-not-answered",
            _R,
            "这不是对本卡口的回答。请再出示卡口码，让对方扫。仍不行，走人工通道。",
            "這不是對本關卡的回應。請再出示關卡碼，讓對方掃描。仍然不行，用人手通道。",
            "The phone did not answer this gate's present challenge. Show a fresh one for it to scan. If "
            "this comes again, use the manual lane.",
        ),
        (
            "replayed",
            _R,
            "这个码刚刚用过。请核对姓名和证件尾号，再扫对方手机上新的码。",
            "這個碼剛剛用過。請核對姓名和證件尾號，再掃對方手機上新的碼。",
            "This live code has just been used. Compare the name and the end of the document's number, "
            "then scan a fresh code from the phone.",
        ),
        (
            "recognition-denied",
            _R,
            "本地暂停互认这家发码单位的码。请走人工通道。这不是持码人的错。",
            "本地暫停互認這家發碼單位的碼。請用人手通道。這不是持碼人的錯。",
            "Codes of this issuer are not recognised here at present. Use the manual lane. It is not the "
            "holder's fault.",
            (Call.HOST,),
        ),
        (
            "rule-failed",
            _R,
            "不符合本地要求。请对方按要求补足，或走人工通道。",
            "不符合本地要求。請對方按要求補足，或用人手通道。",
            "The code does not meet the rules of this place. Ask for what is missing, or use the manual lane.",
            (Call.HOST,),
        ),
        (
            "status-not-accepted",
            _R,
            "这种颜色的码不能放行。请对方到一旁，联系防疫人员。对颜色有异议，可向发码单位申诉。",
            "這種顏色的碼不能放行。請對方到一旁，聯絡防疫人員。對顏色有異議，可向發碼單位申訴。",
            "This colour is not admitted here. Ask the holder to step aside and call the health staff. "
            "Whoever disputes the colour can appeal to its issuer.",
            (
                Call.HOST,
                Call.ISSUER,
            ),
        ),
        (
            "form-not-accepted",
            _R,
            "本卡口不收这种形式的码。请走人工通道。",
            "本關卡不接受這種形式的碼。請用人手通道。",
            "This gate does not take this form of code. Use the manual lane.",
        ),
        (
            "trust-missing",
            _U,
            "卡口还没有发码单位名单。请人工核验。让卡口联网，或导入离线包。",
            "關卡尚無發碼單位名單。請人手核驗。讓關卡連線，或匯入離線資料包。",
            "The gate has no trust list yet. Check by hand. Bring the gate online or give it a bundle.",
        ),
        (
            "trust-stale",
            _U,
            "卡口的发码单位名单太旧。请人工核验。让卡口联网更新。",
            "關卡的發碼單位名單太舊。請人手核驗。讓關卡連線更新。",
            "The gate's trust list is too old. Check by hand. Bring the gate online.",
        ),
        (
            "unknown-key-old-list",
            _U,
            "卡口的名单较旧，还不认识这家单位的密钥。请人工核验。让卡口联网更新。",
            "關卡的名單較舊，尚不認識這家單位的密鑰。請人手核驗。讓關卡連線更新。",
            "The gate's trust list is old and does not know this key yet. Check by hand. Bring the gate online.",
        ),
        (
            "member-changed",
            _U,
            "发码单位刚换了根密钥，正在确认。请人工核验。可打热线向发码单位核实。",
            "發碼單位剛更換根密鑰，正在確認。請人手核驗。可致電熱線向發碼單位核實。",
            "The issuer has just changed its root key and is under review. Check by hand. The hotline can"
            " confirm the code.",
            (Call.ISSUER,),
        ),
        (
            "status-missing",
            _U,
            "卡口还没有这家单位的作废名单。请人工核验。让卡口联网更新。",
            "關卡尚無這家單位的作廢名單。請人手核驗。讓關卡連線更新。",
            "The gate has no withdrawal data of this issuer yet. Check by hand. Bring the gate online.",
            (Call.ISSUER,),
        ),
        (
            "status-stale",
            _U,
            "卡口的作废名单太旧。请人工核验。让卡口联网更新。",
            "關卡的作廢名單太舊。請人手核驗。讓關卡連線更新。",
            "The gate's withdrawal data of this issuer is too old. Check by hand. Bring the gate online.",
            (Call.ISSUER,),
        ),
        (
            "clock-in-doubt",
            _U,
            "卡口的时钟不准。请人工核验。把本机时间校准后再扫。",
            "關卡的時鐘不準。請人手核驗。把本機時間校準後再掃。",
            "The gate's clock is in doubt. Check by hand. Set this device's clock, then scan again.",
        ),
        (
            "no-decision",
            _U,
            "这个颜色查不到依据，不作数。请人工核验。持码人可向发码单位申诉。",
            "這個顏色查不到依據，不作數。請人手核驗。持碼人可向發碼單位申訴。",
            "This status carries no recorded decision. Check by hand. The holder can appeal to the issuer.",
            (Call.ISSUER,),
        ),
        (
            "rules-missing",
            _U,
            "卡口还没有本地的互认规则。请人工核验。让卡口联网更新。",
            "關卡尚無本地的互認規則。請人手核驗。讓關卡連線更新。",
            "The gate has no recognition rules of this place yet. Check by hand. Bring the gate online.",
        ),
        (
            "rule-open",
            _U,
            "本地规则对这份证明定不下来。请人工核验。",
            "本地規則未能對這份證明作出判斷。請人手核驗。",
            "The rules of this place cannot decide on this evidence. Check by hand.",
            (Call.HOST,),
        ),
        (
            "nonce-required",
            _U,
            "本卡口要让对方先扫卡口码。请出示卡口码。对方扫后，再扫对方手机上的新码。",
            "本關卡要讓對方先掃關卡碼。請出示關卡碼。對方掃描後，再掃對方手機上的新碼。",
            "This gate asks first. Show its challenge for the phone to scan. Then scan the phone's new code.",
        ),
        (
            "replay-unchecked",
            _U,
            "查不了这个码是否在别处用过。请人工核验。",
            "未能查證這個碼是否已在別處用過。請人手核驗。",
            "Earlier use of this live code could not be checked. Check by hand.",
        ),
        (
            TRUST_AGING,
            _N,
            "发码单位名单较旧，请尽快让卡口联网。",
            "發碼單位名單較舊，請盡快讓關卡連線。",
            "The trust list is past its advised age; bring the gate online soon.",
        ),
        (
            CHECK_DOCUMENT,
            _N,
            "请看身份证件：姓名和尾号须与码上一致。",
            "請查看身份證明文件：姓名和尾號須與碼上一致。",
            "Check the holder's identity document: name and last characters must be those of the code.",
        ),
        (
            COMPARE_HOLDER,
            _N,
            "请核对姓名和证件尾号；有疑问就看证件。",
            "請核對姓名和證件尾號；有疑問便查看證件。",
            "Compare the name and the end of the document's number with the holder's; in doubt, look at the document.",
        ),
        (
            REPLAY_NOT_SHARED,
            _N,
            "仅在本卡口查过是否重复使用。",
            "只在本關卡查過是否重複使用。",
            "Reuse was checked at this gate only.",
        ),
        (
            SHOWN_AGAIN,
            _N,
            "这个码几秒前刚扫过：只放同一个人过。",
            "這個碼幾秒前剛掃過：只讓同一個人通過。",
            "This code was read seconds ago: let only the same person pass.",
        ),
    )
}
