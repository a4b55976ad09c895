"""A registry and two provinces as real processes, and what a person does at their counters.

One for each worker of pytest-xdist: tests add people and codes, and leave keys, members and rules as they are.
"""

from __future__ import annotations

import json
import secrets
from functools import cached_property
from pathlib import Path
from typing import Any

from credentials.decisions.look_ups import LOOKED
from credentials.identity import parse_document
from credentials.keys import load_private_key
from demonstration.cast import GUANGDONG, HENAN, ActingProvince, Registry
from demonstration.phone import Phone
from demonstration.props import asks
from demonstration.traveller import ForeignIssuer
from demonstration.world import World
from issuer.storage.ports.staff import AuditRow, Shown
from service_kit.clock import SystemClock
from service_kit.durable import read_secret
from tests.scenarios.deployment import enrol


class Town:
    """Henan issues, Guangdong checks."""

    def __init__(self, world: World) -> None:
        self.world, self.clock = world, SystemClock()
        self.registry = Registry(world)
        self.henan, self.guangdong = provinces = [
            ActingProvince(world, self.registry, home) for home in (HENAN, GUANGDONG)
        ]
        enrol(self.registry, *provinces)
        for province in provinces:
            province.prepare()
        world.start(*(province.server for province in provinces))
        for province in provinces:
            province.publish_rules()
        self.henan.hands.employ()
        for province in provinces:
            for other in provinces:
                province.wait_for_status(other.home.member)
            province.wait_for(lambda state: state["rules"])

    @property
    def gate(self) -> str:
        """The address of Guangdong's gate app."""
        return self.guangdong.server.url("verifier") + "/"

    @property
    def wallet(self) -> str:
        """The address of Henan's wallet."""
        return self.henan.server.url("issuer") + "/wallet/"

    def paper(self, name: str = "李建国", **asked: Any) -> dict[str, Any]:
        """A paper code of Henan, as its issuer answers: text, handle, …"""
        return self.henan.issue(asks(name, now=self.clock.now(), form="paper", **{"hours": 10, **asked}))

    def phone(self, folder: Path, name: str = "王小明", **asked: Any) -> tuple[Phone, dict[str, Any]]:
        """A phone of the command line that holds a code of Henan, and what the issuer answered."""
        phone = Phone(folder / secrets.token_hex(4))
        phone.make_key()
        request = asks(name, now=self.clock.now(), form="phone", **{"hours": 10, **asked})
        request["holder_proof"] = phone.proof(self.henan.server.url("issuer"), self.clock.now())
        issued = self.henan.issue(request)
        phone.keep(issued["text"])
        return phone, issued

    def presentation(self, folder: Path, name: str = "王小明", **asked: Any) -> str:
        """A live code, signed now."""
        phone, _ = self.phone(folder, name, **asked)
        return phone.show(self.clock.now())

    @cached_property
    def foreign_issuer(self) -> ForeignIssuer:
        """A country whose cards Guangdong's gate reads from then on."""
        issuer = ForeignIssuer(self.clock.now())
        self.guangdong.publish_foreign_keys(issuer)
        self.guangdong.wait_for(lambda state: state["foreign_keys"])
        return issuer

    def snapshot(self) -> dict[str, Any]:
        """What Guangdong's gate would give to a browser now."""
        return self.world.get(self.gate + "v1/snapshot")

    def rules_key(self) -> Any:
        """Guangdong's key for rules."""
        return load_private_key(read_secret(self.guangdong.key_file("rules-1")))

    def request(self, name: str, *, form: str = "phone", hours: int = 10, **asked: Any) -> str:
        """What staff write down to issue for somebody, as JSON without a holder's proof."""
        return json.dumps(asks(name, now=self.clock.now(), form=form, hours=hours, **asked), ensure_ascii=False)

    def claim_code(self, name: str, *, form: str = "phone", **changes: Any) -> str:
        """A claim code of Henan for somebody whose test is ten hours old. Over HTTP: a command takes two seconds."""
        asked = asks(name, now=self.clock.now(), form=form, hours=10)
        if "decision" in changes:
            changes["decision"] = self.henan.hands.decide(asked["document"], *changes["decision"])
        return self.henan.claim_code_by_app(asked | changes)

    def look_up(self, name: str, seconds_ago: int = 0) -> None:
        """Somebody of Henan's staff was shown what stands about a person."""
        document = asks(name, now=self.clock.now(), form="phone", hours=10)["document"]
        office = self.henan.hands.opened()
        try:
            subject = office.issuance.subject_of(parse_document(document.get("kind"), document["number"]))
            did = AuditRow(office.now() - seconds_ago, "cdc/zhang", LOOKED)
            office.staff.store.note(did, shown=Shown(office.settings.member, [subject]))
        finally:
            office.engine.dispose()

    def decision(self, status: str, reason: str) -> tuple[str, str]:
        """A decision by hand, for ``changes`` of a claim code, which two of Henan's staff sign."""
        return status, reason
