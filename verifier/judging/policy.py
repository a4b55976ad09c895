"""Gate profiles: how old what a gate knows may be, and which forms it takes.

A profile never loosens what the registry or the host member's rules say; it only says when this kind of gate
stops trusting its own knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from credentials.errors import SettingInvalid
from credentials.profile.forms import FORMS
from credentials.profile.limits import MAX_PRESENTATION_AGE_SECONDS, MAX_PRESENTATION_AHEAD_SECONDS
from credentials.profile.lists import Form
from service_kit.clock import HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits of one profile, in seconds. Ages at the limit are still taken, above it no more."""

    name: str
    environment: str = "production"
    """Members of another environment are refused (dcc-qa #192)."""
    trust_warn: int = 24 * HOUR_SECONDS
    trust_refuse: int = 72 * HOUR_SECONDS
    unproven_warn: int = 24 * HOUR_SECONDS
    """For how long a trust list may lack its proof in the public record before guards are told: whoever carries the
    files could spoil a proof, so that nobody is refused for it."""
    proof_required: bool = False
    """Whether this gate then decides nothing."""
    unknown_key_fresh: int = 2 * HOUR_SECONDS
    """A trust list up to this age knows every key there is; the registry signs its time anew every hour."""
    status_refuse: int = 24 * HOUR_SECONDS
    presentation_age: int = MAX_PRESENTATION_AGE_SECONDS
    presentation_ahead: int = MAX_PRESENTATION_AHEAD_SECONDS
    forms: frozenset[Form] = frozenset(Form)
    nonce_required: bool = False
    """Whether a live code counts only as the answer to the gate's own challenge."""
    shared_replay_memory: bool = False
    """Whether this gate refuses to decide without a memory of shown codes that all its lanes share."""


_VENUE = Policy("venue")
_STATION = Policy("station", status_refuse=12 * HOUR_SECONDS)
_BORDER = Policy(
    "border",
    trust_warn=12 * HOUR_SECONDS,
    trust_refuse=24 * HOUR_SECONDS,
    status_refuse=2 * HOUR_SECONDS,
    forms=frozenset(form for form, facts in FORMS.items() if facts.is_bound),
    proof_required=True,
    nonce_required=True,
    shared_replay_memory=True,
)
PROFILES = {policy.name: policy for policy in (_VENUE, _STATION, _BORDER)}


def profile_named(name: str, environment: str) -> Policy:
    """The profile of that name, for members of this environment. Raises SettingInvalid."""
    if name not in PROFILES:
        raise SettingInvalid(f"no profile of that name; there are {', '.join(PROFILES)}")
    return replace(PROFILES[name], environment=environment)
