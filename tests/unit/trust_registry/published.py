"""A small real registry for tests: P-256 officers, online roles, provinces with keys and statements.

Everything is signed for real, so that a test can tamper with one hop and see whether anybody notices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from credentials.keys import VerificationKey, kid_of, new_private_key
from credentials.profile.lists import Form, Status
from credentials.signing import PemSigner
from trust_registry.metadata.denials import KeyDenial, write_denials
from trust_registry.metadata.statement import sign_root_change, sign_statement
from trust_registry.metadata.trust_list import MayIssue, MemberEntry, Names, kind_of, write_trust_list

HOUR = 3600
DAY = 24 * HOUR
YEAR = 365 * DAY
LIFETIMES = {"root": YEAR, "targets": 90 * DAY, "denials": 7 * DAY, "snapshot": 7 * DAY, "timestamp": DAY}
USES = ("credential", "credential", "status", "rules", "log")


class Province:
    """A member with a root key, one key of each use (two for credentials) and a statement."""

    def __init__(self, member: str, region: int, now: int) -> None:
        self.id, self.region, self.now = member, region, now
        self.signers: list[tuple[str, PemSigner]] = []
        self.keys: list[VerificationKey] = []
        for use in USES:
            self.add_key(use)
        self.sequence = 0
        self.new_root()
        self.statement = self.next_statement()

    def new_root(self) -> None:
        key = new_private_key()
        self.root = PemSigner(key, kid_of(self.id, key.public_key()))

    def add_key(self, use: str) -> PemSigner:
        key = new_private_key()
        signer = PemSigner(key, kid_of(self.id, key.public_key()))
        self.signers.append((use, signer))
        self.keys.append(
            VerificationKey(signer.kid, self.id, "ES256", use, self.now - DAY, self.now + YEAR, signer.public_key)
        )
        return signer

    def signer(self, use: str) -> PemSigner:
        return next(signer for name, signer in self.signers if name == use)

    def next_statement(self, root_change: str | None = None) -> str:
        self.sequence += 1
        self.statement = sign_statement(
            root=self.root,
            root_key=self.root.public_key,
            member=self.id,
            sequence=self.sequence,
            previous=None if self.sequence == 1 else "0" * 64,
            issued_at=self.now,
            keys=self.keys,
            root_change=root_change,
        )
        return self.statement

    def replace_root(self, *, signed_by_old: bool) -> str:
        old = self.root
        self.new_root()
        change = sign_root_change(old, self.id, self.root.kid, self.now) if signed_by_old else None
        return self.next_statement(change)

    def entry(self, **changes: Any) -> MemberEntry:
        entry = MemberEntry(
            id=self.id,
            kind=kind_of(self.id),
            names=Names({"zh": "名称", "en": "Name"}),
            region=self.region,
            hotline="010-12320",
            environment="demo",
            may_issue=MayIssue(frozenset(Status), frozenset(Form)),
            statement=self.statement,
        )
        return entry._replace(**changes)


class Published:
    """A registry whose mirror is the dictionary ``files``: path to bytes."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.officers = [CryptoSigner.generate_ecdsa() for _ in range(3)]
        self.online = {role: CryptoSigner.generate_ecdsa() for role in ("snapshot", "timestamp", "denials")}
        self.provinces = [Province("CN-41", 410_000, now), Province("CN-44", 440_000, now)]
        self.denied: list[KeyDenial] = []
        self.versions = dict.fromkeys(LIFETIMES, 0)
        self.files: dict[str, bytes] = {}
        self.hidden_role = self.hidden_target = ""
        self.with_hashes = True
        self.delegated_key = self.online["denials"].public_key
        self.root = Root(consistent_snapshot=True)
        self._fill_root()
        self.trusted_root = self.publish_root()
        self.publish()

    def publish_root(self, signers: Iterable[CryptoSigner] | None = None) -> bytes:
        self._stamp("root", self.root)
        data = _sealed(self.root, self.officers[:2] if signers is None else signers)
        self.files[f"metadata/{self.root.version}.root.json"] = data
        return data

    def replace_officer(self, place: int) -> None:
        """A new root in which officer ``place`` is another one, signed by the two that stay."""
        old = self.officers[place]
        for role in ("root", "targets"):
            self.root.revoke_key(old.public_key.keyid, role)
        self.officers[place] = CryptoSigner.generate_ecdsa()
        for role in ("root", "targets"):
            self.root.add_key(self.officers[place].public_key, role)
        stay = [officer for officer in self.officers if officer is not self.officers[place]]
        self.publish_root([*stay, self.officers[place]])

    def deny(self, kid: bytes) -> None:
        self.denied.append(KeyDenial(kid, len(self.denied) + 1, "compromised", self.now))

    def publish(self, at: int | None = None, *, trust_list: bytes | None = None, denials: bytes | None = None) -> None:
        """Sign and lay out new versions of everything below root."""
        self.now = self.now if at is None else at
        members = trust_list or self.trust_list()
        denied = denials or write_denials(len(self.denied), self.now, self.denied)
        self.publish_metadata(members, denied)

    def trust_list(self, *extra: MemberEntry) -> bytes:
        entries = [*(province.entry() for province in self.provinces), *extra]
        return write_trust_list(self.versions["targets"] + 1, self.now, entries)

    def publish_metadata(self, members: bytes, denied: bytes) -> None:
        """As :meth:`publish`, without what ``hidden_role`` or ``hidden_target`` names."""
        listed = {"trust-list.json": self._target("trust-list.json", members)}
        refused = {"denials.json": self._target("denials.json", denied)}
        roles = {
            "targets.json": (Targets(targets=self._seen(listed), delegations=self._delegation()), self.officers[:2]),
            "denials.json": (Targets(targets=self._seen(refused)), [self.online["denials"]]),
        }
        meta = {name: self._role(name[:-5], *signing) for name, signing in roles.items()}
        if self.hidden_role:
            del meta[self.hidden_role]
        self.publish_timestamp(self._role("snapshot", Snapshot(meta=meta), [self.online["snapshot"]]))

    def publish_timestamp(self, snapshot_meta: MetaFile | None = None, **custom: Any) -> None:
        """Sign the timestamp anew; ``snapshot_meta`` None keeps the snapshot that it names."""
        if snapshot_meta is None:
            snapshot_meta = Metadata[Timestamp].from_bytes(self.files["metadata/timestamp.json"]).signed.snapshot_meta
        timestamp = Timestamp(snapshot_meta=snapshot_meta, unrecognized_fields={"issued_at": self.now, **custom})
        self._stamp("timestamp", timestamp)
        self.files["metadata/timestamp.json"] = _sealed(timestamp, [self.online["timestamp"]])

    def path(self, role: str) -> str:
        return f"metadata/{self.versions[role]}.{role}.json"

    def _fill_root(self) -> None:
        for officer in self.officers:
            for role in ("root", "targets"):
                self.root.add_key(officer.public_key, role)
        for role in ("root", "targets"):
            self.root.roles[role].threshold = 2
        for role in ("snapshot", "timestamp"):
            self.root.add_key(self.online[role].public_key, role)

    def _delegation(self) -> Delegations:
        key = self.delegated_key
        role = DelegatedRole("denials", [key.keyid], 1, True, paths=["denials.json"])
        return Delegations({key.keyid: key}, {"denials": role})

    def _stamp(self, role: str, signed: Any) -> None:
        self.versions[role] += 1
        signed.version = self.versions[role]
        signed.expires = datetime.fromtimestamp(self.now + LIFETIMES[role], UTC)

    def _role(self, role: str, signed: Any, signers: Iterable[CryptoSigner]) -> MetaFile:
        self._stamp(role, signed)
        data = _sealed(signed, signers)
        self.files[self.path(role)] = data
        hashes = {"sha256": hashlib.sha256(data).hexdigest()} if self.with_hashes else None
        return MetaFile(signed.version, None, hashes)

    def _seen(self, targets: dict[str, TargetFile]) -> dict[str, TargetFile]:
        return {name: target for name, target in targets.items() if name != self.hidden_target}

    def _target(self, name: str, data: bytes) -> TargetFile:
        digest = hashlib.sha256(data).hexdigest()
        self.files[f"targets/{digest}.{name}"] = data
        return TargetFile(len(data), {"sha256": digest}, name)


def _sealed(signed: Any, signers: Iterable[CryptoSigner]) -> bytes:
    metadata: Metadata[Any] = Metadata(signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()
