"""A witness's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from credentials.errors import SettingInvalid
from credentials.log.keys import is_key_name
from service_kit.fetch import require_base
from service_kit.settings import ServiceSettings
from trust_registry.client.trust.repository import require_root

DATABASE_NAME = "witness"
FOLDER = "witness-trust"
"""Of the data folder: what the witness has stored of the trust list."""


@dataclass(frozen=True, kw_only=True)
class WitnessSettings(ServiceSettings):
    """``witness_name``: what its cosignatures are signed as, ``tongxing/CN-41/witness`` for a province's own.
    ``witness_key_file``: its Ed25519 key. ``witness_policy_file``: a policy (C2SP tlog-policy) whose logs are cosigned
    beside those that members name, the registry's own above all. ``witness_follows``: fetch the registry's checkpoints
    and post the cosignatures back, for a witness that the registry cannot call."""

    registry_url: str
    trust_root: Path
    witness_name: str
    witness_key_file: Path
    witness_policy_file: Path | None = None
    witness_follows: bool = False
    key_passphrase_file: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_base(self.registry_url, "TONGXING_REGISTRY_URL")
        require_root(self.trust_root, "TONGXING_TRUST_ROOT")
        if not is_key_name(self.witness_name):
            raise SettingInvalid("TONGXING_WITNESS_NAME: a URL without its scheme, as tongxing/CN-41/witness")

    @property
    def mirror_url(self) -> str:
        """Where the trust list is fetched."""
        return self.registry_url.rstrip("/") + "/mirror"
