"""The verifier over HTTP: thin. Codes come in bodies, never in a URL, and no marshmallow stands on their way."""

# mypy: disallow-untyped-decorators=False
# (flask-smorest has no types.)
from __future__ import annotations

import re
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from credentials.errors import InvalidRequest, RateLimited, TooLarge
from credentials.profile.limits import NONCE_BYTES
from service_kit.http.bodies import Routes, json_body, takes
from service_kit.http.front.sheet import show, wants_page
from service_kit.http.openapi import content, described
from service_kit.http.static import conditional
from verifier.gate.gate import MAX_LANE_CHARACTERS
from verifier.http.answer import to_text
from verifier.http.schemas import (
    AskSchema,
    BatchSchema,
    ChallengeSchema,
    CheckSchema,
    GateStateSchema,
    SnapshotSchema,
    VerdictSchema,
    VerdictsSchema,
)
from verifier.http.sheets import state_page
from verifier.service import service

blueprint = Routes("verifier", __name__, description="Whether to let somebody pass")

MAX_BATCH = 1000
"""Codes of one batch."""
MAX_BATCH_BYTES = 1024 * 1024
_NONCE = re.compile(f"[0-9a-f]{{{2 * NONCE_BYTES}}}")
_LANE = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_LANE_CHARACTERS}}}")


def _takes(schema: type, example: dict[str, Any]) -> dict[str, Any]:
    """What the OpenAPI document says of a body that is read by hand."""
    return {"required": True, **content("application/json", schema, example)}


def _gives(description: str, schema: type) -> dict[str, Any]:
    """What it says of an answer that is written by hand."""
    return {"200": {"description": description, **content("application/json", schema)}}


@blueprint.post("/v1/check")
@blueprint.doc(
    **described(InvalidRequest, TooLarge, RateLimited, responses=_gives("The verdict", VerdictSchema)),
    requestBody=_takes(CheckSchema, {"text": "TX1:…", "lane": "1"}),
)
def check() -> Response:
    """Judge one code."""
    service().limit(1)
    body = _body({"text", "lane", "nonce"})
    return _answer(to_text(service().check(_text(body.get("text")), _lane(body), _nonce(body))))


@blueprint.post("/v1/check/batch")
@blueprint.doc(
    **described(
        InvalidRequest, TooLarge, RateLimited, responses=_gives("A verdict for each, in order", VerdictsSchema)
    ),
    requestBody=_takes(BatchSchema, {"texts": ["TX1:…", "TX1:…"], "lane": "1"}),
)
@takes(MAX_BATCH_BYTES)
def check_batch() -> Response:
    """Judge up to 1,000 codes that one lane was shown."""
    body = _body({"texts", "lane"})
    texts = body.get("texts")
    if type(texts) is not list or not 1 <= len(texts) <= MAX_BATCH:
        raise InvalidRequest(f"texts: not an array of 1 to {MAX_BATCH}")
    lane = _lane(body)
    # All are read before the first is judged: a batch that is refused must not have used up anybody's live code.
    codes = [_text(text) for text in texts]
    service().limit(len(codes))
    return _answer(f'{{"verdicts":[{",".join(map(to_text, service().check_all(codes, lane)))}]}}')


@blueprint.post("/v1/challenge")
@blueprint.doc(**described(InvalidRequest), requestBody=_takes(AskSchema, {"lane": "1"}))
@blueprint.response(200, ChallengeSchema, description="The challenge")
def ask() -> dict[str, Any]:
    """A challenge for a phone to answer."""
    _lane(_body({"lane"}))
    return service().challenge()


@blueprint.get("/v1/state")
@blueprint.response(200, GateStateSchema, description="Its state")
@blueprint.doc(**described())
def show_state() -> dict[str, Any] | Response:
    """How fresh the gate is. For browsers a page to read."""
    state = service().state()
    return show(state_page(state)) if wants_page() else state


@blueprint.get("/v1/snapshot")
@blueprint.doc(
    parameters=[{"in": "query", "name": "since", "schema": {"type": "string"}, "description": "The position held"}],
    **described(
        responses=_gives("What the gate knows, verified, or what is new of it (docs/snapshot.md)", SnapshotSchema)
        | {"304": {"description": "Held"}}
    ),
)
def show_snapshot() -> BaseResponse:
    """All that a gate in a browser needs, checked by this service; with ``since`` what is new."""
    page, since = service().snapshot(), request.args.get("since")
    response = Response(page.body if since is None else page.since(since), content_type="application/json")
    response.set_etag(page.etag)
    response.headers["Cache-Control"] = "no-cache"
    return conditional(response, request.environ)


def _answer(text: str) -> Response:
    return Response(text, content_type="application/json")


def _body(known: set[str]) -> dict[str, Any]:
    body = json_body()
    if type(body) is not dict:
        raise InvalidRequest("body: not a JSON object")
    if not body.keys() <= known:
        raise InvalidRequest("body: unknown field")
    return body


def _text(text: object) -> str:
    if type(text) is not str:
        raise InvalidRequest("text: not a string")
    return text


def _lane(body: dict[str, Any]) -> str | None:
    lane = body.get("lane")
    if lane is not None and (type(lane) is not str or not _LANE.fullmatch(lane)):
        raise InvalidRequest(f"lane: not 1 to {MAX_LANE_CHARACTERS} letters, digits, dots, dashes")
    return lane


def _nonce(body: dict[str, Any]) -> bytes | None:
    nonce = body.get("nonce")
    if nonce is None:
        return None
    if type(nonce) is not str or not _NONCE.fullmatch(nonce):
        raise InvalidRequest(f"nonce: not {2 * NONCE_BYTES} hex digits")
    return bytes.fromhex(nonce)
