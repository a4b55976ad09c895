"""The registry over HTTP: who may ask what, what it answers, and the mirror as static files."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credentials.errors import SettingInvalid
from credentials.keys import new_private_key
from service_kit.http.auth import authorization
from tests.doubles.cache import SharedCache
from tests.doubles.clock import FixedClock
from tests.unit.trust_registry.founded import AUDIENCE, HENAN, NOW, FoundedRegistry
from tests.unit.trust_registry.mirror import test_member_files as files
from trust_registry import service
from trust_registry.app import create_app
from trust_registry.client.trust.repository import MirrorFiles, verify_repository
from trust_registry.config import RegistrySettings
from trust_registry.mirror.offered import MAX_STATUS_FILE_BYTES
from trust_registry.officer.approval import DraftDocument, review, sign
from trust_registry.publishing.denials import sign_request
from trust_registry.record.log import DEEDS, read_page


@pytest.fixture
def settings(registry: FoundedRegistry) -> RegistrySettings:
    return RegistrySettings(data_dir=registry.folder, registry_url=f"{AUDIENCE}/")


@pytest.fixture
def client(settings: RegistrySettings) -> Iterator[FlaskClient]:
    app = create_app(settings, FixedClock(NOW))
    yield app.test_client()
    app.extensions[service.EXTENSION].publication.storage.engine.dispose()


@pytest.mark.parametrize("language", ["zh-CN", "zh-HK", "en"])
def test_log_and_list_are_pages_for_people(
    client: FlaskClient, registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """The public reads them in a browser, each deed in words, a page after the other."""
    monkeypatch.setattr("trust_registry.http.views.read_page", lambda storage, since: read_page(storage, since)[:2])
    monkeypatch.setattr("trust_registry.http.sheets.MAX_PAGE", 2)
    submit(client, registry)
    make_draft(client, registry)
    browser = {"Accept": "text/html,*/*;q=0.8"}
    log = client.get(f"/v1/log?lang={language}", headers=browser).text
    assert DEEDS["statement-received"].of(language) in log
    assert f"since=2&amp;lang={language}" in log
    later = client.get(f"/v1/log?since=2&lang={language}", headers=browser).text
    assert f"since=0&amp;lang={language}" in later
    state = client.get(f"/v1/state?lang={language}", headers=browser).text
    assert {"zh-CN": "河南", "zh-HK": "河南", "en": "Henan"}[language] in state
    assert client.get("/v1/log").get_json()["leaves"][0]["kind"] == "statement-received"


CHANGED = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
OPEN = "Access-Control-Allow-Origin"


def test_scripts_of_any_site_may_read_the_mirror(client: FlaskClient) -> None:
    """The trust list and token status lists are for everybody: a wallet of another maker is a page of another site."""
    path = "/mirror/metadata/timestamp.json"
    whole = client.get(path, headers={"Origin": "https://other.example"}, buffered=True)
    held = client.get(path, headers={"If-None-Match": whole.headers["ETag"]}, buffered=True)
    part = client.get(path, headers={"Range": "bytes=0-3"}, buffered=True)
    asked = client.options(path, headers=CHANGED | {"Access-Control-Request-Headers": "if-none-match"})
    answers = [whole, held, part, client.head(path, buffered=True), asked]
    assert [answer.status_code for answer in answers] == [200, 304, 206, 200, 200]
    assert {answer.headers.get(OPEN) for answer in answers} == {"*"}
    assert "ETag" in whole.headers["Access-Control-Expose-Headers"]
    assert "If-None-Match" in asked.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in whole.headers


@pytest.mark.parametrize(
    "path",
    ["/v1/state", "/v1/log", "/", "/docs", "/openapi.json", "/look/theme.css", "/metrics", "/nowhere", "/v1/drafts"],
)
def test_nothing_else_is_open_to_scripts_of_other_sites(client: FlaskClient, path: str) -> None:
    """What a page of another site can read in a browser inside an office, its author can."""
    for method in ("GET", "OPTIONS", "POST"):
        answer = client.open(path, method=method, headers=CHANGED, buffered=True)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")], method


def as_officer(registry: FoundedRegistry, number: int = 0) -> dict[str, str]:
    return authorization(registry.officer_keys[number], registry.keyids[number], AUDIENCE, NOW)


def submit(client: FlaskClient, registry: FoundedRegistry) -> TestResponse:
    province = registry.province()
    if not province.state().sequence:
        province.make_statement(AUDIENCE, NOW)
    return client.post("/v1/statements", json=province.submission().to_fields())


def test_an_assertion_with_a_statement_is_an_officers_or_refused(
    client: FlaskClient, registry: FoundedRegistry
) -> None:
    """Of nobody, of a stranger, used a second time: none of them has an officer's place, nor goes on as a stranger."""
    province = registry.province()
    province.make_statement(AUDIENCE, NOW)
    statement, own = province.submission().to_fields(), as_officer(registry)
    foreign = authorization(new_private_key(), registry.keyids[0], AUDIENCE, NOW)
    for headers in (foreign, {"Authorization": ""}, {"Authorization": "Basic eDp5"}):
        assert client.post("/v1/statements", json=statement, headers=headers).status_code == 401
    assert client.post("/v1/statements", json=statement, headers=own).status_code == 202
    assert client.post("/v1/statements", json=statement, headers=own).status_code == 401
    assert client.post("/v1/statements", json=statement).status_code == 202


