"""Reads the vectors: from plain JSON to what the judge takes. A browser's judge reads the same file."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, cast

from credentials.algorithms.table import PublicKey
from credentials.foreign.document import read_foreign_keys
from credentials.foreign.keys import ForeignKeys
from credentials.formats.presentation.challenge import Challenge
from credentials.keys import VerificationKey, public_key_from_jwk
from credentials.profile.lists import Form, Status
from credentials.recognition.document import read_rule_set
from credentials.recognition.ruleset import RuleSet
from credentials.status import snapshot
from credentials.status.snapshot import StatusSnapshot
from credentials.wire import cose, jws
from trust_registry.client.trust.snapshot import TrustedKey, TrustedMember, TrustSnapshot
from trust_registry.metadata.denials import KeyDenial
from trust_registry.metadata.statement import Statement
from trust_registry.metadata.trust_list import BadEntry, MayIssue, MemberEntry, Names, kind_of
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import Policy

NATIVE, RECORD = (Path(__file__).with_name(f"{name}.json") for name in ("native", "record"))
NO_STATEMENT = Statement("", 0, None, 0, b"", cast(PublicKey, None), None, (), "")
"""The judge asks a member for its entry and keys; a statement is the registry client's business. This one names no key
of a log."""


def read_vectors() -> dict[str, Any]:
    """The committed file."""
    vectors: dict[str, Any] = json.loads(NATIVE.read_text("utf-8"))
    return vectors


def read_policy(fields: dict[str, Any]) -> Policy:
    """A profile as the file has it."""
    return Policy(**{**fields, "forms": frozenset(Form.from_label(label) for label in fields["forms"])})


def read_challenge(fields: dict[str, Any] | None) -> Challenge | None:
    """What the gate has shown to a sample's holder."""
    return None if fields is None else Challenge(fields["gate"], bytes.fromhex(fields["nonce"]))


def read_knowledge(vectors: dict[str, Any], names: dict[str, Any]) -> Knowledge:
    """The knowledge whose pieces ``names`` picks: a trust list, a status file for members, rule sets, foreign keys."""
    if names["trust"] is None:
        return Knowledge()
    trust = read_trust(vectors["trusts"][names["trust"]])
    statuses = {
        member: _status(base64.b64decode(vectors["statuses"][name]), trust)
        for member, name in names["statuses"].items()
    }
    rules = tuple(_rules(vectors["rules"][name], trust) for name in names["rules"])
    name = names.get("foreign_keys")
    foreign_keys = None if name is None else read_foreign_list(vectors["foreign_keys"][name], trust)
    return Knowledge(trust, statuses, rules, foreign_keys)


def read_trust(fields: dict[str, Any]) -> TrustSnapshot:
    """A trust list as the file has it."""
    members = {entry["id"]: _member(entry) for entry in fields["members"]}
    keys = {
        bytes.fromhex(key["kid"]): _key(key, members[entry["id"]])
        for entry in fields["members"]
        for key in entry["keys"]
    }
    denied = [KeyDenial(bytes.fromhex(row["kid"]), 1, row["reason"], row["denied_at"]) for row in fields["denied"]]
    return TrustSnapshot(
        members=members,
        keys=keys,
        denied={denial.kid: denial for denial in denied},
        verified_at=fields["registry_time"],
        registry_time=fields["registry_time"],
        versions=fields.get("versions", {}),
        expiries=fields["expiries"],
        reported=() if fields["whole"] else (BadEntry("entry 7", "unreadable"),),
        unproven_since=fields.get("unproven_since"),
    )


def read_foreign_list(compact: str, trust: TrustSnapshot) -> ForeignKeys:
    """A list of the host's, verified by its key in ``trust``."""
    key = trust.keys[bytes.fromhex(jws.read(compact).kid)].key
    return read_foreign_keys(compact, key.public_key, key.member)


def _member(fields: dict[str, Any]) -> TrustedMember:
    entry = MemberEntry(
        id=fields["id"],
        kind=kind_of(fields["id"]),
        names=Names(**fields["names"]),
        region=fields["region"],
        hotline=fields["hotline"],
        environment=fields["environment"],
        may_issue=MayIssue(
            frozenset(map(Status.from_label, fields["may_issue"]["statuses"])),
            frozenset(map(Form.from_label, fields["may_issue"]["forms"])),
        ),
        statement="",
    )
    return TrustedMember(entry, NO_STATEMENT, fields["changed_until"])


def _key(fields: dict[str, Any], member: TrustedMember) -> TrustedKey:
    key = VerificationKey(
        bytes.fromhex(fields["kid"]),
        member.entry.id,
        fields["algorithm"],
        fields["use"],
        fields["not_before"],
        fields["not_after"],
        public_key_from_jwk(fields["jwk"]),
    )
    return TrustedKey(key, member.entry, member.changed_until)


def _status(data: bytes, trust: TrustSnapshot) -> StatusSnapshot:
    key = trust.keys[cose.open_layout(data, len(data)).kid].key
    return snapshot.open(data, key)


def _rules(compact: str, trust: TrustSnapshot) -> RuleSet:
    key = trust.keys[bytes.fromhex(jws.read(compact).kid)].key
    return read_rule_set(compact, key.public_key, key.member)
