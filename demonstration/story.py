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
from credentials.profile.words import Label, label
from credentials.qr import draw_png, draw_terminal, read_texts
from credentials.signing import PemSigner
from demonstration.cast import GUANGDONG, HENAN, SICHUAN, ZHEJIANG, ActingProvince, Registry
from demonstration.held_rules import held_rules
from demonstration.phone import Phone
from demonstration.props import HOUR, asks, credential, tampered
from demonstration.record import witnessed
from demonstration.residents import residents, to_csv
from demonstration.telling import Difference, Telling
from demonstration.traveller import ForeignIssuer
from demonstration.world import World
from service_kit.clock import SystemClock
from service_kit.durable import write_atomic
from service_kit.locale import reader_languages
from service_kit.terminal import print_drawing

NOON_SECONDS = 20
"""How far ahead the story announces its stricter rules, at least."""
NOON_TIMES = 3
"""And so many times what the first rules needed to reach the gates: on a busy machine the moment must still be to come
when the gate has the stricter ones."""
RESIDENTS = 1000
"""People in the CSV file."""


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
        self, line: Label, gate: ActingProvince, text: str, outcome: str, code: str | None = None
    ) -> dict[str, Any]:
        """Have ``gate`` check ``text`` over HTTP, and compare."""
        verdict = gate.check(text)
        self.telling.expect(line, gate.home.names, verdict, outcome, code)
        return verdict


def tell(world: World) -> Stage:
    """The whole story. Raises Difference at the first outcome that is not the expected one."""
    stage = Stage(world, Telling(reader_languages(os.environ)))
    for chapter in (
        enrolment, bulk, picture, phone, withdrawal, refusals, by_hand, guarded, recognition, tightening, compromise,
        clocks, challenge, offline, claiming, traveller, record, switched_off,
    ):  # fmt: skip
        chapter(stage)
    stage.telling.table()
    return stage


def enrolment(stage: Stage) -> None:
    """Keys come into the registry by a province's own word and two officers."""
    telling, world = stage.telling, stage.world
    telling.chapter(label("demo.provinces-register-their-keys"))
    stage.registry = registry = Registry(world)
    telling.done(
        label("demo.a-registry-with-three-officers-two", url=registry.url),
    )
    stage.henan, stage.guangdong, stage.zhejiang = provinces = [
        ActingProvince(world, registry, home, witnesses=True) for home in (HENAN, GUANGDONG, ZHEJIANG)
    ]
    for province in provinces:
        province.submit_statement()
    telling.done(
        label("demo.henan-guangdong-and-zhejiang-made-their"),
    )
    draft = registry.draft({province.home.member: province.home.entry() for province in provinces})
    changes = len(draft["diff"])
    telling.done(label("demo.the-first-officer-drafted-a-list", changes=changes))
    registry.approve(draft["id"], 0)
    if registry.publish(draft["id"]):
        raise Difference("one officer alone could publish a list")
    telling.done(label("demo.one-signature-is-not-enough-the"))
    registry.approve(draft["id"], 1)
    if not registry.publish(draft["id"]):
        raise Difference("two officers could not publish a list")
    telling.done(
        label("demo.a-second-officer-read-the-same"),
    )
    registry.bundle(world.folder / "bundle-before.zip")
    for province in provinces:
        province.prepare()
    world.start(*(province.server for province in provinces))
    addresses = [province.server.url("verifier") for province in provinces]
    telling.done(
        label("demo.each-province-serves", addresses=", ".join(addresses)),
    )
    started = stage.now()
    for province in provinces:
        province.publish_rules()
    stage.guangdong.wait_for(lambda state: state["rules"])
    stage.zhejiang.wait_for(lambda state: state["rules"])
    stage.noon_seconds = max(NOON_SECONDS, NOON_TIMES * (stage.now() - started))
    telling.done(
        label("demo.and-published-its-recognition-rules-a"),
    )


