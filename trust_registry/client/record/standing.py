"""How a gate's trust list stands in the public record, for people, metrics and the judge."""

from __future__ import annotations

from typing import NamedTuple

from credentials.log.checkpoint import Checkpoint
from credentials.log.note import Note
from trust_registry.client.record.comparison import Compared
from trust_registry.client.trust.snapshot import ListEvidence, ListInUse
from trust_registry.metadata.log_keys import LogKey

WITNESSED, UNWITNESSED, UNPROVEN = "witnessed", "unwitnessed", "unproven"


class ProvenIn(NamedTuple):
    """A proof that holds: its bytes, the checkpoint above the list's leaf, the note with its signatures, and the
    witnesses that count here and have cosigned it."""

    content: bytes
    checkpoint: Checkpoint
    note: Note
    witnesses: tuple[LogKey, ...] = ()

    @property
    def cosigned_by(self) -> list[str]:
        """Their names."""
        return sorted({each.key.name for each in self.witnesses})


class RecordStanding(NamedTuple):
    """The standing of the list ``listed``.

    ``policy``: the text of the policy that counts here; ``asks_for_witnesses``: whether that has a quorum.
    ``policy_waits_until``: seconds UTC at which the list's own, which does not count yet, will; None: it counts.
    ``code``, ``detail``: why the list is not proven; empty: it is, or no list so far had a policy.
    ``unproven_since``: since when (seconds UTC) it is not though witnesses are asked for.
    ``proven``: where its leaf stands. ``compared``: that checkpoint with the newest one that is known to be of one
    history with all that this gate has seen (``held``). ``forked``: two histories were seen once.
    """

    listed: ListInUse
    policy: str = ""
    asks_for_witnesses: bool = False
    policy_waits_until: int | None = None
    code: str = ""
    detail: str = ""
    unproven_since: int | None = None
    proven: ProvenIn | None = None
    held: Note | None = None
    compared: Compared | None = None
    forked: bool = False

    @property
    def state(self) -> str:
        """In one word: ``witnessed``, ``unwitnessed`` (nobody is asked for), ``unproven``."""
        if not self.asks_for_witnesses:
            return UNWITNESSED
        return UNPROVEN if self.code else WITNESSED

    @property
    def evidence(self) -> ListEvidence | None:
        """What others can check it by; None where it is not proven, or no witness is asked for."""
        if self.proven is None or self.code or not self.asks_for_witnesses:
            return None
        return ListEvidence(self.policy, self.proven.content, self.proven.witnesses)

    @property
    def alarm(self) -> bool:
        """Whether somebody should look at once."""
        return bool(self.code) or self.forked
