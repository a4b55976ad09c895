"""The story: Henan signs, Guangdong and Zhejiang check, and everything that must be refused is.

Each chapter is a function of the stage; the order matters, because the last chapters switch things off.
"""

from __future__ import annotations

import json
import os
import zipfile
from typing import Any

from credentials.errors import FetchFailed
from credentials.formats import native
from credentials.keys import kid_of, new_private_key
from credentials.profile.lists import Status
from credentials.qr import draw_png, draw_terminal, read_texts
from credentials.signing import PemSigner
from demonstration.cast import ActingProvince, Home, Registry
from demonstration.phone import Phone
from demonstration.props import HOUR, asks, credential, tampered
from demonstration.residents import residents, to_csv
from demonstration.telling import Difference, Telling
from demonstration.world import World
from service_kit.clock import SystemClock
from service_kit.durable import write_atomic
from service_kit.locale import Message, reader_languages
from service_kit.terminal import print_drawing

NOON_SECONDS = 20
"""How far ahead the story announces its stricter rules, at least."""
NOON_TIMES = 3
"""And so many times what the first rules needed to reach the gates: on a busy machine the moment must still be to come
when the gate has the stricter ones."""
RESIDENTS = 1000
"""People in the CSV file."""
HENAN = Home("henan", "CN-41", Message("河南", "Henan"), 410000, "0371-12320", hours=72)
GUANGDONG = Home("guangdong", "CN-44", Message("广东", "Guangdong"), 440000, "020-12320", hours=48)
ZHEJIANG = Home("zhejiang", "CN-33", Message("浙江", "Zhejiang"), 330000, "0571-12320", hours=72, statuses=("green",))
SICHUAN = Home("sichuan", "CN-51", Message("四川", "Sichuan"), 510000, "028-12320", hours=72)


class Stage:
    """What the chapters share."""

    def __init__(self, world: World, telling: Telling) -> None:
        self.world, self.telling, self.clock = world, telling, SystemClock()
        self.registry: Registry
        self.henan: ActingProvince
        self.guangdong: ActingProvince
        self.zhejiang: ActingProvince
        self.phone = Phone(world.folder / "phone-of-wang")
        self.paper = ""
        self.noon_seconds = NOON_SECONDS
        self.pictures = world.folder / "pictures"

    def now(self) -> int:
        return self.clock.now()

    def expect(
        self, line: Message, gate: ActingProvince, text: str, outcome: str, code: str | None = None
    ) -> dict[str, Any]:
        """Have ``gate`` check ``text`` over HTTP, and compare."""
        verdict = gate.check(text)
        self.telling.expect(line, gate.home.names, verdict, outcome, code)
        return verdict


def tell(world: World) -> Stage:
    """The whole story. Raises Difference at the first outcome that is not the expected one."""
    stage = Stage(world, Telling(reader_languages(os.environ)))
    for chapter in (
        enrolment, bulk, picture, phone, withdrawal, refusals, recognition, tightening, compromise, clocks, challenge,
        offline, claiming, switched_off,
    ):  # fmt: skip
        chapter(stage)
    stage.telling.table()
    return stage


