"""The verifier over HTTP."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from credentials.formats import presentation
from credentials.formats.presentation import challenge
from credentials.keys import compressed_point, new_private_key
from credentials.profile.lists import Form
from service_kit.clock import SystemClock
from service_kit.http.front.sheet import show
from service_kit.http.limits import Limit
from tests.unit.trust_registry.serving import Serving
from tests.unit.verifier.mirrored import HOST, TODAY, MirroredRegistry, write_root
from tests.vectors.reading import read_trust
from verifier.app import create_app
from verifier.config import VerifierSettings
from verifier.http.sheets import state_page
from verifier.http.views import MAX_BATCH
from verifier.service import CHECKS, EXTENSION, VerifierService
from wsgi import make_application

MEMBERS = ("CN-41", "CN-44")


@pytest.fixture
def settings(tmp_path: Path, registry: MirroredRegistry) -> VerifierSettings:
    return VerifierSettings(
        data_dir=tmp_path, trust_root=write_root(tmp_path, registry), member=HOST, environment="demo", poll_seconds=3600
    )


@pytest.fixture
def app(settings: VerifierSettings, mirror: Serving) -> Iterator[Flask]:
    app = create_app(replace(settings, registry_url=mirror.url))
    verifier: VerifierService = app.extensions[EXTENSION]
    _wait(lambda: set(verifier.gate.knowledge.statuses) == {"CN-41", "CN-44"})
    yield app
    verifier.freshness.stop()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def _wait(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_check(client: FlaskClient, registry: MirroredRegistry) -> None:
    """One code in the body, one verdict back; nothing that is personal stands in the URL."""
    answer = client.post("/v1/check", json={"text": registry.paper()})
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["outcome"] == "accepted"
    assert answer.json["holder"]["name"] == "王**"
    assert answer.headers["Cache-Control"] == "no-store"


RULE = {"rule_set": 0, "version": 3, "sequence": 3, "valid_from": 1_795_000_000, "valid_until": None, "in_force": True}


@pytest.mark.parametrize(("language", "name", "age"), [("zh-CN", "河南", "10 分钟前"), ("en", "Henan", "10 min old")])
def test_the_state_is_a_page_for_people(app: Flask, client: FlaskClient, language: str, name: str, age: str) -> None:
    """Whoever looks after a gate opens it in a browser, also before it knows anything."""
    assert name in client.get(f"/v1/state?lang={language}", headers={"Accept": "text/html"}).text
    state = app.extensions[EXTENSION].state()
    failure = {"member": "", "file": "timestamp.json", "code": "fetch-failed", "detail": "", "at": 1_795_000_000}
    aged = state | {"trust": {**state["trust"], "age": 600}, "failures": [failure], "rules": [RULE]}
    with app.test_request_context(f"/?lang={language}"):
        page = show(state_page(aged)).get_data(as_text=True)
        assert show(state_page(state | {"trust": None, "members": {}})).status_code == 200
    assert age in page
    assert "fetch-failed" in page


def test_check_names_its_lane(client: FlaskClient, registry: MirroredRegistry) -> None:
    """Two lanes of a site ask one service: the second showing of a live code is a replay."""
    holder = new_private_key()
    code = registry.paper(form=Form.PHONE, holder_key=compressed_point(holder.public_key()))
    live = presentation.present(code, holder, SystemClock().now())
    answers = [client.post("/v1/check", json={"text": live, "lane": lane}).json or {} for lane in ("1", "1", "2")]
    assert [answer["outcome"] for answer in answers] == ["accepted", "accepted", "refused"]
    assert answers[2]["reasons"][0]["code"] == "replayed"


def test_a_phone_answers_the_gates_challenge(client: FlaskClient, registry: MirroredRegistry) -> None:
    """A phone whose clock is years off passes, once, at the lane that asked."""
    holder = new_private_key()
    code = registry.paper(form=Form.PHONE, holder_key=compressed_point(holder.public_key()))
    asked = client.post("/v1/challenge", json={"lane": "1"}).json
    assert asked is not None
    assert asked["gate"] == HOST
    assert 120 < asked["expires_at"] - SystemClock().now() <= 240
    gate, nonce = challenge.unwrap(asked["text"])
    assert nonce.hex() == asked["nonce"]
    answer = {"text": presentation.present(code, holder, 0, nonce, gate), "nonce": asked["nonce"]}
    verdicts = [client.post("/v1/check", json=answer | {"lane": lane}).json or {} for lane in ("1", "1", "2")]
    assert [verdict["outcome"] for verdict in verdicts] == ["accepted", "accepted", "refused"]
    unnamed = client.post("/v1/check", json={"text": answer["text"]}).json
    assert unnamed is not None
    assert unnamed["reasons"][0]["code"] == "challenge-not-answered"


def test_batch(client: FlaskClient, registry: MirroredRegistry) -> None:
    """A bus of people, or a device that was offline: verdicts in the order of the codes."""
    texts = [registry.paper(), "not a code", registry.paper(index=8)]
    answer = client.post("/v1/check/batch", json={"texts": texts, "lane": "bus-7"})
    assert answer.json is not None
    assert [verdict["outcome"] for verdict in answer.json["verdicts"]] == ["accepted", "refused", "accepted"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/check", None),
        ("/v1/check", []),
        ("/v1/check", {}),
        ("/v1/check", {"text": 7}),
        ("/v1/check", {"text": "x", "colour": "green"}),
        ("/v1/check", {"text": "x", "lane": "a b"}),
        ("/v1/check", {"text": "x", "lane": "a" * 65}),
        ("/v1/check", {"text": "x", "lane": 1}),
        ("/v1/check", {"text": "x", "nonce": "00"}),
        ("/v1/check", {"text": "x", "nonce": "G" * 32}),
        ("/v1/check", {"text": "x", "nonce": 7}),
        ("/v1/challenge", None),
        ("/v1/challenge", {"lane": "a b"}),
        ("/v1/challenge", {"gate": "palace"}),
        ("/v1/check/batch", {"texts": []}),
        ("/v1/check/batch", {"texts": "x"}),
        ("/v1/check/batch", {"texts": ["x"] * (MAX_BATCH + 1)}),
        ("/v1/check/batch", {"texts": ["x", None]}),
    ],
)
def test_bodies_that_are_none(client: FlaskClient, path: str, body: object) -> None:
    """A wrong request is told as one; it must not look like a verdict on somebody."""
    answer = client.post(path, data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "invalid-request"


def test_a_whole_batch_fits_the_body_limit(client: FlaskClient) -> None:
    """A thousand of the longest live codes are half a megabyte."""
    answer = client.post("/v1/check/batch", json={"texts": ["TXP1:" + "0" * 523] * MAX_BATCH})
    assert answer.status_code == 200


def test_an_address_is_limited_by_codes(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One device gone mad must not keep a hall waiting; a batch counts for what is in it, and a bad one for nothing."""
    monkeypatch.setattr("verifier.service.CHECKS", Limit("check", 4))
    assert client.post("/v1/check/batch", json={"texts": ["x"] * 3}).status_code == 200
    assert client.post("/v1/check/batch", json={"texts": ["x", None]}).status_code == 400
    assert client.post("/v1/check", json={"text": "x"}).status_code == 200
    answer = client.post("/v1/check", json={"text": "x"})
    assert (answer.status_code, (answer.json or {})["code"]) == (429, "rate-limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    elsewhere = client.post("/v1/check", json={"text": "x"}, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 200


def test_a_busy_gate_is_not_limited() -> None:
    """Tens of thousands pass a station in an hour, all of them from the address of its one network."""
    assert CHECKS.most > 10 * 60_000


def test_state(client: FlaskClient) -> None:
    """An operator sees at a glance how old everything is and what fails."""
    state = client.get("/v1/state").json
    assert state is not None
    assert (state["member"], state["profile"], state["environment"]) == (HOST, "venue", "demo")
    assert state["clock"] == {"in_doubt": False, "alarm": False}
    assert state["trust"]["members"] == 2
    assert state["members"]["CN-41"]["status_sequence"] == 1
    assert state["members"]["CN-41"]["status_age"] >= 0
    assert state["rules"][0]["in_force"] is True
    assert state["failures"] == []
    assert state["replay_memory_shared"] is False
    assert state["shared_cache"] is None


def test_state_counts_the_withdrawals_that_the_next_verdict_goes_by(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits here for a withdrawal and then checks the code must find it: a round holds files before it tells."""
    gate, held = app.extensions[EXTENSION].gate, app.extensions[EXTENSION].gate.knowledge
    monkeypatch.setattr(gate, "knowledge", replace(held, statuses={}))
    before = json.loads(client.get("/v1/state").data)["members"]["CN-41"]
    assert [before[name] for name in ("status_sequence", "status_age", "status_expires_at", "withdrawn")] == [None] * 4
    gate.learn(held)
    assert json.loads(client.get("/v1/state").data)["members"]["CN-41"]["status_sequence"] == 1


def test_state_does_not_call_two_versions_of_the_rules_in_force(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before is still held and decides nothing: whose rule refused somebody?"""
    gate = app.extensions[EXTENSION].gate
    (first,) = gate.knowledge.rule_sets
    following = replace(first, sequence=first.sequence + 1, version=first.version + 1)
    monkeypatch.setattr(gate, "knowledge", replace(gate.knowledge, rule_sets=(first, following)))
    told = json.loads(client.get("/v1/state").data)["rules"]
    assert [each["in_force"] for each in told] == [False, True]


def test_state_names_a_members_failure(client: FlaskClient, app: Flask, mirror: Serving) -> None:
    """Which province's data is missing, since when and why: else nobody knows whom to call."""
    mirror.broken.add("mirror/members/CN-41/status.cose")
    app.extensions[EXTENSION].freshness.refresh()
    state = client.get("/v1/state").json
    assert state is not None
    (failure,) = state["failures"]
    assert (failure["member"], failure["file"], failure["code"]) == ("CN-41", "status.cose", "fetch-failed")
    assert state["members"]["CN-41"]["failures"] == [failure]


def test_snapshot(client: FlaskClient, registry: MirroredRegistry) -> None:
    """A gate in a browser takes all it needs in one answer, and the same again costs nothing."""
    answer = client.get("/v1/snapshot")
    snapshot = answer.json
    assert snapshot is not None
    trust = read_trust(snapshot["trust"])
    assert {kid for kid, key in trust.keys.items() if key.entry.id == "CN-41"} == {
        key.kid for key in registry.henan.keys
    }
    assert base64.b64decode(snapshot["statuses"]["CN-41"]) == registry.served["mirror/members/CN-41/status.cose"]
    assert snapshot["rules"] == [registry.served["mirror/members/CN-44/rules.jws"].decode()]
    assert (snapshot["policy"]["environment"], snapshot["policy"]["nonce_required"]) == ("demo", False)
    assert snapshot["gate"] == HOST
    assert snapshot["reasons"][0]["code"] == "not-a-credential"
    again = client.get("/v1/snapshot", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_snapshot_since(client: FlaskClient, app: Flask, registry: MirroredRegistry) -> None:
    """A gate that holds the snapshot is told what is new, or that nothing is."""
    first = client.get("/v1/snapshot")
    held = {"since": (first.json or {})["position"]}
    same = client.get("/v1/snapshot", query_string=held, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    registry.put_status(registry.henan, 2, (7,), TODAY)
    registry.publish()
    app.extensions[EXTENSION].freshness.refresh()
    news = client.get("/v1/snapshot", query_string=held, headers={"If-None-Match": first.headers["ETag"]})
    assert news.json is not None
    assert (news.json["since"], list(news.json["statuses"])) == (held["since"], ["CN-41"])
    assert news.headers["ETag"] != first.headers["ETag"]
    assert news.headers["Cache-Control"] == "no-cache"


def test_snapshot_changes_with_the_knowledge_only(client: FlaskClient, app: Flask, registry: MirroredRegistry) -> None:
    """A round that brought nothing new must not make every phone at the gate load megabytes again."""
    first = client.get("/v1/snapshot").headers["ETag"]
    freshness = app.extensions[EXTENSION].freshness
    freshness.refresh()
    assert client.get("/v1/snapshot").headers["ETag"] == first
    registry.put_status(registry.henan, 2, (7,))
    freshness.refresh()
    assert client.get("/v1/snapshot").headers["ETag"] != first


def test_a_gate_without_a_list_is_not_ready_and_still_answers(settings: VerifierSettings) -> None:
    """A load balancer leaves it out; a guard who asks all the same is told why."""
    app = create_app(settings)
    client = app.test_client()
    ready = client.get("/readyz")
    assert ready.status_code == 503
    verdict = client.post("/v1/check", json={"text": "TX1:"}).json
    assert verdict is not None
    assert verdict["outcome"] == "refused"
    snapshot = client.get("/v1/snapshot").json
    assert snapshot is not None
    assert (snapshot["trust"], snapshot["rules"]) == (None, [])
    state = client.get("/v1/state").json
    assert state is not None
    assert state["trust"] is None
    app.extensions[EXTENSION].freshness.stop()


def test_ready_with_a_list(client: FlaskClient) -> None:
    """A gate that can work says so."""
    assert client.get("/readyz").status_code == 200


def test_verdicts_are_counted_and_nobody_in_them(client: FlaskClient, registry: MirroredRegistry) -> None:
    """The verifier keeps counts, not people."""
    client.post("/v1/check", json={"text": registry.paper()})
    client.post("/v1/check", json={"text": "x"})
    metrics = client.get("/metrics").text
    assert 'tongxing_verdicts_total{outcome="accepted",reason=""} 1.0' in metrics
    assert 'tongxing_verdicts_total{outcome="refused",reason="not-a-credential"} 1.0' in metrics
    assert "王" not in metrics


def _scraped(client: FlaskClient) -> dict[str, float]:
    text = client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(tongxing_\S+) (\S+)$", text, re.MULTILINE)}


def test_metrics_have_the_age_of_everything(client: FlaskClient, registry: MirroredRegistry) -> None:
    """A gate goes blind by growing old, member by member: each alert hangs on one of these."""
    client.post("/v1/check", json={"text": registry.paper()})
    found = _scraped(client)
    ages = [f'tongxing_status_age_seconds{{member="{member}"}}' for member in MEMBERS]
    # Of rules only the host's own count, and only they are fetched.
    ages.append(f'tongxing_rules_age_seconds{{member="{HOST}"}}')
    assert all(0 <= found[age] < 3600 for age in (*ages, "tongxing_trust_age_seconds"))
    assert (found["tongxing_trust_members"], found["tongxing_trust_denied_keys"]) == (2, 0)
    assert (found["tongxing_trust_reported"], found["tongxing_clock_in_doubt"], found["tongxing_clock_alarm"]) == (
        0,
    ) * 3
    assert found["tongxing_check_seconds_count"] == 1
    assert found['tongxing_key_days_left{member="CN-41",use="credential"}'] == pytest.approx(365, abs=1)
    assert not [name for name in found if "failures" in name or "delay" in name]


def test_metrics_follow_what_arrives_and_what_fails(
    app: Flask, client: FlaskClient, registry: MirroredRegistry, mirror: Serving
) -> None:
    """How late news comes, and whose file does not come at all, by member: the others must not hide it."""
    freshness = app.extensions[EXTENSION].freshness
    registry.put_status(registry.henan, 2, as_of=TODAY + 1)
    for use in ("credential", "status"):
        registry.published.deny(registry.guangdong.signer(use).kid)
    registry.publish()
    mirror.broken.add("mirror/members/CN-44/rules.jws")
    freshness.refresh()
    found = _scraped(client)
    assert found['tongxing_feed_delay_seconds_count{member="CN-41"}'] == 1
    assert 'tongxing_feed_delay_seconds_count{member="CN-44"}' not in found
    assert found['tongxing_feed_failures{code="fetch-failed",file="rules.jws",member="CN-44"}'] == 1
    assert found['tongxing_key_days_left{member="CN-44",use="status"}'] == 0
    assert found['tongxing_key_days_left{member="CN-44",use="credential"}'] > 0
    assert found["tongxing_trust_denied_keys"] == 2
    assert 'tongxing_status_age_seconds{member="CN-44"}' not in found


def test_metrics_of_a_gate_that_knows_nothing(settings: VerifierSettings) -> None:
    """No list is no age: 0 would look fresh."""
    app = create_app(settings)
    found = _scraped(app.test_client())
    assert "tongxing_trust_age_seconds" not in found
    assert found["tongxing_clock_in_doubt"] == 0
    app.extensions[EXTENSION].freshness.stop()


def test_the_interface_describes_itself(client: FlaskClient) -> None:
    """Other people's clients are made from the OpenAPI document."""
    document = client.get("/openapi.json").json
    assert document is not None
    paths = {"/v1/challenge", "/v1/check", "/v1/check/batch", "/v1/state", "/v1/snapshot"}
    assert set(document["paths"]) == paths
    body = document["paths"]["/v1/check"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Check"}


def test_the_roof_mounts_it(settings: VerifierSettings) -> None:
    """What the environment names is what stands under /verifier."""
    environ = {
        "TONGXING_ROLES": "verifier",
        "TONGXING_DATA_DIR": str(settings.data_dir),
        "TONGXING_TRUST_ROOT": str(settings.trust_root),
        "TONGXING_MEMBER": HOST,
    }
    application: Any = make_application(environ)
    mounted: Flask = application.mounts["/verifier"]
    assert mounted.test_client().get("/v1/state").status_code == 200
    mounted.extensions[EXTENSION].freshness.stop()
