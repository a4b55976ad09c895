"""The closed lists of a credential, with the words that people read for them.

Wire numbers are the values of the enums; ``label`` is their name in JSON, on the command line and in rules.
The lists are closed: an unknown number or label is malformed, never guessed, and no colour is inferred.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache, cached_property
from typing import Final, Self

from credentials.errors import Malformed
from credentials.profile.words import Label


class ClosedList(IntEnum):
    """An enum whose members have a kebab-case label."""

    @cached_property
    def label(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: object) -> Self:
        """The member with this label. Raises Malformed for any other."""
        member = _by_label(cls).get(label) if type(label) is str else None
        if member is None:
            raise Malformed(f"unknown {cls.__name__} label")
        return member  # type: ignore[return-value]

    @classmethod
    def from_number(cls, number: object) -> Self:
        """The member with this wire number. Raises Malformed for any other, and for booleans and floats."""
        if type(number) is not int or number not in cls._value2member_map_:
            raise Malformed(f"unknown {cls.__name__}")
        return cls._value2member_map_[number]  # type: ignore[return-value]


@cache
def _by_label(closed_list: type[ClosedList]) -> dict[str, ClosedList]:
    return {member.label: member for member in closed_list}


class Status(ClosedList):
    """The colour that the issuer signed."""

    GREEN = 1
    YELLOW = 2
    RED = 3
    PENDING = 4

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return ("绿", "黄", "红", "待定")[self - 1]


class Form(ClosedList):
    """How the code is carried: the holder's phone, a relative's phone, paper."""

    PHONE = 1
    ASSISTED = 2
    PAPER = 3

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return ("手机码", "代持码", "纸质码")[self - 1]


class Reason(ClosedList):
    """Why the issuer gave this status. The issuer's words; never the verdict's."""

    NO_FINDING = 1
    TEST_RECENT = 2
    TEST_MISSING = 3
    TEST_POSITIVE = 4
    CLOSE_CONTACT = 5
    CONTACT_OF_CONTACT = 6
    RISK_AREA_STAY = 7
    SYMPTOMS = 8
    QUARANTINE = 9
    INBOUND_TRAVEL = 10
    REVIEW_OPEN = 11
    CONVERTED = 12


class EvidenceKind(ClosedList):
    """What kind of fact a piece of evidence is."""

    NUCLEIC_ACID = 1
    ANTIGEN = 2
    VACCINATION = 3
    RECOVERY = 4
    QUARANTINE = 5
    TRAVEL = 6
    EXEMPTION = 7


class EvidenceResult(ClosedList):
    """What came of it."""

    NEGATIVE = 1
    POSITIVE = 2
    INCONCLUSIVE = 3
    COMPLETED = 4


class Guardian(ClosedList):
    """Whose phone shows an assisted code, seen from the holder."""

    PARENT = 1
    CHILD = 2
    SPOUSE = 3
    RELATIVE = 4
    CARE_HOME = 5
    SCHOOL = 6


STATUS_LABELS: Final = {
    Status.GREEN: Label("绿码", "綠碼", "Green"),
    Status.YELLOW: Label("黄码", "黃碼", "Yellow"),
    Status.RED: Label("红码", "紅碼", "Red"),
    Status.PENDING: Label("待定", "待定", "Pending"),
}

REASON_LABELS: Final = {
    Reason.NO_FINDING: Label("没有风险记录", "沒有風險紀錄", "No finding"),
    Reason.TEST_RECENT: Label("近期检测阴性", "近期檢測陰性", "Recent negative test"),
    Reason.TEST_MISSING: Label("缺少近期检测", "欠缺近期檢測", "No recent test"),
    Reason.TEST_POSITIVE: Label("检测阳性", "檢測陽性", "Positive test"),
    Reason.CLOSE_CONTACT: Label("密切接触者", "密切接觸者", "Close contact"),
    Reason.CONTACT_OF_CONTACT: Label("次密切接触者", "次密切接觸者", "Contact of a contact"),
    Reason.RISK_AREA_STAY: Label("到过风险地区", "曾到風險地區", "Stay in a risk area"),
    Reason.SYMPTOMS: Label("有症状", "有症狀", "Symptoms"),
    Reason.QUARANTINE: Label("隔离观察", "隔離觀察", "Quarantine"),
    Reason.INBOUND_TRAVEL: Label("入境", "入境", "Arrival from abroad"),
    Reason.REVIEW_OPEN: Label("正在复核", "正在覆核", "Under review"),
    Reason.CONVERTED: Label("由外地码转换", "由外地碼轉換", "Converted from another province"),
}

FORM_LABELS: Final = {
    Form.PHONE: Label("本人手机", "本人手機", "Own phone"),
    Form.ASSISTED: Label("亲属手机", "親屬手機", "Relative's phone"),
    Form.PAPER: Label("纸质码", "紙本碼", "Paper"),
}

KIND_LABELS: Final = {
    EvidenceKind.NUCLEIC_ACID: Label("核酸检测", "核酸檢測", "nucleic-acid test"),
    EvidenceKind.ANTIGEN: Label("抗原检测", "抗原檢測", "antigen test"),
    EvidenceKind.VACCINATION: Label("疫苗接种", "疫苗接種", "vaccination"),
    EvidenceKind.RECOVERY: Label("康复", "康復", "recovery"),
    EvidenceKind.QUARANTINE: Label("隔离", "隔離", "quarantine"),
    EvidenceKind.TRAVEL: Label("行程", "行程", "journey"),
    EvidenceKind.EXEMPTION: Label("免检证明", "豁免檢測證明", "exemption from testing"),
}

RESULT_LABELS: Final = {
    EvidenceResult.NEGATIVE: Label("阴性", "陰性", "negative"),
    EvidenceResult.POSITIVE: Label("阳性", "陽性", "positive"),
    EvidenceResult.INCONCLUSIVE: Label("结果不明", "結果不明", "inconclusive"),
    EvidenceResult.COMPLETED: Label("已完成", "已完成", "completed"),
}

GUARDIAN_LABELS: Final = {
    Guardian.PARENT: Label("父母", "父母", "parent"),
    Guardian.CHILD: Label("子女", "子女", "child"),
    Guardian.SPOUSE: Label("配偶", "配偶", "spouse"),
    Guardian.RELATIVE: Label("亲属", "親屬", "relative"),
    Guardian.CARE_HOME: Label("养老院", "安老院", "care home"),
    Guardian.SCHOOL: Label("学校", "學校", "school"),
}