def bulk(stage: Stage) -> None:
    """A file of residents becomes a file of codes."""
    telling, world = stage.telling, stage.world
    telling.chapter(label("demo.henan-issues-for-a-thousand-residents"))
    people, codes = world.folder / "residents.csv", world.folder / "codes.ndjson"
    write_atomic(people, to_csv(residents(RESIDENTS, stage.now())).encode())
    stage.henan.bulk(people, codes)
    issued = [json.loads(line) for line in codes.read_text().splitlines()]
    if len(issued) != RESIDENTS:
        raise Difference(f"{len(issued)} codes for {RESIDENTS} residents")
    telling.done(label("demo.paper-codes-from-a-csv-file", residents=RESIDENTS))
    stage.henan.bulk(people, world.folder / "codes-again.ndjson")
    again = [json.loads(line) for line in (world.folder / "codes-again.ndjson").read_text().splitlines()]
    if {entry["text"] for entry in again} != {entry["text"] for entry in issued}:
        raise Difference("the same file run twice gave other codes")
    telling.done(label("demo.the-same-file-once-more-the"))
    stage.paper = stage.henan.issue(asks("王小明", hours=20, form="paper", now=stage.now()))["text"]
    unknown = label("demo.a-paper-code-by-a-file")
    verdict = stage.guangdong.check_with_bundle(stage.world.folder / "bundle-before.zip", stage.paper)
    telling.expect(unknown, GUANGDONG.names, verdict, "undetermined", "status-missing")
    stage.guangdong.wait_for_status(HENAN.member)
    stage.zhejiang.wait_for_status(HENAN.member)
    telling.done(
        label("demo.henan-publishes-its-withdrawal-data-by"),
    )


def picture(stage: Stage) -> None:
    """From a picture of the code to a verdict in another province."""
    telling = stage.telling
    telling.chapter(label("demo.on-paper"))
    png = stage.pictures / "paper.png"
    write_atomic(png, draw_png(stage.paper, level="Q"))
    (text,) = read_texts(png.read_bytes())
    if text != stage.paper:
        raise Difference("the picture does not read back")
    telling.done(label("demo.drawn-as-png-and-read-back", png=str(png)))
    line = label("demo.the-paper-code-from-its-picture")
    stage.expect(line, stage.guangdong, text, "accepted", "check-document")
    stage.expect(label("demo.the-same-in-another-province"), stage.zhejiang, text, "accepted")


def phone(stage: Stage) -> None:
    """A phone code is signed anew every 30 s by a key that stays on the phone."""
    telling, now = stage.telling, stage.now()
    telling.chapter(label("demo.on-the-phone"))
    stage.phone.make_key()
    proof = stage.phone.proof(stage.henan.server.url("issuer"), now)
    stage.phone.keep(
        stage.henan.issue(asks("王小明", hours=20, form="phone", now=now) | {"holder_proof": proof})["text"]
    )
    telling.done(label("demo.a-phone-made-its-key-proved"))
    live = stage.phone.show(stage.now())
    print_drawing(draw_terminal(live))
    gate, early, late = stage.guangdong, stage.phone.show(now + HOUR), stage.phone.show(now - 600)
    stage.expect(label("demo.the-live-code"), gate, live, "accepted", "compare-holder")
    stage.expect(label("demo.the-same-live-code-at-another"), gate, live, "refused", "replayed")
    stage.expect(label("demo.a-screenshot-ten-minutes-old"), gate, late, "refused", "presentation-expired")
    stage.expect(label("demo.a-code-drawn-for-in-an"), gate, early, "refused", "presentation-expired")
    bare = label("demo.the-phones-code-printed-bare")
    stage.expect(bare, gate, stage.phone.code(), "refused", "presentation-missing")


def withdrawal(stage: Stage) -> None:
    """One bit says: ask for a fresh code."""
    stage.telling.chapter(label("demo.withdrawn"))
    issued = stage.henan.issue(asks("李秀英", hours=20, form="paper", now=stage.now()))
    stage.expect(label("demo.before-the-withdrawal"), stage.zhejiang, issued["text"], "accepted")
    stage.henan.withdraw(issued["handle"])
    stage.zhejiang.wait_for_withdrawals(HENAN.member, 1)
    stage.telling.done(
        label("demo.the-withdrawal-reached-zhejiangs-gate-by"),
    )
    stage.expect(label("demo.after-it"), stage.zhejiang, issued["text"], "refused", "withdrawn")


