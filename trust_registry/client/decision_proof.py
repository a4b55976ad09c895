"""Checks the file of a decision by a trust list that was carried here, without network."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path

from credentials.algorithms.table import NATIVE
from credentials.decisions.proof import ProvedDecision, check_decision, read_decision_file
from credentials.decisions.signatures import SigningKey
from credentials.decisions.staff import RootKeys
from credentials.errors import KeyDenied, UnknownKey
from credentials.keys import VerificationKey
from credentials.log.keys import NoteKey
from trust_registry.client.trust.bundle import bundle_at, read_bundle
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.log_keys import log_keys_of
from trust_registry.metadata.statement import Statement


def prove_by(content: bytes, bundle: Path, trusted_root: bytes, at: int) -> ProvedDecision:
    """The decision in a file, proved by the list of a bundle (zip or folder) at ``at`` (seconds UTC).

    Raises BundleRejected, and what :func:`credentials.decisions.proof.check_decision` raises.
    """
    return prove(content, read_bundle(bundle_at(bundle), trusted_root, at).snapshot)


def prove(content: bytes, trust: TrustSnapshot) -> ProvedDecision:
    """The decision in a file, proved by a list. A key that has ended since proves what it signed then; one that was
    denied proves nothing."""

    def key_of(kid: bytes) -> VerificationKey:
        if kid in trust.denied:
            raise KeyDenied("the registry has denied the key that signed the code")
        found = trust.find(kid)
        if found is None or found.key.use != "credential":
            raise UnknownKey("no member of the trust list has the key that signed the code")
        return found.key

    def logs_of(member: str) -> Iterable[NoteKey]:
        listed = trust.members.get(member)
        return [each.key for each in log_keys_of(listed.statement) if each.use == "log"] if listed else ()

    witnesses = [
        each.key for member in trust.members.values() for each in log_keys_of(member.statement) if each.use == "witness"
    ]

    def root_of(member: str) -> RootKeys | None:
        listed = trust.members.get(member)
        return None if listed is None else root_keys_of(listed.statement, trust.denied)

    return check_decision(read_decision_file(content), key_of, logs_of, witnesses, root_of)


def root_keys_of(statement: Statement, denied: Container[bytes]) -> RootKeys | None:
    """A member's root keys, as what signatures of its first administrators are checked with, but for those whose kid is
    ``denied``; None where the present one is."""
    if statement.root_kid in denied:
        return None
    kept = (each for each in statement.former_roots if each.kid not in denied)
    former = tuple((SigningKey(each.kid, NATIVE.NAME, each.key), each.until) for each in kept)
    return RootKeys(SigningKey(statement.root_kid, NATIVE.NAME, statement.root_key), former)
