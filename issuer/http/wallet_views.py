"""What phones ask for over HTTP, and claim codes for clients. A phone proves its key; no route answers to a name.

Nothing here may be cached: answers are a person's own, and the issuer's time.
"""

# mypy: disable-error-code="untyped-decorator"
# (flask-smorest has no types.)

from __future__ import annotations

from typing import Any

from credentials.errors import (
    ClaimCodeExpired,
    ClaimCodeMistyped,
    ClaimCodeUnknown,
    ClaimCodeUsed,
    CodeTakenBack,
    DecisionRejected,
    DeviceLost,
    DeviceReplaced,
    DeviceUnknown,
    InvalidDocument,
    InvalidName,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    ProofOfPossessionFailed,
    RateLimited,
    StorageFull,
    StorageUnavailable,
    Unavailable,
)
from credentials.profile.lists import Form
from credentials.profile.members import MEMBERS
from issuer.decisions.causes import HOLDER_REQUEST
from issuer.http.schemas import ISSUE_EXAMPLE
from issuer.http.sign_in_views import claim_code_of_browser, forget_claim_code
from issuer.http.wallet_schemas import (
    ClaimCodeSchema,
    ClaimSchema,
    DecisionFileSchema,
    HeldSchema,
    HolderProofSchema,
    LookUpsFileSchema,
    RegistrationSchema,
    ReleasedSchema,
    WalletSchema,
)
from issuer.phones.holding import Held
from issuer.record.proving import look_ups_of, prove
from issuer.requests.holder_proof import PAPER, RELEASE
from issuer.service import CLAIM_CODES, WALLET, IssuerService, service
from service_kit.http.bodies import Routes
from service_kit.http.caller import caller
from service_kit.http.openapi import described

blueprint = Routes("wallet", __name__, description="What residents' phones ask for")
_STORE = (RateLimited, StorageUnavailable, StorageFull)
_PHONE = (ProofOfPossessionFailed, CodeTakenBack, DeviceLost, DeviceReplaced, DeviceUnknown)
"""What any request may be refused for that a phone proves to be its own."""


@blueprint.post("/v1/claim-codes")
@blueprint.arguments(RegistrationSchema, example=ISSUE_EXAMPLE | {"form": "phone"})
@blueprint.response(201, ClaimCodeSchema, description="The claim code")
@blueprint.doc(
    **described(
        InvalidRequest, InvalidDocument, InvalidName, DecisionRejected, NotAuthenticated, *_STORE, by_assertion=True
    )
)
def make_claim_code(fields: dict[str, Any]) -> dict[str, Any]:
    """Put a person on file and make a claim code for them. Needs a registered client's assertion."""
    office = service()
    with office.metrics.counting_refusals():
        made = office.claim_codes.make(fields, office.client(CLAIM_CODES), office.now())
    return {"code": made.text, "expires_at": made.expires_at}


@blueprint.get("/v1/wallet")
@blueprint.response(200, WalletSchema, description="Who issues here")
@blueprint.doc(**described())
def show_wallet() -> dict[str, Any]:
    """Who issues here, for whom proofs are to be made, and what time it is."""
    office = service()
    names = MEMBERS[office.settings.member].names
    return {
        "audience": office.settings.audience,
        "environment": office.settings.environment,
        "member": office.settings.member,
        "names": {"zh": names.of("zh-CN"), "en": names.of("en")},
        "hotline": office.settings.hotline,
        "sign_in": office.sign_in is not None,
        "log": office.record.vkey,
        "now": office.now(),
    }


@blueprint.post("/v1/wallet/claims")
@blueprint.arguments(ClaimSchema, example={"code": "1234 5678 9012 3456", "holder_proof": "eyJ…"})
@blueprint.response(201, HeldSchema, description="The code")
@blueprint.doc(
    **described(
        ClaimCodeMistyped,
        ClaimCodeUnknown,
        ClaimCodeUsed,
        ClaimCodeExpired,
        InvalidRequest,
        ProofOfPossessionFailed,
        DecisionRejected,
        *_STORE,
    )
)
def claim(fields: dict[str, Any]) -> dict[str, Any]:
    """The code that a claim code stands for, bound to this phone. The same phone may ask again.

    Without ``code``: by the claim code that this browser has from signing in.
    """
    office = _counted()
    with office.metrics.counting_refusals():
        held = office.claim(fields.get("code") or claim_code_of_browser(office.settings), fields["holder_proof"])
    if "code" not in fields:
        forget_claim_code(office.settings)
    return held_json(held)