def enrolment(stage: Stage) -> None:
    """Keys come into the registry by a province's own word and two officers."""
    telling, world = stage.telling, stage.world
    telling.chapter("一 登记", "1 Provinces register their keys")
    stage.registry = registry = Registry(world)
    telling.done(
        f"一个登记处，三名登记官，每份列表由其中两名签署（{registry.url}）",
        f"a registry with three officers, two of whom sign every list ({registry.url})",
    )
    stage.henan, stage.guangdong, stage.zhejiang = provinces = [
        ActingProvince(world, registry, home) for home in (HENAN, GUANGDONG, ZHEJIANG)
    ]
    for province in provinces:
        province.submit_statement()
    telling.done(
        "河南、广东、浙江各自生成密钥，提交签名声明，并为每把密钥附持有证明",
        "Henan, Guangdong and Zhejiang made their keys and brought signed statements, with a proof for each key",
    )
    draft = registry.draft({province.home.member: province.home.entry() for province in provinces})
    changes = len(draft["diff"])
    telling.done(f"第一名登记官起草列表：{changes} 处变化", f"the first officer drafted a list: {changes} changes")
    registry.approve(draft["id"], 0)
    if registry.publish(draft["id"]):
        raise Difference("one officer alone could publish a list")
    telling.done("一个签名不够：登记处拒绝发布", "one signature is not enough: the registry refused to publish")
    registry.approve(draft["id"], 1)
    if not registry.publish(draft["id"]):
        raise Difference("two officers could not publish a list")
    telling.done(
        "第二名登记官在自己的机器上读到同样的变化并签署：已发布",
        "a second officer read the same changes on a machine of their own, and signed: published",
    )
    registry.bundle(world.folder / "bundle-before.zip")
    for province in provinces:
        province.prepare()
    world.start(*(province.server for province in provinces))
    addresses = [province.server.url("verifier") for province in provinces]
    telling.done(
        "各省的签发服务和卡口已运行：" + "、".join(addresses),
        "each province serves its issuer and its gate: " + ", ".join(addresses),
    )
    started = stage.now()
    for province in provinces:
        province.publish_rules()
    stage.guangdong.wait_for(lambda state: state["rules"])
    stage.zhejiang.wait_for(lambda state: state["rules"])
    stage.noon_seconds = max(NOON_SECONDS, NOON_TIMES * (stage.now() - started))
    telling.done(
        "并发布了自己的互认规则：从采样起算，检测在广东 48 小时内有效，在浙江 72 小时内有效",
        "and published its recognition rules: a test counts 48 h in Guangdong, 72 h in Zhejiang, from sampling",
    )


def bulk(stage: Stage) -> None:
    """A file of residents becomes a file of codes."""
    telling, world = stage.telling, stage.world
    telling.chapter("二 签发", "2 Henan issues for a thousand residents")
    people, codes = world.folder / "residents.csv", world.folder / "codes.ndjson"
    write_atomic(people, to_csv(residents(RESIDENTS, stage.now())).encode())
    stage.henan.bulk(people, codes)
    issued = [json.loads(line) for line in codes.read_text().splitlines()]
    if len(issued) != RESIDENTS:
        raise Difference(f"{len(issued)} codes for {RESIDENTS} residents")
    telling.done(
        f"一条命令从 CSV 文件签发 {RESIDENTS} 个纸质码", f"{RESIDENTS} paper codes from a CSV file in one command"
    )
    stage.henan.bulk(people, world.folder / "codes-again.ndjson")
    again = [json.loads(line) for line in (world.folder / "codes-again.ndjson").read_text().splitlines()]
    if {entry["text"] for entry in again} != {entry["text"] for entry in issued}:
        raise Difference("the same file run twice gave other codes")
    telling.done(
        "同一文件再跑一次：还是原来的码，没有重复签发", "the same file once more: the same codes, nothing issued twice"
    )
    stage.paper = stage.henan.issue(asks("王小明", hours=20, form="paper", now=stage.now()))["text"]
    unknown = Message("纸质码，离线包中尚无河南的撤回数据", "a paper code, by a file without withdrawal data of Henan")
    verdict = stage.guangdong.check_with_bundle(stage.world.folder / "bundle-before.zip", stage.paper)
    telling.expect(unknown, GUANGDONG.names, verdict, "undetermined", "status-missing")
    stage.guangdong.wait_for_status(HENAN.member)
    stage.zhejiang.wait_for_status(HENAN.member)
    telling.done(
        "河南自动发布撤回数据；各卡口已从镜像取得",
        "Henan publishes its withdrawal data by itself; the gates fetched it from the mirror",
    )


def picture(stage: Stage) -> None:
    """From a picture of the code to a verdict in another province."""
    telling = stage.telling
    telling.chapter("三 纸质码", "3 On paper")
    png = stage.pictures / "paper.png"
    write_atomic(png, draw_png(stage.paper, level="Q"))
    (text,) = read_texts(png.read_bytes())
    if text != stage.paper:
        raise Difference("the picture does not read back")
    telling.done(f"画成 PNG 图片，再从图片读回：{png}", f"drawn as PNG and read back from the picture: {png}")
    line = Message("从图片读出的纸质码", "the paper code, from its picture")
    stage.expect(line, stage.guangdong, text, "accepted", "check-document")
    stage.expect(Message("同一个码，到另一省", "the same in another province"), stage.zhejiang, text, "accepted")


