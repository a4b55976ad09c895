"""What phones ask for over HTTP, and claim codes for clients. A phone proves its key; no route answers to a name.

Nothing here may be cached: answers are a person's own, and the issuer's time.
"""

# mypy: disable-error-code="untyped-decorator"
# (flask-smorest has no types.)

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint  # type: ignore[import-untyped]

from credentials.model import Form
from credentials.regions import MEMBERS
from issuer.causes import HOLDER_REQUEST
from issuer.holder_proof import PAPER, RELEASE
from issuer.holding import Held
from issuer.service import CLAIM_CODES, WALLET, IssuerService, service
from issuer.sign_in_views import claim_code_of_browser, forget_claim_code
from issuer.wallet_schemas import (
    ClaimCodeSchema,
    ClaimSchema,
    HeldSchema,
    HolderProofSchema,
    RegistrationSchema,
    ReleasedSchema,
    WalletSchema,
)
from service_kit.limits import caller

blueprint = Blueprint("wallet", __name__, description="What residents' phones ask for")


@blueprint.post("/v1/claim-codes")
@blueprint.arguments(RegistrationSchema)
@blueprint.response(201, ClaimCodeSchema)
def make_claim_code(fields: dict[str, Any]) -> dict[str, Any]:
    """Put a person on file and make a claim code for them. Needs a registered client's assertion."""
    office = service()
    with office.metrics.counting_refusals():
        made = office.claim_codes.make(fields, office.client(CLAIM_CODES), office.now())
    return {"code": made.text, "expires_at": made.expires_at}


@blueprint.get("/v1/wallet")
@blueprint.response(200, WalletSchema)
def show_wallet() -> dict[str, Any]:
    """Who issues here, for whom proofs are to be made, and what time it is."""
    office = service()
    names = MEMBERS[office.settings.member]
    return {
        "audience": office.settings.audience,
        "member": office.settings.member,
        "names": {"zh": names.zh, "en": names.en},
        "hotline": office.settings.hotline,
        "sign_in": office.sign_in is not None,
        "now": office.now(),
    }


@blueprint.post("/v1/wallet/claims")
@blueprint.arguments(ClaimSchema)
@blueprint.response(201, HeldSchema)
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
@blueprint.arguments(HolderProofSchema)
@blueprint.response(200, HeldSchema)
def renew(fields: dict[str, Any]) -> dict[str, Any]:
    """The code that this phone should show from now on: the one that it has, or a newer one."""
    office = _counted()
    with office.metrics.counting_refusals():
        return held_json(office.holding.renew(office.phone(fields["holder_proof"]).point, office.now()))


@blueprint.post("/v1/wallet/paper")
@blueprint.arguments(HolderProofSchema)
@blueprint.response(201, HeldSchema)
def print_paper(fields: dict[str, Any]) -> dict[str, Any]:
    """A paper code of the same person. The proof says ``"act": "paper"`` and is good once."""
    office = _counted()
    with office.metrics.counting_refusals():
        return held_json(office.holding.paper(office.phone(fields["holder_proof"], PAPER), office.now()))


@blueprint.post("/v1/wallet/release")
@blueprint.arguments(HolderProofSchema)
@blueprint.response(200, ReleasedSchema)
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
