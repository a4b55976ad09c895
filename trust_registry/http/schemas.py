"""Bodies of the registry's HTTP interface. What is signed inside them is read by the formats' own readers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from credentials.log.policy import MAX_POLICY_BYTES
from service_kit.http.openapi import in_each_language
from service_kit.settings import ENVIRONMENTS
from trust_registry.enrolment.drafting import MAX_STATEMENTS_PER_DRAFT
from trust_registry.enrolment.possession import MAX_PROOF_CHARACTERS
from trust_registry.metadata.statement import MAX_KEYS, MAX_STATEMENT_CHARACTERS
from trust_registry.metadata.trust_list import KINDS, MAX_MEMBERS
from trust_registry.publishing.denials import MAX_REQUEST_CHARACTERS
from trust_registry.record.log import MAX_LEAF_NUMBER

_ID = validate.Regexp(r"\A[0-9a-f]{32}\Z")
_MEMBER = validate.Length(min=1, max=16)
_KEYID = validate.Regexp(r"\A[0-9a-f]{64}\Z")


class SubmissionSchema(Schema):
    """A province's statement and a proof of possession for each of its keys."""

    statement = fields.String(required=True, validate=validate.Length(max=MAX_STATEMENT_CHARACTERS))
    proofs = fields.List(
        fields.String(validate=validate.Length(max=MAX_PROOF_CHARACTERS)),
        required=True,
        validate=validate.Length(max=MAX_KEYS),
    )


class StatementSchema(Schema):
    """Where a statement stands: submitted, published or overtaken."""

    id = fields.String()
    member = fields.String()
    sequence = fields.Integer()
    state = fields.String()


class MayIssueSchema(Schema):
    """Labels of the statuses and forms that a member may issue."""

    statuses = fields.List(fields.String(), required=True)
    forms = fields.List(fields.String(), required=True)


class AdditionSchema(Schema):
    """What the officers say of a member. A new member needs all of it; of a listed one only what changes."""

    kind = fields.String(validate=validate.OneOf(KINDS))
    names = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "By language tag: zh-CN and en, and others."},
    )
    region = fields.Integer(strict=True)
    hotline = fields.String()
    environment = fields.String(validate=validate.OneOf(ENVIRONMENTS))
    may_issue = fields.Nested(MayIssueSchema)


class DraftRequestSchema(Schema):
    """What an officer asks to be put before the officers. All empty: the same list, signed anew."""

    statement_ids = fields.List(
        fields.String(validate=_ID), load_default=list, validate=validate.Length(max=MAX_STATEMENTS_PER_DRAFT)
    )
    additions = fields.Dict(
        keys=fields.String(validate=_MEMBER),
        values=fields.Nested(AdditionSchema),
        load_default=dict,
        validate=validate.Length(max=MAX_MEMBERS),
    )
    removals = fields.List(
        fields.String(validate=_MEMBER), load_default=list, validate=validate.Length(max=MAX_MEMBERS)
    )
    all_submitted = fields.Boolean(load_default=False)
    witness_policy = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=MAX_POLICY_BYTES))


class ChangeSchema(Schema):
    """One change, in words for officers."""

    class Meta:
        include = in_each_language()

    member = fields.String()
    what = fields.String()
    kid = fields.String(allow_none=True)


class DraftSchema(Schema):
    """A draft: what officers sign (``signed_bytes``, base64), all they need to check it, and who has signed.

    ``diff`` is for show; each officer's own machine works it out anew.
    """

    id = fields.String()
    state = fields.String()
    signed_bytes = fields.String()
    trust_list = fields.String()
    statements = fields.List(fields.Nested(SubmissionSchema))
    diff = fields.List(fields.Nested(ChangeSchema))
    approved_by = fields.List(fields.String())
    threshold = fields.Integer()
    skipped = fields.List(fields.Nested(lambda: SkippedSchema()))


class SkippedSchema(Schema):
    """A statement that was left out of a draft when it was made, and why."""

    id = fields.String()
    member = fields.String()
    why = fields.String()


class WaitingDraftSchema(Schema):
    """A draft that officers may still sign. ``missing``: officers who have not; ``threshold``: how many must."""

    id = fields.String()
    members = fields.List(fields.String())
    created_at = fields.Integer()
    ends_at = fields.Integer()
    created_by = fields.String()
    approved_by = fields.List(fields.String())
    missing = fields.List(fields.String())
    threshold = fields.Integer()


class WaitingSchema(Schema):
    """The drafts that wait for signatures, oldest first."""

    drafts = fields.List(fields.Nested(WaitingDraftSchema))


class ApprovalSchema(Schema):
    """An officer's signature over a draft's ``signed_bytes``: DER in hex, under its TUF key id."""

    keyid = fields.String(required=True, validate=_KEYID)
    signature = fields.String(required=True, validate=validate.Regexp(r"\A(?:[0-9a-f]{2}){8,72}\Z"))


class PublicationSchema(Schema):
    """The versions in force after a publication."""

    targets = fields.Integer()
    denials = fields.Integer()
    snapshot = fields.Integer()
    timestamp = fields.Integer()


class DenialRequestSchema(Schema):
    """A denial asked for in signed words."""

    request = fields.String(required=True, validate=validate.Length(max=MAX_REQUEST_CHARACTERS))


class DenialSchema(Schema):
    """A denied key."""

    kid = fields.String()
    sequence = fields.Integer()
    reason = fields.String()
    denied_at = fields.Integer()


class MemberFileSchema(Schema):
    """A member's file as it now stands on the mirror."""

    member = fields.String()
    name = fields.String()
    sequence = fields.Integer()
    sha256 = fields.String()
    size = fields.Integer()


class MemberLogSchema(Schema):
    """A member's log as it now stands on the mirror: its origin, and how many leaves it has."""

    member = fields.String()
    origin = fields.String()
    size = fields.Integer()


class LogQuerySchema(Schema):
    """Which leaves of the log are asked for: those from number ``since`` on."""

    since = fields.Integer(load_default=0, validate=validate.Range(min=0, max=MAX_LEAF_NUMBER))


class LeafSchema(Schema):
    """A leaf of the log. ``content`` is the canonical JSON as it was written, a text."""

    number = fields.Integer()
    kind = fields.String()
    at = fields.Integer()
    content = fields.String()


class LogSchema(Schema):
    """A page of the log; an empty one is the end."""

    leaves = fields.List(fields.Nested(LeafSchema))


class CosignedSchema(Schema):
    """The checkpoint in force: leaves, and which witnesses of the list have cosigned it, by name."""

    size = fields.Integer()
    cosigned_by = fields.List(fields.String())


class RegistryStateSchema(Schema):
    """What is in force, by the registry's own account; gates believe the signed files only."""

    audience = fields.String()
    environment = fields.String()
    now = fields.Integer()
    clock_offset_seconds = fields.Integer()
    shared_cache = fields.Boolean(allow_none=True)
    members = fields.List(fields.String())
    denied = fields.Integer()
    officers = fields.List(fields.String())
    threshold = fields.Integer()
    versions = fields.Dict(keys=fields.String(), values=fields.Integer())
    expiries = fields.Dict(keys=fields.String(), values=fields.Integer())
    submitted = fields.List(fields.Nested(StatementSchema))
    timestamp = fields.Dict()
    log = fields.Dict()
