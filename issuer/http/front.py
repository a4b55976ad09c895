"""What an issuer says of itself on its front page."""

from __future__ import annotations

from credentials.profile.members import MEMBERS
from credentials.profile.words import Label
from issuer.config import IssuerSettings
from service_kit.http.front.front import Front, Link, Way
from service_kit.http.front.reference import PROGRAMMERS

ROLE = Label("签发方", "簽發方", "Issuer")
LEAD = Label(
    "居民的健康码在这里签发和撤回。签发方不知道您在哪里出示过健康码。",
    "居民的健康碼在這裏簽發和撤回。簽發方不知道您在哪裏出示過健康碼。",
    "Residents' health codes are issued and withdrawn here. The issuer never learns where you showed yours.",
)
_RESIDENTS = Way(
    Label("居民", "居民", "Residents"),
    Label(
        "把健康码领到手机里，需要时出示，没有网络也可以。领取码请向社区、医院或政务大厅的工作人员要。",
        "把健康碼領到手機裏，需要時出示，沒有網絡也可以。領取碼請向社區、醫院或政務大廳的工作人員索取。",
        "Keep your health code on your phone and show it when asked, with or without a network. Staff of your "
        "community, hospital or service hall give you a claim code.",
    ),
    [Link(Label("打开健康码", "打開健康碼", "Open my health code"), "wallet/")],
)
_STAFF = Way(
    Label("工作人员", "工作人員", "Staff"),
    Label(
        "签发、撤回健康码和开具领取码，在本单位的业务系统里办理，或由运维人员用命令 tongxing issuer 办理。",
        "簽發、撤回健康碼和開具領取碼，在本單位的業務系統裏辦理，或由運維人員用命令 tongxing issuer 辦理。",
        "Codes are issued and withdrawn, and claim codes handed out, in your own unit's system, or by an operator "
        "with the command tongxing issuer.",
    ),
)


WAYS = (_RESIDENTS, _STAFF, PROGRAMMERS)


def ways(*, has_wallet: bool) -> list[Way]:
    """For whom there is something here."""
    return [way for way in WAYS if has_wallet or way is not _RESIDENTS]


def front(settings: IssuerSettings, *, has_wallet: bool) -> Front:
    """The front page. ``has_wallet``: whether the wallet was built, or nobody is sent there."""
    member = MEMBERS[settings.member]
    return Front(ROLE, LEAD, ways(has_wallet=has_wallet), settings.environment, member.id, member.names)
