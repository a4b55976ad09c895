"""What the registry tells everybody, as pages: its log, and what is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from credentials.profile.members import shown_name
from credentials.profile.words import Label
from service_kit.http.front.front import Link
from service_kit.http.front.sheet import Cell, Sheet, Table, how_long
from service_kit.locale import beijing_time
from service_kit.storage.logbook import LeafRecord
from trust_registry.record.log import MAX_PAGE

DEEDS: Final[Mapping[str, Label]] = {
    "statement-received": Label("收到成员声明", "收到成員聲明", "A statement was received"),
    "draft-made": Label("拟定草案", "擬定草案", "A draft was made"),
    "draft-approved": Label("登记官签署草案", "登記官簽署草案", "An officer signed a draft"),
    "list-published": Label("发布信任列表", "發布信任列表", "A trust list was published"),
    "root-published": Label("发布新根", "發布新根", "A new root was published"),
    "root-change-announced": Label(
        "公告成员根密钥变更", "公告成員根密鑰變更", "A member's change of root key was announced"
    ),
    "key-denied": Label("停用密钥", "停用密鑰", "A key was denied"),
    "recovered": Label(
        "恢复备份后按镜像补齐", "還原備份後按鏡像補齊", "A backup was restored, and the rest taken over from the mirror"
    ),
}
_ROLES: Final[Mapping[str, Label]] = {
    "root": Label("信任根", "信任根", "Root"),
    "targets": Label("信任列表", "信任列表", "Trust list"),
    "denials": Label("停用名单", "停用名單", "Denied keys"),
    "snapshot": Label("清单", "清單", "Snapshot"),
    "timestamp": Label("时间戳", "時間戳", "Timestamp"),
}
_STATES: Final[Mapping[str, Label]] = {
    "submitted": Label("等待登记官", "等待登記官", "waits for officers"),
    "drafted": Label("已列入草案", "已列入草案", "in a draft"),
    "published": Label("已发布", "已發布", "published"),
    "overtaken": Label("已有更新的声明", "已有更新的聲明", "overtaken by a newer one"),
}
_HOME = Link(Label("登记处首页", "登記處首頁", "About the registry"), "", speaks=True)
_LOG = Label("登记日志", "登記日誌", "The log")
_STATE = Label("现行名单", "現行名單", "What is in force")
_TIME = Label("时间（北京时间）", "時間（北京時間）", "Time (Beijing, UTC+8)")
_MEMBER = Label("成员", "成員", "Member")
_NAME = Label("名称", "名稱", "Name")


def log_page(leaves: Sequence[LeafRecord], since: int) -> Sheet:
    """A page of the log, from leaf ``since`` on, and the ways to the pages before and after."""
    columns = [
        Label("编号", "編號", "No."),
        _TIME,
        Label("事项", "事項", "What"),
        Label("内容（原文）", "內容（原文）", "Content, as written"),
    ]
    rows = [[leaf.number, beijing_time(leaf.at), DEEDS.get(leaf.kind, leaf.kind), leaf.content] for leaf in leaves]
    lead = Label(
        "登记处做过的每一件事，按先后记录，永不删改。这里有成员和密钥，没有任何个人。",
        "登記處做過的每一件事，按先後記錄，永不刪改。這裏有成員和密鑰，沒有任何個人。",
        "Everything that the registry did, in order and for good. It names members and keys, and no person.",
    )
    return Sheet(_LOG, lead, [Table(_LOG, columns, rows)], [*_turns(since, len(leaves)), _HOME])


def state_page(state: Mapping[str, Any]) -> Sheet:
    """What is in force: the members, who stands behind the list, and until when it is good."""
    lead = Label(
        f"有权签发健康码的成员。名单由登记官批准，{state['threshold']} 人签署方可生效；卡口只认签名，不看本页。",
        f"有權簽發健康碼的成員。名單由登記官批准，{state['threshold']} 人簽署方可生效；卡口只認簽名，不看本頁。",
        f"The members who may sign health codes. {state['threshold']} officers' signatures put the list into force. "
        "Gates believe the signatures and not this page.",
    )
    members = Table(_STATE, [_MEMBER, _NAME], [[each, shown_name(each)] for each in state["members"]])
    links = [Link(_LOG, "v1/log", speaks=True), _HOME]
    denied = Table(
        Label("已停用的密钥", "已停用的密鑰", "Denied keys"), [Label("个数", "個數", "Number")], [[state["denied"]]]
    )
    return Sheet(_STATE, lead, [members, _documents(state), denied, _waiting(state)], links)


def _documents(state: Mapping[str, Any]) -> Table:
    columns = [
        Label("文件", "文件", "Document"),
        Label("版本", "版本", "Version"),
        Label("到期（北京时间）", "到期（北京時間）", "Ends (Beijing, UTC+8)"),
        Label("还剩", "還餘", "Left"),
    ]
    rows: list[list[Cell]] = [
        [_ROLES.get(role, role), version, beijing_time(end), how_long(max(0, end - state["now"]))]
        for role, version in state["versions"].items()
        for end in [state["expiries"][role]]
    ]
    return Table(Label("签署的文件", "簽署的文件", "Signed documents"), columns, rows)


def _waiting(state: Mapping[str, Any]) -> Table:
    columns = [_MEMBER, Label("声明序号", "聲明序號", "Statement"), Label("状态", "狀態", "State")]
    rows = [
        [shown_name(each.member), each.sequence, _STATES.get(each.state, each.state)] for each in state["submitted"]
    ]
    return Table(Label("等待批准的声明", "等待批准的聲明", "Statements that wait"), columns, rows)


def _turns(since: int, shown: int) -> list[Link]:
    earlier = Link(Label("更早的", "更早的", "Earlier"), f"v1/log?since={max(0, since - MAX_PAGE)}", speaks=True)
    later = Link(Label("后面的", "後面的", "Later"), f"v1/log?since={since + shown}", speaks=True)
    return [*([earlier] if since else []), *([later] if shown == MAX_PAGE else [])]
