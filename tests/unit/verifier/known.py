"""What a gate knows in these tests: the cast of the vectors, at their time."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.vectors.knowledge import HENAN, ZHEJIANG, rule_sets, statuses, trusts
from tests.vectors.reading import read_knowledge
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import PROFILES, Policy

VENUE: Policy = PROFILES["venue"]
BORDER: Policy = PROFILES["border"]


@cache
def _pieces() -> dict[str, Any]:
    return {"trusts": trusts(), "statuses": statuses(), "rules": rule_sets()}


def known(trust: str = "fresh", rules: tuple[str, ...] = ("48 hours",)) -> Knowledge:
    """A gate of Guangdong with the status of Henan and Zhejiang."""
    names = {"trust": trust, "statuses": {HENAN: "henan", ZHEJIANG: "zhejiang"}, "rules": list(rules)}
    return read_knowledge(_pieces(), names)