def make_draft(client: FlaskClient, registry: FoundedRegistry) -> dict[str, Any]:
    wanted = {"statement_ids": [submit(client, registry).get_json()["id"]], "additions": {"CN-41": HENAN}}
    answer = client.post("/v1/drafts", json=wanted, headers=as_officer(registry))
    assert answer.status_code == 201
    return dict(answer.get_json())


def approve(client: FlaskClient, registry: FoundedRegistry, draft_id: str, number: int) -> TestResponse:
    """As the officer's own machine does: everything over HTTP, nothing believed."""
    shown = client.get(f"/v1/drafts/{draft_id}").get_json()
    document = DraftDocument(
        base64.b64decode(shown["signed_bytes"]),
        base64.b64decode(shown["trust_list"]),
        {entry["statement"]: entry["proofs"] for entry in shown["statements"]},
    )

    def read(path: str) -> bytes | None:
        answer = client.get(f"/mirror/{path}", buffered=True)
        return answer.data if answer.status_code == 200 else None

    reviewed = review(document, MirrorFiles(read), registry.trusted_root, AUDIENCE, NOW)
    signed = sign(reviewed, registry.officer_keys[number])
    return client.post(f"/v1/drafts/{draft_id}/approvals", json=signed._asdict())


def test_a_province_gets_in_over_http(client: FlaskClient, registry: FoundedRegistry) -> None:
    """The whole road, on the wire."""
    taken = submit(client, registry)
    assert taken.status_code == 202
    assert taken.json == {**taken.get_json(), "member": "CN-41", "sequence": 1, "state": "submitted"}
    assert submit(client, registry).json == taken.json
    draft = make_draft(client, registry)
    assert draft["diff"][0]["what"] == "member-added"
    assert (draft["approved_by"], draft["threshold"], draft["state"]) == ([], 2, "open")
    publication = f"/v1/drafts/{draft['id']}/publication"
    refused = client.post(publication, headers=as_officer(registry))
    assert (refused.status_code, refused.get_json()["code"]) == (422, "approval-rejected")
    assert approve(client, registry, draft["id"], 0).get_json()["approved_by"] == [registry.keyids[0]]
    again = approve(client, registry, draft["id"], 0)
    assert (again.status_code, again.get_json()["code"]) == (422, "approval-rejected")
    assert approve(client, registry, draft["id"], 2).status_code == 201
    published = client.post(publication, headers=as_officer(registry))
    assert published.json == {"targets": 2, "denials": 1, "snapshot": 2, "timestamp": 2}
    assert list(verify_repository(registry.source, registry.trusted_root).trust_list.members) == ["CN-41"]
    assert client.get(f"/v1/statements/{taken.get_json()['id']}").get_json()["state"] == "published"


def test_drafts_and_publication_need_an_officer(client: FlaskClient, registry: FoundedRegistry) -> None:
    """A stranger must not fill the officers' desk; an assertion counts once and for this registry alone."""
    stranger = authorization(new_private_key(), registry.keyids[0], AUDIENCE, NOW)
    elsewhere = authorization(registry.officer_keys[0], registry.keyids[0], "https://other.example", NOW)
    used = as_officer(registry)
    assert client.post("/v1/drafts", json={}, headers=used).status_code == 201
    for headers in ({}, stranger, elsewhere, used, {"Authorization": "Basic x"}):
        answer = client.post("/v1/drafts", json={}, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "not-authenticated")
    assert client.post(f"/v1/drafts/{'0' * 32}/publication").status_code == 401


