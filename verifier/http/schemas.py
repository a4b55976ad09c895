"""Bodies of the verifier's HTTP interface. Verdicts and codes do not pass through them: they only describe those."""

from __future__ import annotations

from marshmallow import Schema, fields

from service_kit.http.openapi import in_each_language


class CheckSchema(Schema):
    """One code, the lane that was shown it, and the nonce of the challenge that the lane has shown, if it has."""

    text = fields.String(required=True)
    lane = fields.String()
    nonce = fields.String()


class AskSchema(Schema):
    """The lane that will show the challenge. A site's lanes may answer each other's."""

    lane = fields.String()


class ChallengeSchema(Schema):
    """A challenge: ``text`` for its QR code, ``nonce`` (32 hex digits) to be named with the check of its answer,
    ``expires_at`` in seconds UTC by the gate's clock."""

    text = fields.String()
    nonce = fields.String()
    gate = fields.String()
    expires_at = fields.Integer()


class BatchSchema(Schema):
    """1 to 1,000 codes that one lane was shown."""

    texts = fields.List(fields.String(), required=True)
    lane = fields.String()


class ClockSchema(Schema):
    """``in_doubt``: the device's clock is behind; ``alarm``: too far from the registry's to say which is wrong."""

    in_doubt = fields.Boolean()
    alarm = fields.Boolean()


class FailureSchema(Schema):
    """What could not be brought up to date, why and when. ``member`` is empty for the trust list."""

    member = fields.String()
    file = fields.String()
    code = fields.String()
    detail = fields.String()
    at = fields.Integer()


class ReportedSchema(Schema):
    """An entry of the trust list that was left out or stands in doubt."""

    entry = fields.String()
    detail = fields.String()


class TrustSchema(Schema):
    """The trust list. Times in seconds UTC, ``age`` in seconds."""

    age = fields.Integer()
    registry_time = fields.Integer()
    verified_at = fields.Integer()
    versions = fields.Dict(keys=fields.String(), values=fields.Integer())
    expiries = fields.Dict(keys=fields.String(), values=fields.Integer())
    members = fields.Integer()
    denied = fields.Integer()
    reported = fields.List(fields.Nested(ReportedSchema))


class CheckpointSchema(Schema):
    """The newest checkpoint of the registry's log that this gate has seen; ``note``: with its signatures."""

    origin = fields.String()
    size = fields.Integer()
    root = fields.String()
    note = fields.String()


class ComparedSchema(Schema):
    """What came of a comparison of two checkpoints."""

    answer = fields.String()
    detail = fields.String()


class RecordSchema(Schema):
    """How the trust list stands in the public record; ``code`` and ``detail``: why it is not proven."""

    state = fields.String()
    alarm = fields.Boolean()
    code = fields.String()
    detail = fields.String()
    unproven_since = fields.Integer(allow_none=True)
    policy_waits_until = fields.Integer(allow_none=True)
    cosigned_by = fields.List(fields.String())
    checkpoint = fields.Nested(CheckpointSchema, allow_none=True)
    compared = fields.Nested(ComparedSchema, allow_none=True)
    forked = fields.Boolean()


class RulesSchema(Schema):
    """One of the host member's rule sets that the gate holds."""

    rule_set = fields.Integer()
    version = fields.Integer()
    sequence = fields.Integer()
    valid_from = fields.Integer()
    valid_until = fields.Integer(allow_none=True)
    in_force = fields.Boolean()


class ForeignKeysSchema(Schema):
    """The host member's list of whose foreign cards the gate reads. ``age`` in seconds; ``formats``: keys of each."""

    sequence = fields.Integer()
    age = fields.Integer()
    keys = fields.Integer()
    issuers = fields.Integer()
    withdrawn = fields.Integer()
    formats = fields.Dict(keys=fields.String(), values=fields.Integer())


