"""Bodies of what phones send and are sent, and of claim codes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from issuer.http.schemas import IssueSchema
from issuer.phones.claim_codes import MAX_TYPED_CHARACTERS
from issuer.requests.holder_proof import MAX_PROOF_CHARACTERS


class RegistrationSchema(IssueSchema):
    """A person whose phone is not at hand: ``form`` is phone or assisted."""

    class Meta:
        exclude = ("holder_proof",)


class ClaimCodeSchema(Schema):
    """A claim code, ``1234 5678 9012 3456``, to be handed to the person and kept by nobody else."""

    code = fields.String()
    expires_at = fields.Integer()


class HolderProofSchema(Schema):
    """Whose phone asks. A compact JWS by its key, see issuer/requests/holder_proof.py."""

    holder_proof = fields.String(required=True, validate=validate.Length(min=1, max=MAX_PROOF_CHARACTERS))


class ClaimSchema(HolderProofSchema):
    """A claim code as it was typed: groups, hyphens and full-width digits do not matter. Not for who has signed in."""

    code = fields.String(validate=validate.Length(min=1, max=MAX_TYPED_CHARACTERS))


class ShownHolderSchema(Schema):
    """What a gate shows of the holder: the masked name and the end of the document's number."""

    name = fields.String()
    document_tail = fields.String()


class HeldSchema(Schema):
    """A code for a phone. ``text`` is what gates read, once the phone has signed around it; times in seconds UTC."""

    text = fields.String()
    form = fields.String()
    status = fields.String()
    holder = fields.Nested(ShownHolderSchema)
    issued_at = fields.Integer()
    expires_at = fields.Integer()


class DecisionFileSchema(Schema):
    """``file``: to be saved as it is; see credentials/decisions/proof.py."""

    file = fields.String()


class LookUpsFileSchema(Schema):
    """``file``: see credentials/decisions/look_ups.py."""

    file = fields.String()


class ReleasedSchema(Schema):
    """``withdrawn`` is false when the phone had no code any more."""

    withdrawn = fields.Boolean()


class IssuerNamesSchema(Schema):
    """In both languages."""

    zh = fields.String()
    en = fields.String()


class WalletSchema(Schema):
    """Who issues here. ``now``: its clock, seconds UTC; ``sign_in``: whether people can sign in instead of typing;
    ``log``: the key of its public log as a vkey, empty where it publishes none."""

    audience = fields.String()
    environment = fields.String()
    member = fields.String()
    names = fields.Nested(IssuerNamesSchema)
    hotline = fields.String()
    sign_in = fields.Boolean()
    log = fields.String()
    now = fields.Integer()
