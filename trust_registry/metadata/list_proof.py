"""The proof of a trust list (名单证明): its leaf in the registry's log, below a checkpoint that witnesses cosigned.

A C2SP tlog-proof, on the mirror and in the offline bundle, whose ``extra`` is the leaf::

    log/lists/<version of the list>.tlog-proof

The leaf says ``list-published`` and names the SHA-256 of the list, and so stands for all that the list says.
"""

from __future__ import annotations

from credentials.errors import Malformed, TooLarge
from credentials.log.checkpoint import Checkpoint
from credentials.log.policy import WitnessPolicy
from credentials.log.proof import LogProof, check_proof, read_proof
from credentials.log.tree import leaf_hash
from credentials.wire.strict_json import parse_json

LIST_PUBLISHED = "list-published"
"""The kind of the leaf."""
LOG_FOLDER = "log"
LOG_CHECKPOINT = f"{LOG_FOLDER}/checkpoint"
MAX_LIST_PROOF_BYTES = 32_768
"""Sixty-four cosignatures under the longest names, and the leaf; with five it has about 2 KB and the leaf."""


def proof_path(list_version: int) -> str:
    """Where a mirror has the proof of the list of this version, the list's own."""
    return f"{LOG_FOLDER}/lists/{list_version}.tlog-proof"


def read_list_proof(content: bytes, digest: str) -> LogProof:
    """The proof, when its leaf is that of the list of this SHA-256 (hex); nothing else is checked.

    Raises TooLarge, Malformed.
    """
    if len(content) > MAX_LIST_PROOF_BYTES:
        raise TooLarge(f"the proof of a list has at most {MAX_LIST_PROOF_BYTES} bytes")
    proof = read_proof(content)
    leaf = parse_json(proof.extra or b"")
    said = leaf.get("content") if isinstance(leaf, dict) else None
    if not isinstance(said, dict) or leaf.get("kind") != LIST_PUBLISHED or said.get("trust_list") != digest:
        raise Malformed("the proof of another list, or of another leaf than a list's")
    return proof


def check_list_proof(proof: LogProof, policy: WitnessPolicy) -> Checkpoint:
    """The checkpoint, when the leaf is below it and the policy's log and quorum signed it.

    Raises WrongSignature, QuorumMissing, RecordProofFailed, Malformed.
    """
    return check_proof(proof, leaf_hash(proof.extra or b""), policy)
