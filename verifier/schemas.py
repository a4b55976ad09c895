"""Bodies of the verifier's HTTP interface. Verdicts and codes do not pass through them: they only describe those."""

from __future__ import annotations

from marshmallow import Schema, fields


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


class RulesSchema(Schema):
    """One of the host member's rule sets that the gate holds."""

    rule_set = fields.Integer()
    version = fields.Integer()
    sequence = fields.Integer()
    valid_from = fields.Integer()
    valid_until = fields.Integer(allow_none=True)
    in_force = fields.Boolean()


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


class StateSchema(Schema):
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
    rules = fields.List(fields.Nested(RulesSchema))
    members = fields.Dict(keys=fields.String(), values=fields.Nested(MemberSchema))
    failures = fields.List(fields.Nested(FailureSchema))