def phone(stage: Stage) -> None:
    """A phone code is signed anew every 30 s by a key that stays on the phone."""
    telling, now = stage.telling, stage.now()
    telling.chapter("四 手机码", "4 On the phone")
    stage.phone.make_key()
    proof = stage.phone.proof(stage.henan.server.url("issuer"), now)
    stage.phone.keep(
        stage.henan.issue(asks("王小明", hours=20, form="phone", now=now) | {"holder_proof": proof})["text"]
    )
    telling.done(
        "一部手机生成密钥，证明持有，领到绑定该密钥的码", "a phone made its key, proved it, and got a code bound to it"
    )
    live = stage.phone.show(stage.now())
    print_drawing(draw_terminal(live))
    gate, early, late = stage.guangdong, stage.phone.show(now + HOUR), stage.phone.show(now - 600)
    stage.expect(Message("动态码", "the live code"), gate, live, "accepted", "compare-holder")
    stage.expect(
        Message("同一动态码，在另一通道", "the same live code at another lane"), gate, live, "refused", "replayed"
    )
    stage.expect(
        Message("十分钟前的截图", "a screenshot ten minutes old"), gate, late, "refused", "presentation-expired"
    )
    stage.expect(
        Message("为一小时后画的码", "a code drawn for in an hour"), gate, early, "refused", "presentation-expired"
    )
    bare = Message("打印的手机码", "the phone's code printed bare")
    stage.expect(bare, gate, stage.phone.code(), "refused", "presentation-missing")


def withdrawal(stage: Stage) -> None:
    """One bit says: ask for a fresh code."""
    stage.telling.chapter("五 撤回", "5 Withdrawn")
    issued = stage.henan.issue(asks("李秀英", hours=20, form="paper", now=stage.now()))
    stage.expect(Message("撤回之前", "before the withdrawal"), stage.zhejiang, issued["text"], "accepted")
    stage.henan.withdraw(issued["handle"])
    stage.zhejiang.wait_for_withdrawals(HENAN.member, 1)
    stage.telling.done(
        "撤回自行到达浙江的卡口：签发方按分段发布，卡口逐段跟进",
        "the withdrawal reached Zhejiang's gate by itself: as a signed segment, that the gate followed",
    )
    stage.expect(Message("撤回之后", "after it"), stage.zhejiang, issued["text"], "refused", "withdrawn")


def refusals(stage: Stage) -> None:
    """What must not pass."""
    telling, now = stage.telling, stage.now()
    telling.chapter("六 不得通过", "6 What must not pass")
    short = stage.henan.issue(asks("赵磊", hours=20, form="paper", now=now) | {"lifetime": 60})["text"]
    late = stage.henan.check_offline(short, at=now + 120)
    telling.expect(Message("一分钟前过期", "expired a minute ago"), HENAN.names, late, "refused", "expired")
    gate, changed = stage.guangdong, tampered(stage.paper)
    stage.expect(
        Message("改动了一个字符", "one character of a code changed"), gate, changed, "refused", "wrong-signature"
    )
    stage.expect(
        Message("根本不是健康码", "not a code at all"), gate, "https://example.org/", "refused", "not-a-credential"
    )
    key = new_private_key()
    stranger = native.issue_text(
        credential(SICHUAN.member, Status.GREEN, now), PemSigner(key, kid_of(SICHUAN.member, key.public_key()))
    )
    line = Message("由未入网的四川签发", "signed by Sichuan, which is not enrolled")
    stage.expect(line, gate, stranger, "refused", "unknown-key")
    red = native.issue_text(credential(ZHEJIANG.member, Status.RED, now), stage.zhejiang.signer("credential-1"))
    line = Message("浙江签发的红码，而它只能签发绿码", "a red code by Zhejiang, which may issue green only")
    stage.expect(line, gate, red, "refused", "not-permitted")
    positive = asks("孙静", hours=20, form="paper", now=now, result="positive")
    line = Message("河南的红码，附赋码决定", "Henan's own red code, with its decision")
    stage.expect(line, gate, stage.henan.issue(positive)["text"], "refused", "status-not-accepted")
    undecided = credential(HENAN.member, Status.RED, now)._replace(decision_reference=None)
    text = native.issue_text(undecided, stage.henan.signer("credential-1"))
    line = Message("没有赋码决定的红码（郑州，2022 年）", "a red without a decision (Zhengzhou, 2022)")
    verdict = stage.expect(line, gate, text, "undetermined", "no-decision")
    if verdict["status"] is not None:
        raise Difference("a colour without a decision was shown")


