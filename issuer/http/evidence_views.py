"""Evidence over HTTP: a batch of what a client reports about people."""

# mypy: disable-error-code="untyped-decorator"
# (flask-smorest has no types.)

from __future__ import annotations

from typing import Any

from credentials.errors import InvalidRequest, NotAuthenticated, RateLimited, StorageFull, StorageUnavailable
from issuer.evidence.intake import Taken
from issuer.http.schemas import EVIDENCE_EXAMPLE, EvidenceBatchSchema, EvidenceTakenSchema
from issuer.service import EVIDENCE, service
from service_kit.http.bodies import Routes, takes
from service_kit.http.openapi import described

MAX_EVIDENCE_BODY_BYTES = 2 * 1024 * 1024
"""MAX_BATCH attestations of full length, and more."""
blueprint = Routes("evidence", __name__, description="What is known of people")


@blueprint.post("/v1/evidence")
@blueprint.arguments(EvidenceBatchSchema, example=EVIDENCE_EXAMPLE)
@blueprint.response(200, EvidenceTakenSchema, description="What came of each record")
@blueprint.doc(
    **described(InvalidRequest, NotAuthenticated, RateLimited, StorageUnavailable, StorageFull, by_assertion=True)
)
@takes(MAX_EVIDENCE_BODY_BYTES)
def take_evidence(batch: dict[str, Any]) -> dict[str, Any]:
    """Report facts about people.

    Each record is taken or refused by itself, and the same one again changes nothing. What follows is done before the
    answer: people are decided about anew, and codes that say otherwise are withdrawn.
    """
    office, records = service(), batch["records"]
    client_id = office.client(EVIDENCE, by=len(records))
    outcomes = office.intake.take(client_id, records, office.now())
    counted = {each.value: sum(outcome is each for outcome in outcomes) for each in Taken}
    refused = [
        {"number": number, "code": outcome.code, "detail": outcome.detail}
        for number, outcome in enumerate(outcomes)
        if not isinstance(outcome, Taken)
    ]
    return {**counted, "rejected": refused}
