"""The story: Henan signs, Guangdong and Zhejiang check, and everything that must be refused is.

Each chapter is a function of the stage; the order matters, because the last chapters switch things off.
"""

from __future__ import annotations

import json
import zipfile
from typing import Any

import click

from credentials.formats import native
from credentials.keys import kid_of, new_private_key
from credentials.limits import EVIDENCE_TIME_STEP_SECONDS
from credentials.model import (
    Evidence,
    EvidenceKind,
    EvidenceResult,
    Form,
    Reason,
    RuleSetReference,
    Status,
    StatusCredential,
)
from credentials.qr import draw_png, draw_terminal, read_texts
from credentials.signing import PemSigner
from credentials.wire import base45
from demonstration.cast import Home, Province, Registry
from demonstration.phone import Phone
from demonstration.residents import resident_id, residents, to_csv
from demonstration.telling import Difference, Telling
from demonstration.world import World
from service_kit.clock import SystemClock
from service_kit.durable import write_atomic

HOUR = 3600
RESIDENTS = 1000
"""People in the CSV file."""
HENAN = Home("henan", "CN-41", "河南", "Henan", 410000, "0371-12320", hours=72)
GUANGDONG = Home("guangdong", "CN-44", "广东", "Guangdong", 440000, "020-12320", hours=48)
ZHEJIANG = Home("zhejiang", "CN-33", "浙江", "Zhejiang", 330000, "0571-12320", hours=72, statuses=("green",))
SICHUAN = Home("sichuan", "CN-51", "四川", "Sichuan", 510000, "028-12320", hours=72)
ZHENGZHOU = 410100


class Stage:
    """What the chapters share."""

    def __init__(self, world: World, telling: Telling) -> None:
        self.world, self.telling, self.clock = world, telling, SystemClock()
        self.registry: Registry
        self.henan: Province
        self.guangdong: Province
        self.zhejiang: Province
        self.phone = Phone(world.folder / "phone-of-wang")
        self.paper = ""
        self.pictures = world.folder / "pictures"

    def now(self) -> int:
        return self.clock.now()

    def expect(self, line: str, gate: Province, text: str, outcome: str, code: str | None = None) -> dict[str, Any]:
        """Have ``gate`` check ``text`` over HTTP, and compare."""
        verdict = gate.check(text)
        self.telling.expect(line, gate.home.zh, verdict, outcome, code)
        return verdict


def tell(world: World) -> None:
    """The whole story. Raises Difference at the first outcome that is not the expected one."""
    stage = Stage(world, Telling())
    for chapter in (
        enrolment, bulk, picture, phone, withdrawal, refusals, recognition, compromise, clocks, offline, switched_off,
    ):  # fmt: skip
        chapter(stage)
    stage.telling.table()


def enrolment(stage: Stage) -> None:
    """Keys come into the registry by a province's own word and two officers."""
    telling, world = stage.telling, stage.world
    telling.chapter("一 登记 · Provinces register their keys")
    stage.registry = registry = Registry(world)
    telling.done(f"a registry with three officers, two of whom sign every list ({registry.url})")
    stage.henan, stage.guangdong, stage.zhejiang = provinces = [
        Province(world, registry, home) for home in (HENAN, GUANGDONG, ZHEJIANG)
    ]
    for province in provinces:
        province.submit_statement()
    telling.done("河南, 广东, 浙江 made their keys and brought signed statements, with a proof for each key")
    draft = registry.draft({province.home.member: province.home.entry() for province in provinces})
    telling.done(f"the first officer drafted a list: {len(draft['diff'])} changes")
    registry.approve(draft["id"], 0)
    if registry.publish(draft["id"]):
        raise Difference("one officer alone could publish a list")
    telling.done("one signature is not enough: the registry refused to publish")
    registry.approve(draft["id"], 1)
    if not registry.publish(draft["id"]):
        raise Difference("two officers could not publish a list")
    telling.done("a second officer read the same changes on a machine of their own, and signed: published")
    for province in provinces:
        province.prepare()
    world.start(*(province.server for province in provinces))
    telling.done(
        "each province serves its issuer and its gate: " + ", ".join(p.server.url("verifier") for p in provinces)
    )
    for province in provinces:
        province.publish_rules()
    stage.guangdong.wait_for(lambda state: state["rules"])
    stage.zhejiang.wait_for(lambda state: state["rules"])
    telling.done("and published its recognition rules: a test counts 48 h in 广东, 72 h in 浙江, from sampling")


