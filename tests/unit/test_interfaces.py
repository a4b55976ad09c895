"""The OpenAPI documents of the three services: whole enough to write a client from, and the pages drawn from them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from issuer.http.sign_in_views import blueprint as sign_in
from issuer.http.views import blueprint as issuer
from issuer.http.wallet_views import blueprint as wallet
from service_kit.http.bodies import Routes
from service_kit.http.front.pages.reference.view import kind_of
from service_kit.http.openapi import ASSERTION, CODES, operations
from service_kit.http.web import make_app
from trust_registry.http.mirror_views import blueprint as mirror
from trust_registry.http.views import blueprint as registry
from verifier.http.views import blueprint as verifier

BLUEPRINTS = {"issuer": [issuer, wallet, sign_in], "registry": [registry, mirror], "verifier": [verifier]}
AUTHENTICATED = {
    "issuer": {"issue", "withdraw_credential", "symbol_png", "symbol_svg", "make_claim_code"},
    "registry": {"make_draft", "publish_draft", "drop_statement"},
    "verifier": set[str](),
}
"""What asks for a client's assertion, by the name of its view."""


@pytest.fixture(params=BLUEPRINTS)
def app(request: pytest.FixtureRequest) -> Flask:
    """A service's routes without the service behind them."""
    return make_app(request.param, *BLUEPRINTS[request.param])


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    """Its document."""
    document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return document


def test_every_route_reads_json_by_the_one_reader() -> None:
    """A blueprint of flask-smorest's own would bring a second reader, and two readers on one way read two things."""
    assert all(isinstance(each, Routes) for found in BLUEPRINTS.values() for each in found)


def test_it_is_openapi(document: dict[Hashable, Any]) -> None:
    """Generators of clients refuse a document that is not by the book."""
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_operation_is_told_whole(document: dict[str, Any]) -> None:
    """A summary, a name of its own, what it gives, and that what fails is a problem document."""
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        place = f"{method} {path}"
        assert operation["summary"].endswith("."), place
        assert "default" in operation["responses"], place
        for status, answer in operation["responses"].items():
            content = resolved(document, answer).get("content", {})
            if status in ("default",) or status >= "400":
                problem = content["application/problem+json"]["schema"]
                assert problem == {"$ref": "#/components/schemas/Problem"}, place
                assert answer.get(CODES, ["…"]), place
            elif status < "300":
                assert [inner for inner in content.values() if inner["schema"]], place


def test_it_says_who_must_prove_themselves(app: Flask, document: dict[str, Any]) -> None:
    """A client that sends no assertion where one is needed finds out by a refusal only."""
    asked = {op["operationId"] for _, _, op in operations(document) if op["security"] == [{ASSERTION: []}]}
    assert asked == AUTHENTICATED[app.name]
    assert all("401" in op["responses"] for _, _, op in operations(document) if op["security"])
    assert document["components"]["securitySchemes"][ASSERTION]["scheme"] == "bearer"


def test_every_json_body_has_an_example_that_is_one(document: dict[str, Any]) -> None:
    """An example that would be refused is worse than none."""
    bodies = [op["requestBody"] for _, _, op in operations(document) if "requestBody" in op]
    for inner in (body["content"]["application/json"] for body in bodies if "application/json" in body["content"]):
        schema = {"components": document["components"], **inner["schema"]}
        assert list(Draft202012Validator(schema).iter_errors(inner["example"])) == []


@pytest.mark.parametrize("language", ["zh-CN", "zh-HK", "en"])
def test_the_page_shows_all_of_it(app: Flask, document: dict[str, Any], language: str) -> None:
    """What the page leaves out, nobody who reads it will find."""
    page = app.test_client().get(f"/docs?lang={language}")
    assert page.status_code == 200
    assert "script" not in page.headers["Content-Security-Policy"]
    for path, _, operation in operations(document):
        assert path in page.text
        assert f'id="{operation["operationId"]}"' in page.text
    for schema in document["components"]["schemas"]:
        assert f'id="schema-{schema}"' in page.text
    for code in {
        code for _, _, op in operations(document) for each in op["responses"].values() for code in codes(each)
    }:
        assert f"<code>{code}</code>" in page.text


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, ("string", "")),
        ({"type": ["integer", "null"]}, ("integer or null", "")),
        ({"$ref": "#/components/schemas/Problem"}, ("", "Problem")),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}}, ("array of", "Leaf")),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, ("map to integer", "")),
        ({"anyOf": [{"$ref": "#/components/schemas/Trust"}, {"type": "null"}]}, ("null or", "Trust")),
        ({}, ("any", "")),
    ],
)
def test_kinds_in_words(schema: dict[str, Any], kind: tuple[str, str]) -> None:
    """Readers see what a value is and are led to what it is made of."""
    assert kind_of(schema) == kind


def resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer, or the one that it refers to."""
    if "$ref" not in part:
        return part
    found: Mapping[str, Any] = document["components"]["responses"][part["$ref"].rpartition("/")[2]]
    return found


def codes(answer: Mapping[str, Any]) -> list[str]:
    """The problem codes of an answer."""
    found: list[str] = answer.get(CODES, [])
    return found
