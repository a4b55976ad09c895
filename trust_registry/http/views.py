"""The registry over HTTP: thin. What is signed is checked by the deeds; officers prove who they are."""

# mypy: disallow-untyped-decorators=False
# (flask-smorest has no types.)
from __future__ import annotations

import base64
from typing import Any

from flask import Response, request

from credentials.errors import (
    ApprovalRejected,
    Conflict,
    InvalidRequest,
    KeyDenied,
    KeyRejected,
    Malformed,
    NotAuthenticated,
    NotAuthorised,
    NotFound,
    ProofOfPossessionFailed,
    QuotaExceeded,
    RateLimited,
    SequenceNotNewer,
    StatementRejected,
    StorageFull,
    StorageUnavailable,
    TooLarge,
    WrongSignature,
)
from service_kit.http.bodies import Routes, takes
from service_kit.http.front.sheet import show, wants_page
from service_kit.http.openapi import ASSERTION, content, described
from trust_registry.enrolment.difference import change_to_json
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.enrolment.possession import MAX_PROOF_CHARACTERS
from trust_registry.http.schemas import (
    ApprovalSchema,
    CosignedSchema,
    DenialRequestSchema,
    DenialSchema,
    DraftRequestSchema,
    DraftSchema,
    LogQuerySchema,
    LogSchema,
    PublicationSchema,
    RegistryStateSchema,
    StatementSchema,
    SubmissionSchema,
    WaitingSchema,
)
from trust_registry.http.sheets import log_page, state_page
from trust_registry.metadata.denials import denial_to_json
from trust_registry.metadata.file_names import TRUST
from trust_registry.metadata.statement import MAX_KEYS, MAX_STATEMENT_CHARACTERS
from trust_registry.metadata.trust_list import MAX_MEMBERS
from trust_registry.publishing.denials import deny
from trust_registry.publishing.publication import DraftView
from trust_registry.record.gathering import listed_witnesses
from trust_registry.record.log import read_page
from trust_registry.repository.files import root_of
from trust_registry.service import (
    MAX_COSIGNATURES_PER_HOUR,
    MAX_OFFICERS_REQUESTS_PER_HOUR,
    MAX_READS_PER_HOUR,
    MAX_SUBMISSIONS_PER_HOUR,
    service,
    versions,
)
from trust_registry.storage.ports import StatementRecord

blueprint = Routes("registry", __name__, description="Who may sign")
_STORE = (StorageUnavailable, StorageFull)
_REST_BYTES = 16_384
"""Of a body beside what it is sent for: names, quotes, commas."""
MAX_SUBMISSION_BYTES = MAX_STATEMENT_CHARACTERS + MAX_KEYS * MAX_PROOF_CHARACTERS + _REST_BYTES
MAX_COSIGNED_BYTES = 16_384
"""A checkpoint with some signatures: much more than the one that is brought."""
MAX_DRAFT_BYTES = 1024 * MAX_MEMBERS + _REST_BYTES
"""A kilobyte for what the officers say of each member."""


@blueprint.post("/v1/statements")
@blueprint.arguments(SubmissionSchema, example={"statement": "eyJ…", "proofs": ["eyJ…"]})
@blueprint.response(202, StatementSchema, description="Where it stands")
@blueprint.doc(
    **described(
        StatementRejected,
        KeyRejected,
        KeyDenied,
        ProofOfPossessionFailed,
        SequenceNotNewer,
        QuotaExceeded,
        NotAuthenticated,
        RateLimited,
        *_STORE,
        security=[{}, {ASSERTION: []}],
    )
)
@takes(MAX_SUBMISSION_BYTES)
def submit_statement(submission: dict[str, Any]) -> StatementRecord:
    """A province brings its statement, or an officer with an assertion, for whom there is always a place."""
    registry = service()
    registry.limit("submission", MAX_SUBMISSIONS_PER_HOUR)
    by_officer = "Authorization" in request.headers and bool(registry.officer())
    return registry.publication.submit(submission["statement"], submission["proofs"], registry.now(), by_officer)