def bulk(stage: Stage) -> None:
    """A file of residents becomes a file of codes."""
    telling, world = stage.telling, stage.world
    telling.chapter("二 签发 · Henan issues for a thousand residents")
    people, codes = world.folder / "residents.csv", world.folder / "codes.ndjson"
    write_atomic(people, to_csv(residents(RESIDENTS, stage.now())).encode())
    stage.henan.bulk(people, codes)
    issued = [json.loads(line) for line in codes.read_text().splitlines()]
    if len(issued) != RESIDENTS:
        raise Difference(f"{len(issued)} codes for {RESIDENTS} residents")
    telling.done(f"{RESIDENTS} paper codes from a CSV file in one command")
    stage.henan.bulk(people, world.folder / "codes-again.ndjson")
    again = [json.loads(line) for line in (world.folder / "codes-again.ndjson").read_text().splitlines()]
    if {entry["text"] for entry in again} != {entry["text"] for entry in issued}:
        raise Difference("the same file run twice gave other codes")
    telling.done("the same file once more: the same codes, nothing issued twice")
    stage.paper = stage.henan.issue(_asks("王小明", hours=20, form="paper", now=stage.now()))["text"]
    stage.expect(
        "a paper code, while 广东 has no withdrawal data of 河南", stage.guangdong, stage.paper,
        "undetermined", "status-missing",
    )  # fmt: skip
    for province in (stage.henan, stage.guangdong, stage.zhejiang):
        province.publish_status()
    stage.guangdong.wait_for_status(HENAN.member)
    stage.zhejiang.wait_for_status(HENAN.member)
    telling.done("河南 published its withdrawal data; the gates fetched it from the mirror")


def picture(stage: Stage) -> None:
    """From a picture of the code to a verdict in another province."""
    telling = stage.telling
    telling.chapter("三 纸质码 · On paper")
    png = stage.pictures / "paper.png"
    write_atomic(png, draw_png(stage.paper, level="Q"))
    (text,) = read_texts(png.read_bytes())
    if text != stage.paper:
        raise Difference("the picture does not read back")
    telling.done(f"drawn as PNG and read back from the picture: {png}")
    stage.expect("the paper code, from its picture", stage.guangdong, text, "accepted", "check-document")
    stage.expect("the same at the other province", stage.zhejiang, text, "accepted", "check-document")


def phone(stage: Stage) -> None:
    """A phone code is signed anew every 30 s by a key that stays on the phone."""
    telling, now = stage.telling, stage.now()
    telling.chapter("四 手机码 · On the phone")
    stage.phone.make_key()
    proof = stage.phone.proof(stage.henan.server.url("issuer"), now)
    stage.phone.keep(
        stage.henan.issue(_asks("王小明", hours=20, form="phone", now=now) | {"holder_proof": proof})["text"]
    )
    telling.done("a phone made its key, proved it, and got a code bound to it")
    live = stage.phone.show(stage.now())
    click.echo(draw_terminal(live))
    stage.expect("the live code", stage.guangdong, live, "accepted")
    stage.expect("the same live code at another lane", stage.guangdong, live, "refused", "replayed")
    stage.expect(
        "a screenshot ten minutes old", stage.guangdong, stage.phone.show(now - 600), "refused", "presentation-expired"
    )
    stage.expect(
        "a code drawn for in an hour", stage.guangdong, stage.phone.show(now + HOUR), "refused", "presentation-expired"
    )
    stage.expect(
        "the phone's code printed bare", stage.guangdong, stage.phone.code(), "refused", "presentation-missing"
    )


