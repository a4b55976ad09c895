"""The HTTP edge: what every answer of every service has, and what none has."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
from flask import Flask, Response, abort
from flask.testing import FlaskClient
from marshmallow import Schema, fields, validate
from prometheus_client import Counter
from structlog.testing import capture_logs

from credentials import errors
from credentials.errors import TongxingError
from service_kit.http.bodies import Routes
from service_kit.http.problems import STATUS_OF, status_of
from service_kit.http.web import add_probe, combine, make_app, metrics_of
from service_kit.locale import TEXTS

PERSON = "110105194912310021"
PROBLEM_FIELDS = {"type", "title", "title_zh", "title_zh_hk", "title_en", "status", "code", "detail", "request_id"}


class RequestSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(max=5))
    tests = fields.List(fields.Integer())


def make_blueprint() -> Routes:
    blueprint = Routes("v1", __name__, url_prefix="/v1")

    @blueprint.post("/things")
    @blueprint.arguments(RequestSchema)
    @blueprint.response(201, RequestSchema)
    def make_thing(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @blueprint.get("/things/<handle>")
    def show_thing(handle: str) -> dict[str, str]:
        return {"z": handle, "a": "通行"}

    @blueprint.get("/page")
    def page() -> Response:
        return Response(
            "page", headers={"Cache-Control": "max-age=60", "Content-Security-Policy": "default-src 'self'"}
        )

    @blueprint.get("/folder/")
    def folder() -> str:
        return "folder"

    @blueprint.get("/fail/<code>")
    def fail(code: str) -> str:
        raise FAULTS[code]

    @blueprint.get("/abort/<int:status>")
    def stop(status: int) -> str:
        abort(status)

    return blueprint


FAULTS: dict[str, Exception] = {
    "foreign": ZeroDivisionError(f"about {PERSON}"),
    "not-found": errors.NotFound("no such draft"),
    "not-authenticated": errors.NotAuthenticated("no assertion"),
    "rate-limited": errors.RateLimited("more than 60 an hour"),
    "too-slow": errors.TooSlow("body: 1 of 2 bytes"),
    "storage-unavailable": errors.StorageUnavailable("the database cannot be reached"),
    "wrong-signature": errors.WrongSignature("the statement's"),
    "long": errors.InvalidRequest("x" * 5000),
}


@pytest.fixture
def app() -> Flask:
    return make_app("issuer", make_blueprint())


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    document: dict[str, Any] = json.loads(answer.data)
    assert document.keys() == PROBLEM_FIELDS
    assert (document["status"], document["code"]) == (status, code)
    assert document["request_id"] == answer.headers["X-Request-Id"]
    return document


def leaves(root: type[TongxingError]) -> list[type[TongxingError]]:
    found = [leaf for child in root.__subclasses__() for leaf in leaves(child)]
    return found + ([root] if "code" in vars(root) else [])


@pytest.mark.parametrize("error", leaves(TongxingError))
def test_every_error_has_a_status(error: type[TongxingError]) -> None:
    """An error without a place in the map would come out as the wrong kind of fault."""
    status = status_of(error())
    assert (status >= 500) == issubclass(error, errors.OperationError)
    assert status >= 400


def test_the_nearest_ancestor_counts() -> None:
    """A new error below a known one needs no new line."""

    class StillNotFound(errors.NotFound):
        pass

    assert status_of(StillNotFound()) == 404
    assert status_of(errors.WrongSignature()) == STATUS_OF[errors.CredentialError]


@pytest.mark.parametrize(
    ("sent", "status", "detail"),
    [
        ({"json": {}}, 422, "json.name: Missing data"),
        ({"json": {"name": "123456"}}, 422, "json.name: Longer than"),
        ({"json": {"name": "a", "tests": [1, "x"]}}, 422, "json.tests.1: Not a valid integer"),
        ({"json": {"name": "a", "more": 1}}, 422, "json.more: Unknown field"),
        ({"json": []}, 422, "json._schema: Invalid input type"),
        ({"data": "{", "content_type": "application/json"}, 400, "body: not strict JSON: line 1, column 2"),
        ({"data": "[" * 100, "content_type": "application/json"}, 400, "body: JSON nested too deeply"),
        ({"data": "name=a", "content_type": "application/x-www-form-urlencoded"}, 415, "application/json is what"),
    ],
)
def test_a_wrong_body_is_an_invalid_request(
    client: FlaskClient, sent: dict[str, Any], status: int, detail: str
) -> None:
    """flask-smorest and marshmallow answer in shapes of their own; a client must have to read one only."""
    assert detail in problem(client.post("/v1/things", **sent), status, "invalid-request")["detail"]


def test_a_refused_value_is_not_repeated(client: FlaskClient) -> None:
    """Details get into clients' logs: the field's name is enough."""
    answer = client.post("/v1/things", json={"name": PERSON, "tests": [PERSON + "x"]})
    assert PERSON not in answer.text


@pytest.mark.parametrize("field", ["张三", PERSON, "E12345678", "x" * 33, "a b"])
def test_a_field_that_a_caller_made_up_is_not_repeated(client: FlaskClient, field: str) -> None:
    """A file read with its columns shifted has people for its fields' names."""
    detail = problem(client.post("/v1/things", json={"name": "a", field: 1}), 422, "invalid-request")["detail"]
    assert detail == "json.?: Unknown field."