def test_bad_bodies_are_refused_by_field(client: FlaskClient, registry: FoundedRegistry) -> None:
    """The caller learns which field is wrong, before any cryptography."""
    bad = [
        ("/v1/statements", {}),
        ("/v1/statements", {"statement": "x", "proofs": "x"}),
        ("/v1/statements", {"statement": "x", "proofs": [], "more": 1}),
        ("/v1/drafts", {"additions": {"CN-41": {"kind": "planet"}}}),
        ("/v1/drafts", {"statement_ids": ["short"]}),
        (f"/v1/drafts/{'0' * 32}/approvals", {"keyid": "x", "signature": "00" * 70}),
        (f"/v1/drafts/{'0' * 32}/approvals", {"keyid": "0" * 64, "signature": "no hex"}),
        ("/v1/denials", {"request": 5}),
    ]
    for path, body in bad:
        answer = client.post(path, json=body)
        assert answer.status_code in (400, 422)
        assert answer.get_json()["code"] == "invalid-request"


def test_unknown_things_are_not_found(client: FlaskClient) -> None:
    """A mistyped id is told as such."""
    approval = {"keyid": "0" * 64, "signature": "00" * 70}
    assert client.get("/v1/statements/nothing").status_code == 404
    assert client.get("/v1/drafts/nothing").get_json()["code"] == "not-found"
    assert client.post("/v1/drafts/nothing/approvals", json=approval).status_code == 404
    assert client.get("/mirror/metadata/9.root.json", buffered=True).status_code == 404


