"""One source: what is made from ``credentials/profile`` is what stands in the repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.profile.__main__ import made


@pytest.mark.parametrize(("path", "write"), made().items(), ids=["/".join(path.parts[-2:]) for path in made()])
def test_what_is_made_is_what_stands_there(path: Path, write: Callable[[], str]) -> None:
    """A list that was changed in one language alone makes a code that passes one gate and not the next."""
    assert path.read_text("utf-8") == write(), "make profile"
