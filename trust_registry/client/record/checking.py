"""The check of a list's proof by a policy, with the witnesses that count at this gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from credentials.errors import FetchFailed, TongxingError
from credentials.log.keys import NoteKey
from credentials.log.policy import WitnessPolicy, check_log, check_quorum, cosigners
from credentials.log.tree import check_inclusion, leaf_hash
from trust_registry.client.record.policy import counting_witnesses, read_if_sound
from trust_registry.client.record.standing import ProvenIn
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.list_proof import read_list_proof
from trust_registry.metadata.log_keys import LogKey

Counting = Callable[[Mapping[str, NoteKey]], Sequence[LogKey]]
"""Of some witnesses' keys, by vkey, those that count, each with the times for which its member names it."""


class ListChecking:
    """Checks proofs of the list in use at ``at`` (seconds UTC). ``known_since`` and ``wait``: see
    :func:`trust_registry.client.record.policy.counting_witnesses`."""

    def __init__(self, trust: TrustSnapshot, known_since: Mapping[str, int], at: int, wait: int) -> None:
        self._trust, self._known_since, self._at, self._wait = trust, known_since, at, wait

    def first_proven(self, contents: Sequence[bytes], policy: WitnessPolicy) -> ProvenIn:
        """Where the list stands by the first of these proofs that holds.

        Raises what is wrong with the first of them, of those that are of this list if there are any; FetchFailed where
        there is none at all.
        """
        failed: TongxingError | None = None
        for content in contents:
            try:
                return self.proven(content, policy)
            except TongxingError as error:
                failed = failed or error
        raise failed or FetchFailed("no proof of the list has come yet")

    def is_cosigned(self, contents: Sequence[bytes], text: str) -> bool:
        """Whether one of these proofs holds by the policy of this text."""
        policy = read_if_sound(text)
        try:
            return policy is not None and bool(self.first_proven(contents, policy))
        except TongxingError:
            return False

    def proven(self, content: bytes, policy: WitnessPolicy) -> ProvenIn:
        """Where the list stands. Raises TooLarge, Malformed, WrongSignature, RecordProofFailed, QuorumMissing."""
        return prove_list(content, self._trust.listed.digest, policy, self._counting)

    def _counting(self, wanted: Mapping[str, NoteKey]) -> list[LogKey]:
        return counting_witnesses(self._trust, wanted, self._known_since, self._at, self._wait)


def prove_list(content: bytes, digest: str, policy: WitnessPolicy, counting: Counting) -> ProvenIn:
    """Where the list of this SHA-256 (hex) stands by a proof. ``counting``: which of some keys count, and when.

    Raises TooLarge, Malformed, WrongSignature, RecordProofFailed, QuorumMissing.
    """
    proof = read_list_proof(content, digest)
    checkpoint = check_log(policy, proof.note)
    check_inclusion(leaf_hash(proof.extra or b""), proof.number, checkpoint.size, checkpoint.root, proof.hashes)
    made = cosigners(policy, proof.note)
    witnesses = tuple(each for each in counting({key.vkey: key for key in made}) if each.is_active(made[each.key]))
    check_quorum(policy, {each.key for each in witnesses})
    return ProvenIn(content, checkpoint, proof.note, witnesses)
