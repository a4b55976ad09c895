"""What the registry tells everybody, as pages: its log, and what is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from credentials.profile.members import MEMBERS
from service_kit.http.front.front import Link
from service_kit.http.front.language import member_name
from service_kit.http.front.sheet import Cell, Sheet, Table, how_long
from service_kit.locale import Said, beijing_time
from service_kit.storage.logbook import LeafRecord
from trust_registry.record.log import MAX_PAGE

DEEDS: Final[Mapping[str, Said]] = {
    "statement-received": Said("收到成员声明", "收到成員聲明", "A statement was received"),
    "draft-made": Said("拟定草案", "擬定草案", "A draft was made"),
    "draft-approved": Said("登记官签署草案", "登記官簽署草案", "An officer signed a draft"),
    "list-published": Said("发布信任列表", "發布信任列表", "A trust list was published"),
    "root-published": Said("发布新根", "發布新根", "A new root was published"),
    "root-change-announced": Said(
        "公告成员根密钥变更", "公告成員根密鑰變更", "A member's change of root key was announced"
    ),
    "key-denied": Said("停用密钥", "停用密鑰", "A key was denied"),
    "recovered": Said(
        "恢复备份后按镜像补齐", "還原備份後按鏡像補齊", "A backup was restored, and the rest taken over from the mirror"
    ),
}
_ROLES: Final[Mapping[str, Said]] = {
    "root": Said("信任根", "信任根", "Root"),
    "targets": Said("信任列表", "信任列表", "Trust list"),
    "denials": Said("停用名单", "停用名單", "Denied keys"),
    "snapshot": Said("清单", "清單", "Snapshot"),
    "timestamp": Said("时间戳", "時間戳", "Timestamp"),
}
_STATES: Final[Mapping[str, Said]] = {
    "submitted": Said("等待登记官", "等待登記官", "waits for officers"),
    "drafted": Said("已列入草案", "已列入草案", "in a draft"),
    "published": Said("已发布", "已發布", "published"),
    "overtaken": Said("已有更新的声明", "已有更新的聲明", "overtaken by a newer one"),
}
_HOME = Link(Said("登记处首页", "登記處首頁", "About the registry"), "", speaks=True)
_LOG = Said("登记日志", "登記日誌", "The log")
_STATE = Said("现行名单", "現行名單", "What is in force")
_TIME = Said("时间（北京时间）", "時間（北京時間）", "Time (Beijing, UTC+8)")
_MEMBER = Said("成员", "成員", "Member")
_NAME = Said("名称", "名稱", "Name")


def log_page(leaves: Sequence[LeafRecord], since: int) -> Sheet:
    """A page of the log, from leaf ``since`` on, and the ways to the pages before and after."""
    columns = [
        Said("编号", "編號", "No."),
        _TIME,
        Said("事项", "事項", "What"),
        Said("内容（原文）", "內容（原文）", "Content, as written"),
    ]
    rows = [[leaf.number, beijing_time(leaf.at), DEEDS.get(leaf.kind, leaf.kind), leaf.content] for leaf in leaves]
    lead = Said(
        "登记处做过的每一件事，按先后记录，永不删改。这里有成员和密钥，没有任何个人。",
        "登記處做過的每一件事，按先後記錄，永不刪改。這裏有成員和密鑰，沒有任何個人。",
        "Everything that the registry did, in order and for good. It names members and keys, and no person.",
    )
    return Sheet(_LOG, lead, [Table(_LOG, columns, rows)], [*_turns(since, len(leaves)), _HOME])


def state_page(state: Mapping[str, Any]) -> Sheet:
    """What is in force: the members, who stands behind the list, and until when it is good."""
    lead = Said(
        f"有权签发健康码的成员。名单由登记官批准，{state['threshold']} 人签署方可生效；卡口只认签名，不看本页。",
        f"有權簽發健康碼的成員。名單由登記官批准，{state['threshold']} 人簽署方可生效；卡口只認簽名，不看本頁。",
        f"The members who may sign health codes. {state['threshold']} officers' signatures put the list into force. "
        "Gates believe the signatures and not this page.",
    )
    members = Table(_STATE, [_MEMBER, _NAME], [[each, _name(each)] for each in state["members"]])
    links = [Link(_LOG, "v1/log", speaks=True), _HOME]
    denied = Table(
        Said("已停用的密钥", "已停用的密鑰", "Denied keys"), [Said("个数", "個數", "Number")], [[state["denied"]]]
    )
    return Sheet(_STATE, lead, [members, _documents(state), denied, _waiting(state)], links)


def _documents(state: Mapping[str, Any]) -> Table:
    columns = [
        Said("文件", "文件", "Document"),
        Said("版本", "版本", "Version"),
        Said("到期（北京时间）", "到期（北京時間）", "Ends (Beijing, UTC+8)"),
        Said("还剩", "還餘", "Left"),
    ]
    rows: list[list[Cell]] = [
        [_ROLES.get(role, role), version, beijing_time(end), how_long(max(0, end - state["now"]))]
        for role, version in state["versions"].items()
        for end in [state["expiries"][role]]
    ]
    return Table(Said("签署的文件", "簽署的文件", "Signed documents"), columns, rows)


def _waiting(state: Mapping[str, Any]) -> Table:
    columns = [_MEMBER, Said("声明序号", "聲明序號", "Statement"), Said("状态", "狀態", "State")]
    rows = [[_name(each.member), each.sequence, _STATES.get(each.state, each.state)] for each in state["submitted"]]
    return Table(Said("等待批准的声明", "等待批准的聲明", "Statements that wait"), columns, rows)


def _name(member: str) -> Cell:
    found = MEMBERS.get(member)
    return member_name(found.zh, found.en) if found else member


def _turns(since: int, shown: int) -> list[Link]:
    earlier = Link(Said("更早的", "更早的", "Earlier"), f"v1/log?since={max(0, since - MAX_PAGE)}", speaks=True)
    later = Link(Said("后面的", "後面的", "Later"), f"v1/log?since={since + shown}", speaks=True)
    return [*([earlier] if since else []), *([later] if shown == MAX_PAGE else [])]
