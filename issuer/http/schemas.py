"""Bodies of the issuer's HTTP interface. What a request means is checked by :mod:`issuer.requests.request`."""

from __future__ import annotations

from marshmallow import INCLUDE, Schema, fields, validate

from credentials.decisions.by_hand import MAX_TEXT_BYTES
from credentials.profile.languages import LANGUAGES
from credentials.profile.limits import MAX_EVIDENCE, MAX_NAME_CHARACTERS
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status
from issuer.decisions.causes import CAUSES
from issuer.evidence.intake import MAX_BATCH
from issuer.requests.holder_proof import MAX_PROOF_CHARACTERS
from issuer.requests.request import MAX_FIELD_CHARACTERS

_TEXT = validate.Length(min=1, max=MAX_FIELD_CHARACTERS)


def _label(kind: type[Form | Status | Reason | Guardian | EvidenceKind | EvidenceResult]) -> validate.OneOf:
    return validate.OneOf([member.label for member in kind])


class DocumentSchema(Schema):
    """An identity document; its kind is told from its shape when it is not given."""

    kind = fields.String(validate=_TEXT)
    number = fields.String(required=True, validate=_TEXT)


class EvidenceSchema(Schema):
    """One fact. ``sampled_at``: seconds UTC, when the sample was taken."""

    kind = fields.String(required=True, validate=_label(EvidenceKind))
    result = fields.String(required=True, validate=_label(EvidenceResult))
    sampled_at = fields.Integer(required=True, strict=True)
    region = fields.Integer(required=True, strict=True)


class DecisionSchema(Schema):
    """A decision by hand: its canonical text, the salt (hex), and the signatures of author and approver over the text.
    Without both it is refused: what a client says of staff is no signature."""

    class Meta:
        """What the reader of a request says of a field is of more help than that there is no such field."""

        unknown = INCLUDE

    text = fields.String(validate=validate.Length(max=MAX_TEXT_BYTES))
    salt = fields.String(validate=_TEXT)
    author = fields.Raw()
    approver = fields.Raw()


class IssueSchema(Schema):
    """A request for one code."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=MAX_NAME_CHARACTERS))
    document = fields.Nested(DocumentSchema, required=True)
    form = fields.String(required=True, validate=_label(Form))
    evidence = fields.List(fields.Nested(EvidenceSchema), validate=validate.Length(max=MAX_EVIDENCE))
    holder_proof = fields.String(validate=validate.Length(max=MAX_PROOF_CHARACTERS))
    guardian = fields.String(validate=_label(Guardian))
    lifetime = fields.Integer(strict=True)
    decision = fields.Nested(DecisionSchema)


ISSUE_EXAMPLE = {
    "name": "张三",
    "document": {"number": "11010519491231002X"},
    "form": "paper",
    "evidence": [{"kind": "nucleic-acid", "result": "negative", "sampled_at": 1_790_000_000, "region": 410100}],
}
"""Of nobody: the number is the specimen of GB 11643-1999, the name stands for any."""


class IssuedSchema(Schema):
    """A code. ``handle`` names it to the issuer and appears in no code; times in seconds UTC."""

    handle = fields.String()
    text = fields.String()
    form = fields.String()
    issued_at = fields.Integer()
    expires_at = fields.Integer()


class EvidenceBatchSchema(Schema):
    """Records of evidence, objects; each is read by itself, so that a bad one, be it no object at all, stops no other
    (see operations, Evidence)."""

    records = fields.List(fields.Raw(allow_none=True), required=True, validate=validate.Length(min=1, max=MAX_BATCH))


EVIDENCE_EXAMPLE = {
    "records": [
        {
            "reference": "2026-11-20/0815",
            "document": {"number": "11010519491231002X"},
            "kind": "nucleic-acid",
            "result": "negative",
            "sampled_at": 1_790_000_000,
            "region": 410100,
        }
    ]
}
"""Of nobody, as above."""


class EvidenceRefusedSchema(Schema):
    """``number``: of the record in the batch, from 0."""

    number = fields.Integer()
    code = fields.String()
    detail = fields.String()


class EvidenceTakenSchema(Schema):
    """How many records are new, were there already, or took the place of what this client said before."""

    kept = fields.Integer()
    present = fields.Integer()
    corrected = fields.Integer()
    rejected = fields.List(fields.Nested(EvidenceRefusedSchema))


class WithdrawalSchema(Schema):
    """Why a code is withdrawn. The cause stays with the issuer."""

    cause = fields.String(required=True, validate=validate.OneOf(list(CAUSES)))


class WithdrawnSchema(Schema):
    """``withdrawn`` is false when it was withdrawn before."""

    withdrawn = fields.Boolean()


class IssuerStateSchema(Schema):
    """What the issuer says of itself."""

    member = fields.String()
    audience = fields.String()
    environment = fields.String()
    now = fields.Integer()
    clock_offset_seconds = fields.Integer()
    kid = fields.String()
    shared_cache = fields.Boolean(allow_none=True)
    publication = fields.Dict()
    listing = fields.Dict()
    rules = fields.Dict()


class SignInSchema(Schema):
    """``language``: in which the identity provider shall speak."""

    language = fields.String(validate=validate.OneOf(LANGUAGES))


class SignInBegunSchema(Schema):
    """``location``: where to send the browser."""

    location = fields.Url(schemes={"https", "http"}, require_tld=False)
