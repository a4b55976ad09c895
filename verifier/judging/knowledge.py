"""What a gate knows at one moment: trust, withdrawals and rules, all verified before they come here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from credentials.foreign.keys import ForeignKeys
from credentials.recognition.ruleset import RuleSet
from credentials.status.snapshot import StatusSnapshot
from trust_registry.client.members.mirror import MemberState
from trust_registry.client.trust.snapshot import TrustSnapshot

_FAR_SECONDS = 2**40


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Immutable; a newer one replaces it whole, so that no check sees half of an update.

    ``trust`` is None until a trust list has been verified. ``statuses``: the newest verified status snapshot of each
    member. ``rule_sets``: the host member's, the newest last. ``foreign_keys``: the host member's
    list of those whose cards it reads. ``trusted_since``: the time (seconds UTC) from which the trust's age counts.
    """

    trust: TrustSnapshot | None = None
    statuses: Mapping[str, StatusSnapshot] = field(default_factory=lambda: MappingProxyType({}))
    rule_sets: tuple[RuleSet, ...] = ()
    foreign_keys: ForeignKeys | None = None
    trusted_since: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        # Worked out once: every check asks for it.
        if self.trust is not None:
            object.__setattr__(self, "trusted_since", _FAR_SECONDS - self.trust.age(_FAR_SECONDS))

    def rules_at(self, at: int) -> RuleSet | None:
        """The rule set in force at ``at`` (seconds UTC): the newest that has begun and not ended, or None."""
        for rule_set in reversed(self.rule_sets):
            if rule_set.in_force(at):
                return rule_set
        return None


NOTHING = Knowledge()
"""A gate that was just unpacked."""


def gather(trust: TrustSnapshot, members: Mapping[str, MemberState], host: str) -> Knowledge:
    """The knowledge of a gate of member ``host`` from what is held of each member."""
    statuses = {member: state.status for member, state in members.items() if state.status is not None}
    if host not in members:
        return Knowledge(trust, MappingProxyType(statuses))
    return Knowledge(trust, MappingProxyType(statuses), members[host].rules, members[host].foreign_keys)
