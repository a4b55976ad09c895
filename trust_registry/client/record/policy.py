"""Whose cosignatures count at this gate (见证策略): which policy, and which of its witnesses.

A trust list brings its policy. One that is at least as strict counts at once. Any other (fewer witnesses, other ones,
another log) counts only when the quorum of the policy before cosigned the very list that brings it, or when the gate
has itself known of it for 72 hours: officers who are forced, or whose keys are stolen, cannot rid themselves of the
witnesses unseen.

A witness counts when the list's own statement of its member names its key, and this gate has known that member for
72 hours; the members of the first list that a gate sees count at once, since there is nothing before it to hold it
against. A member whose root key is in doubt, or denied, has no witness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from credentials.errors import CredentialError
from credentials.log.keys import NoteKey
from credentials.log.policy import WitnessPolicy, is_as_strict
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.log_keys import LogKey, keys_named
from trust_registry.metadata.witness_policy import read_witness_policy

UNREADABLE = "?"
"""Stands for a policy that this gate cannot read."""


class PolicySeen(NamedTuple):
    """A policy that does not count yet, and when this gate first saw it (seconds UTC)."""

    text: str
    seen_at: int


class PolicyInForce(NamedTuple):
    """The policy that counts here (its text; empty: lists so far had none), and one that waits."""

    text: str = ""
    waiting: PolicySeen | None = None


def review_policy(
    held: PolicyInForce, offered: str, is_cosigned: Callable[[str], bool], at: int, wait: int
) -> PolicyInForce:
    """Which policy counts at ``at`` (seconds UTC) when the list in use brings ``offered``.

    ``is_cosigned``: whether that list's proof holds by a policy. ``wait``: seconds. One that cannot be read never
    counts.
    """
    if offered == held.text:
        return PolicyInForce(held.text)
    is_sound = not offered or read_if_sound(offered) is not None
    if is_sound and (_is_as_strict(offered, held.text) or is_cosigned(held.text)):
        return PolicyInForce(offered)
    waiting, seen_at = offered if is_sound else UNREADABLE, at
    if held.waiting is not None and held.waiting.text == waiting:
        # min: a clock that once ran far ahead must not put it off for ever.
        seen_at = min(held.waiting.seen_at, at)
    if is_sound and at >= seen_at + wait:
        return PolicyInForce(offered)
    return PolicyInForce(held.text, PolicySeen(waiting, seen_at))


def counting_witnesses(
    trust: TrustSnapshot, wanted: Mapping[str, NoteKey], known_since: Mapping[str, int], at: int, wait: int
) -> list[LogKey]:
    """Those of these keys, by vkey, that count at ``at``, with the times for which their members name them."""
    found: list[LogKey] = []
    for member, trusted in trust.members.items():
        is_doubted = at < trusted.changed_until or trusted.statement.root_kid in trust.denied
        since = known_since.get(member, at)
        if is_doubted or (since and at < since + wait):
            continue
        found += keys_named(trusted.statement, wanted) if wanted else ()
    return found


def read_if_sound(text: str) -> WitnessPolicy | None:
    """The policy; None for none, and for a text that cannot be read."""
    try:
        return read_witness_policy(text) if text else None
    except CredentialError:
        return None


def _is_as_strict(offered: str, held: str) -> bool:
    new, old = read_if_sound(offered), read_if_sound(held)
    return old is None or (new is not None and is_as_strict(new, old))