@blueprint.get("/v1/statements/<statement_id>")
@blueprint.response(200, StatementSchema, description="Where it stands")
@blueprint.doc(**described(NotFound, RateLimited, StorageUnavailable))
def show_statement(statement_id: str) -> StatementRecord:
    """Where a statement stands."""
    service().limit("statement", MAX_READS_PER_HOUR["statement"])
    with service().publication.storage.reading() as records:
        record = records.statements.get(statement_id)
    if record is None:
        raise NotFound("statement: none of this id; `tongxing registry state` lists those that wait")
    return record


@blueprint.delete("/v1/statements/<statement_id>")
@blueprint.response(200, StatementSchema, description="What was dropped")
@blueprint.doc(**described(NotFound, Conflict, NotAuthenticated, RateLimited, *_STORE, by_assertion=True))
def drop_statement(statement_id: str) -> StatementRecord:
    """An officer drops a statement that waits and is nobody's."""
    registry = service()
    registry.limit("officers", MAX_OFFICERS_REQUESTS_PER_HOUR)
    registry.officer()
    return registry.publication.drop(statement_id)


@blueprint.post("/v1/drafts")
@blueprint.arguments(
    DraftRequestSchema, example={"statement_ids": [], "additions": {"CN-41": {"hotline": "0371-12320"}}, "removals": []}
)
@blueprint.response(201, DraftSchema, description="The draft")
@blueprint.doc(
    **described(InvalidRequest, NotFound, NotAuthenticated, Conflict, RateLimited, *_STORE, by_assertion=True)
)
@takes(MAX_DRAFT_BYTES)
def make_draft(wanted: dict[str, Any]) -> dict[str, Any]:
    """An officer puts a new list before the officers."""
    registry = service()
    registry.limit("officers", MAX_OFFICERS_REQUESTS_PER_HOUR)
    officer = registry.officer()
    return _draft(registry.publication.draft(DraftRequest(**wanted), officer, registry.now()))


@blueprint.get("/v1/drafts")
@blueprint.response(200, WaitingSchema, description="The drafts that wait")
@blueprint.doc(**described(StorageUnavailable))
def list_drafts() -> dict[str, Any]:
    """The drafts that officers may still sign, oldest first."""
    registry = service()
    threshold = root_of(registry.publication.repository()).roles["targets"].threshold
    waiting = registry.publication.waiting(registry.now())
    return {"drafts": [{**draft._asdict(), "threshold": threshold} for draft in waiting]}


@blueprint.get("/v1/drafts/<draft_id>")
@blueprint.response(200, DraftSchema, description="The draft")
@blueprint.doc(**described(NotFound, RateLimited, StorageUnavailable))
def show_draft(draft_id: str) -> dict[str, Any]:
    """All that an officer needs to understand a draft."""
    service().limit("draft", MAX_READS_PER_HOUR["draft"])
    return _draft(service().publication.view(draft_id))


