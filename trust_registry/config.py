"""The registry's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from credentials.errors import SettingInvalid
from service_kit.fetch import require_base
from service_kit.settings import ServiceSettings
from trust_registry.root.founding import MIRROR_FOLDER, TRUST_ROOT

DATABASE_NAME = "registry"
MAX_TIMESTAMP_SECONDS = 6 * 3600
"""Gates warn when it is a day old; three runs may fail before that."""


@dataclass(frozen=True, kw_only=True)
class RegistrySettings(ServiceSettings):
    """``registry_url``: the registry's own base URL, which proofs, assertions and requests name as audience.
    ``key_passphrase_file``: opens the online keys, where they have a passphrase."""

    registry_url: str
    key_passphrase_file: Path | None = None
    timestamp_seconds: int = 3600
    """About how often the service signs the timestamp anew; 0: never, a timer calls ``registry timestamp``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_base(self.registry_url, "TONGXING_REGISTRY_URL")
        if not 0 <= self.timestamp_seconds <= MAX_TIMESTAMP_SECONDS:
            raise SettingInvalid(f"TONGXING_TIMESTAMP_SECONDS: 0 to {MAX_TIMESTAMP_SECONDS}")
        if not (self.data_dir / TRUST_ROOT).is_file():
            raise SettingInvalid(
                f"TONGXING_DATA_DIR: no registry in {self.data_dir}; `tongxing registry init {self.data_dir}` makes one"
            )

    @property
    def audience(self) -> str:
        """The base URL without a slash at its end."""
        return self.registry_url.rstrip("/")

    @property
    def publishing_lock(self) -> Path:
        """The lock under which files are written to the mirror: outside of it, and nobody else's to take."""
        return self.data_dir / "publishing.lock"

    @property
    def mirror_dir(self) -> Path:
        """The folder that a web server may serve as it is."""
        return self.data_dir / MIRROR_FOLDER
