from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.issuer.office import IssuerOnDisk, issuer_on_disk


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[IssuerOnDisk]:
    with issuer_on_disk(tmp_path) as issuer:
        yield issuer
