"""What the registry says of itself on its front page."""

from __future__ import annotations

from credentials.profile.words import Label
from service_kit.http.front.front import Front, Link, Way
from service_kit.http.front.reference import PROGRAMMERS
from trust_registry.config import RegistrySettings

ROLE = Label("信任登记处", "信任登記處", "Trust registry")
LEAD = Label(
    "这里公布谁有权签发健康码。成员亲自签署声明，两位登记官分别批准，缺一不可。这里没有任何居民的信息。",
    "這裏公布誰有權簽發健康碼。成員親自簽署聲明，兩位登記官分別批准，缺一不可。這裏沒有任何居民的資料。",
    "Who may sign health codes is published here: in each member's own signed statement, approved by two officers. "
    "Neither side can do it alone. Nothing about any resident is kept here.",
)
WAYS = [
    Way(
        Label("审计人员与公众", "審計人員與公眾", "Auditors and the public"),
        Label(
            "谁在何时入网、换钥、停用，逐条记录，永不删改。",
            "誰在何時入網、換鑰、停用，逐條記錄，永不刪改。",
            "Who was enrolled, changed a key or had one denied, and when: entry by entry, for good.",
        ),
        [
            Link(Label("登记日志", "登記日誌", "The log"), "v1/log", speaks=True),
            Link(Label("现行名单", "現行名單", "What is in force"), "v1/state", speaks=True),
        ],
    ),
    Way(
        Label("卡口", "卡口", "Gates"),
        Label(
            "从镜像取得名单、撤回和规则，逐一核对签名。镜像只是普通文件，任何网页服务器都可代为存放。",
            "從鏡像取得名單、撤回和規則，逐一核對簽名。鏡像只是普通檔案，任何網頁伺服器都可代為存放。",
            "Gates fetch lists, withdrawals and rules from the mirror and check every signature. The mirror is plain "
            "files that any web server can carry.",
        ),
        [
            Link(
                Label("最新时间戳（签名文件）", "最新時間戳（簽名檔案）", "The newest timestamp (a signed file)"),
                "mirror/metadata/timestamp.json",
            )
        ],
    ),
    Way(
        Label("成员与登记官", "成員與登記官", "Members and officers"),
        Label(
            "成员用命令 tongxing province 提交声明，登记官用命令 tongxing registry 审阅、批准和发布；"
            "密钥不离开各自的电脑。",
            "成員用命令 tongxing province 提交聲明，登記官用命令 tongxing registry 審閱、批准和發布；"
            "密鑰不離開各自的電腦。",
            "Members submit statements with the command tongxing province; officers review, approve and publish with "
            "tongxing registry. Keys never leave their own machines.",
        ),
    ),
    PROGRAMMERS,
]


def front(settings: RegistrySettings) -> Front:
    """The front page."""
    return Front(ROLE, LEAD, WAYS, settings.environment)
