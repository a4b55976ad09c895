"""An issuer's numbers: what it has done, what waits, and how much room there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.keys import new_private_key
from credentials.profile.limits import MAX_STATUS_LIST, STATUS_LIST_SIZE
from issuer.config import IssuerSettings
from issuer.issuing.places import open_ahead
from issuer.opening import prepare
from issuer.publishing.publication import DAYS_AHEAD
from issuer.publishing.withdrawal import withdraw
from service_kit.settings import read_settings
from tests.unit.issuer.office import NOW, paper, phone
from tests.unit.issuer.serving import environment
from tests.unit.issuer.test_app import Issuer


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    settings = read_settings(IssuerSettings, environment(tmp_path))
    prepare(settings)
    issuer = Issuer(settings)
    yield issuer
    issuer.office.engine.dispose()


def scraped(issuer: Issuer) -> dict[str, float]:
    """Every sample of our own, by name and labels."""
    text = issuer.client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(tongxing_\S+) (\S+)$", text, re.MULTILINE)}


def publish(issuer: Issuer, at: int) -> None:
    """What a publication by another process leaves in the store."""
    open_ahead(issuer.office.store, at, DAYS_AHEAD)
    issuer.office.store.record_published(at)


def test_codes_are_counted_once_by_form_and_refusals_by_code(issuer: Issuer) -> None:
    """A client that retries makes no second code, and a jump of one refusal is what an operator looks for."""
    for fields, key in ((paper(), "1"), (paper(), "1"), (paper(), "2"), (phone(new_private_key()), "3")):
        assert issuer.issue(fields, key).status_code == 201
    issuer.issue(paper(name="李四"), "1")
    issuer.client.post("/v1/credentials", json=paper(), headers={"Idempotency-Key": "4"})
    found = scraped(issuer)
    assert found['tongxing_codes_issued_total{form="paper"}'] == 2
    assert found['tongxing_codes_issued_total{form="phone"}'] == 1
    assert found['tongxing_codes_refused_total{code="idempotency-conflict"}'] == 1
    assert found['tongxing_codes_refused_total{code="not-authenticated"}'] == 1
    assert not any("assisted" in name for name in found)


def test_withdrawals_wait_until_they_are_published(issuer: Issuer) -> None:
    """A withdrawal that no gate can know of yet is the number that must go back to 0 each minute."""
    handles = [issuer.issue(paper(), key).get_json()["handle"] for key in "123"]
    before = scraped(issuer)
    assert (before["tongxing_withdrawals_unpublished"], before["tongxing_database_up"]) == (0, 1)
    assert "tongxing_publication_age_seconds" not in before
    issuer.withdraw(handles[0])
    issuer.withdraw(handles[0])
    withdraw(
        issuer.office.store, issuer.office.issuance.people, bytes.fromhex(handles[1]), "superseded", "unit/li", NOW
    )
    found = scraped(issuer)
    assert found['tongxing_withdrawals_total{cause="lost-device"}'] == 1
    assert found["tongxing_withdrawals_unpublished"] == 2
    publish(issuer, NOW + 5)
    assert scraped(issuer)["tongxing_withdrawals_unpublished"] == 0
    publish(issuer, NOW - 30)
    withdraw(
        issuer.office.store, issuer.office.issuance.people, bytes.fromhex(handles[2]), "superseded", "unit/li", NOW + 1
    )
    found = scraped(issuer)
    assert found["tongxing_publication_age_seconds"] == 30
    assert found["tongxing_withdrawals_unpublished"] == 3


def test_room_is_that_of_the_fullest_day(issuer: Issuer) -> None:
    """A day whose lists are full sends codes into a list that no gate knows yet."""
    assert scraped(issuer)["tongxing_places_left"] == 0
    publish(issuer, NOW)
    issuer.issue(paper())
    found = scraped(issuer)
    assert found["tongxing_places_left"] == STATUS_LIST_SIZE - 1
    assert found["tongxing_lists_left"] == MAX_STATUS_LIST - DAYS_AHEAD - 1


def test_a_broken_database_leaves_the_rest(issuer: Issuer) -> None:
    """The scrape in which something is wrong is the one that matters."""
    issuer.issue(paper())
    with issuer.office.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE issuer_withdrawal")
    found = scraped(issuer)
    assert found["tongxing_database_up"] == 0
    assert found['tongxing_codes_issued_total{form="paper"}'] == 1
