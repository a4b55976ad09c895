"""The mirror over HTTP: what members bring to it, and its files where no other server carries them."""

# mypy: disallow-untyped-decorators=False
# (flask-smorest has no types.)
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response, request

from credentials.errors import (
    AheadOfTime,
    ChainForked,
    Conflict,
    KeyNotActive,
    Malformed,
    NotFound,
    QuotaExceeded,
    RateLimited,
    RecordForked,
    SegmentBackdated,
    SegmentMissing,
    SegmentRepeated,
    SequenceNotNewer,
    StorageFull,
    StorageUnavailable,
    TongxingError,
    TooLarge,
    WrongSignature,
)
from credentials.profile.members import is_member_id
from service_kit.http import static
from service_kit.http.bodies import Routes, takes
from service_kit.http.openapi import content, described
from trust_registry.http.schemas import MemberFileSchema, MemberLogSchema
from trust_registry.mirror import member_files
from trust_registry.mirror.member_log import MAX_GROWTH_BYTES, MemberLog, accept_log
from trust_registry.mirror.offered import MAX_FILE_BYTES
from trust_registry.service import MAX_FILES_PER_HOUR, service
from trust_registry.storage.ports import MemberFileRecord

blueprint = Routes("mirror", __name__, description="What gates fetch")
_STORE = (StorageUnavailable, StorageFull)
_FILE = {"type": "string", "format": "binary"}
_FILES = {
    media_type: {"schema": _FILE if media_type != "application/json" else {}}
    for media_type in (
        "application/octet-stream",
        *map(static.MEDIA_TYPES.__getitem__, (".cose", ".jws", ".jwt", ".json")),
    )
}


def _takes(media_type: str, *refusals: type[TongxingError]) -> dict[str, Any]:
    """What the OpenAPI document says of a member's signed file, whose signature says who sent it."""
    body = {"required": True, **content(media_type, _FILE)}
    every = (NotFound, Malformed, WrongSignature, KeyNotActive, TooLarge, QuotaExceeded, RateLimited)
    return described(*every, *refusals, *_STORE, requestBody=body)


@blueprint.put("/v1/members/<member>/status")
@blueprint.response(200, MemberFileSchema, description="It is on the mirror")
@blueprint.doc(**_takes("application/cose", SequenceNotNewer, Conflict, AheadOfTime, SegmentBackdated, ChainForked))
@takes(MAX_FILE_BYTES["status"])
def put_status(member: str) -> MemberFileRecord:
    """A member's signed status snapshot (COSE)."""
    return _take(member, "status", member_files.accept_status)


@blueprint.put("/v1/members/<member>/segments/<int:number>")
@blueprint.response(200, MemberFileSchema, description="It is on the mirror")
@blueprint.doc(
    **_takes("application/cose", AheadOfTime, SegmentMissing, SegmentRepeated, SegmentBackdated, ChainForked)
)
@takes(MAX_FILE_BYTES["segment"])
def put_segment(member: str, number: int) -> MemberFileRecord:
    """A member's next signed status segment (COSE)."""
    return _take(member, "segment", partial(member_files.accept_segment, number=number))


@blueprint.put("/v1/members/<member>/rules")
@blueprint.response(200, MemberFileSchema, description="It is on the mirror")
@blueprint.doc(**_takes("application/jose", SequenceNotNewer, Conflict))
@takes(MAX_FILE_BYTES["rules"])
def put_rules(member: str) -> MemberFileRecord:
    """A member's signed rule set (JWS)."""
    return _take(member, "rules", member_files.accept_rules)


@blueprint.put("/v1/members/<member>/foreign-keys")
@blueprint.response(200, MemberFileSchema, description="It is on the mirror")
@blueprint.doc(**_takes("application/jose", SequenceNotNewer, Conflict))
@takes(MAX_FILE_BYTES["foreign-keys"])
def put_foreign_keys(member: str) -> MemberFileRecord:
    """A member's signed list of whose foreign cards its gates read (JWS)."""
    return _take(member, "foreign-keys", member_files.accept_foreign_keys)


@blueprint.put("/v1/members/<member>/status-rules/<int:number>")
@blueprint.response(200, MemberFileSchema, description="It is on the mirror")
@blueprint.doc(**_takes("application/jose", SequenceNotNewer, Conflict, ChainForked))
@takes(MAX_FILE_BYTES["status-rules"])
def put_status_rules(member: str, number: int) -> MemberFileRecord:
    """A version of the signed rules by which a member decides (JWS)."""
    return _take(member, "status-rules", partial(member_files.accept_status_rules, number=number))


@blueprint.put("/v1/members/<member>/log/<int:old>")
@blueprint.response(200, MemberLogSchema, description="It is on the mirror")
@blueprint.doc(**_takes("application/octet-stream", SequenceNotNewer, RecordForked))
@takes(MAX_GROWTH_BYTES)
def put_log(member: str, old: int) -> MemberLog:
    """What follows the first ``old`` leaves of a member's log: a bundle of the signed checkpoint and the leaves."""
    registry = service()
    if not is_member_id(member):
        raise NotFound("no such member")
    registry.limit(f"file:log:{member}", MAX_FILES_PER_HOUR["log"])
    publication, content = registry.publication, request.get_data(cache=False)
    return accept_log(
        publication.storage, publication.mirror, member, old, content, registry.now(), turn=registry.turns.of
    )


@blueprint.put("/v1/members/<member>/token-status-lists/<int:number>")
@blueprint.response(200, MemberFileSchema, description="It is on the mirror")
@blueprint.doc(**_takes("application/statuslist+jwt", SequenceNotNewer, Conflict))
@takes(MAX_FILE_BYTES["token-list"])
def put_token_list(member: str, number: int) -> MemberFileRecord:
    """A member's Token Status List (JWT)."""
    return _take(member, "token-list", partial(member_files.accept_token_list, number=number))


@blueprint.get("/mirror/<path:path>")
@blueprint.doc(
    **described(
        NotFound,
        responses={
            "200": {"description": "A static file, with ETag", "content": _FILES},
            "304": {"description": "Held"},
        },
    )
)
def serve_mirror(path: str) -> Response:
    """The mirror's files, where no other server carries them."""
    return service().files.serve(path)


@blueprint.after_request
def _open_to_other_sites(response: Response) -> Response:
    """Pages of anybody may read the mirror's files: a wallet or a gate of another maker checks with them. Nothing else
    that any service answers is open so."""
    if request.endpoint == f"{blueprint.name}.{serve_mirror.__name__}" and response.status_code < 400:
        response.headers.update(static.PUBLIC)
        if request.method == "OPTIONS":
            response.headers.update(static.PREFLIGHT)
    return response


def _take(member: str, kind: str, accept: Callable[..., MemberFileRecord]) -> MemberFileRecord:
    registry = service()
    if not is_member_id(member):
        raise NotFound("no such member")
    # By address and member: behind one proxy, no member may use up what another needs.
    registry.limit(f"file:{kind}:{member}", MAX_FILES_PER_HOUR[kind])
    publication = registry.publication
    content = request.get_data(cache=False)
    taken = accept(
        publication.storage, publication.mirror, member, content=content, now=registry.now(), turn=registry.turns.of
    )
    if kind not in ("token-list", "status-rules"):
        registry.announce(member)
    return taken
