"""The witness over HTTP: one route, as C2SP tlog-witness has it."""

# mypy: disallow-untyped-decorators=False
# (flask-smorest has no types.)
from __future__ import annotations

from flask import Response, request

from credentials.errors import (
    Malformed,
    NotFound,
    RateLimited,
    RecordForked,
    RecordProofFailed,
    StorageFull,
    StorageUnavailable,
    TooLarge,
    WitnessAtOtherSize,
    WrongSignature,
)
from credentials.log.request import MAX_REQUEST_BYTES, SIZE_TYPE
from service_kit.http.bodies import Routes, takes
from service_kit.http.openapi import content, described
from service_kit.http.problems import problem_of
from trust_registry.witness.service import service

blueprint = Routes("witness", __name__, description="Cosigns checkpoints of logs")
_TEXT = {"type": "string", "format": "binary"}
_REFUSALS = (NotFound, TooLarge, WitnessAtOtherSize, RecordForked, RecordProofFailed, RateLimited)
_STATUS = {Malformed: 400, WrongSignature: 403}
"""What the protocol answers to these two; elsewhere they have other statuses."""


@blueprint.post("/add-checkpoint")
@blueprint.doc(
    **described(
        *_REFUSALS,
        StorageUnavailable,
        StorageFull,
        requestBody={"required": True, **content("text/plain", _TEXT)},
        responses={
            "200": {"description": "The cosignature's line", **content("text/plain", _TEXT)},
            "400": {"description": "No whole request, or an old size above the checkpoint's"},
            "403": {"description": "No key of the log has signed it"},
        },
    )
)
@takes(MAX_REQUEST_BYTES)
def add_checkpoint() -> Response:
    """Cosign a checkpoint: ``old SIZE``, the consistency proof, an empty line, the checkpoint."""
    try:
        line = service().add_checkpoint(request.get_data(cache=False))
    except WitnessAtOtherSize as error:
        return Response(f"{error.size}\n", 409, content_type=SIZE_TYPE)
    except (Malformed, WrongSignature) as error:
        return problem_of(error, _STATUS[type(error)])
    return Response(line, content_type="text/plain; charset=utf-8")