def recognition(stage: Stage) -> None:
    """The same facts, two provinces, each by its own rules."""
    stage.telling.chapter("七 互认", "7 Each province's own rules")
    old = stage.henan.issue(asks("周强", hours=60, form="paper", now=stage.now()))["text"]
    line = Message("60 小时前采样的检测", "a test of 60 hours ago")
    stage.expect(line, stage.guangdong, old, "refused", "rule-failed")
    stage.expect(Message("同一次检测", "the same test"), stage.zhejiang, old, "accepted")


def tightening(stage: Stage) -> None:
    """Rules change the same day, everywhere at one moment, and not a second before."""
    telling, gate = stage.telling, stage.guangdong
    telling.chapter("八 收紧规则", "8 Tightened at noon")
    text = stage.henan.issue(asks("吴丽", hours=30, form="paper", now=stage.now()))["text"]
    noon = stage.now() + stage.noon_seconds
    gate.tighten_rules(hours=24, valid_from=noon)
    gate.wait_for(lambda state: any(rules["version"] == 2 for rules in state["rules"]))
    telling.done(
        f"广东发布第 2 版规则：{stage.noon_seconds} 秒后由 48 小时收紧为 24 小时；其卡口已提前收到",
        f"Guangdong published version 2, 24 h instead of 48, for in {stage.noon_seconds} s; its gate has it already",
    )
    line = Message("30 小时前采样的检测，在那一刻之前", "a test of 30 hours, before that moment")
    before = stage.expect(line, gate, text, "accepted")
    stage.world.wait(lambda: stage.now() >= noon, "that moment does not come", seconds=2 * stage.noon_seconds)
    line = Message("同一个码，在那一刻之后", "the same code, after it")
    after = stage.expect(line, gate, text, "refused", "rule-failed")
    versions = [verdict["rules"]["version"] for verdict in (before, after)]
    if versions != [1, 2]:
        raise Difference(f"decided by versions {versions}, not by 1 and then 2")
    telling.done("每条结论都写明依据的版本：先是 1，后是 2", "each verdict names the version that decided: 1, then 2")


def compromise(stage: Stage) -> None:
    """A stolen key dies at every online gate."""
    stage.telling.chapter("九 密钥失窃", "9 A stolen key")
    thief = stage.henan.signer("credential-2")
    text = native.issue_text(credential(HENAN.member, Status.GREEN, stage.now()), thief)
    stage.expect(
        Message("窃贼签发的码，尚无人察觉", "a code by the thief, before anyone knows"),
        stage.guangdong,
        text,
        "accepted",
    )
    stage.registry.deny(stage.henan.kid("credential-2"), stage.henan.keys)
    stage.guangdong.wait_for(lambda state: state["trust"]["denied"])
    denied = Message("河南停用该密钥之后", "after Henan had its key denied")
    stage.expect(denied, stage.guangdong, text, "refused", "key-denied")
    stage.expect(
        Message("河南另一密钥签发的码", "a code by Henan's other key"), stage.guangdong, stage.paper, "accepted"
    )


def clocks(stage: Stage) -> None:
    """A gate whose clock is wrong says so, and does not guess."""
    stage.telling.chapter("十 时钟慢一小时的卡口", "10 A gate whose clock is an hour slow")
    slow = stage.guangdong.gate_with_clock("guangdong-slow-gate", -HOUR)
    stage.expect(Message("完好的纸质码", "a sound paper code"), slow, stage.paper, "undetermined", "clock-in-doubt")
    stage.world.stop(slow.server)


def challenge(stage: Stage) -> None:
    """A phone whose clock is wrong answers what the gate asks, once."""
    telling, gate = stage.telling, stage.guangdong
    telling.chapter("十一 时钟慢一小时的手机", "11 A phone whose clock is an hour slow")
    wrong = stage.now() - HOUR
    line = Message("它的动态码，附有提示", "its live code, with advice")
    stage.expect(line, gate, stage.phone.show(wrong), "refused", "presentation-expired")
    asked = gate.challenge()
    print_drawing(draw_terminal(asked["text"]))
    answer = stage.phone.answer(asked["text"], wrong)
    telling.done(
        f"卡口出示卡口码；手机向持码人显示卡口名称“{asked['gate']}”并作答",
        f"the gate shows its challenge; the phone shows its holder the name {asked['gate']}, and answers",
    )
    later = gate.challenge()["nonce"]
    for line, nonce, outcome, code in (
        (Message("手机的回答", "the answer"), asked["nonce"], "accepted", None),
        (Message("同一回答再次出示", "the same answer again"), asked["nonce"], "refused", "replayed"),
        (
            Message("同一回答对后来的卡口码", "the same to a later challenge"),
            later,
            "refused",
            "challenge-not-answered",
        ),
    ):
        telling.expect(line, gate.home.names, gate.check(answer, nonce), outcome, code)


