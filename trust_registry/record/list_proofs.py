"""The proof of the trust list in force, for the mirror: its leaf, and the way from there to a checkpoint.

Made anew in each round of the log until the witnesses that the list asks for have cosigned, and then only for a
checkpoint that more have cosigned: a proof that gates take must not give way to one that they do not take yet.
"""

from __future__ import annotations

import hashlib

from credentials.errors import TongxingError
from credentials.log.keys import NoteKey, NoteSigner
from credentials.log.policy import Party, WitnessPolicy
from credentials.log.proof import LogProof
from credentials.log.tiles import nodes_from
from credentials.log.tree import prove_inclusion
from credentials.wire.strict_json import parse_json
from service_kit.storage.ports import LeafRecord
from trust_registry.client.trust.repository import version_of
from trust_registry.metadata.list_proof import LIST_PUBLISHED, check_list_proof, proof_path, read_list_proof
from trust_registry.metadata.trust_list import TrustList
from trust_registry.metadata.witness_policy import read_witness_policy
from trust_registry.mirror.ports import FileStore
from trust_registry.record import log
from trust_registry.record.publishing import LogFolder, LogPublisher, PublishedCheckpoint, tiles_from
from trust_registry.repository import files as tuf
from trust_registry.repository.in_force import in_force
from trust_registry.storage.ports import Records, Storage


class RegistryRecord(LogPublisher):
    """The registry's own log: published as any log is, and beside it the proof of the trust list in force."""

    def __init__(self, storage: Storage, files: FileStore, signer: NoteSigner) -> None:
        super().__init__(storage, LogFolder(files), signer)
        self._registry, self._files = storage, files

    def publish(self, now: int) -> PublishedCheckpoint:
        """One round, and the proof of the list in force. Raises as that of any log does."""
        with self.storage.reading() as records:
            self.require_not_behind(records.log.size())
        name_list(self._registry, now)
        published = super().publish(now)
        release_proof(self._registry, self._files, published, self.signer.key)
        return published


def name_list(storage: Storage, now: int) -> None:
    """Give the list in force a leaf where it has none and names members: a list of before there was a log."""
    with storage.reading() as records:
        if not _lacks_leaf(records):
            return
    with storage.writing() as records:
        # Another process may have been faster.
        if _lacks_leaf(records):
            held = in_force(records).repository
            signed_by = list(tuf.parse_metadata(held.targets).signatures)
            log.list_named(records.log, version_of(held.targets), held.trust_list, signed_by, now)


def release_proof(storage: Storage, files: FileStore, published: PublishedCheckpoint, key: NoteKey) -> None:
    """Write the proof of the list in force below this checkpoint, if that is better than what is there.

    ``key``: of the registry's log. Does nothing before the leaf is published, or without a list.
    """
    size = published.checkpoint.size
    with storage.reading() as records:
        leaf = _leaf_of_list(records)
        if leaf is None or leaf.number >= size:
            return
        hashes = prove_inclusion(nodes_from(tiles_from(records), size), leaf.number, size)
        listed = in_force(records).published.trust_list
        digest = _digest(in_force(records).repository.trust_list)
    made = LogProof(leaf.number, tuple(hashes), published.note, leaf.entry)
    path = proof_path(listed.version)
    held, own = files.read(path), WitnessPolicy((Party(key, None),), {}, {}, None)
    asked = _policy_of(listed, own)
    if held is None or _worth(held, digest, asked, own) < _worth(made.content, digest, asked, own):
        files.put(path, made.content)


def _lacks_leaf(records: Records) -> bool:
    if records.repository.read(tuf.TIMESTAMP_PATH) is None or not in_force(records).published.trust_list.members:
        return False
    return _leaf_of_list(records) is None


def _leaf_of_list(records: Records) -> LeafRecord | None:
    """The leaf of the list in force, if it is the last of its kind."""
    leaf = records.log.newest(LIST_PUBLISHED)
    if leaf is None or records.repository.read(tuf.TIMESTAMP_PATH) is None:
        return None
    said = parse_json(leaf.content.encode()).get("trust_list")
    return leaf if said == _digest(in_force(records).repository.trust_list) else None


def _policy_of(listed: TrustList, own: WitnessPolicy) -> WitnessPolicy:
    try:
        return read_witness_policy(listed.witness_policy)
    except TongxingError:
        return own


def _worth(content: bytes, digest: str, asked: WitnessPolicy, own: WitnessPolicy) -> tuple[bool, bool, int]:
    """How good a proof is: whether it holds at all, whether gates take it, how many have signed."""
    try:
        proof = read_list_proof(content, digest)
        check_list_proof(proof, own)
    except TongxingError:
        return False, False, 0
    try:
        check_list_proof(proof, asked)
    except TongxingError:
        return True, False, len(proof.note.signatures)
    return True, True, len(proof.note.signatures)


def _digest(trust_list: bytes) -> str:
    return hashlib.sha256(trust_list).hexdigest()
