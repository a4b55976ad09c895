"""The state of a gate as a page, for whoever looks after it: how old everything is that it judges by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from credentials.profile.members import shown_name
from credentials.profile.words import Label
from service_kit.http.front.front import Link
from service_kit.http.front.sheet import Cell, Sheet, Table, how_long
from service_kit.locale import beijing_time
from verifier.http.front import PLACE

TITLE: Final = Label("卡口状态", "卡口狀態", "State of the gate")
_PROFILES: Final[Mapping[str, Label]] = {
    "venue": Label("场所", "場所", "venue"),
    "station": Label("车站", "車站", "station"),
    "border": Label("口岸", "口岸", "border"),
}
_YES, _NO = Label("是", "是", "yes"), Label("否", "否", "no")


def state_page(state: Mapping[str, Any]) -> Sheet:
    """What the gate holds, of whom, and how old it is."""
    lead = Label(
        "这个卡口凭什么判断、各有多旧。判断在本地做出，不询问任何签发方；这里没有任何个人的信息。",
        "這個卡口憑甚麼判斷、各有多舊。判斷在本地作出，不詢問任何簽發方；這裏沒有任何個人的資料。",
        "What this gate judges by, and how old each part is. It judges by itself and asks no issuer. Nobody is in it.",
    )
    home = Link(Label("关于这个卡口", "關於這個卡口", "About this gate"), PLACE, speaks=True)
    return Sheet(TITLE, lead, [_whole(state), _members(state), _rules(state), _failures(state)], [home])


def _whole(state: Mapping[str, Any]) -> Table:
    trust, clock = state["trust"], state["clock"]
    rows: list[list[Cell]] = [
        [Label("成员", "成員", "Member"), shown_name(state["member"])],
        [Label("档位", "檔位", "Profile"), _PROFILES.get(state["profile"], state["profile"])],
        [
            Label("判断所用的时间（北京时间）", "判斷所用的時間（北京時間）", "Time it judges by (Beijing)"),
            beijing_time(state["now"]),
        ],
        [Label("时钟可疑", "時鐘可疑", "Clock in doubt"), _YES if clock["in_doubt"] or clock["alarm"] else _NO],
        [Label("信任列表", "信任列表", "Trust list"), _age(trust and trust["age"])],
        [Label("名单上的成员（个）", "名單上的成員（個）", "Members on it, number"), trust and trust["members"]],
        [Label("已停用的密钥（个）", "已停用的密鑰（個）", "Denied keys, number"), trust and trust["denied"]],
        [
            Label("各通道共同记住亮过的码", "各通道共同記住亮過的碼", "Lanes remember shown codes together"),
            _YES if state["replay_memory_shared"] else _NO,
        ],
    ]
    columns = [Label("项目", "項目", "What"), Label("现在", "現在", "Now")]
    return Table(Label("整体", "整體", "As a whole"), columns, rows)


def _members(state: Mapping[str, Any]) -> Table:
    columns = [
        Label("成员", "成員", "Member"),
        Label("撤回数据", "撤回資料", "Withdrawals"),
        Label("已撤回（个）", "已撤回（個）", "Withdrawn, number"),
        Label("规则版本", "規則版本", "Rules, version"),
        Label("失败", "失敗", "Failures"),
    ]
    rows = [
        [shown_name(name), _age(of["status_age"]), of["withdrawn"], of["rules_version"], len(of["failures"])]
        for name, of in state["members"].items()
    ]
    return Table(Label("各成员", "各成員", "By member"), columns, rows)


def _rules(state: Mapping[str, Any]) -> Table:
    columns = [
        Label("规则集", "規則集", "Rule set"),
        Label("版本", "版本", "Version"),
        Label("生效（北京时间）", "生效（北京時間）", "From (Beijing)"),
        Label("现在有效", "現在有效", "In force"),
    ]
    rows = [
        [each["rule_set"], each["version"], beijing_time(each["valid_from"]), _YES if each["in_force"] else _NO]
        for each in state["rules"]
    ]
    return Table(Label("本地规则", "本地規則", "Local rules"), columns, rows)


def _failures(state: Mapping[str, Any]) -> Table:
    columns = [
        Label("成员", "成員", "Member"),
        Label("文件", "文件", "File"),
        Label("原因代码", "原因代碼", "Code"),
        Label("时间（北京时间）", "時間（北京時間）", "Time (Beijing)"),
    ]
    rows = [
        [shown_name(each["member"]) if each["member"] else None, each["file"], each["code"], beijing_time(each["at"])]
        for each in state["failures"]
    ]
    return Table(Label("没能更新的", "未能更新的", "What could not be brought up to date"), columns, rows)


def _age(seconds: int | None) -> Cell:
    if seconds is None:
        return Label("还没有", "還沒有", "none yet")
    old = how_long(seconds)
    return Label(f"{old.zh_cn}前", f"{old.zh_hk}前", f"{old.en} old")