def withdrawal(stage: Stage) -> None:
    """One bit says: ask for a fresh code."""
    stage.telling.chapter("五 撤回 · Withdrawn")
    issued = stage.henan.issue(_asks("李秀英", hours=20, form="paper", now=stage.now()))
    stage.expect("before the withdrawal", stage.zhejiang, issued["text"], "accepted")
    stage.henan.withdraw(issued["handle"])
    stage.henan.publish_status()
    stage.zhejiang.wait_for_status(HENAN.member)
    stage.expect("after it", stage.zhejiang, issued["text"], "refused", "withdrawn")


def refusals(stage: Stage) -> None:
    """What must not pass."""
    telling, now = stage.telling, stage.now()
    telling.chapter("六 不得通行 · What must not pass")
    short = stage.henan.issue(_asks("赵磊", hours=20, form="paper", now=now) | {"lifetime": 60})["text"]
    telling.expect("expired a minute ago", "河南", stage.henan.check_offline(short, at=now + 120), "refused", "expired")
    stage.expect(
        "one character of a code changed", stage.guangdong, _tampered(stage.paper), "refused", "wrong-signature"
    )
    stage.expect("not a code at all", stage.guangdong, "https://example.org/", "refused", "not-a-credential")
    key = new_private_key()
    stranger = native.issue_text(
        _credential(SICHUAN.member, Status.GREEN, now), PemSigner(key, kid_of(SICHUAN.member, key.public_key()))
    )
    stage.expect("signed by 四川, which is not enrolled", stage.guangdong, stranger, "refused", "unknown-key")
    red = native.issue_text(_credential(ZHEJIANG.member, Status.RED, now), stage.zhejiang.signer("credential-1"))
    stage.expect("a red code by 浙江, which may issue green only", stage.guangdong, red, "refused", "not-permitted")
    positive = _asks("孙静", hours=20, form="paper", now=now, result="positive")
    stage.expect("河南's own red code, with its decision", stage.guangdong, stage.henan.issue(positive)["text"],
                 "refused", "status-not-accepted")  # fmt: skip
    undecided = _credential(HENAN.member, Status.RED, now)._replace(decision_reference=None)
    text = native.issue_text(undecided, stage.henan.signer("credential-1"))
    verdict = stage.expect(
        "a red without a decision (Zhengzhou, 2022)", stage.guangdong, text, "undetermined", "no-decision"
    )
    if verdict["status"] is not None:
        raise Difference("a colour without a decision was shown")


def recognition(stage: Stage) -> None:
    """The same facts, two provinces, each by its own rules."""
    stage.telling.chapter("七 互认 · Each province's own rules")
    old = stage.henan.issue(_asks("周强", hours=60, form="paper", now=stage.now()))["text"]
    stage.expect("a test of 60 hours ago", stage.guangdong, old, "refused", "rule-failed")
    stage.expect("the same test", stage.zhejiang, old, "accepted")


def compromise(stage: Stage) -> None:
    """A stolen key dies at every online gate."""
    stage.telling.chapter("八 密钥失窃 · A stolen key")
    thief = stage.henan.signer("credential-2")
    text = native.issue_text(_credential(HENAN.member, Status.GREEN, stage.now()), thief)
    stage.expect("a code by the thief, before anyone knows", stage.guangdong, text, "accepted")
    stage.registry.deny(stage.henan.kid("credential-2"), stage.henan.keys)
    stage.guangdong.wait_for(lambda state: state["trust"]["denied"])
    stage.expect("after 河南 had its key denied", stage.guangdong, text, "refused", "key-denied")
    stage.expect("codes by 河南's other key", stage.guangdong, stage.paper, "accepted")


