"""The issuer over HTTP: registered clients only, one code for one key, pictures by a random handle."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credentials.errors import SettingInvalid
from credentials.keys import jwk_of, new_private_key
from credentials.qr import read_texts
from issuer import service
from issuer.app import create_app
from issuer.config import IssuerSettings
from issuer.evidence.intake import MAX_BATCH
from issuer.opening import prepare
from issuer.service import IssuerService
from service_kit.http.auth import authorization
from service_kit.http.bodies import MAX_BODY_BYTES
from service_kit.http.limits import Limit
from service_kit.settings import read_settings
from tests.doubles.clock import FixedClock
from tests.unit.issuer.office import AUDIENCE, MEMBER, NOW, paper, phone
from tests.unit.issuer.serving import environment

APP = new_private_key()


class Issuer:
    """The application, and its one client at hand."""

    def __init__(self, settings: IssuerSettings) -> None:
        app = create_app(settings, FixedClock(NOW))
        self.office: IssuerService = app.extensions[service.EXTENSION]
        self.office.clients.add("city-app", jwk_of(APP.public_key()), NOW)
        self.client: FlaskClient = app.test_client()

    def headers(self, **more: str) -> dict[str, str]:
        return authorization(APP, "city-app", AUDIENCE, NOW) | more

    def issue(self, fields: Any, key: str = "k") -> TestResponse:
        headers = self.headers(**{"Idempotency-Key": key, "Content-Type": "application/json"})
        return self.client.post("/v1/credentials", data=json.dumps(fields), headers=headers)

    def withdraw(self, handle: str, cause: str = "lost-device") -> TestResponse:
        path = f"/v1/credentials/{handle}/withdrawal"
        return self.client.post(path, json={"cause": cause}, headers=self.headers())


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    settings = read_settings(IssuerSettings, environment(tmp_path))
    prepare(settings)
    issuer = Issuer(settings)
    yield issuer
    issuer.office.engine.dispose()


def test_issue(issuer: Issuer) -> None:
    """A code, its times, and a handle that stands in no code."""
    answer = issuer.issue(paper())
    assert answer.status_code == 201
    body = dict(answer.json or {})
    assert body["text"].startswith("TX1:")
    assert (body["form"], body["issued_at"]) == ("paper", NOW)
    assert len(body["handle"]) == 32
    assert answer.headers["Cache-Control"] == "no-store"
    assert issuer.issue(paper()).json == body
    assert issuer.issue(phone(new_private_key()), "p").get_json()["form"] == "phone"


def test_conflict_and_refusals(issuer: Issuer) -> None:
    """Each with its stable code, and nothing of the person in it."""
    issuer.issue(paper())
    for fields, key, status, code in [
        (paper(name="李四"), "k", 409, "idempotency-conflict"),
        (paper(document={"number": "110105194912310021"}), "2", 422, "invalid-document"),
        (phone(new_private_key(), NOW - 3600), "3", 422, "proof-of-possession-failed"),
        (paper(name="   "), "4", 422, "invalid-name"),
        (paper(name="\ud800"), "5", 400, "invalid-request"),
        (paper(colour="green"), "6", 422, "invalid-request"),
        (paper(form="screenshot"), "7", 422, "invalid-request"),
        (paper(), "x" * 65, 400, "invalid-request"),
        ({**paper(), "evidence": [{"kind": "nucleic-acid"}]}, "8", 422, "invalid-request"),
    ]:
        answer = issuer.issue(fields, key)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), answer.json
        assert answer.content_type == "application/problem+json"
        assert not any(word in answer.text for word in ("李四", "1949123"))


def test_idempotency_key_is_needed(issuer: Issuer) -> None:
    """A client that forgot it would make two credentials by its first retry."""
    answer = issuer.client.post("/v1/credentials", json=paper(), headers=issuer.headers())
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid-request")


def test_registered_clients_only(issuer: Issuer) -> None:
    """Name and number are no password: without the client's key nothing is answered."""
    handle = issuer.issue(paper()).get_json()["handle"]
    stranger = authorization(new_private_key(), "city-app", AUDIENCE, NOW)
    for headers in ({}, stranger, authorization(APP, "other-app", AUDIENCE, NOW)):
        wanted = {**headers, "Idempotency-Key": "x"}
        assert issuer.client.post("/v1/credentials", json=paper(), headers=wanted).status_code == 401
        assert issuer.client.get(f"/v1/credentials/{handle}/symbol.png", headers=headers).status_code == 401
        assert issuer.client.get(f"/v1/credentials/{handle}/symbol.svg", headers=headers).status_code == 401
        path = f"/v1/credentials/{handle}/withdrawal"
        assert issuer.client.post(path, json={"cause": "superseded"}, headers=headers).status_code == 401
    issuer.office.clients.revoke("city-app", NOW)
    assert issuer.issue(paper()).status_code == 401


