"""The verifier's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from credentials.errors import SettingInvalid
from credentials.formats.presentation.challenge import is_gate_name
from credentials.profile.members import is_member_id, no_member_id
from service_kit.clock import DAY_SECONDS
from service_kit.fetch import require_base
from service_kit.settings import ServiceSettings
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS
from trust_registry.client.trust.repository import require_root
from verifier.judging.policy import PROFILES, Policy, profile_named

FOLDER = "gate"
"""Of the data folder: what the gate has stored of trust and of the members' files."""
MAX_POLL_SECONDS = 3600
MIN_CHANGE_WAIT_SECONDS, MAX_CHANGE_WAIT_SECONDS = DAY_SECONDS, 30 * DAY_SECONDS
"""A night and a day at least, so that a member can notice and protest; none in demonstrations."""


def require_change_wait(seconds: int, environment: str) -> None:
    """Raise SettingInvalid for a time in which nobody could protest, but where everything is made up."""
    least = 0 if environment == "demo" else MIN_CHANGE_WAIT_SECONDS
    if not least <= seconds <= MAX_CHANGE_WAIT_SECONDS:
        raise SettingInvalid(f"TONGXING_CHANGE_WAIT_SECONDS: {least} to {MAX_CHANGE_WAIT_SECONDS} in {environment}")


@dataclass(frozen=True, kw_only=True)
class VerifierSettings(ServiceSettings):
    """``trust_root``: the registry's ``trust-root.json``, as it was handed over. ``member``: the host, whose rules
    count here. ``registry_url``: the registry's base URL; empty where there is no network, and the gate then lives on
    what ``tongxing verifier sync --bundle`` puts into its folder."""

    trust_root: Path
    member: str
    registry_url: str = ""
    profile: str = "venue"
    gate_name: str = ""
    """What its challenges call this gate, and phones show their holders. Empty: the host's member id."""
    gate_secret_file: Path | None = None
    """32 random bytes behind the gate's challenges, the same for all machines of a gate. Default: made in
    ``data_dir``."""
    poll_seconds: int = 30
    """About how often the gate asks for news."""
    change_wait_seconds: int = CHANGE_WAIT_SECONDS
    """For how long the gate must know of a new root key that the old one did not sign, of a weaker witness policy, and
    of a member whose witness is to count."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.profile not in PROFILES:
            raise SettingInvalid(f"TONGXING_PROFILE: one of {', '.join(PROFILES)}")
        if self.registry_url:
            require_base(self.registry_url, "TONGXING_REGISTRY_URL")
        require_root(self.trust_root, "TONGXING_TRUST_ROOT")
        if not is_member_id(self.member):
            raise SettingInvalid(f"TONGXING_MEMBER: {no_member_id(self.member)}")
        if self.gate_name and not is_gate_name(self.gate_name):
            raise SettingInvalid("TONGXING_GATE_NAME: not 1 to 24 bytes that can be shown (8 Chinese characters)")
        if not 1 <= self.poll_seconds <= MAX_POLL_SECONDS:
            raise SettingInvalid(f"TONGXING_POLL_SECONDS: 1 to {MAX_POLL_SECONDS}")
        require_change_wait(self.change_wait_seconds, self.environment)

    @property
    def policy(self) -> Policy:
        """The profile, for members of this environment."""
        return profile_named(self.profile, self.environment)

    @property
    def gate(self) -> str:
        """The gate's name in its challenges."""
        return self.gate_name or self.member

    @property
    def folder(self) -> Path:
        """Where the gate keeps what it knows."""
        return self.data_dir / FOLDER

    @property
    def mirror_url(self) -> str:
        """The base URL of the registry's mirror; empty without network."""
        return f"{self.registry_url.rstrip('/')}/mirror" if self.registry_url else ""
