"""The issuer over HTTP: thin. Every route but the state needs a registered client's assertion."""

# mypy: disable-error-code="untyped-decorator"
# (flask-smorest has no types.)

from __future__ import annotations

from typing import Any

from flask import Response, request

from credentials.errors import (
    Conflict,
    DecisionRejected,
    IdempotencyConflict,
    InvalidDocument,
    InvalidName,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    ProofOfPossessionFailed,
    RateLimited,
    StorageFull,
    StorageUnavailable,
)
from credentials.profile.forms import FORMS
from credentials.profile.lists import Form
from credentials.qr import draw_png, draw_svg
from issuer.http.schemas import (
    ISSUE_EXAMPLE,
    IssuedSchema,
    IssuerStateSchema,
    IssueSchema,
    WithdrawalSchema,
    WithdrawnSchema,
)
from issuer.issuing.issuance import ask_for, issued_json, read_handle
from issuer.publishing.withdrawal import find_own
from issuer.service import ISSUES, PICTURES, WITHDRAWALS, service
from issuer.storage.ports.issuing import IssuedRow
from service_kit.http.bodies import Routes
from service_kit.http.openapi import content, described

blueprint = Routes("issuer", __name__, description="Who is issued what")
_STORE = (RateLimited, StorageUnavailable, StorageFull)
_IMAGE = {"type": "string", "format": "binary"}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The client's own name for this request",
}


def _shows(media_type: str) -> dict[str, Any]:
    answers = {"200": {"description": "The QR symbol", **content(media_type, _IMAGE)}}
    return described(NotAuthenticated, NotFound, RateLimited, StorageUnavailable, by_assertion=True, responses=answers)


@blueprint.post("/v1/credentials")
@blueprint.arguments(IssueSchema, example=ISSUE_EXAMPLE)
@blueprint.response(201, IssuedSchema, description="The code")
@blueprint.doc(
    **described(
        InvalidRequest,
        InvalidDocument,
        InvalidName,
        DecisionRejected,
        ProofOfPossessionFailed,
        NotAuthenticated,
        Conflict,
        IdempotencyConflict,
        *_STORE,
        by_assertion=True,
        parameters=[_IDEMPOTENCY_KEY],
    )
)
def issue(fields: dict[str, Any]) -> dict[str, Any]:
    """Issue one code.

    The same ``Idempotency-Key`` with the same body gives the same code again.
    """
    office = service()
    with office.metrics.counting_refusals():
        client_id, now = office.client(ISSUES), office.now()
        return issued_json(office.issuance.issue(client_id, ask_for(fields, _idempotency_key()), now))


@blueprint.post("/v1/credentials/<handle>/withdrawal")
@blueprint.arguments(WithdrawalSchema, example={"cause": "lost-device"})
@blueprint.response(200, WithdrawnSchema, description="It is withdrawn")
@blueprint.doc(**described(InvalidRequest, NotFound, NotAuthenticated, *_STORE, by_assertion=True))
def withdraw_credential(fields: dict[str, Any], handle: str) -> dict[str, bool]:
    """Withdraw a code that this client asked for.

    It reaches gates with the next publication of the status.
    """
    office = service()
    client_id = office.client(WITHDRAWALS)
    return {"withdrawn": office.withdraw(read_handle(handle), fields["cause"], client_id, client=client_id)}


@blueprint.get("/v1/credentials/<handle>/symbol.png")
@blueprint.doc(**_shows("image/png"))
def symbol_png(handle: str) -> Response:
    """The code as a PNG, for the client that asked for it.

    Level Q for paper, M for screens. A phone code drawn so is good for no gate.
    """
    row = _own(handle)
    return Response(draw_png(row.text, level=_level(row)), content_type="image/png")


@blueprint.get("/v1/credentials/<handle>/symbol.svg")
@blueprint.doc(**_shows("image/svg+xml"))
def symbol_svg(handle: str) -> Response:
    """The code as an SVG."""
    row = _own(handle)
    return Response(draw_svg(row.text, level=_level(row)), content_type="image/svg+xml")


@blueprint.get("/v1/state")
@blueprint.response(200, IssuerStateSchema, description="Its state")
@blueprint.doc(**described(StorageUnavailable))
def show_state() -> dict[str, Any]:
    """Who issues here, with which key."""
    return service().state()


def _own(handle: str) -> IssuedRow:
    office = service()
    return find_own(office.store, read_handle(handle), office.client(PICTURES)).issued


def _level(row: IssuedRow) -> str:
    return FORMS[Form(row.form)].symbol_level


def _idempotency_key() -> str:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        raise InvalidRequest("the header Idempotency-Key is needed")
    return key
