"""What the HTTP views work with, made once for an application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

from flask import current_app

from credentials.errors import Unavailable
from credentials.verdict import Verdict
from service_kit.cache.store import Cache, InProcessCache, is_there, make_cache
from service_kit.clock import Clock
from service_kit.http.caller import caller
from service_kit.http.limits import Limit, Limits
from verifier.config import VerifierSettings
from verifier.gate.challenges import Challenges, open_challenges
from verifier.gate.gate import Gate
from verifier.judging.knowledge import Knowledge
from verifier.keeping.freshness import Freshness, sources_of
from verifier.keeping.state import state_to_json
from verifier.metrics import GateMetrics
from verifier.snapshot.page import SnapshotPage

EXTENSION = "verifier"
CHECKS = Limit("check", 3_600_000)
"""Codes from one address at one worker: a thousand lanes that scan one every second."""


@dataclass(frozen=True)
class VerifierService:
    """The gate behind its views. ``metrics`` counts outcomes by their first reason, never people."""

    settings: VerifierSettings
    gate: Gate
    challenges: Challenges
    freshness: Freshness
    clock: Clock
    metrics: GateMetrics
    cache: Cache
    limits: Limits
    _page: list[SnapshotPage] = field(default_factory=list)

    def check(self, text: str, lane: str | None, nonce: bytes | None) -> Verdict:
        """Judge one code that ``lane`` was shown, perhaps on its challenge, and count the verdict."""
        began = perf_counter()
        verdict = self.gate.check(text, lane, nonce)
        self.metrics.count([verdict], perf_counter() - began)
        return verdict

    def check_all(self, texts: Sequence[str], lane: str | None) -> list[Verdict]:
        """Judge codes that ``lane`` was shown, in order, and count the verdicts."""
        began = perf_counter()
        verdicts = self.gate.check_all(texts, lane)
        self.metrics.count(verdicts, perf_counter() - began)
        return verdicts

    def limit(self, codes: int) -> None:
        """Count so many codes under this request's address. Raises RateLimited."""
        self.limits.count(CHECKS, caller(), codes)

    def challenge(self) -> dict[str, Any]:
        """A new challenge, for a lane to show."""
        asked = self.challenges.ask(self.clock.now())
        gate, nonce = asked.challenge
        return {"text": asked.text, "nonce": nonce.hex(), "gate": gate, "expires_at": asked.ends_at}

    def state(self) -> dict[str, Any]:
        """How fresh everything is, for people and for the command line."""
        state = state_to_json(self.gate, self.freshness)
        return {
            "member": self.settings.member,
            "clock_offset_seconds": self.settings.clock_offset_seconds,
            "device_now": self.clock.now(),
            "shared_cache": is_there(self.cache),
            **state,
        }

    def snapshot(self) -> SnapshotPage:
        """All that a gate in a browser needs; made once for each new knowledge."""
        knowledge = self.gate.knowledge
        for page in self._page:
            if page.knowledge is knowledge:
                return page
        members, host = self.freshness.members(), self.settings.member
        page = SnapshotPage(knowledge, members, host, self.gate.policy, self.challenges.gate)
        self._page[:] = [page]
        return page

    def probe(self) -> None:
        """Whether the gate can do its work: it has a trust list."""
        if self.gate.knowledge.trust is None:
            raise Unavailable("no trust list yet")


def make_service(settings: VerifierSettings, clock: Clock, metrics: GateMetrics) -> VerifierService:
    """The gate of these settings, with what is stored loaded. Raises SettingInvalid."""
    cache = make_cache(settings.redis_url, clock)
    challenges = open_challenges(settings.gate, settings.data_dir, settings.gate_secret_file)
    gate = Gate(settings.policy, clock, cache, challenges=challenges)
    place = sources_of(settings)
    freshness = Freshness(place, settings.member, clock, partial(_learn, gate, metrics), settings.fetcher())
    freshness.load()
    # In the process: a limit this high guards one worker, and asking Redis would cost more than the check.
    limits = Limits("verifier", InProcessCache(clock), clock)
    return VerifierService(settings, gate, challenges, freshness, clock, metrics, cache, limits)


def _learn(gate: Gate, metrics: GateMetrics, knowledge: Knowledge) -> None:
    before = gate.knowledge
    gate.learn(knowledge)
    metrics.count_news(before, knowledge, gate.now().now)


def service() -> VerifierService:
    """The service of the application that handles this request."""
    found: VerifierService = current_app.extensions[EXTENSION]
    return found
