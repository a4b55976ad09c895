from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

# A slow moment of a busy machine is no failure, and a run that failed must fail again when it is repeated.
settings.register_profile("tongxing", deadline=None, derandomize=True)
settings.load_profile("tongxing")


@pytest.fixture(scope="session")
def outside_vectors() -> Path:
    """The folder of other people's vectors: ``TONGXING_VECTORS``, else ``../shared/vectors``."""
    folder = Path(os.environ.get("TONGXING_VECTORS") or ROOT.parent / "shared" / "vectors")
    if not folder.is_dir():
        pytest.skip("no outside vectors: TONGXING_VECTORS names no folder")
    return folder


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Signatures differ in every process, and a test must have the same name in all of them."""
    return f"{argname}-{len(val)}" if isinstance(val, bytes) else None
