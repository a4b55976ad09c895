"""Proofs that stand alone, and requests to witnesses."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed, QuorumMissing, RecordProofFailed, TooLarge, WrongSignature
from credentials.log.checkpoint import sign_checkpoint
from credentials.log.keys import to_base64
from credentials.log.note import sign_text, with_signatures
from credentials.log.policy import read_policy
from credentials.log.proof import HEADER, LogProof, check_proof, read_proof
from credentials.log.request import MAX_REQUEST_BYTES, AddCheckpoint, read_add_checkpoint
from credentials.log.tree import leaf_hash, prove_consistency, prove_inclusion, root_of
from tests.unit.credentials.log.logs import LOG_SIGNER, NODES, entry, witness

SIZE, NUMBER = 300, 7
UNSEEN = sign_checkpoint(SIZE, root_of(NODES, SIZE), LOG_SIGNER)
NOTE = with_signatures(UNSEEN, [sign_text(UNSEEN.text, witness(n), 5) for n in range(5)])
PROOF = LogProof(NUMBER, tuple(prove_inclusion(NODES, NUMBER, SIZE)), NOTE)
POLICY = read_policy(
    f"log {LOG_SIGNER.key.vkey}\nwitness a {witness(0).key.vkey}\n"
    f"witness b {witness(1).key.vkey}\ngroup q all a b\nquorum q\n".encode()
)
LEAF = leaf_hash(entry(NUMBER))


@pytest.mark.parametrize("extra", [None, b"", b"\0\xff"])
def test_a_proof_reads_back_and_holds(extra: bytes | None) -> None:
    """With a leaf and a policy it needs no network; what was added beside it changes nothing."""
    proof = PROOF._replace(extra=extra)
    assert read_proof(proof.content) == proof
    assert check_proof(read_proof(proof.content), LEAF, POLICY).size == SIZE


def test_a_proof_with_five_cosignatures_is_small() -> None:
    """It travels with every list: two kilobytes at most in a log of a million leaves (twenty hashes)."""
    assert len(PROOF._replace(hashes=PROOF.hashes * 2 + PROOF.hashes[:2]).content) <= 2_048


def test_a_proof_of_another_leaf_or_without_its_witnesses_does_not_hold() -> None:
    """Neither is more than a claim."""
    with pytest.raises(RecordProofFailed):
        check_proof(PROOF, leaf_hash(entry(8)), POLICY)
    with pytest.raises(RecordProofFailed):
        check_proof(PROOF._replace(number=8), LEAF, POLICY)
    with pytest.raises(QuorumMissing):
        check_proof(PROOF._replace(note=UNSEEN), LEAF, POLICY)
    with pytest.raises(WrongSignature):
        check_proof(PROOF._replace(note=NOTE._replace(text=NOTE.text.replace(b"300", b"301"))), LEAF, POLICY)


CHECKPOINT = "\n" + NOTE.content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        f"{HEADER}\nindex 1\n",
        f"c2sp.org/tlog-proof@v2\nindex 1\n{CHECKPOINT}",
        f"{HEADER}\n{CHECKPOINT}",
        f"{HEADER}\nindex 01\n{CHECKPOINT}",
        f"{HEADER}\nindex -1\n{CHECKPOINT}",
        f"{HEADER}\nindex\n{CHECKPOINT}",
        f"{HEADER}\nextra YQ\nindex 1\n{CHECKPOINT}",
        f"{HEADER}\nindex 1\nextra YQ==\n{CHECKPOINT}",
        f"{HEADER}\nextra YQ==\nextra YQ==\nindex 1\n{CHECKPOINT}",
        f"{HEADER}\nextra YQ==\n{CHECKPOINT}",
        f"{HEADER}\nindex 1\nAAAA\n{CHECKPOINT}",
        f"{HEADER}\nindex 1\n{CHECKPOINT[:-1]}",
        f"\n{HEADER}\nindex 1\n{CHECKPOINT}",
    ],
)
def test_what_is_no_proof(text: str) -> None:
    """Read strictly: a proof is kept for years and read by others."""
    with pytest.raises(Malformed):
        read_proof(text.encode())


def test_proofs_are_bounded() -> None:
    """They come from strangers."""
    hashes = (to_base64(bytes(32)) + "\n") * 64
    for text in (
        "a" * 300_000,
        f"{HEADER}\nindex 1\n{hashes}{CHECKPOINT}",
        f"{HEADER}\nextra {'AAAA' * 22_000}\nindex 1\n{CHECKPOINT}",
    ):
        with pytest.raises(TooLarge):
            read_proof(text.encode())
    with pytest.raises(Malformed, match="UTF-8"):
        read_proof(b"\xff\n\n")


@pytest.mark.parametrize("old", [0, 3, 299, 300])
def test_a_request_to_a_witness_reads_back(old: int) -> None:
    """Old size, proof, checkpoint, as tlog-witness writes them."""
    asked = AddCheckpoint(old, tuple(prove_consistency(NODES, old, SIZE)), UNSEEN)
    assert read_add_checkpoint(asked.content) == asked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old 1\n",
        f"old 01\n{CHECKPOINT}",
        f"new 1\n{CHECKPOINT}",
        f"old  1\n{CHECKPOINT}",
        f"{CHECKPOINT}",
        f"old 1\nx\n{CHECKPOINT}",
        "old 1\n\nx\n",
    ],
)
def test_what_is_no_request_to_a_witness(text: str) -> None:
    """A witness signs nothing that it had to guess at."""
    with pytest.raises(Malformed):
        read_add_checkpoint(text.encode())


def test_requests_are_bounded() -> None:
    """No more than 63 hashes, as the protocol says."""
    hashes = (to_base64(bytes(32)) + "\n") * 64
    for text in ("a" * (MAX_REQUEST_BYTES + 1), f"old 1\n{hashes}{CHECKPOINT}"):
        with pytest.raises(TooLarge):
            read_add_checkpoint(text.encode())
    with pytest.raises(Malformed, match="UTF-8"):
        read_add_checkpoint(b"\xff\n\n")
