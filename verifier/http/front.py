"""What a verifier says of itself; at the root of its address is the gate app."""

from __future__ import annotations

from credentials.profile.members import MEMBERS
from credentials.profile.words import Label
from service_kit.http.front.front import Front, Link, Way
from service_kit.http.front.reference import PROGRAMMERS
from verifier.config import VerifierSettings

PLACE = "about"
ROLE = Label("验码方", "驗碼方", "Verifier")
LEAD = Label(
    "健康码在这里查验。判断在卡口就地做出，不询问签发方；只计次数，不记是谁。",
    "健康碼在這裏查驗。判斷在卡口就地作出，不詢問簽發方；只計次數，不記是誰。",
    "Health codes are checked here. A gate judges by itself and asks no issuer; it counts checks, and keeps no people.",
)
_GUARDS = Way(
    Label("值守人员", "值守人員", "Guards"),
    Label(
        "用手机或平板扫码：通过、不通过或人工核验，原因和办法写得明明白白。首次打开后，断网也能用。",
        "用手機或平板掃碼：通過、不通過或人手核驗，原因和辦法寫得明明白白。首次打開後，斷網也能用。",
        "Scan with a phone or tablet: pass, refuse or check by hand, with the reason and what to do. Once opened it "
        "works without a network.",
    ),
    [Link(Label("开始验码", "開始驗碼", "Start checking"), "")],
)
_ENGINEERS = Way(
    Label("运维人员", "運維人員", "Operators"),
    Label(
        "卡口手里的信任列表、各成员的撤回和本地规则各有多旧。",
        "卡口手裏的信任列表、各成員的撤回和本地規則各有多舊。",
        "How old the trust list, each member's withdrawals and the local rules are that this gate holds.",
    ),
    [Link(Label("卡口状态", "卡口狀態", "State of the gate"), "v1/state", speaks=True)],
)


WAYS = (_GUARDS, _ENGINEERS, PROGRAMMERS)


def ways(*, has_gate_app: bool) -> list[Way]:
    """For whom there is something here."""
    return [way for way in WAYS if has_gate_app or way is not _GUARDS]


def front(settings: VerifierSettings, *, has_gate_app: bool) -> Front:
    """The page about it. ``has_gate_app``: whether the gate app was built, or nobody is sent there."""
    member = MEMBERS[settings.member]
    return Front(
        ROLE,
        LEAD,
        ways(has_gate_app=has_gate_app),
        settings.environment,
        member.id,
        member.names,
        PLACE,
    )