def offline(stage: Stage) -> None:
    """A gate that never was online, fed by a file."""
    telling = stage.telling
    telling.chapter("十二 离线包", "12 A gate fed by a file")
    bundle = stage.world.folder / "bundle.zip"
    stage.registry.bundle(bundle)
    with zipfile.ZipFile(bundle) as archive:
        size, files = bundle.stat().st_size // 1024, len(archive.namelist())
    telling.done(
        f"登记处的镜像装进一个 zip：{size} KB，{files} 个文件",
        f"the registry's mirror as one zip: {size} KB, {files} files",
    )
    verdict = stage.zhejiang.check_with_bundle(bundle, stage.paper)
    line = Message("只有这个 zip 的卡口，验纸质码", "the paper code at a gate that knows the zip only")
    telling.expect(line, ZHEJIANG.names, verdict, "accepted", "check-document")
    picture_verdict = stage.zhejiang.check_with_bundle(bundle, picture=stage.pictures / "paper.png")
    telling.expect(
        Message("同一个码，用图片", "the same from its picture"), ZHEJIANG.names, picture_verdict, "accepted"
    )


def claiming(stage: Stage) -> None:
    """A person gets their code by sixteen digits, on one phone at a time."""
    telling, henan, gate = stage.telling, stage.henan, stage.guangdong
    telling.chapter("十三 领取码与换手机", "13 A claim code, and a new phone")
    person = asks("陈静", hours=20, form="phone", now=stage.now())
    phones = [Phone(stage.world.folder / f"phone-of-chen-{number}") for number in (1, 2)]
    for each, words in zip(
        phones, (Message("动态码", "the live code"), Message("新手机", "the new phone")), strict=True
    ):
        each.make_key()
        code = henan.claim_code(person)
        telling.done(
            f"工作人员发一个领取码：{code}，手机凭它领取健康码",
            f"staff hand out a claim code, {code}; a phone gets its code by it",
        )
        known = gate.withdrawn(HENAN.member)
        each.keep(henan.serve_phone("claims", each, code=code)["text"])
        stage.expect(words, gate, each.show(stage.now()), "accepted", "compare-holder")
    gate.wait_for_withdrawals(HENAN.member, known + 1)
    stage.expect(
        Message("旧手机，消息到达之后", "the old phone, once the news is there"),
        gate,
        phones[0].show(stage.now()),
        "refused",
        "withdrawn",
    )
    try:
        henan.serve_phone("renewals", phones[0])
    except FetchFailed as error:
        if "device-replaced" not in error.detail:
            raise
    else:
        raise Difference("a phone that was replaced got a code")
    telling.done(
        "旧手机续码被拒：健康码已在另一部手机上领取",
        "the old phone is refused a further code: it was claimed on another phone",
    )
    again = henan.serve_phone("renewals", phones[1])
    if again["text"] != phones[1].code():
        raise Difference("a young code was not given again")


def switched_off(stage: Stage) -> None:
    """The gates go on without the registry and without the issuer."""
    telling, world = stage.telling, stage.world
    telling.chapter("十四 关机断网", "14 The registry and the issuer are switched off")
    world.stop(stage.registry.server)
    world.stop(stage.henan.server)
    telling.done("登记处和河南的服务已停", "the registry's and Henan's servers are stopped")
    world.stop(stage.guangdong.server)
    world.start(stage.guangdong.server)
    telling.done(
        "广东的卡口已重启：只有先前存下的数据", "and Guangdong's gate was restarted: it has only what it had stored"
    )
    verdict = stage.expect(
        Message("纸质码", "the paper code"), stage.guangdong, stage.paper, "accepted", "check-document"
    )
    ages = verdict["freshness"]
    telling.done(
        f"它说明自己的数据有多旧：信任列表 {ages['trust']} 秒，河南的撤回数据 {ages['status']} 秒",
        f"it says how old its knowledge is: trust list {ages['trust']} s, withdrawals of Henan {ages['status']} s",
    )
    stage.expect(Message("手机动态码", "a live phone code"), stage.guangdong, stage.phone.show(stage.now()), "accepted")
