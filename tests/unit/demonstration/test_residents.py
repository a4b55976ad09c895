"""The people of demonstrations."""

from __future__ import annotations

import csv
import io

from credentials.identity import mask_name, parse_document
from demonstration.residents import COLUMNS, residents, to_csv

AT = 1_790_000_000
PEOPLE = 3000


def test_every_document_is_valid_and_every_name_can_be_masked() -> None:
    """A generator that made invalid numbers would test nothing but the refusal of them."""
    people = list(residents(PEOPLE, AT))
    kinds = {parse_document(person.document_kind, person.document_number).kind for person in people}
    assert kinds == {"resident-id", "hk-macao-permit", "taiwan-permit", "passport"}
    assert all(mask_name(person.name) for person in people)


def test_the_same_seed_gives_the_same_people_with_distinct_keys() -> None:
    """A bulk run is resumed with the same file: its keys must come again, each once."""
    people = list(residents(PEOPLE, AT))
    assert people == list(residents(PEOPLE, AT))
    assert len({person.key for person in people}) == PEOPLE
    assert people != list(residents(PEOPLE, AT, seed=1))


def test_evidence_is_old_and_young_and_missing() -> None:
    """Hosts' rules are about the age of a test, so the people need tests of every age."""
    ages = {(AT - int(person.sampled_at)) // 3600 for person in residents(PEOPLE, AT) if person.sampled_at}
    assert min(ages) <= 2 and max(ages) >= 24 * 7
    assert any(not person.evidence_kind for person in residents(PEOPLE, AT))


def test_the_file_reads_back_as_csv() -> None:
    """Names with commas, quotes and characters outside the BMP must survive the file."""
    rows = list(csv.DictReader(io.StringIO(to_csv(residents(PEOPLE, AT)))))
    assert len(rows) == PEOPLE
    assert tuple(rows[0]) == COLUMNS
    assert [row["name"] for row in rows] == [person.name for person in residents(PEOPLE, AT)]
