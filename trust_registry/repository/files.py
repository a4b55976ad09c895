"""The registry's TUF repository as a value: the files in force, how they are found and checked.

Two officers sign ``root`` and ``targets`` elsewhere; this service holds only the online keys:

* ``targets`` names ``trust-list.json`` and delegates ``denials.json`` to the role ``denials`` and to nothing
  else. It changes by an officers' draft alone.
* ``denials``, ``snapshot`` and ``timestamp`` are signed online. Who steals these keys can deny keys and can
  hold back news for a while, but cannot add a member or a key.

Metadata other than the timestamp carries its version in its name, and targets their hash (consistent
snapshots): until the timestamp is swapped nobody is led to a new file, so a stop between two writes leaves
the older repository whole. Source: TUF specification 1.0.31, sections 3.1, 4 and 6.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from securesystemslib.signer import Key, Signature
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)
from tuf.api.serialization import SerializationError

from credentials.algorithms.table import NATIVE, PublicKey
from credentials.errors import ApprovalRejected, KeyRejected, MetadataRejected, SelfCheckFailed
from trust_registry.client.trust.repository import (
    ISSUED_AT,
    MirrorFiles,
    metadata_path,
    target_path,
    verify_repository,
    version_of,
)
from trust_registry.metadata import denials, fields, trust_list

TIMESTAMP_PATH = metadata_path("timestamp", None)
_Part = TypeVar("_Part", Root, Timestamp, Snapshot, Targets)
Read = Callable[[str], bytes | None]
"""Gives the content of a path below the mirror, or None where there is none."""


class Repository(NamedTuple):
    """The files in force, byte for byte as published."""

    root: bytes
    targets: bytes
    denials: bytes
    snapshot: bytes
    timestamp: bytes
    trust_list: bytes
    denied: bytes

    def files(self) -> list[tuple[str, bytes]]:
        """Path below the mirror and content, in the order of writing: what is named before what names it."""
        return [
            (_content_path(trust_list.TARGET, self.trust_list), self.trust_list),
            (_content_path(denials.TARGET, self.denied), self.denied),
            (metadata_path("root", version_of(self.root)), self.root),
            (metadata_path("targets", version_of(self.targets)), self.targets),
            (metadata_path(denials.ROLE, version_of(self.denials)), self.denials),
            (metadata_path("snapshot", version_of(self.snapshot)), self.snapshot),
            (TIMESTAMP_PATH, self.timestamp),
        ]


def expiry_of(metadata: bytes) -> int:
    """When a piece of metadata expires, seconds UTC."""
    return int(parse_metadata(metadata).signed.expires.timestamp())


def registry_time_of(repository: Repository) -> int:
    """When the timestamp was signed, seconds UTC. Raises Malformed when it does not say so."""
    return fields.time(signed_part(repository.timestamp, Timestamp).unrecognized_fields, ISSUED_AT)


def root_of(repository: Repository) -> Root:
    """The root in force."""
    return signed_part(repository.root, Root)


def targets_of(repository: Repository) -> Targets:
    """The targets in force."""
    return signed_part(repository.targets, Targets)


def load_repository(read: Read) -> Repository:
    """The repository in force among the files that ``read`` gives, from the timestamp down.

    Structure only: signatures are for :func:`check_repository` and for the clients. Raises MetadataRejected.
    """

    def need(path: str) -> bytes:
        content = read(path)
        if content is None:
            raise MetadataRejected(f"{path} is missing")
        return content

    timestamp = need(TIMESTAMP_PATH)
    snapshot_path = metadata_path("snapshot", _named(TIMESTAMP_PATH, timestamp, Timestamp).snapshot_meta.version)
    snapshot = need(snapshot_path)
    meta = _named(snapshot_path, snapshot, Snapshot).meta
    targets_path = metadata_path("targets", _listed(meta, "targets.json").version)
    denials_path = metadata_path(denials.ROLE, _listed(meta, f"{denials.ROLE}.json").version)
    targets, denied = need(targets_path), need(denials_path)
    return Repository(
        root=_last_root(read, need(metadata_path("root", 1))),
        targets=targets,
        denials=denied,
        snapshot=snapshot,
        timestamp=timestamp,
        trust_list=need(_named_path(targets_path, targets, trust_list.TARGET)),
        denied=need(_named_path(denials_path, denied, denials.TARGET)),
    )


def timestamp_ahead(read: Read, held: Repository) -> int | None:
    """The version of the timestamp among the files that ``read`` gives, when it is another than the one held and signed
    as the newest root says that the held one leads to; None otherwise."""
    data = read(TIMESTAMP_PATH)
    if data is None or data == held.timestamp:
        return None
    try:
        root = signed_part(held.root, Root)
        while (following := read(metadata_path("root", root.version + 1))) is not None:
            metadata = parse_metadata(following)
            root.verify_delegate("root", metadata.signed_bytes, metadata.signatures)
            root = signed_part(following, Root)
        timestamp = parse_metadata(data)
        root.verify_delegate("timestamp", timestamp.signed_bytes, timestamp.signatures)
        return signed_part(data, Timestamp).version
    except (RepositoryError, MetadataRejected, ValueError):
        return None


def check_repository(repository: Repository) -> None:
    """Check our own output as a client would: every signature, hash and version.

    Expiry is not judged: denials must still go out when officers were late to sign the list anew.
    Raises SelfCheckFailed, naming the first thing that a client would refuse.
    """
    files = dict(repository.files())
    try:
        verify_repository(MirrorFiles(files.get), repository.root)
    except MetadataRejected as error:
        raise SelfCheckFailed(f"repository: {error.detail}") from error


def verify_approval(repository: Repository, keyid: str, signature: str, message: bytes) -> bool:
    """Whether ``signature`` (hex) over ``message`` is by the officer ``keyid`` of the root in force."""
    root = root_of(repository)
    if keyid not in root.roles["targets"].keyids:
        return False
    found = root.get_verification_result("targets", message, {keyid: Signature(keyid, signature)})
    return keyid in found.signed


def parse_signed_targets(message: bytes) -> Targets:
    """Read canonical targets metadata as officers sign it. Raises MetadataRejected unless canonical.

    Canonical JSON (OLPC) leaves control characters as they are, which plain JSON does not allow; so it is
    read leniently, and must come out again byte for byte.
    """
    try:
        targets = Targets.from_dict(json.loads(message, strict=False))
        canonical = message_of(targets) == message
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, SerializationError) as error:
        raise MetadataRejected("not targets metadata") from error
    if not canonical:
        raise MetadataRejected("targets metadata is not in canonical form")
    return targets


def check_threshold(repository: Repository, signatures: Mapping[str, str], message: bytes) -> None:
    """Check that enough officers signed ``message`` (hex signatures by key id). Raises ApprovalRejected."""
    found = {keyid: Signature(keyid, signature) for keyid, signature in signatures.items()}
    result = root_of(repository).get_verification_result("targets", message, found)
    if not result:
        raise ApprovalRejected(f"signed by {len(result.signed)} of {result.threshold} officers")


def officer_keys(repository: Repository) -> dict[str, PublicKey]:
    """The officers' public keys by their TUF key id."""
    root = root_of(repository)
    return {keyid: public_key_of(root.keys[keyid]) for keyid in root.roles["targets"].keyids}