def test_a_good_body_is_taken(client: FlaskClient) -> None:
    """The way through is open."""
    answer = client.post("/v1/things", json={"name": "a", "tests": [1]})
    assert (answer.status_code, answer.json) == (201, {"name": "a", "tests": [1]})


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid-request"),
        (401, "not-authenticated"),
        (403, "not-authorised"),
        (404, "not-found"),
        (409, "conflict"),
        (415, "invalid-request"),
        (418, "invalid-request"),
        (429, "rate-limited"),
        (500, "unavailable"),
        (503, "unavailable"),
    ],
)
def test_werkzeugs_errors_are_problems(client: FlaskClient, status: int, code: str) -> None:
    """Its own are pages of HTML."""
    problem(client.get(f"/v1/abort/{status}"), status, code)


def test_unknown_paths_and_methods_are_problems(client: FlaskClient) -> None:
    """These come from the router, before any view."""
    problem(client.get("/nowhere"), 404, "not-found")
    answer = client.delete("/v1/things")
    problem(answer, 405, "invalid-request")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/v1/folder", "/v1/folder/"),
        ("/v1/folder?lang=en&x=//evil.example", "/v1/folder/?lang=en&x=//evil.example"),
        ("/v1//folder/", "/v1/folder/"),
        ("//evil.example/v1/../folder", None),
    ],
)
def test_a_redirect_stays_on_this_server(client: FlaskClient, asked: str, led_to: str | None) -> None:
    """Made of the Host header, it would lead whoever shares a cache with the caller to a server of the caller's."""
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript"}
    answer = client.open(
        environ_overrides={"PATH_INFO": asked.partition("?")[0], "QUERY_STRING": asked.partition("?")[2]},
        headers=forged,
    )
    assert answer.status_code == (404 if led_to is None else 308)
    assert answer.headers.get("Location") == led_to


def test_a_redirect_below_a_services_path(app: Flask) -> None:
    """Behind the dispatcher the path of the service belongs to it."""
    mounted = {"SCRIPT_NAME": "/issuer", "PATH_INFO": "/v1/folder"}
    answer = app.test_client().open(environ_overrides=mounted)
    assert answer.headers["Location"] == "/issuer/v1/folder/"


def test_our_errors_are_problems(client: FlaskClient) -> None:
    """Code, detail and all texts; what to do next in the headers."""
    document = problem(client.get("/v1/fail/not-found"), 404, "not-found")
    assert document["type"] == "urn:tongxing:problem:not-found"
    assert document["detail"] == "no such draft"
    assert document["title"] == document["title_zh"] == TEXTS["not-found"].of("zh-CN")
    problem(client.get("/v1/fail/wrong-signature"), 422, "wrong-signature")
    assert client.get("/v1/fail/not-authenticated").headers["WWW-Authenticate"] == "Bearer"
    assert int(client.get("/v1/fail/rate-limited").headers["Retry-After"]) > 0
    assert len(problem(client.get("/v1/fail/long"), 400, "invalid-request")["detail"]) == 1000


def test_the_title_is_in_the_language_asked_for(client: FlaskClient) -> None:
    """All texts are always there; the title saves a client the choice."""
    for language, field in (("zh-CN", "title_zh"), ("zh-HK", "title_zh_hk"), ("en", "title_en")):
        answer = client.get("/v1/fail/not-found", headers={"Accept-Language": language})
        document = problem(answer, 404, "not-found")
        assert document["title"] == document[field] == TEXTS["not-found"].of(language)
        assert answer.headers["Content-Language"] == language


def test_our_faults_are_logged_and_not_told(client: FlaskClient) -> None:
    """A caller can do nothing with our database's state, an attacker something."""
    with capture_logs() as logged:
        answer = client.get("/v1/fail/storage-unavailable")
    assert problem(answer, 503, "storage-unavailable")["detail"] == ""
    assert int(answer.headers["Retry-After"]) > 0
    (fault,) = [entry for entry in logged if entry["event"] == "fault"]
    assert (fault["code"], fault["detail"]) == ("storage-unavailable", "the database cannot be reached")


def test_the_unexpected_is_told_as_nothing_and_logged_without_its_words(client: FlaskClient) -> None:
    """The one broad except of the edge: a foreign message may hold a person."""
    with capture_logs() as logged:
        answer = client.get("/v1/fail/foreign")
    problem(answer, 500, "unexpected")
    (entry,) = [entry for entry in logged if entry["event"] == "unexpected"]
    assert entry["error"] == "ZeroDivisionError"
    assert any("test_web.py" in place and place.endswith(" fail") for place in entry["places"])
    assert PERSON not in str(logged)
    assert PERSON not in answer.text


