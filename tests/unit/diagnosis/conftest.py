"""A registry whose mirror is served, for the doctor at a gate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.trust_registry.serving import Serving, serving
from tests.unit.verifier.mirrored import MirroredRegistry


@pytest.fixture
def registry() -> MirroredRegistry:
    return MirroredRegistry()


@pytest.fixture
def mirror(registry: MirroredRegistry) -> Iterator[Serving]:
    with serving(registry.served) as mirror:
        yield mirror