def refusals(stage: Stage) -> None:
    """What must not pass."""
    telling, now = stage.telling, stage.now()
    telling.chapter(label("demo.what-must-not-pass"))
    short = stage.henan.issue(asks("赵磊", hours=20, form="paper", now=now) | {"lifetime": 60})["text"]
    late = stage.henan.check_offline(short, at=now + 120)
    telling.expect(label("demo.expired-a-minute-ago"), HENAN.names, late, "refused", "expired")
    gate, changed = stage.guangdong, tampered(stage.paper)
    stage.expect(label("demo.one-character-of-a-code-changed"), gate, changed, "refused", "wrong-signature")
    stage.expect(label("demo.not-a-code-at-all"), gate, "https://example.org/", "refused", "not-a-credential")
    key = new_private_key()
    stranger = native.issue_text(
        credential(SICHUAN.member, Status.GREEN, now), PemSigner(key, kid_of(SICHUAN.member, key.public_key()))
    )
    line = label("demo.signed-by-sichuan-which-is-not")
    stage.expect(line, gate, stranger, "refused", "unknown-key")
    red = native.issue_text(credential(ZHEJIANG.member, Status.RED, now), stage.zhejiang.signer("credential-1"))
    line = label("demo.a-red-code-by-zhejiang-which")
    stage.expect(line, gate, red, "refused", "not-permitted")
    positive = asks("孙静", hours=20, form="paper", now=now, result="positive")
    line = label("demo.henans-own-red-code-with-its")
    stage.expect(line, gate, stage.henan.issue(positive)["text"], "refused", "status-not-accepted")
    undecided = credential(HENAN.member, Status.RED, now)._replace(decision_reference=None)
    text = native.issue_text(undecided, stage.henan.signer("credential-1"))
    line = label("demo.a-red-without-a-decision-zhengzhou")
    verdict = stage.expect(line, gate, text, "undetermined", "no-decision")
    if verdict["status"] is not None:
        raise Difference("a colour without a decision was shown")


def by_hand(stage: Stage) -> None:
    """A red that people decide: by two of two units, each with their own key, and provably so."""
    telling, henan, now = stage.telling, stage.henan, stage.now()
    telling.chapter(label("demo.a-decision-by-hand"))
    henan.hands.employ()
    telling.done(label("demo.two-administrators-vouched-for-an"))
    person = asks("郑洁", hours=10, form="paper", now=now)
    signed = henan.hands.decide(person["document"], "red", "close-contact")
    alone = signed | {"approver": signed["author"]}
    for decision in ({"status": "red", "author": "cdc/zhang", "approver": "health-commission/li"}, alone):
        try:
            henan.issue(person | {"decision": decision})
        except FetchFailed:
            continue
        raise Difference("a red was issued without the signatures of two people of two units")
    telling.done(label("demo.a-clients-word-and-one-signature"))
    line = label("demo.a-red-by-hand-signed-by-two")
    stage.expect(
        line, stage.guangdong, henan.issue(person | {"decision": signed})["text"], "refused", "status-not-accepted"
    )
    proof = stage.world.folder / "decision.json"
    henan.prove(signed, proof)
    telling.done(label("demo.the-decision-with-its-proof", file=str(proof)))


def guarded(stage: Stage) -> None:
    """Rules that change too many people at once wait for somebody else."""
    held_rules(stage.world, stage.telling, stage.henan, stage.now())


def recognition(stage: Stage) -> None:
    """The same facts, two provinces, each by its own rules."""
    stage.telling.chapter(label("demo.each-provinces-own-rules"))
    old = stage.henan.issue(asks("周强", hours=60, form="paper", now=stage.now()))["text"]
    line = label("demo.a-test-of-60-hours-ago")
    stage.expect(line, stage.guangdong, old, "refused", "rule-failed")
    stage.expect(label("demo.the-same-test"), stage.zhejiang, old, "accepted")


