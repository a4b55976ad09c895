"""Henan issues, Guangdong checks at several processes, and all of them share one Redis: real servers, real commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from credentials.profile.limits import EVIDENCE_TIME_STEP_SECONDS
from demonstration.cast import GUANGDONG, HENAN, ActingProvince, Registry
from demonstration.phone import Phone
from demonstration.world import Server, World
from service_kit.clock import SystemClock
from tests.scenarios.deployment import FoundedWorld, enrol

POLL_SECONDS = 3600
"""So seldom that whatever arrives within a test was called."""
PATIENCE_SECONDS = 120


class SharedWorld(FoundedWorld):
    """A world whose every server is given ``shared``."""

    def __init__(self, folder: Path, shared: Mapping[str, str]) -> None:
        super().__init__(folder)
        self._shared = shared

    def server(self, name: str, roles: tuple[str, ...], settings: Mapping[str, str], port: int | None = None) -> Server:
        return super().server(name, roles, {**settings, **self._shared}, port)


class Site:
    """A registry, Henan's issuer, and a gate of Guangdong with a process for each of ``profiles``."""

    def __init__(self, world: World, profiles: tuple[str, ...]) -> None:
        self.world = world
        self.registry = Registry(world)
        self.henan, self.guangdong = (ActingProvince(world, self.registry, home) for home in (HENAN, GUANGDONG))
        enrol(self.registry, self.henan, self.guangdong)
        for province in (self.henan, self.guangdong):
            province.prepare()
        self.gates = [self._gate(number, profile) for number, profile in enumerate(profiles)]
        world.start(self.henan.server, *self.gates)
        self.guangdong.publish_rules()
        for province in (self.henan, self.guangdong):
            province.publish_status()
        self.wait(lambda: all(len(self.known_statuses(gate)) == 2 for gate in self.gates))
        self.wait(lambda: all(self.state(gate)["rules"] for gate in self.gates))

    def state(self, gate: Server) -> dict[str, Any]:
        return self.world.get(f"{gate.url('verifier')}/v1/state")

    def known_statuses(self, gate: Server) -> dict[str, int]:
        """The sequence of each member's status that a process has."""
        members = self.state(gate)["members"]
        return {name: held["status_sequence"] for name, held in members.items() if held["status_sequence"]}

    def check(self, gate: Server, text: str, lane: str) -> dict[str, Any]:
        return self.world.post(f"{gate.url('verifier')}/v1/check", {"text": text, "lane": lane})

    def outcomes(self, text: str) -> list[tuple[str, str | None]]:
        """What each process that lives says of a paper code."""
        verdicts = [self.check(gate, text, "lane") for gate in self.gates if gate.process]
        return [(each["outcome"], each["reasons"][0]["code"] if each["reasons"] else None) for each in verdicts]

    def issue(self, form: str, **more: str) -> dict[str, Any]:
        now = SystemClock().now()
        step = EVIDENCE_TIME_STEP_SECONDS
        evidence = {"kind": "nucleic-acid", "result": "negative", "sampled_at": (now - 7200) // step * step}
        document = {"kind": "resident-id", "number": "11010519491231002X"}
        asked = {"name": "王小明", "document": document, "form": form, "evidence": [{**evidence, "region": 410100}]}
        return self.henan.issue({**asked, **more})

    def phone(self, name: str) -> Phone:
        """A phone with a code of Henan."""
        phone = Phone(self.world.folder / name)
        phone.make_key()
        proof = phone.proof(self.henan.server.url("issuer"), SystemClock().now())
        phone.keep(self.issue("phone", holder_proof=proof)["text"])
        return phone

    def wait(self, condition: Callable[[], Any]) -> float:
        """Wait for it; how many seconds it took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() < began + PATIENCE_SECONDS, "it does not come to pass"
            time.sleep(0.02)
        return time.monotonic() - began

    def _gate(self, number: int, profile: str) -> Server:
        settings = self.guangdong.server.settings | {
            "TONGXING_DATA_DIR": str(self.world.folder / "gate-of-guangdong"),
            "TONGXING_PROFILE": profile,
        }
        return self.world.server(f"gate-{number}", ("verifier",), settings)
