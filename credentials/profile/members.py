"""Members (成员): who may sign, and the two-digit codes of GB/T 2260 behind their names.

The table is closed: a member id that does not stand here is malformed. Being in it gives no right to sign;
that comes from the trust registry alone.
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.profile.words import Label


class Member(NamedTuple):
    """A member's id, its two-digit GB/T 2260 code (0 for a department) and its names."""

    id: str
    code: int
    zh: str
    zh_hk: str
    en: str

    @property
    def names(self) -> Label:
        """Its name in the languages of the pages."""
        return Label(self.zh, self.zh_hk, self.en)


_PROVINCES = """
11 北京 北京 Beijing|12 天津 天津 Tianjin|13 河北 河北 Hebei|14 山西 山西 Shanxi|15 内蒙古 內蒙古 Inner Mongolia
21 辽宁 遼寧 Liaoning|22 吉林 吉林 Jilin|23 黑龙江 黑龍江 Heilongjiang|31 上海 上海 Shanghai|32 江苏 江蘇 Jiangsu
33 浙江 浙江 Zhejiang|34 安徽 安徽 Anhui|35 福建 福建 Fujian|36 江西 江西 Jiangxi|37 山东 山東 Shandong
41 河南 河南 Henan|42 湖北 湖北 Hubei|43 湖南 湖南 Hunan|44 广东 廣東 Guangdong|45 广西 廣西 Guangxi|46 海南 海南 Hainan
50 重庆 重慶 Chongqing|51 四川 四川 Sichuan|52 贵州 貴州 Guizhou|53 云南 雲南 Yunnan|54 西藏 西藏 Xizang
61 陕西 陝西 Shaanxi|62 甘肃 甘肅 Gansu|63 青海 青海 Qinghai|64 宁夏 寧夏 Ningxia|65 新疆 新疆 Xinjiang
71 台湾 台灣 Taiwan|81 香港 香港 Hong Kong|82 澳门 澳門 Macao
"""


def _members() -> dict[str, Member]:
    rows = [entry.split(" ", 3) for line in _PROVINCES.split("\n") for entry in line.split("|") if entry]
    members = [Member(f"CN-{code}", int(code), zh, zh_hk, en) for code, zh, zh_hk, en in rows]
    members.append(
        Member("CN-XPCC", 66, "新疆生产建设兵团", "新疆生產建設兵團", "Xinjiang Production and Construction Corps")
    )
    members.append(Member("CN-D-HC", 0, "国家卫生健康委员会", "國家衞生健康委員會", "National Health Commission"))
    members.append(Member("CN-D-IM", 0, "国家移民管理局", "國家移民管理局", "National Immigration Administration"))
    members.append(Member("CN-D-CU", 0, "海关总署", "海關總署", "General Administration of Customs"))
    return {member.id: member for member in members}


MEMBERS: dict[str, Member] = _members()
REGION_CODES = frozenset(member.code for member in MEMBERS.values() if member.code)


def shown_name(member: str) -> Label | str:
    """The names of the member with this id; the id itself where there is none."""
    return MEMBERS[member].names if member in MEMBERS else member


def is_member_id(text: object) -> bool:
    """Whether ``text`` is the id of a member, exactly: upper case, no spaces (verifier-app #275)."""
    return isinstance(text, str) and text in MEMBERS


def no_member_id(text: object) -> str:
    """Why ``text`` is no member id, and where those that are stand: for a message."""
    close = text.strip().upper() if isinstance(text, str) else ""
    meant = f"did you mean {close}? " if close in MEMBERS and close != text else ""
    return f"not a member id, as CN-41 for Henan: {meant}`tongxing registry members` lists them"


def is_region(code: object) -> bool:
    """Whether ``code`` is built like a GB/T 2260 code: a six-digit integer in a known province."""
    return type(code) is int and 110_000 <= code <= 829_999 and code // 10_000 in REGION_CODES