def traveller(stage: Stage) -> None:
    """A card that no province signed, at a gate whose province says whose foreign cards count, and by which rules."""
    telling, gate = stage.telling, stage.guangdong
    telling.chapter(label("demo.a-traveller-from-abroad"))
    issuer = ForeignIssuer(stage.now())
    line = label("demo.a-foreign-card-before-the-list")
    stage.expect(line, gate, issuer.card(), "undetermined", "foreign-keys-missing")
    gate.publish_foreign_keys(issuer)
    gate.wait_for(lambda state: state["foreign_keys"])
    telling.done(label("demo.guangdong-lists-a-foreign-issuer"))
    verdict = stage.expect(
        label("demo.a-travellers-test-certificate"), gate, issuer.card(), "accepted", "compare-travel-document"
    )
    if verdict["status"] is not None:
        raise Difference("a foreign card was shown as a colour")
    stage.expect(label("demo.the-same-with-one-bit-changed"), gate, issuer.card(bit=900), "refused", "wrong-signature")
    stage.expect(label("demo.a-test-certificate-of-60-hours"), gate, issuer.card(hours=60), "refused", "rule-failed")


def tightening(stage: Stage) -> None:
    """Rules change the same day, everywhere at one moment, and not a second before."""
    telling, gate = stage.telling, stage.guangdong
    telling.chapter(label("demo.tightened-at-noon"))
    text = stage.henan.issue(asks("吴丽", hours=30, form="paper", now=stage.now()))["text"]
    noon = stage.now() + stage.noon_seconds
    gate.tighten_rules(hours=24, valid_from=noon)
    gate.wait_for(lambda state: any(rules["version"] == 2 for rules in state["rules"]))
    telling.done(
        label("demo.guangdong-published-version-2-24-h", noon_seconds=stage.noon_seconds),
    )
    line = label("demo.a-test-of-30-hours-before")
    before = stage.expect(line, gate, text, "accepted")
    stage.world.wait(lambda: stage.now() >= noon, "that moment does not come", seconds=2 * stage.noon_seconds)
    line = label("demo.the-same-code-after-it")
    after = stage.expect(line, gate, text, "refused", "rule-failed")
    versions = [verdict["rules"]["version"] for verdict in (before, after)]
    if versions != [1, 2]:
        raise Difference(f"decided by versions {versions}, not by 1 and then 2")
    telling.done(label("demo.each-verdict-names-the-version-that"))


def compromise(stage: Stage) -> None:
    """A stolen key dies at every online gate."""
    stage.telling.chapter(label("demo.a-stolen-key"))
    thief = stage.henan.signer("credential-2")
    text = native.issue_text(credential(HENAN.member, Status.GREEN, stage.now()), thief)
    stage.expect(
        label("demo.a-code-by-the-thief-before"),
        stage.guangdong,
        text,
        "accepted",
    )
    stage.registry.deny(stage.henan.kid("credential-2"), stage.henan.keys)
    stage.guangdong.wait_for(lambda state: state["trust"]["denied"])
    denied = label("demo.after-henan-had-its-key-denied")
    stage.expect(denied, stage.guangdong, text, "refused", "key-denied")
    stage.expect(label("demo.a-code-by-henans-other-key"), stage.guangdong, stage.paper, "accepted")


def clocks(stage: Stage) -> None:
    """A gate whose clock is wrong says so, and does not guess."""
    stage.telling.chapter(label("demo.a-gate-whose-clock-is-an"))
    slow = stage.guangdong.gate_with_clock("guangdong-slow-gate", -HOUR)
    stage.expect(label("demo.a-sound-paper-code"), slow, stage.paper, "undetermined", "clock-in-doubt")
    stage.world.stop(slow.server)