@blueprint.post("/v1/drafts/<draft_id>/approvals")
@blueprint.arguments(ApprovalSchema, example={"keyid": "0f" * 32, "signature": "30" * 70})
@blueprint.response(201, DraftSchema, description="The draft")
@blueprint.doc(**described(NotFound, ApprovalRejected, Conflict, RateLimited, *_STORE))
def approve_draft(approval: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """An officer's signature; it is its own proof of who sent it."""
    registry = service()
    registry.limit("officers", MAX_OFFICERS_REQUESTS_PER_HOUR)
    return _draft(registry.publication.approve(draft_id, **approval, now=registry.now()))


@blueprint.post("/v1/drafts/<draft_id>/publication")
@blueprint.response(200, PublicationSchema, description="What is in force now")
@blueprint.doc(**described(NotFound, NotAuthenticated, Conflict, RateLimited, *_STORE, by_assertion=True))
def publish_draft(draft_id: str) -> dict[str, int]:
    """An officer puts an approved draft into force."""
    registry = service()
    registry.limit("officers", MAX_OFFICERS_REQUESTS_PER_HOUR)
    registry.officer()
    published = registry.publication.publish(draft_id, registry.now())
    registry.announce(TRUST)
    return versions(published)


@blueprint.post("/v1/denials")
@blueprint.arguments(DenialRequestSchema, example={"request": "eyJ…"})
@blueprint.response(201, DenialSchema, description="The denial")
@blueprint.doc(**described(InvalidRequest, NotAuthorised, WrongSignature, QuotaExceeded, RateLimited, *_STORE))
def deny_key(wanted: dict[str, Any]) -> dict[str, Any]:
    """A key is denied, in the signed words of an officer or of its own member."""
    registry = service()
    registry.limit("denial", MAX_SUBMISSIONS_PER_HOUR)
    denial = deny(registry.publication, wanted["request"], registry.now())
    registry.announce(TRUST)
    return denial_to_json(denial)


@blueprint.get("/v1/log")
@blueprint.arguments(LogQuerySchema, location="query")
@blueprint.response(200, LogSchema, description="A page of the log")
@blueprint.doc(**described(RateLimited, StorageUnavailable))
def show_log(wanted: dict[str, int]) -> dict[str, Any] | Response:
    """What the registry did, in order, a page at a time. For browsers a page to read."""
    service().limit("log", MAX_READS_PER_HOUR["log"])
    leaves = read_page(service().publication.storage, wanted["since"])
    return show(log_page(leaves, wanted["since"])) if wants_page() else {"leaves": leaves}


@blueprint.post("/v1/log/cosignatures")
@blueprint.response(200, CosignedSchema, description="The checkpoint as it is published now")
@blueprint.doc(
    **described(
        Malformed,
        TooLarge,
        WrongSignature,
        Conflict,
        RateLimited,
        *_STORE,
        requestBody={"required": True, **content("text/plain", {"type": "string", "format": "binary"})},
    )
)
@takes(MAX_COSIGNED_BYTES)
def take_cosignature() -> dict[str, Any]:
    """A member's witness that we cannot call brings its cosignature on the checkpoint in force: the signed note."""
    registry = service()
    registry.limit("cosignature", MAX_COSIGNATURES_PER_HOUR)
    witnesses = listed_witnesses(registry.publication.storage, registry.now())
    keys = [each.key for each in witnesses]
    published = registry.publication.record.add_cosignatures(request.get_data(cache=False), keys)
    have = {(line.name, line.key_id) for line in published.note.signatures}
    cosigned_by = sorted({key.name for key in keys if (key.name, key.id) in have})
    return {"size": published.checkpoint.size, "cosigned_by": cosigned_by}


@blueprint.get("/v1/state")
@blueprint.response(200, RegistryStateSchema, description="Its state")
@blueprint.doc(**described(RateLimited, StorageUnavailable))
def show_state() -> dict[str, Any] | Response:
    """What is in force. For browsers a page to read."""
    service().limit("state", MAX_READS_PER_HOUR["state"])
    state = service().state()
    return show(state_page(state)) if wants_page() else state


def _draft(view: DraftView) -> dict[str, Any]:
    publication, record = service().publication, view.record
    statements = publication.proofs(record.id)
    return {
        "id": record.id,
        "state": record.state,
        "signed_bytes": base64.b64encode(record.message).decode(),
        "trust_list": base64.b64encode(record.trust_list).decode(),
        "statements": [{"statement": known.compact, "proofs": known.proofs} for known in statements],
        "diff": [change_to_json(change) for change in view.changes],
        "approved_by": view.approved_by,
        "skipped": view.skipped,
        "threshold": root_of(publication.repository()).roles["targets"].threshold,
    }
