"""How long news takes with real processes: from `withdraw`, and from `deny`, to a refusal at a gate.

A registry, a province that issues and another that checks, each a process of its own with its own clockwork. What is
measured is what people wait for: the moment the officer's request is answered until the gate says no.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from credentials.formats import native
from credentials.profile.lists import Status
from demonstration.cast import GUANGDONG, HENAN, ActingProvince, Home, Registry
from demonstration.props import asks, credential
from tests.scenarios.deployment import FoundedWorld, enrol

LOOK_SECONDS = 0.2
"""How often the gate is asked; part of the measured time."""
_THIEVES = [
    Home(f"member-{code}", f"CN-{code}", code * 10_000, "0000-12320", hours=72) for code in (11, 12, 13, 14, 15)
]
"""Members whose keys are stolen and denied; nobody serves them."""


class Measured(NamedTuple):
    """Seconds of each try."""

    withdrawals: list[float]
    denials: list[float]


class Feed(AbstractContextManager["Feed"]):
    """The processes. ``publish``: seconds between segments; ``poll``: between a gate's rounds."""

    def __init__(self, folder: Path, publish: int, poll: int) -> None:
        self._world = FoundedWorld(folder)
        self._times = {"TONGXING_PUBLISH_SECONDS": str(publish), "TONGXING_POLL_SECONDS": str(poll)}

    def __enter__(self) -> Feed:
        self._world.__enter__()
        self.registry = Registry(self._world)
        self.henan, self.guangdong = (self._province(home) for home in (HENAN, GUANGDONG))
        self.thieves = [self._province(home) for home in _THIEVES]
        enrol(self.registry, self.henan, self.guangdong, *self.thieves)
        for province in (self.henan, self.guangdong):
            province.prepare()
        self._world.start(self.henan.server, self.guangdong.server)
        self.guangdong.publish_rules()
        self._world.stands = True
        return self

    def __exit__(self, *details: object) -> None:
        self._world.__exit__(*details)

    def wait_until_known(self, seconds: float) -> None:
        """Until Guangdong's gate has its rules and Henan's status."""

        def is_known() -> bool:
            state = self.guangdong.state()
            return bool(state["rules"] and state["members"][HENAN.member]["status_sequence"])

        self._world.wait(is_known, "the gate does not begin", seconds=seconds)

    def measure(self, withdrawals: int, denials: int, over: float, patience: float) -> Measured:
        """So many tries of each, begun at random moments within ``over`` seconds; each waits ``patience`` at most."""
        now, chance = int(time.time()), random.Random()
        codes = [
            self.henan.issue(asks(f"王{number}", hours=20, form="paper", now=now)) for number in range(withdrawals)
        ]
        stolen = self._stolen(denials)
        found: dict[str, list[float]] = {"withdrawals": [], "denials": []}

        def run(kind: str, deed: Callable[[], Any], text: str, code: str) -> None:
            time.sleep(chance.uniform(0, over))
            began = time.monotonic()
            deed()
            found[kind].append(self._until_refused(text, code, began, patience))

        threads = [
            threading.Thread(
                target=run,
                args=("withdrawals", lambda h=code["handle"]: self.henan.withdraw(h), code["text"], "withdrawn"),
            )
            for code in codes
        ]
        threads += [
            threading.Thread(
                target=run,
                args=("denials", lambda k=kid, p=province: self.registry.deny(k, p.keys), text, "key-denied"),
            )
            for province, kid, text in stolen
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Measured(sorted(found["withdrawals"]), sorted(found["denials"]))

    def _until_refused(self, text: str, code: str, began: float, patience: float) -> float:
        while time.monotonic() - began < patience:
            verdict = self.guangdong.check(text)
            if verdict["outcome"] == "refused" and verdict["reasons"][0]["code"] == code:
                return time.monotonic() - began
            time.sleep(LOOK_SECONDS)
        return float("inf")

    def _stolen(self, count: int) -> list[tuple[ActingProvince, str, str]]:
        """Keys to be denied, and a code by each that nobody has refused yet."""
        stolen = []
        for province, label in [(each, label) for each in self.thieves for label in ("credential-1", "credential-2")]:
            text = native.issue_text(
                credential(province.home.member, Status.GREEN, int(time.time())), province.signer(label)
            )
            stolen.append((province, province.kid(label), text))
        return stolen[:count]

    def _province(self, home: Home) -> ActingProvince:
        province = ActingProvince(self._world, self.registry, home)
        province.server.settings.update(self._times)
        return province

    def restart(self, province: ActingProvince) -> None:
        """Start a province's process again."""
        self._world.start(province.server)