class MemberSchema(Schema):
    """What the gate has of one member; null where it has nothing."""

    status_age = fields.Integer(allow_none=True)
    status_sequence = fields.Integer(allow_none=True)
    status_expires_at = fields.Integer(allow_none=True)
    status_synced_at = fields.Integer(allow_none=True)
    withdrawn = fields.Integer(allow_none=True)
    rules_version = fields.Integer(allow_none=True)
    rules_synced_at = fields.Integer(allow_none=True)
    failures = fields.List(fields.Nested(FailureSchema))


class GateStateSchema(Schema):
    """How fresh a gate is."""

    member = fields.String()
    profile = fields.String()
    environment = fields.String()
    now = fields.Integer()
    device_now = fields.Integer()
    clock_offset_seconds = fields.Integer()
    clock = fields.Nested(ClockSchema)
    replay_memory_shared = fields.Boolean()
    shared_cache = fields.Boolean(allow_none=True)
    trust = fields.Nested(TrustSchema, allow_none=True)
    record = fields.Nested(RecordSchema, allow_none=True)
    rules = fields.List(fields.Nested(RulesSchema))
    foreign_keys = fields.Nested(ForeignKeysSchema, allow_none=True)
    members = fields.Dict(keys=fields.String(), values=fields.Nested(MemberSchema))
    failures = fields.List(fields.Nested(FailureSchema))


class ContactSchema(Schema):
    """A member that can help, and its hotline."""

    member = fields.String()
    hotline = fields.String()


class FindingSchema(Schema):
    """A reason or a note: its code, what people read of it, and whom to call, the most helpful first."""

    class Meta:
        include = in_each_language("text_")

    code = fields.String()
    call = fields.List(fields.Nested(ContactSchema))


class StepSchema(Schema):
    """A step of the recipe, by its number, and its ``result``: passed, failed, open, skipped."""

    step = fields.Integer()
    name = fields.String()
    result = fields.String()


class HolderSchema(Schema):
    """Who a code speaks of: as much as a guard compares with the document."""

    name = fields.String()
    document_tail = fields.String()
    birth_date = fields.String(metadata={"description": "of a foreign card, in place of the document"})


class AgesSchema(Schema):
    """How old the knowledge was, in seconds: of the trust list, and of the issuer's status."""

    trust = fields.Integer(allow_none=True)
    status = fields.Integer(allow_none=True)


class VerdictSchema(Schema):
    """A verdict (docs/verdict.md). ``outcome``: accepted, refused or undetermined. What the code says is null where no
    issuer has said it; ``status`` is the issuer's word and never a colour of ours."""

    outcome = fields.String()
    reasons = fields.List(fields.Nested(FindingSchema))
    notes = fields.List(fields.Nested(FindingSchema))
    checks = fields.List(fields.Nested(StepSchema))
    issuer = fields.String(allow_none=True)
    status = fields.String(allow_none=True)
    form = fields.String(allow_none=True)
    holder = fields.Nested(HolderSchema, allow_none=True)
    issued_at = fields.Integer(allow_none=True)
    expires_at = fields.Integer(allow_none=True)
    evidence = fields.List(fields.Dict(), allow_none=True)
    freshness = fields.Nested(AgesSchema)
    rules = fields.Dict(allow_none=True)
    card = fields.Dict(metadata={"description": "only of a foreign card: its format, kind and leniences"})


class VerdictsSchema(Schema):
    """Verdicts, in the order of the codes."""

    verdicts = fields.List(fields.Nested(VerdictSchema))


class SnapshotSchema(Schema):
    """What a gate in a browser is given (docs/snapshot.md). Nobody is in it: keys, bits and rules."""

    member = fields.String()
    gate = fields.String()
    policy = fields.Dict()
    trust = fields.Dict(allow_none=True)
    statuses = fields.Dict(keys=fields.String(), values=fields.String())
    segments = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    rules = fields.List(fields.String())
    foreign_keys = fields.String(allow_none=True)
    reasons = fields.List(fields.Dict())
    position = fields.String()
    since = fields.String(metadata={"description": "of a delta: the position that it follows"})
    gone = fields.List(
        fields.String(), metadata={"description": "of a delta: members of which nothing is held any more"}
    )