def test_unauthenticated_submission_is_limited(
    client: FlaskClient, registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to log in to submit, so nobody may do it without end."""
    monkeypatch.setattr("trust_registry.http.views.MAX_SUBMISSIONS_PER_HOUR", 2)
    for expected in (202, 202, 429):
        answer = submit(client, registry)
        assert answer.status_code == expected
    assert int(answer.headers["Retry-After"]) == 3600 - NOW % 3600


def test_denial_over_http(client: FlaskClient, registry: FoundedRegistry) -> None:
    """One signed request, and the mirror says so."""
    registry.enrol("CN-41")
    kid = registry.province().state().keys[0].kid
    request = sign_request(registry.province().root_signer(), kid, "lost", AUDIENCE, NOW)
    answer = client.post("/v1/denials", json={"request": request})
    assert answer.json == {"kid": kid, "sequence": 1, "reason": "lost", "denied_at": NOW}
    assert bytes.fromhex(kid) in verify_repository(registry.source, registry.trusted_root).denials.denied


def test_what_gates_fetch_is_announced(
    settings: RegistrySettings, registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gates that share our Redis ask at once; what is refused, or is not for gates, wakes nobody."""
    cache = SharedCache(FixedClock(NOW))
    monkeypatch.setattr("trust_registry.app.make_cache", lambda *_: cache)
    app = create_app(settings, FixedClock(NOW))
    client = app.test_client()
    draft = make_draft(client, registry)
    publication = f"/v1/drafts/{draft['id']}/publication"
    client.post(publication, headers=as_officer(registry))
    assert cache.announced == ["trust"], "at the start, and for no refusal"
    for number in (0, 1):
        approve(client, registry, draft["id"], number)
    client.post(publication, headers=as_officer(registry))
    content = files.status(registry, 1)
    client.put("/v1/members/CN-41/status", data=content)
    client.put("/v1/members/CN-41/status", data=b"rubbish" * 20)
    client.put("/v1/members/CN-41/rules", data=files.rules(registry))
    token = files.token(registry, f"{AUDIENCE}/mirror/members/CN-41/token-status-lists/3.jwt")
    client.put("/v1/members/CN-41/token-status-lists/3", data=token)
    kid = registry.province().state().keys[0].kid
    request = sign_request(registry.province().root_signer(), kid, "lost", AUDIENCE, NOW)
    client.post("/v1/denials", json={"request": request})
    assert cache.announced == ["trust", "trust", "CN-41", "CN-41", "trust"]
    app.extensions[service.EXTENSION].publication.storage.engine.dispose()


def test_members_files_over_http(client: FlaskClient, registry: FoundedRegistry) -> None:
    """A member pushes, a gate fetches, and asks again with the ETag it was given."""
    registry.enrol("CN-41")
    content = files.status(registry, 1)
    put = client.put("/v1/members/CN-41/status", data=content)
    assert (put.status_code, put.get_json()["sequence"], put.get_json()["name"]) == (200, 1, "status.cose")
    rules = files.rules(registry)
    assert client.put("/v1/members/CN-41/rules", data=rules).get_json()["name"] == "rules.jws"
    token = files.token(registry, f"{AUDIENCE}/mirror/members/CN-41/token-status-lists/0.jwt")
    assert client.put("/v1/members/CN-41/token-status-lists/0", data=token).status_code == 200
    assert client.put("/v1/members/CN-41/token-status-lists/x", data=token).status_code == 404
    served = client.get("/mirror/members/CN-41/status.cose", buffered=True)
    assert (served.data, served.content_type) == (content, "application/cose")
    assert served.cache_control.max_age == 5
    held = client.get(
        "/mirror/members/CN-41/status.cose", buffered=True, headers={"If-None-Match": served.headers["ETag"]}
    )
    assert (held.status_code, held.data) == (304, b"")
    client.put("/v1/members/CN-41/status", data=files.status(registry, 2))
    newer = client.get(
        "/mirror/members/CN-41/status.cose", buffered=True, headers={"If-None-Match": served.headers["ETag"]}
    )
    assert newer.status_code == 200
    assert client.get("/mirror/members/CN-41/token-status-lists/0.jwt", buffered=True).data == token


def test_oversize_bodies_are_not_read(client: FlaskClient) -> None:
    """A body without end must not fill the memory."""
    answer = client.put("/v1/members/CN-41/status", data=bytes(MAX_STATUS_FILE_BYTES + 1))
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too-large")


def test_mirror_caching(client: FlaskClient, registry: FoundedRegistry) -> None:
    """What carries its hash never changes; all else must be asked for; what is not there is not kept."""
    named = next((registry.folder / "mirror" / "targets").glob("*.trust-list.json")).name
    fixed = client.get(f"/mirror/targets/{named}", buffered=True)
    assert fixed.cache_control.immutable
    assert fixed.cache_control.max_age == 365 * 24 * 3600
    for path in ("metadata/1.root.json", "metadata/timestamp.json"):
        news = client.get(f"/mirror/{path}", buffered=True)
        assert not news.cache_control.immutable
        assert news.cache_control.max_age == 5
    assert client.get("/mirror/metadata/2.root.json", buffered=True).cache_control.no_store
    half = registry.folder / "mirror" / "metadata" / ".timestamp.json.abc"
    half.write_bytes(b"{")
    assert client.get("/mirror/metadata/.timestamp.json.abc", buffered=True).status_code == 404
    assert client.get("/mirror/../trust-root.json", buffered=True).status_code == 404
    assert client.get("/mirror/%2e%2e/online/timestamp.pem", buffered=True).status_code == 404


def test_state_and_readiness(client: FlaskClient, registry: FoundedRegistry) -> None:
    """Operators see what is in force, what waits, and when it ends."""
    submit(client, registry)
    state = client.get("/v1/state").get_json()
    assert state["versions"] == {"root": 1, "targets": 1, "denials": 1, "snapshot": 1, "timestamp": 1}
    assert state["expiries"]["timestamp"] == NOW + 24 * 3600
    assert (state["members"], state["threshold"], state["audience"]) == ([], 2, AUDIENCE)
    assert state["officers"] == sorted(registry.keyids)
    assert [entry["member"] for entry in state["submitted"]] == ["CN-41"]
    assert (state["log"]["leaves"], state["log"]["published"], state["log"]["cosigned_by"]) == (0, 0, [])
    assert state["log"]["vkey"] == registry.publication.record.signer.key.vkey
    assert client.get("/readyz").status_code == 200
    assert client.get("/openapi.json").get_json()["openapi"] == "3.1.0"


def test_start_completes_what_was_begun(registry: FoundedRegistry, settings: RegistrySettings) -> None:
    """A server killed between the commit and the mirror finishes when it starts again (case 47)."""
    registry.enrol("CN-41")
    (registry.mirror_folder / "metadata" / "timestamp.json").unlink()
    app = create_app(settings, FixedClock(NOW))
    app.extensions[service.EXTENSION].publication.storage.engine.dispose()
    assert list(verify_repository(registry.source, registry.trusted_root).trust_list.members) == ["CN-41"]


def test_settings_are_checked(registry: FoundedRegistry, settings: RegistrySettings, tmp_path: Path) -> None:
    """A registry that starts on an empty folder or a plain http address would be a mistake."""
    with pytest.raises(SettingInvalid, match="DATA_DIR"):
        replace(settings, data_dir=tmp_path)
    with pytest.raises(SettingInvalid):
        replace(settings, registry_url="http://registry.example")


def test_server_does_not_need_the_officers_keys(registry: FoundedRegistry, settings: RegistrySettings) -> None:
    """They were carried away; a broken-into server has nothing to sign a list with."""
    for file in (registry.folder / "officers").iterdir():
        file.unlink()
    app = create_app(settings, FixedClock(NOW))
    assert app.test_client().get("/readyz").status_code == 200
    app.extensions[service.EXTENSION].publication.storage.engine.dispose()


def _scraped(client: FlaskClient) -> dict[str, float]:
    text = client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(tongxing_\S+) (\S+)$", text, re.MULTILINE)}


def test_metrics_say_what_waits_and_what_ends(client: FlaskClient, registry: FoundedRegistry) -> None:
    """A statement that nobody looks at, a list that ends on a holiday: a number first, a blackout else."""
    draft = make_draft(client, registry)
    found = _scraped(client)
    assert (found["tongxing_statements_waiting"], found["tongxing_drafts_waiting"]) == (1, 1)
    assert found["tongxing_database_up"] == 1
    assert found['tongxing_role_days_left{role="targets"}'] == pytest.approx(90)
    assert found['tongxing_role_days_left{role="timestamp"}'] == pytest.approx(1)
    assert not any("key_days" in name for name in found)
    for officer in (0, 1):
        approve(client, registry, draft["id"], officer)
    assert _scraped(client)["tongxing_log_leaves_unpublished"] >= 4
    # A list is published with its proof, and so with all leaves before it.
    client.post(f"/v1/drafts/{draft['id']}/publication", headers=as_officer(registry))
    client.put("/v1/members/CN-41/status", data=files.status(registry, 1))
    found = _scraped(client)
    assert (found["tongxing_log_leaves_unpublished"], found["tongxing_log_cosignatures"]) == (0, 0)
    assert (found["tongxing_statements_waiting"], found["tongxing_drafts_waiting"]) == (0, 0)
    assert found['tongxing_key_days_left{member="CN-41",use="status"}'] == pytest.approx(365, abs=1)
    assert found['tongxing_member_file_age_seconds{kind="status",member="CN-41"}'] == 0


def test_log_is_read_by_the_page(client: FlaskClient, registry: FoundedRegistry) -> None:
    """Anybody may look: what the registry did is no secret."""
    registry.enrol("CN-41")

    def leaves(query: str) -> list[dict[str, Any]]:
        answer = client.get(f"/v1/log{query}").json
        assert answer is not None
        return list(answer["leaves"])

    assert [leaf["number"] for leaf in leaves("")] == [0, 1, 2, 3, 4]
    assert leaves("?since=3") == leaves("")[3:]
    assert leaves("?since=5") == []
    for wrong in ("-1", "x", str(2**63)):
        assert client.get(f"/v1/log?since={wrong}").status_code in (400, 422)


def test_signs_its_time_by_itself_unless_switched_off(settings: RegistrySettings) -> None:
    """A nightly job that failed blacked out a nation's gates: none is needed, and it shows how the last run went."""
    for seconds in (-1, 6 * 3600 + 1):
        with pytest.raises(SettingInvalid, match="TIMESTAMP_SECONDS"):
            replace(settings, timestamp_seconds=seconds)
    for seconds, due in ((0, False), (3600, True)):
        app = create_app(replace(settings, timestamp_seconds=seconds), FixedClock(NOW + 7200))
        upkeep = app.extensions[service.EXTENSION].upkeep
        deadline = time.monotonic() + 30
        while due and not upkeep.condition.runs and time.monotonic() < deadline:
            time.sleep(0.01)
        upkeep.stop()
        state = app.test_client().get("/v1/state").get_json()["timestamp"]
        assert (state["signed_at"] == NOW + 7200, state["runs"] > 0, state["failure"]) == (due, due, "")
        app.extensions[service.EXTENSION].publication.storage.engine.dispose()
