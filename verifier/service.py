"""What the HTTP views work with, made once for an application."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from prometheus_client import Counter

from credentials.errors import Unavailable
from credentials.verdict import Verdict
from credentials.wire.jws import json_bytes
from service_kit.cache import make_cache
from service_kit.clock import Clock
from verifier.challenges import Challenges, open_challenges
from verifier.config import VerifierSettings
from verifier.freshness import Freshness, Place
from verifier.gate import Gate
from verifier.snapshot import snapshot_to_json
from verifier.state import state_to_json
from verifier.trust import NOTHING, Knowledge

EXTENSION = "verifier"


@dataclass
class Rendered:
    """A snapshot for browsers as bytes, and the knowledge that it was made from."""

    knowledge: Knowledge = NOTHING
    body: bytes = b""
    etag: str = ""


@dataclass(frozen=True)
class VerifierService:
    """The gate behind its views. ``verdicts`` counts outcomes by their first reason, never people."""

    settings: VerifierSettings
    gate: Gate
    challenges: Challenges
    freshness: Freshness
    clock: Clock
    verdicts: Counter
    _rendered: list[Rendered] = field(default_factory=lambda: [Rendered()])

    def count(self, verdict: Verdict) -> None:
        """Count one verdict."""
        reason = verdict.reasons[0].code if verdict.reasons else ""
        self.verdicts.labels(verdict.outcome.value, reason).inc()

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
            **state,
        }

    def snapshot(self) -> Rendered:
        """All that a gate in a browser needs; rendered once for each new knowledge."""
        knowledge, rendered = self.gate.knowledge, self._rendered[0]
        if not rendered.body or rendered.knowledge is not knowledge:
            content = snapshot_to_json(knowledge, self.freshness.members(), self.settings.member, self.gate.policy)
            content["gate"] = self.challenges.gate
            body = json_bytes(content)
            rendered = self._rendered[0] = Rendered(knowledge, body, hashlib.sha256(body).hexdigest())
        return rendered

    def probe(self) -> None:
        """Whether the gate can do its work: it has a trust list."""
        if self.gate.knowledge.trust is None:
            raise Unavailable("no trust list yet")


def make_service(settings: VerifierSettings, clock: Clock, verdicts: Counter) -> VerifierService:
    """The gate of these settings, with what is stored loaded. Raises SettingInvalid."""
    challenges = open_challenges(settings.gate, settings.data_dir, settings.gate_secret_file)
    gate = Gate(settings.policy, clock, make_cache(settings.redis_url, clock), challenges=challenges)
    place = Place(settings.folder, settings.trust_root.read_bytes(), settings.mirror_url)
    freshness = Freshness(place, settings.member, clock, gate.learn)
    freshness.load()
    return VerifierService(settings, gate, challenges, freshness, clock, verdicts)


def service() -> VerifierService:
    """The service of the application that handles this request."""
    found: VerifierService = current_app.extensions[EXTENSION]
    return found