def challenge(stage: Stage) -> None:
    """A phone whose clock is wrong answers what the gate asks, once."""
    telling, gate = stage.telling, stage.guangdong
    telling.chapter(label("demo.a-phone-whose-clock-is-an"))
    wrong = stage.now() - HOUR
    line = label("demo.its-live-code-with-advice")
    stage.expect(line, gate, stage.phone.show(wrong), "refused", "presentation-expired")
    asked = gate.challenge()
    print_drawing(draw_terminal(asked["text"]))
    answer = stage.phone.answer(asked["text"], wrong)
    telling.done(
        label("demo.the-gate-shows-its-challenge-the", gate=asked["gate"]),
    )
    later = gate.challenge()["nonce"]
    for line, nonce, outcome, code in (
        (label("demo.the-answer"), asked["nonce"], "accepted", None),
        (label("demo.the-same-answer-again"), asked["nonce"], "refused", "replayed"),
        (
            label("demo.the-same-to-a-later-challenge"),
            later,
            "refused",
            "challenge-not-answered",
        ),
    ):
        telling.expect(line, gate.home.names, gate.check(answer, nonce), outcome, code)


def offline(stage: Stage) -> None:
    """A gate that never was online, fed by a file."""
    telling = stage.telling
    telling.chapter(label("demo.a-gate-fed-by-a-file"))
    bundle = stage.world.folder / "bundle.zip"
    stage.registry.bundle(bundle)
    with zipfile.ZipFile(bundle) as archive:
        size, files = bundle.stat().st_size // 1024, len(archive.namelist())
    telling.done(
        label("demo.the-registrys-mirror-as-one-zip", size=size, files=files),
    )
    verdict = stage.zhejiang.check_with_bundle(bundle, stage.paper)
    line = label("demo.the-paper-code-at-a-gate")
    telling.expect(line, ZHEJIANG.names, verdict, "accepted", "check-document")
    picture_verdict = stage.zhejiang.check_with_bundle(bundle, picture=stage.pictures / "paper.png")
    telling.expect(label("demo.the-same-from-its-picture"), ZHEJIANG.names, picture_verdict, "accepted")


def claiming(stage: Stage) -> None:
    """A person gets their code by sixteen digits, on one phone at a time."""
    telling, henan, gate = stage.telling, stage.henan, stage.guangdong
    telling.chapter(label("demo.a-claim-code-and-a-new"))
    person = asks("陈静", hours=20, form="phone", now=stage.now())
    phones = [Phone(stage.world.folder / f"phone-of-chen-{number}") for number in (1, 2)]
    for each, words in zip(phones, (label("demo.the-live-code"), label("demo.the-new-phone")), strict=True):
        each.make_key()
        code = henan.claim_code(person)
        telling.done(
            label("demo.staff-hand-out-a-claim-code", code=code),
        )
        known = gate.withdrawn(HENAN.member)
        each.keep(henan.serve_phone("claims", each, code=code)["text"])
        stage.expect(words, gate, each.show(stage.now()), "accepted", "compare-holder")
    gate.wait_for_withdrawals(HENAN.member, known + 1)
    stage.expect(
        label("demo.the-old-phone-once-the-news"),
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
        label("demo.the-old-phone-is-refused-a"),
    )
    again = henan.serve_phone("renewals", phones[1])
    if again["text"] != phones[1].code():
        raise Difference("a young code was not given again")


def record(stage: Stage) -> None:
    """What the registry does is seen by three provinces."""
    witnessed(stage.world, stage.telling, stage.registry, (stage.guangdong, stage.henan, stage.zhejiang))


def switched_off(stage: Stage) -> None:
    """The gates go on without the registry and without the issuer."""
    telling, world = stage.telling, stage.world
    telling.chapter(label("demo.the-registry-and-the-issuer-are"))
    world.stop(stage.registry.server)
    world.stop(stage.henan.server)
    telling.done(label("demo.the-registrys-and-henans-servers-are"))
    world.stop(stage.guangdong.server)
    world.start(stage.guangdong.server)
    telling.done(label("demo.and-guangdongs-gate-was-restarted-it"))
    verdict = stage.expect(label("demo.the-paper-code"), stage.guangdong, stage.paper, "accepted", "check-document")
    ages = verdict["freshness"]
    telling.done(
        label("demo.it-says-how-old-its-knowledge", trust=ages["trust"], status=ages["status"]),
    )
    stage.expect(label("demo.a-live-phone-code"), stage.guangdong, stage.phone.show(stage.now()), "accepted")