def test_every_answer_has_the_same_headers(client: FlaskClient) -> None:
    """Personal data must not stay in a cache or be taken for a script, also when it is an error."""
    for path in ("/v1/things/x", "/nowhere", "/v1/fail/foreign", "/healthz"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_view_may_set_its_own(client: FlaskClient) -> None:
    """Static files of the mirror are cached, and an app has scripts."""
    headers = client.get("/v1/page").headers
    assert headers.getlist("Cache-Control") == ["max-age=60"]
    assert headers["Content-Security-Policy"] == "default-src 'self'"


def test_json_is_written_as_it_was_meant(client: FlaskClient) -> None:
    """A verdict's fields come in the order in which they are read, and Chinese can be read."""
    assert client.get("/v1/things/x").text.replace(" ", "").strip() == '{"z":"x","a":"通行"}'


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ("0123abcd-ABCD", True),
        ("short", False),
        ("x" * 65, False),
        ("name=Zhang San", False),
        ("12345678/../x", False),
    ],
)
def test_a_request_id_is_taken_only_if_it_is_one(client: FlaskClient, offered: str, taken: bool) -> None:
    """It stands in every log line: free text there would be a way into the log."""
    answer = client.get("/healthz", headers={"X-Request-Id": offered})
    assert (answer.headers["X-Request-Id"] == offered) is taken
    assert len(answer.headers["X-Request-Id"]) >= 8


def test_a_request_id_ends_with_its_request(app: Flask) -> None:
    """Threads serve one request after the other, and fetch in between: an id on the wrong line misleads."""
    app.test_client().get("/v1/fail/foreign", headers={"X-Request-Id": "0123abcd"})
    assert structlog.contextvars.get_contextvars() == {}


def access_line(logged: list[MutableMapping[str, Any]]) -> MutableMapping[str, Any]:
    (line,) = [entry for entry in logged if entry["event"] == "request"]
    return line


def test_one_line_a_request_with_the_route_and_not_the_path(client: FlaskClient) -> None:
    """A handle in a path would lead to a person; a query or an address as well."""
    with capture_logs() as logged:
        client.get(f"/v1/things/{PERSON}?name={PERSON}", headers={"User-Agent": PERSON})
    line = access_line(logged)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/things/<handle>", 200)
    assert line["milliseconds"] >= 0
    assert PERSON not in str(logged)


def test_what_a_caller_invents_makes_no_new_label(client: FlaskClient) -> None:
    """Each new label is memory for ever."""
    with capture_logs() as logged:
        client.open(f"/{PERSON}", method=f"X{PERSON}")
    line = access_line(logged)
    assert (line["method"], line["route"]) == ("(other)", "(none)")
    metrics = client.get("/metrics").text
    assert 'tongxing_requests_total{method="(other)",route="(none)",service="issuer",status="404"} 1.0' in metrics
    assert PERSON not in metrics


def test_applications_count_for_themselves(app: Flask) -> None:
    """Two services in one process must not fail on one name, nor mix their numbers."""
    other = make_app("verifier")
    Counter("tongxing_credentials", "Issued", registry=metrics_of(app).registry).inc()
    other.test_client().get("/healthz")
    assert "tongxing_credentials_total 1.0" in app.test_client().get("/metrics").text
    assert "tongxing_credentials" not in other.test_client().get("/metrics").text


def test_ready_only_when_every_probe_is(app: Flask, client: FlaskClient) -> None:
    """A load balancer must send nobody to a process whose database is gone; alive it is all the same."""
    assert client.get("/readyz").json == {"status": "ready"}
    faults: list[TongxingError] = [errors.StorageUnavailable("locked")]

    def probe() -> None:
        if faults:
            raise faults[0]

    add_probe(app, lambda: None)
    add_probe(app, probe)
    with capture_logs() as logged:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "code": "storage-unavailable"}
    assert [entry["detail"] for entry in logged if entry["event"] == "not ready"] == ["locked"]
    assert client.get("/healthz").json == {"status": "ok"}
    faults.clear()
    assert client.get("/readyz").status_code == 200


def test_the_root_is_ready_when_all_services_are(app: Flask) -> None:
    """Several roles in one process: one address to ask, and the same edge as everywhere."""
    other = make_app("verifier")
    root = combine([app, other]).test_client()
    assert root.get("/readyz").status_code == 200
    assert root.get("/healthz").status_code == 200
    problem(root.get("/nowhere"), 404, "not-found")

    def probe() -> None:
        raise errors.TrustMissing("no trust list yet")

    add_probe(other, probe)
    assert root.get("/readyz").json == {"status": "not ready", "code": "trust-missing"}


def test_the_interface_describes_itself(client: FlaskClient) -> None:
    """OpenAPI 3.1, for those who write a client."""
    description = client.get("/openapi.json").json
    assert description is not None
    assert description["openapi"] == "3.1.0"
    assert "/v1/things" in description["paths"]
