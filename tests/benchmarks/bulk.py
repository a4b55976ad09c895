"""The rate of a bulk run into SQLite: a file of residents in, a file of codes out, everything synced."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from credentials.keys import new_private_key, private_key_pem
from demonstration.residents import residents, to_csv
from issuer.bulk.run import issue_file
from issuer.config import SECRET_BYTES, IssuerSettings
from issuer.opening import open_service
from service_kit.durable import write_atomic

RESIDENTS = 6_000
BUDGET = 3_000
"""Residents a second, on one core, without pictures."""


def residents_a_second() -> float:
    """One run over a fresh database."""
    now = int(time.time())
    with tempfile.TemporaryDirectory(prefix="tongxing-bench-") as folder:
        place = Path(folder)
        service = open_service(_settings(place))
        people = place / "residents.csv"
        people.write_text(to_csv(residents(RESIDENTS, now)), "utf-8")
        began = time.perf_counter()
        result = issue_file(service.issuance, people, place / "codes.ndjson", lambda: now)
        seconds = time.perf_counter() - began
        service.engine.dispose()
    assert result.issued == RESIDENTS, result
    return RESIDENTS / seconds


def _settings(place: Path) -> IssuerSettings:
    for name in ("key.pem", "status.pem"):
        write_atomic(place / name, private_key_pem(new_private_key()), mode=0o600)
    write_atomic(place / "issuer.secret", bytes(range(SECRET_BYTES)), mode=0o600)
    return IssuerSettings(
        data_dir=place,
        issuer_url="http://127.0.0.1/issuer",
        member="CN-41",
        registry_url="http://127.0.0.1/registry",
        key_file=place / "key.pem",
        status_key_file=place / "status.pem",
    )
