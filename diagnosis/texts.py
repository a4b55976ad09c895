"""What the doctor says, in zh-CN and en: the steps' names, what is wrong with each, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from service_kit.locale import Message

STEPS: Final[Mapping[str, Message]] = {
    "settings": Message("配置", "Settings are read"),
    "data-folder": Message("数据目录可写", "The data folder can be written"),
    "passphrase": Message("密钥口令文件", "The passphrase file"),
    "online-keys": Message("登记处在线密钥", "The registry's online keys"),
    "credential-key": Message("签码密钥文件", "The credential key's file"),
    "status-key": Message("撤回状态密钥文件", "The status key's file"),
    "registry-database": Message("登记处数据库", "The registry's database"),
    "issuer-database": Message("签发方数据库", "The issuer's database"),
    "cache": Message("共享缓存", "The shared cache"),
    "registry-opens": Message("登记处可启动", "The registry opens"),
    "issuer-opens": Message("签发方可启动", "The issuer opens"),
    "registry-answers": Message("登记处可访问", "The registry answers"),
    "trust-root": Message("信任根", "The root of trust"),
    "clock": Message("时钟", "The clock"),
    "trust-list": Message("信任列表", "The trust list"),
    "member": Message("本成员已登记", "This member is enrolled"),
    "credential-key-listed": Message("签码密钥已登记", "The credential key is listed"),
    "status-key-listed": Message("撤回状态密钥已登记", "The status key is listed"),
    "issuer-answers": Message("签发服务可访问", "The issuer's service answers"),
    "callers-address": Message("来源地址可信", "Callers' addresses can be believed"),
    "feeds": Message("各成员数据可获取", "The members' files can be had"),
    "issue": Message("签发测试码", "A test code is issued"),
    "publish": Message("发布撤回状态", "The status is published"),
    "verify": Message("卡口接受测试码", "A gate takes the test code"),
    "withdraw": Message("撤回测试码", "The test code is withdrawn"),
    "withdrawn": Message("卡口拒绝已撤回的码", "A gate refuses the withdrawn code"),
}

TEXTS: Final[Mapping[str, Message]] = {
    "role-absent": Message("此环境未运行该角色。", "This environment does not run that role."),
    "needs": Message("须先解决前面的问题。", "Something before it must be put right first."),
    "not-set": Message("未配置。", "Not set."),
    "cache-in-process": Message(
        "未配置 Redis：限流与已出示码的记忆只在单个进程内有效。",
        "No Redis is set: limits and the memory of shown codes hold for one process.",
    ),
    "no-network": Message(
        "未配置登记处地址，按离线卡口检查。", "No address of a registry: checked as a gate without network."
    ),
    "database-missing": Message(
        "数据库尚不存在。先运行 `tongxing issuer init`，或启动一次服务。",
        "There is no database yet. Run `tongxing issuer init`, or start the service once.",
    ),
    "database-version": Message(
        "数据库版本与本程序不符。旧版：启动服务即自动升级；新版：请升级程序。",
        "The database is of another version. Older: start the service, which updates it. Newer: update the program.",
    ),
    "cache-gone": Message(
        "Redis 无响应。请检查地址、口令与防火墙；在此之前限流与已出示码的记忆只在单个进程内有效。",
        "Redis does not answer. Check address, password and firewall; until then limits and the memory of shown codes "
        "hold for one process only.",
    ),
    "key-locked": Message(
        "密钥文件与口令不符：口令缺失、有误，或密钥并无口令。",
        "Key file and passphrase do not fit: it is missing, wrong, or the key has none.",
    ),
    "registry-unreachable": Message(
        "无法连接登记处。请检查地址、域名解析、防火墙，以及服务是否已启动。",
        "The registry cannot be reached. Check the address, name resolution, the firewall, and whether it is running.",
    ),
    "registry-certificate": Message(
        "登记处的 TLS 证书不被信任。请检查域名，或在系统中安装其 CA 证书。",
        "The registry's TLS certificate is not trusted. Check the name in the address, or install its CA.",
    ),
    "registry-not-there": Message(
        "该地址有应答，但不是登记处。地址应包含其路径，如 https://registry.example/registry。",
        "Something answers at this address, but no registry. The address needs its path, as "
        "https://registry.example/registry.",
    ),
    "root-unreadable": Message(
        "该文件不是信任根。请向登记处索取 trust-root.json。",
        "This file is no root of trust. Ask the registry for its trust-root.json.",
    ),
    "root-of-another-registry": Message(
        "信任根属于另一个登记处，或地址指向另一个登记处。请当面核对 SHA-256 指纹，切勿从网络改换信任根。",
        "This is the root of another registry, or the address leads to another one. Compare the SHA-256 with the "
        "registry by voice; never take a new root from the network.",
    ),
    "root-unverified": Message(
        "未配置信任根，本次检查采用登记处自己给出的。请配置后再核对。",
        "No root of trust is set, so the one that the registry itself shows was believed. Set it to compare.",
    ),
    "nothing-stored": Message(
        "卡口尚无信任列表。请运行 `tongxing verifier sync --bundle 离线包`。",
        "The gate has no trust list yet. Run `tongxing verifier sync --bundle FILE`.",
    ),
    "clock-behind": Message(
        "本机时钟落后于登记处的签名时间。请启用网络校时。",
        "This machine's clock is behind the registry's signed time. Have it set by the network.",
    ),
    "clock-ahead": Message(
        "登记处的签名时间已过时：或本机时钟超前，或登记处的 `registry timestamp` 定时任务已停。",
        "The registry's signed time is old: this machine's clock is ahead, or the registry's timer for "
        "`registry timestamp` has stopped.",
    ),
    "metadata-expired": Message(
        "登记处的元数据已过期，卡口将逐渐无法判定。请通知登记处。",
        "The registry's metadata has expired; gates will go undetermined. Tell the registry.",
    ),
    "lint": Message(
        "`tongxing registry lint` 指出客户端会拒绝的内容。", "`tongxing registry lint` finds what clients would refuse."
    ),
    "ends-soon": Message("即将到期或须留意，请尽快处理。", "Will end soon, or needs a look; act in time."),
    "trust-old": Message(
        "卡口的信任列表过旧。请导入新的离线包。", "The gate's trust list is too old. Bring it a newer bundle."
    ),
    "mirror-stale": Message(
        "登记处或其镜像已停止更新：本机时钟与登记处一致，但其签名时间过旧。请联系登记处检查服务、定时任务与镜像同步。",
        "The registry or its mirror has stopped: this clock agrees with the registry's, what it signed is old. Have "
        "its service, timer and mirror looked at.",
    ),
    "entries-reported": Message(
        "信任列表中有条目被略过或存疑，其余可用。",
        "Entries of the trust list were left out or are in doubt; the rest works.",
    ),
    "not-enrolled": Message(
        "该成员不在信任列表中。请检查代码，或完成登记。",
        "This member is not in the trust list. Check the id, or complete its enrolment.",
    ),
    "other-environment": Message(
        "登记处为该成员登记的是另一环境，卡口会拒绝其码。",
        "The registry lists this member for another environment; gates will refuse its codes.",
    ),
    "key-unlisted": Message(
        "该密钥未登记。请用已登记的密钥文件，或以新声明登记它。",
        "This key is not listed. Use the file of a listed one, or bring it into the list by a new statement.",
    ),
    "key-of-another-member": Message("该密钥属于另一成员。", "This key is another member's."),
    "key-of-another-use": Message("该密钥登记为另一用途。", "This key is listed for another use."),
    "key-denied": Message(
        "该密钥已停用，其签名一律无效。请改用另一把已登记的密钥。",
        "This key is denied: nothing that it signs is good. Use another listed key.",
    ),
    "key-not-yet": Message("该密钥尚未生效。", "This key is not active yet."),
    "key-ended": Message("该密钥已到期。请改用新的已登记密钥。", "This key has ended. Use a newer listed one."),
    "key-ends-soon": Message(
        "该密钥即将到期。请以新声明登记新密钥。", "This key ends soon. Bring a new one into the list by a statement."
    ),
    "issuer-unreachable": Message(
        "签发服务在此地址无应答。请启动服务，并检查地址与反向代理。",
        "No issuer answers at this address. Start the service, and check the address and the proxy.",
    ),
    "issuer-other": Message(
        "此地址的签发服务与本环境不同。请检查地址，或重启服务以采用新配置。",
        "The issuer at this address differs from these settings. Check the address, or restart it with them.",
    ),
    "address-by-caller": Message(
        "来访者可自行填写来源地址，限流对其无效：请求未经过反向代理，代理没有改写 TONGXING_CALLER_HEADER 所指的请求头，"
        "或代理放行了名称带下划线的请求头（如 X_Forwarded_For）。请让代理改写该请求头并丢弃带下划线的请求头"
        "（做不到时给 TONGXING_CALLER_HEADER 取一个不含连字符的名称），并只经由代理访问服务。",
        "Callers can choose their own address, so that limits do not hold them: requests come past the proxy, it does "
        "not write the header that TONGXING_CALLER_HEADER names, or it hands on headers with underscores in their "
        "names, as X_Forwarded_For. Have it write that header and drop these (where it cannot, give "
        "TONGXING_CALLER_HEADER a name without hyphens), and let nobody reach the service but through it.",
    ),
    "rules-missing": Message(
        "本成员没有生效的互认规则，其卡口对任何码都无法判定。请用 `tongxing issuer publish --rules` 发布。",
        "This member has no rules in force, so its gates can decide nothing. Publish some with "
        "`tongxing issuer publish --rules`.",
    ),
    "feeds-failing": Message(
        "部分成员的数据未能获取；其余不受影响。", "Some members' files could not be had; the others are not affected."
    ),
    "status-of-another": Message(
        "登记处已有本成员的另一条撤回状态链：另有签发方以同一密钥、另一数据库发布，或本数据库由旧备份恢复。"
        "一个成员只能有一个数据库；若由旧备份恢复，请按详情所述运行 `tongxing issuer catch-up`。",
        "The registry holds another chain of this member's status: another issuer publishes with this key and another "
        "database, or this database came back from an old backup. A member has one database; after a backup go on as "
        "the detail says, by `tongxing issuer catch-up`.",
    ),
    "publication-refused": Message(
        "登记处未接受撤回状态。请看详情中的代码。",
        "The registry did not take the status. The code in the detail says why.",
    ),
    "by-own-rules": Message(
        "测试码有效，但本成员的规则未予接受（或尚无规则）。请确认这是本意。",
        "The test code is sound, and this member's own rules, or the lack of them, do not take it. Make sure that this "
        "is meant.",
    ),
    "verdict-unexpected": Message(
        "卡口的结论与预期不符，代码见详情。",
        "The gate came to another verdict than it should; the detail has its code.",
    ),
}