def clocks(stage: Stage) -> None:
    """A gate whose clock is wrong says so, and does not guess."""
    stage.telling.chapter("九 时钟 · A gate whose clock is an hour slow")
    slow = stage.guangdong.gate_with_clock("guangdong-slow-gate", -HOUR)
    stage.expect("a sound paper code", slow, stage.paper, "undetermined", "clock-in-doubt")
    stage.world.stop(slow.server)


def offline(stage: Stage) -> None:
    """A gate that never was online, fed by a file."""
    telling = stage.telling
    telling.chapter("十 离线包 · A gate fed by a file")
    bundle = stage.world.folder / "bundle.zip"
    stage.registry.bundle(bundle)
    with zipfile.ZipFile(bundle) as archive:
        telling.done(
            f"the registry's mirror as one zip: {bundle.stat().st_size // 1024} KB, {len(archive.namelist())} files"
        )
    verdict = stage.zhejiang.check_with_bundle(bundle, stage.paper)
    telling.expect("the paper code at a gate that knows the zip only", "浙江", verdict, "accepted", "check-document")
    picture_verdict = stage.zhejiang.check_with_bundle(bundle, picture=stage.pictures / "paper.png")
    telling.expect("the same from its picture", "浙江", picture_verdict, "accepted")


def switched_off(stage: Stage) -> None:
    """The gates go on without the registry and without the issuer."""
    telling, world = stage.telling, stage.world
    telling.chapter("十一 断网 · The registry and the issuer are switched off")
    world.stop(stage.registry.server)
    world.stop(stage.henan.server)
    telling.done("the registry and 河南's servers are stopped")
    world.stop(stage.guangdong.server)
    world.start(stage.guangdong.server)
    telling.done("and 广东's gate was restarted: it has only what it had stored")
    verdict = stage.expect("the paper code", stage.guangdong, stage.paper, "accepted", "check-document")
    ages = verdict["freshness"]
    telling.done(
        f"it says how old its knowledge is: trust list {ages['trust']} s, withdrawals of 河南 {ages['status']} s"
    )
    stage.expect("a live phone code", stage.guangdong, stage.phone.show(stage.now()), "accepted")


def _asks(name: str, *, hours: int, form: str, now: int, result: str = "negative") -> dict[str, Any]:
    """A request to issue: somebody with a nucleic-acid test sampled ``hours`` ago."""
    number = resident_id(ZHENGZHOU + 2, "19850312", _sequence(name))
    evidence = {"kind": "nucleic-acid", "result": result, "sampled_at": now - hours * HOUR, "region": ZHENGZHOU}
    return {"name": name, "document": {"kind": "resident-id", "number": number}, "form": form, "evidence": [evidence]}


def _sequence(name: str) -> int:
    """A sequence number of 1 to 999 that is always the same for a name."""
    return sum(map(ord, name)) % 999 + 1


def _tampered(text: str) -> str:
    """The text with one bit of what was signed changed, in its best disguise: all lengths still fit."""
    data = bytearray(base45.decode(text.removeprefix(native.PREFIX)))
    data[len(data) // 3] ^= 1
    return native.PREFIX + base45.encode(bytes(data))


def _credential(member: str, status: Status, now: int) -> StatusCredential:
    """A paper code that somebody who holds a key can sign without asking an issuer."""
    sampled_at = (now - 10 * HOUR) // EVIDENCE_TIME_STEP_SECONDS * EVIDENCE_TIME_STEP_SECONDS
    return StatusCredential(
        issuer=member,
        issued_at=now,
        expires_at=now + HOUR,
        cti=bytes(8),
        status=status,
        reason=Reason.TEST_RECENT if status is Status.GREEN else Reason.TEST_POSITIVE,
        rule_set=RuleSetReference(1, 1),
        evaluated_before=0,
        evidence=(Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, sampled_at, ZHENGZHOU),),
        holder_name="王**",
        document_tail="002X",
        form=Form.PAPER,
        decision_reference=bytes(16) if status is not Status.GREEN else None,
    )