@blueprint.post("/v1/wallet/renewals")
@blueprint.arguments(HolderProofSchema, example={"holder_proof": "eyJ…"})
@blueprint.response(200, HeldSchema, description="The code")
@blueprint.doc(**described(*_PHONE, DecisionRejected, *_STORE))
def renew(fields: dict[str, Any]) -> dict[str, Any]:
    """The code that this phone should show from now on: the one that it has, or a newer one."""
    office = _counted()
    with office.metrics.counting_refusals():
        return held_json(office.holding.renew(office.phone(fields["holder_proof"]).point, office.now()))


@blueprint.post("/v1/wallet/paper")
@blueprint.arguments(HolderProofSchema, example={"holder_proof": "eyJ…"})
@blueprint.response(201, HeldSchema, description="The code")
@blueprint.doc(**described(*_PHONE, DecisionRejected, *_STORE))
def print_paper(fields: dict[str, Any]) -> dict[str, Any]:
    """A paper code of the same person. The proof says ``"act": "paper"`` and is good once."""
    office = _counted()
    with office.metrics.counting_refusals():
        return held_json(office.holding.paper(office.phone(fields["holder_proof"], PAPER), office.now()))


@blueprint.post("/v1/wallet/decision")
@blueprint.arguments(HolderProofSchema, example={"holder_proof": "eyJ…"})
@blueprint.response(200, DecisionFileSchema, description="The file that proves the decision")
@blueprint.doc(**described(*_PHONE, NotFound, Unavailable, *_STORE))
def prove_decision(fields: dict[str, Any]) -> dict[str, Any]:
    """The decision behind this phone's code: text, salt, code, proof and who signed it, as one
    file that anybody can check offline."""
    office = _counted()
    point = office.phone(fields["holder_proof"]).point
    file = prove(office.record, office.desk.store, office.holding.present(point))
    return {"file": file.content.decode()}


@blueprint.post("/v1/wallet/look-ups")
@blueprint.arguments(HolderProofSchema, example={"holder_proof": "eyJ…"})
@blueprint.response(200, LookUpsFileSchema, description="The file that says who looked")
@blueprint.doc(**described(*_PHONE, *_STORE))
def tell_look_ups(fields: dict[str, Any]) -> dict[str, Any]:
    """Who of staff was shown what stands about this phone's person, and when: the newest fifty, each with its proof in
    the province's log, once the hour is over."""
    office = _counted()
    point = office.phone(fields["holder_proof"]).point
    return {"file": look_ups_of(office.record, office.holding.person(point)).decode()}


@blueprint.post("/v1/wallet/release")
@blueprint.arguments(HolderProofSchema, example={"holder_proof": "eyJ…"})
@blueprint.response(200, ReleasedSchema, description="It is given up")
@blueprint.doc(**described(*_PHONE, *_STORE))
def release(fields: dict[str, Any]) -> dict[str, bool]:
    """This phone gives its code up, which is withdrawn. The proof says ``"act": "release"``."""
    office = _counted()
    done = office.holding.release(office.phone(fields["holder_proof"], RELEASE).point, office.now())
    office.metrics.count_withdrawal(HOLDER_REQUEST, done)
    return {"withdrawn": done}


def held_json(held: Held) -> dict[str, Any]:
    """A code as phones are given it."""
    issued, facts = held.issued, held.facts
    return {
        "text": issued.text,
        "form": Form(issued.form).label,
        "status": held.status.label,
        "holder": {"name": facts.name, "document_tail": facts.document_tail},
        "issued_at": issued.issued_at,
        "expires_at": issued.expires_at,
    }


def _counted() -> IssuerService:
    office = service()
    office.limits.count(WALLET, caller())
    return office
