"""The OpenAPI 3.1 document of a service: problem documents, proof of identity, and what a request may be refused for.

flask-smorest makes the rest of it from the views and their schemas.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]
from marshmallow import Schema, fields

from credentials.algorithms.table import NATIVE
from credentials.errors import TongxingError
from service_kit.http.problems import CONTENT_TYPE, status_of
from service_kit.locale import TEXTS

CODES = "x-problem-codes"
"""Beside an answer: the codes that its problem documents may have."""
ASSERTION = "clientAssertion"
_SECURITY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "private_key_jwt (RFC 7523 section 2.2): `Authorization: Bearer <assertion>`, a JWT signed with "
    f"{NATIVE.NAME} by the caller's own key, for one request. Claims: iss and sub (the caller's id), aud (the "
    "service's base URL), iat, exp (at most 60 s after iat), jti (used once).",
}


class ProblemSchema(Schema):
    """Why a request failed (RFC 9457)."""

    type = fields.String(metadata={"description": "urn:tongxing:problem: and the code"})
    title = fields.String(metadata={"description": "in the language that was asked for"})
    title_zh = fields.String()
    title_zh_hk = fields.String()
    title_en = fields.String()
    status = fields.Integer()
    code = fields.String(metadata={"description": "stable; go by this"})
    detail = fields.String(metadata={"description": "for engineers; may be empty"})
    request_id = fields.String(metadata={"description": "under which the service's log has it"})


class _Described(MarshmallowPlugin):
    """Says of a schema what its docstring says, and calls an operation by its view."""

    def operation_helper(self, path: Any = None, operations: Any = None, **more: Any) -> None:
        super().operation_helper(path, operations, **more)
        for operation in operations.values():
            operation.setdefault("operationId", more["rule"].endpoint.rpartition(".")[2])

    def schema_helper(self, name: Any, _: Any, schema: Any = None, **more: Any) -> Any:  # type: ignore[override]
        made = super().schema_helper(name, _, schema, **more)  # type: ignore[no-untyped-call]
        described = schema if isinstance(schema, type) else type(schema)
        if made is None or not issubclass(described, Schema):
            return made
        return {"description": inspect.getdoc(described), **made}


class Interface(Api):  # type: ignore[misc]
    """flask-smorest's document, with our errors in the place of its own."""

    def _register_responses(self) -> None:
        # Named by flask-smorest's decorators: what a schema refuses, and whatever no operation names.
        for name, description in (
            ("UNPROCESSABLE_ENTITY", "The body is not as its schema says: invalid-request."),
            ("DEFAULT_ERROR", "Any other failure, as a problem document."),
        ):
            self.spec.components.response(name, {"description": description, **_problem()}, lazy=True)


def describe(app: Flask, name: str) -> Interface:
    """Begin the document of the service ``name``, which is mounted under its name. It is at ``/openapi.json``."""
    app.config.update(
        API_TITLE=f"Tongxing {name}",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "description": "Times are seconds UTC. Whatever is personal stands in bodies, never in a URL.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": f"/{name}"}],
        },
    )
    interface = Interface(app, spec_kwargs={"marshmallow_plugin": _Described()})
    interface.spec.components.security_scheme(ASSERTION, _SECURITY_SCHEME)
    return interface


def described(*refusals: type[TongxingError], by_assertion: bool = False, **more: Any) -> dict[str, Any]:
    """What ``Blueprint.doc`` says of an operation: its refusals, and whether it asks for a client's assertion.

    ``more``: what else it is told, as ``requestBody``.
    """
    codes: dict[int, list[str]] = {}
    for refusal in refusals:
        codes.setdefault(status_of(refusal("")), []).append(refusal.code)
    answers = {str(status): _refused(found) for status, found in sorted(codes.items())}
    said = {"security": [{ASSERTION: []}] if by_assertion else []} | more
    return said | {"responses": answers | said.get("responses", {})}


def content(media_type: str, schema: Any, example: Any = None) -> dict[str, Any]:
    """The content of a body or of an answer."""
    return {"content": {media_type: {"schema": schema} | ({} if example is None else {"example": example})}}


def operations(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Each operation of a document: its path, its method in capitals, and what is said of it."""
    return [
        (path, method.upper(), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def _refused(codes: list[str]) -> dict[str, Any]:
    reasons = " ".join(f"{code}: {TEXTS.get(code, TEXTS['credential-error']).of('en')}" for code in codes)
    return {"description": reasons, CODES: codes, **_problem()}


def _problem() -> dict[str, Any]:
    return content(CONTENT_TYPE, ProblemSchema)