def message_of(targets: Targets) -> bytes:
    """The canonical form that officers sign."""
    return Metadata(targets).signed_bytes


def signed_targets(message: bytes, signatures: Mapping[str, str]) -> bytes:
    """Targets metadata from its canonical form and the officers' signatures (hex by key id)."""
    found = {keyid: Signature(keyid, signature) for keyid, signature in sorted(signatures.items())}
    return Metadata(parse_signed_targets(message), found).to_bytes()


def parse_metadata(data: bytes) -> Metadata[Any]:
    try:
        return Metadata.from_bytes(data)
    except RepositoryError as error:
        raise MetadataRejected("not readable as metadata") from error


def signed_part(data: bytes, kind: type[_Part]) -> _Part:
    signed = parse_metadata(data).signed
    if not isinstance(signed, kind):
        raise MetadataRejected(f"not {kind.type} metadata")
    return signed


def _named(path: str, data: bytes, kind: type[_Part]) -> _Part:
    try:
        return signed_part(data, kind)
    except MetadataRejected as error:
        raise MetadataRejected(f"{path}: {error.detail}") from error


def _last_root(read: Read, root: bytes) -> bytes:
    # Counted by the roots' own versions: an officer's copy, which stands in the first one's place, may be a later one.
    while (following := read(metadata_path("root", version_of(root) + 1))) is not None:
        root = following
    return root


def _listed(meta: dict[str, MetaFile], name: str) -> MetaFile:
    if name not in meta:
        raise MetadataRejected(f"{name} is not listed")
    return meta[name]


def _named_path(path: str, metadata: bytes, name: str) -> str:
    target = _named(path, metadata, Targets).targets.get(name)
    if target is None or "sha256" not in target.hashes:
        raise MetadataRejected(f"{name} is not listed with a SHA-256")
    return target_path(name, target.hashes["sha256"])


def _content_path(name: str, content: bytes) -> str:
    return target_path(name, sha256(content).hexdigest())


def public_key_of(key: Key) -> PublicKey:
    """A TUF key as one of ours. Raises MetadataRejected for one of another algorithm."""
    return public_key_from_pem(str(key.keyval.get("public")).encode())


def public_key_from_pem(pem: bytes) -> PublicKey:
    """A public key in PEM. Raises MetadataRejected unless it is one of the native algorithm."""
    try:
        return NATIVE.key_from_pem(pem)
    except KeyRejected as error:
        raise MetadataRejected(error.detail) from error