def test_assertion_is_good_once(issuer: Issuer) -> None:
    """Whoever reads one from a log cannot use it."""
    headers = issuer.headers(**{"Idempotency-Key": "k"})
    assert issuer.client.post("/v1/credentials", json=paper(), headers=headers).status_code == 201
    assert issuer.client.post("/v1/credentials", json=paper(), headers=headers).status_code == 401


def test_a_client_is_limited_by_route(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop in one city's application must not use up the province's lists; it can still withdraw."""
    monkeypatch.setattr("issuer.http.views.ISSUES", Limit("issue", 1))
    handle = dict(issuer.issue(paper()).json or {})["handle"]
    answer = issuer.issue(paper(), "another")
    assert (answer.status_code, (answer.json or {})["code"]) == (429, "rate-limited")
    assert int(answer.headers["Retry-After"]) == 3600 - NOW % 3600
    assert issuer.withdraw(handle).status_code == 200


def test_failed_authentication_is_limited_and_locks_no_client_out(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger knocks without end from behind the same proxy as the province's own application."""
    monkeypatch.setattr(service, "FAILURES", Limit("failed-authentication", 2))
    stranger = new_private_key()
    codes = []
    for number in range(4):
        headers = authorization(stranger, "city-app", AUDIENCE, NOW) | {"Idempotency-Key": f"{number}"}
        codes.append(issuer.client.post("/v1/credentials", json=paper(), headers=headers).status_code)
    assert codes == [401, 401, 429, 429]
    assert issuer.issue(paper()).status_code == 201


def test_symbols(issuer: Issuer) -> None:
    """The picture reads back to exactly the issued text, and no cache keeps it."""
    body = issuer.issue(paper()).json
    assert body is not None
    png = issuer.client.get(f"/v1/credentials/{body['handle']}/symbol.png", headers=issuer.headers())
    assert (png.content_type, png.headers["Cache-Control"]) == ("image/png", "no-store")
    assert read_texts(png.data) == [body["text"]]
    handle = issuer.issue(phone(new_private_key()), "p").get_json()["handle"]
    svg = issuer.client.get(f"/v1/credentials/{handle}/symbol.svg", headers=issuer.headers())
    assert svg.content_type.startswith("image/svg+xml")
    assert svg.data.startswith(b"<svg")
    assert svg.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("handle", ["00" * 16, "00", "zz" * 16])
def test_unknown_handle_is_not_found(issuer: Issuer, handle: str) -> None:
    """A guessed handle tells nothing."""
    assert issuer.client.get(f"/v1/credentials/{handle}/symbol.png", headers=issuer.headers()).status_code == 404
    assert issuer.withdraw(handle).status_code == 404


def test_withdraw(issuer: Issuer) -> None:
    """The bit is set in the client's name; a cause that is none is refused."""
    handle = issuer.issue(paper()).get_json()["handle"]
    assert issuer.withdraw(handle, "bad-mood").status_code == 422
    assert issuer.withdraw(handle).json == {"withdrawn": True}
    assert issuer.withdraw(handle).json == {"withdrawn": False}
    with issuer.office.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT cause, author, withdrawn_at FROM issuer_withdrawal").one()
    assert tuple(row) == ("lost-device", "city-app", NOW)


def test_state_and_readiness(issuer: Issuer) -> None:
    """Who issues here, with which key, and that it can; an offset clock shows."""
    state = issuer.client.get("/v1/state").json
    assert state == {
        "member": MEMBER,
        "audience": AUDIENCE,
        "environment": "production",
        "now": NOW,
        "clock_offset_seconds": 0,
        "kid": issuer.office.issuance.own_key.kid.hex(),
        "shared_cache": None,
        "listing": {"faults": [], "age": None, "failure": ""},
        "rules": issuer.office.rules.state(NOW),
        "publication": {
            "every_seconds": 0,
            "segment": None,
            "as_of": None,
            "undelivered": 0,
            "failure": "",
            "failures": 0,
            "runs": 0,
        },
    }
    assert issuer.client.get("/readyz").status_code == 200
    with issuer.office.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE issuer_client")
    assert issuer.client.get("/readyz").status_code == 503


def test_database_that_is_gone_issues_nothing(issuer: Issuer) -> None:
    """Fail closed, with a fault that the client can try again."""
    with issuer.office.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE issuer_withdrawal")
        connection.exec_driver_sql("DROP TABLE issuer_status_list")
    answer = issuer.issue(paper())
    assert (answer.status_code, answer.get_json()["code"]) == (503, "storage-unavailable")


def test_large_bodies_are_refused(issuer: Issuer) -> None:
    """A request is a person, not a file."""
    assert issuer.issue(paper(name="x" * MAX_BODY_BYTES)).status_code == 413


def test_does_not_start_without_its_secret(tmp_path: Path) -> None:
    """Told in one line which file is missing."""
    with pytest.raises(SettingInvalid, match=r"issuer\.secret"):
        create_app(read_settings(IssuerSettings, environment(tmp_path)))


def test_readiness_sees_a_newer_schema_and_a_key_that_is_gone(issuer: Issuer) -> None:
    """A process that an update has left behind, and one that could not start again, are taken out of the balance."""
    key = issuer.office.settings.key_file
    away = key.rename(key.with_name("away.pem"))
    assert issuer.client.get("/readyz").json == {"status": "not ready", "code": "setting-invalid"}
    away.rename(key)
    assert issuer.client.get("/readyz").status_code == 200
    with issuer.office.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE issuer_schema_version SET version_num = '9999'")
    assert issuer.client.get("/readyz").json == {"status": "not ready", "code": "schema-outdated"}


def test_publishes_by_itself_unless_switched_off(tmp_path: Path, issuer: Issuer) -> None:
    """Nobody has to remember a timer; a registry that is away shows in the state and stops nothing else. Before the
    first look at the mirror no segment is made: a restored database would give its number another content."""
    assert issuer.client.get("/v1/state").get_json()["publication"]["runs"] == 0
    folder = tmp_path / "another"
    settings = read_settings(IssuerSettings, environment(folder, TONGXING_PUBLISH_SECONDS="60"))
    prepare(settings)
    app = create_app(settings)
    office = app.extensions[service.EXTENSION]
    deadline = time.monotonic() + 30
    while not office.upkeep.condition.runs and time.monotonic() < deadline:
        time.sleep(0.01)
    office.upkeep.stop()
    state = app.test_client().get("/v1/state").get_json()["publication"]
    assert (state["failure"], state["segment"], state["undelivered"], state["every_seconds"]) == (
        "fetch-failed",
        None,
        0,
        60,
    )
    with pytest.raises(SettingInvalid, match="PUBLISH_SECONDS"):
        replace(settings, publish_seconds=61)
    office.engine.dispose()


def test_evidence_over_http(issuer: Issuer) -> None:
    """A batch of bounded size by a registered client; each record is taken or refused by itself."""
    good: dict[str, Any] = {
        "sampled_at": NOW - 60,
        "region": 410102,
        "reference": "1",
        "document": {"number": "11010519491231002X"},
        "kind": "antigen",
        "result": "positive",
    }
    bad = good | {"reference": "2", "sampled_at": NOW + 86_400}

    def post(records: Any) -> TestResponse:
        return issuer.client.post("/v1/evidence", json={"records": records}, headers=issuer.headers())

    taken = dict(post([good, bad, good]).json or {})
    assert (taken["kept"], taken["present"], taken["corrected"]) == (1, 1, 0)
    assert [(each["number"], each["code"]) for each in taken["rejected"]] == [(1, "invalid-request")]
    assert "11010519491231002X" not in json.dumps(taken)
    mixed = dict(post([None, "record", good, [good]]).json or {})
    assert (mixed["present"], [each["number"] for each in mixed["rejected"]]) == (1, [0, 1, 3])
    for records in ([], [good] * (MAX_BATCH + 1), "none", None):
        assert post(records).status_code == 422
    assert issuer.client.post("/v1/evidence", json={"records": [good]}).status_code == 401
    assert b'tongxing_evidence_total{outcome="kept"} 1.0' in issuer.client.get("/metrics").data
