"""The next repository: metadata as officers are asked to sign it, and as the online keys do.

Pure but for the signers that are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from securesystemslib.signer import CryptoSigner, Key
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

from service_kit.clock import DAY_SECONDS
from trust_registry.client.trust.repository import ISSUED_AT, version_of
from trust_registry.metadata import denials, trust_list
from trust_registry.repository.files import Repository, expiry_of, targets_of

OFFICERS = 3
THRESHOLD = 2
"""Officers who must sign root and targets, of those named in root."""
ROOT_LIFETIME_SECONDS = 365 * DAY_SECONDS
TARGETS_LIFETIME_SECONDS = 90 * DAY_SECONDS
SNAPSHOT_LIFETIME_SECONDS = 7 * DAY_SECONDS
"""Also that of the denials' metadata: both are renewed together."""
TIMESTAMP_LIFETIME_SECONDS = DAY_SECONDS
RENEW_SNAPSHOT_BEFORE_SECONDS = 4 * DAY_SECONDS
"""Remaining lifetime below which :func:`resigned` renews snapshot and denials: four nights may fail."""


class RegistryKeys(NamedTuple):
    """The public keys of a registry: its officers', and one for each online role."""

    officers: tuple[Key, ...]
    snapshot: Key
    timestamp: Key
    denials: Key


class OnlineSigners(NamedTuple):
    """The three keys that lie with the service, one per online role."""

    snapshot: CryptoSigner
    timestamp: CryptoSigner
    denials: CryptoSigner

    def keys_with(self, officers: Iterable[Key]) -> RegistryKeys:
        """The public keys of a registry with these officers and these online keys."""
        return RegistryKeys(tuple(officers), *(signer.public_key for signer in self))


def first_repository(
    officers: Iterable[CryptoSigner], online: OnlineSigners, now: int, policy: Callable[[bytes], str]
) -> Repository:
    """A repository without members, its root and targets signed by every officer at hand.

    ``policy``: the first witness policy, from the first root's bytes, by which the registry's log is called.
    """
    signers = list(officers)
    keys = online.keys_with(signer.public_key for signer in signers)
    root = make_root(1, keys, now + ROOT_LIFETIME_SECONDS)
    root_bytes = _signed_by(root, *signers)
    members = trust_list.write_trust_list(1, now, [], policy(root_bytes))
    targets = make_targets(1, members, delegations_to(keys.denials), now + TARGETS_LIFETIME_SECONDS)
    empty = Repository(b"", b"", b"", b"", b"", b"", b"")
    signed = empty._replace(root=root_bytes, targets=_signed_by(targets, *signers), trust_list=members)
    return with_denials(signed, denials.write_denials(0, now, []), online, now)


def make_root(version: int, keys: RegistryKeys, expires_at: int) -> Root:
    """The root, not yet signed: officers for root and targets, the online keys for theirs."""
    root = Root(version=version, expires=_at(expires_at), consistent_snapshot=True)
    for key in keys.officers:
        root.add_key(key, "root")
        root.add_key(key, "targets")
    root.roles["root"].threshold = root.roles["targets"].threshold = THRESHOLD
    root.add_key(keys.snapshot, "snapshot")
    root.add_key(keys.timestamp, "timestamp")
    return root


def make_targets(version: int, members: bytes, delegations: Delegations | None, expires_at: int) -> Targets:
    """The targets that name ``members`` (a trust list), not yet signed."""
    return Targets(
        version=version,
        expires=_at(expires_at),
        targets={trust_list.TARGET: TargetFile.from_data(trust_list.TARGET, members, ["sha256"])},
        delegations=delegations,
    )


def delegations_to(key: Key) -> Delegations:
    """Who may deny keys: the holder of ``key``, and nothing else is delegated."""
    role = DelegatedRole(denials.ROLE, [key.keyid], 1, terminating=True, paths=[denials.TARGET])
    return Delegations({key.keyid: key}, {denials.ROLE: role})


def next_targets(repository: Repository, members: bytes, now: int) -> Targets:
    """The targets that would put ``members`` (a trust list) in force, for officers to sign."""
    current = targets_of(repository)
    return make_targets(current.version + 1, members, current.delegations, now + TARGETS_LIFETIME_SECONDS)


def with_targets(repository: Repository, targets: bytes, members: bytes, online: OnlineSigners, now: int) -> Repository:
    """The repository after officers signed ``targets`` for the trust list ``members``."""
    return _renewed(repository._replace(targets=targets, trust_list=members), online, now)


def with_denials(repository: Repository, denied: bytes, online: OnlineSigners, now: int) -> Repository:
    """The repository with another ``denials.json``."""
    version = version_of(repository.denials) + 1 if repository.denials else 1
    part = Targets(
        version=version,
        expires=_at(now + SNAPSHOT_LIFETIME_SECONDS),
        targets={denials.TARGET: TargetFile.from_data(denials.TARGET, denied, ["sha256"])},
    )
    changed = repository._replace(denials=_signed_by(part, online.denials), denied=denied)
    return _renewed(changed, online, now)


def resigned(repository: Repository, online: OnlineSigners, now: int) -> Repository:
    """The same content under a new timestamp; snapshot and denials too when they near their expiry."""
    ends = min(expiry_of(repository.snapshot), expiry_of(repository.denials))
    if ends - now < RENEW_SNAPSHOT_BEFORE_SECONDS:
        return with_denials(repository, repository.denied, online, now)
    return repository._replace(timestamp=_timestamp(repository, online, now))


def _renewed(repository: Repository, online: OnlineSigners, now: int) -> Repository:
    version = version_of(repository.snapshot) + 1 if repository.snapshot else 1
    meta = {
        "targets.json": _meta_file(repository.targets),
        f"{denials.ROLE}.json": _meta_file(repository.denials),
    }
    part = Snapshot(version=version, expires=_at(now + SNAPSHOT_LIFETIME_SECONDS), meta=meta)
    renewed = repository._replace(snapshot=_signed_by(part, online.snapshot))
    return renewed._replace(timestamp=_timestamp(renewed, online, now))


def _timestamp(repository: Repository, online: OnlineSigners, now: int) -> bytes:
    version = version_of(repository.timestamp) + 1 if repository.timestamp else 1
    part = Timestamp(
        version=version,
        expires=_at(now + TIMESTAMP_LIFETIME_SECONDS),
        snapshot_meta=_meta_file(repository.snapshot),
        unrecognized_fields={ISSUED_AT: now},
    )
    return _signed_by(part, online.timestamp)


def _meta_file(metadata: bytes) -> MetaFile:
    return MetaFile.from_data(version_of(metadata), metadata, ["sha256"])


def _signed_by(part: Root | Targets | Snapshot | Timestamp, *signers: CryptoSigner) -> bytes:
    metadata: Metadata[Any] = Metadata(part)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
