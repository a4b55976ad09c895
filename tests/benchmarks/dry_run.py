"""A dry run of status rules over people on file with evidence, in SQLite: people a second."""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert

from credentials.decisions.rules.template import built_in, template
from credentials.model import Evidence
from credentials.profile.facts import FactKind, FactResult
from credentials.profile.lists import EvidenceKind, EvidenceResult
from issuer.rules.dry_run import dry_run
from issuer.storage import tables
from issuer.storage.rows import evidence_bytes
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE
from service_kit.storage.database import connect, migrate, transaction
from tests.benchmarks.feed import Figure

PEOPLE = 100_000
BUDGET = 1_000_000 / 60
"""People a second: a million within a minute, on two cores."""
_MEMBER = "CN-41"
_PAGE = 5_000


def figures() -> list[Figure]:
    """How many people a second a dry run decides about, twice each."""
    name = f"dry run of status rules, {PEOPLE:,} people on file"
    return [Figure(name, people_a_second(), "people/s", BUDGET, is_least=True)]


def people_a_second(people: int = PEOPLE) -> float:
    """Everybody on file has a test, each third one two reports as well."""
    now = int(time.time())
    with tempfile.TemporaryDirectory(prefix="tongxing-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'issuer.sqlite'}"
        _fill(url, now, people)
        document = template(_MEMBER) | {
            "parameters": template(_MEMBER)["parameters"] | {"positive_seconds": 5 * 86_400}
        }
        began = time.perf_counter()
        result = dry_run(url, built_in(_MEMBER), document, now)
        seconds = time.perf_counter() - began
    assert result.people == people and result.changed, result
    return people / seconds


def _fill(url: str, now: int, people: int) -> None:
    engine = connect(url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    for first in range(0, people, _PAGE):
        numbers = range(first, min(first + _PAGE, people))
        with transaction(engine) as connection:
            connection.execute(insert(tables.holder), [_holder(number, now) for number in numbers])
            connection.execute(
                insert(tables.evidence), [row for number in numbers if number % 3 == 0 for row in _reports(number, now)]
            )
    engine.dispose()


def _subject(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4)).digest()


def _holder(number: int, now: int) -> dict[str, object]:
    sampled_at = now - number % 9 * 86_400
    test = Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, sampled_at, 410_100 + number % 18)
    return {
        "subject": _subject(number), "form": 1, "name": "王*", "document_tail": "1234", "guardian": None,
        "lifetime": 86_400, "evidence": evidence_bytes([test]), "version": 1,
    }  # fmt: skip


def _reports(number: int, now: int) -> list[dict[str, object]]:
    kinds = ((FactKind.ANTIGEN, FactResult.POSITIVE), (FactKind.STAY, FactResult.REPORTED))
    return [
        {"subject": _subject(number), "kind": int(kind), "result": int(result), "sampled_at": now - age * 86_400,
         "region": 410_100, "reporter": "lab", "reference": f"{number}-{age}", "made_at": 0, "received_at": now,
         "replaced_at": None}
        for age, (kind, result) in enumerate(kinds, start=number % 12)
    ]  # fmt: skip


if __name__ == "__main__":
    print(f"{people_a_second():.0f} people/s")
