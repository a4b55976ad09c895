"""The issuer's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from credentials.algorithms.table import PrivateKey
from credentials.errors import SettingInvalid
from credentials.log.keys import is_key_name
from credentials.profile.characters import is_shown
from credentials.profile.members import is_member_id, no_member_id
from issuer.decisions.deciding import is_unit
from issuer.sign_in.id_token import ALGORITHMS
from service_kit.clock import DAY_SECONDS
from service_kit.durable import read_secret
from service_kit.fetch import require_base
from service_kit.settings import ServiceSettings, variable
from trust_registry.client.trust.repository import require_root
from trust_registry.key_files import read_key, read_passphrase

DATABASE_NAME = "issuer"
SECRET_BYTES = 32
MAX_PUBLISH_SECONDS = 60
"""A withdrawal must reach every gate within two minutes."""
MAX_HOTLINE_CHARACTERS = 32
MAX_DRY_RUN_SECONDS = 7 * DAY_SECONDS
"""After a week the people on file are no longer those of the dry run."""
MAX_STAFF_DELAY_SECONDS = 7 * DAY_SECONDS
MAX_DECISIONS_A_DAY = 100_000
MAX_LOG_WITNESSES = 16
MAX_TEXT_DAYS = 3_650
MAX_REPLACEMENT_MINUTES = 60
TRUST_FOLDER = "issuer-trust"
"""Of the data folder: the trust list as this issuer has verified it."""
_SECRET_NAME = "issuer.secret"


@dataclass(frozen=True, kw_only=True)
class IssuerSettings(ServiceSettings):
    """``issuer_url``: the issuer's own base URL, which assertions and holders' proofs name as audience.
    ``member``: for whom it issues. ``key_file`` and ``status_key_file``: keys that the registry lists for it."""

    issuer_url: str
    member: str
    registry_url: str
    key_file: Path
    status_key_file: Path
    key_passphrase_file: Path | None = None
    trust_root: Path | None = None
    """The registry's ``trust-root.json``, as it was handed over: by it the issuer knows whether its keys are listed."""
    not_listed_yet: bool = False
    """Sign although the trust list does not have the keys."""
    unit: str = "health-commission"
    """The unit that decisions by rule are made in the name of."""
    publish_seconds: int = MAX_PUBLISH_SECONDS
    """About how often the service publishes the status by itself; 0: never, a timer calls ``issuer publish``."""
    dry_run_seconds: int = DAY_SECONDS
    """How old the dry run may be with which a version of the status rules is published."""
    staff_delay_seconds: int = DAY_SECONDS
    """Between the second administrator's signature over a key of staff and the first that counts by it."""
    staff_idle_seconds: int = 900
    """After how long without a request somebody at the desk is signed out."""
    decisions_a_day: int = 200
    """About how many people one approver decides by hand within a day of UTC."""
    guard_percent: int = 1
    """A decision by hand, or a version of the status rules, that changes more of a region's people waits for a second
    authority."""
    guard_people: int = 20
    """Fewer people than these in a region never wait: half of a village is nine people."""
    log_key_file: Path | None = None
    """The Ed25519 key of the province's log, which its statement names; without one, nothing of it is published."""
    log_name: str = ""
    """The log's origin, for good, as the statement names it. Default: ``tongxing/<member>/log``."""
    log_witnesses: int = 3
    """So many cosignatures make a checkpoint of the log witnessed: the registry's and two provinces'."""
    witness_policy_file: Path | None = None
    """A policy (C2SP tlog-policy) whose witnesses are asked beside those of provinces: the registry's above all."""
    text_days: int = 30
    """How long after the end of its appeal text and salt of a decision are kept."""
    replacement_minutes: int = 15
    """So long after a withdrawal its person must have another code; else a leaf of the log counts it."""
    hotline: str = ""
    """The telephone number that phones of residents show."""
    issuer_secret_file: Path | None = None
    """32 random bytes behind index permutation and subject digests. Default: ``issuer.secret`` in ``data_dir``."""
    sign_in_issuer: str = ""
    """The identity provider's issuer identifier, to the character. Empty: no sign-in."""
    sign_in_client_id: str = ""
    sign_in_client_secret_file: Path | None = None
    sign_in_key_file: Path | None = None
    """How we prove to the provider who we are: one of the two."""
    sign_in_algorithm: str = ALGORITHMS[0]
    sign_in_scope: str = "openid profile"
    sign_in_name_claim: str = "name"
    sign_in_document_claim: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_base(self.issuer_url, "TONGXING_ISSUER_URL")
        require_base(self.registry_url, "TONGXING_REGISTRY_URL")
        if not is_member_id(self.member):
            raise SettingInvalid(f"TONGXING_MEMBER: {no_member_id(self.member)}")
        if not 0 <= self.publish_seconds <= MAX_PUBLISH_SECONDS:
            raise SettingInvalid(f"TONGXING_PUBLISH_SECONDS: 0 to {MAX_PUBLISH_SECONDS}")
        if not 0 < self.dry_run_seconds <= MAX_DRY_RUN_SECONDS:
            raise SettingInvalid(f"TONGXING_DRY_RUN_SECONDS: 1 to {MAX_DRY_RUN_SECONDS}")
        self._check_staff()
        if not 0 <= self.log_witnesses <= MAX_LOG_WITNESSES:
            raise SettingInvalid(f"TONGXING_LOG_WITNESSES: 0 to {MAX_LOG_WITNESSES}")
        if not 1 <= self.text_days <= MAX_TEXT_DAYS:
            raise SettingInvalid(f"TONGXING_TEXT_DAYS: 1 to {MAX_TEXT_DAYS}")
        if not 1 <= self.replacement_minutes <= MAX_REPLACEMENT_MINUTES:
            raise SettingInvalid(f"TONGXING_REPLACEMENT_MINUTES: 1 to {MAX_REPLACEMENT_MINUTES}")
        if not is_key_name(self.log_origin):
            raise SettingInvalid("TONGXING_LOG_NAME: a URL without its scheme, as tongxing/CN-41/log")
        if len(self.hotline) > MAX_HOTLINE_CHARACTERS or not is_shown(self.hotline):
            raise SettingInvalid(f"TONGXING_HOTLINE: at most {MAX_HOTLINE_CHARACTERS} characters that people see")
        if not is_unit(self.unit):
            raise SettingInvalid("TONGXING_UNIT: not the name of a unit, or too long")
        if self.trust_root is not None:
            require_root(self.trust_root, "TONGXING_TRUST_ROOT")
        self._check_sign_in()

    def _check_staff(self) -> None:
        for name, least, most in (
            ("staff_delay_seconds", 0, MAX_STAFF_DELAY_SECONDS),
            ("staff_idle_seconds", 60, DAY_SECONDS),
            ("decisions_a_day", 1, MAX_DECISIONS_A_DAY),
            ("guard_percent", 0, 100),
            ("guard_people", 1, MAX_DECISIONS_A_DAY),
        ):
            if not least <= getattr(self, name) <= most:
                raise SettingInvalid(f"{variable(name)}: {least} to {most}")

    def _check_sign_in(self) -> None:
        """All of it or nothing: half a sign-in is a mistake, and must not show itself to the first resident."""
        needed = ("sign_in_issuer", "sign_in_client_id", "sign_in_document_claim")
        optional = (self.sign_in_client_secret_file, self.sign_in_key_file)
        missing = [name for name in needed if not getattr(self, name)]
        if len(missing) == len(needed) and not any(optional):
            return
        if missing:
            raise SettingInvalid(f"{variable(missing[0])}: missing, though others of sign-in are set")
        if all(optional) or not any(optional):
            raise SettingInvalid("TONGXING_SIGN_IN_CLIENT_SECRET_FILE: either this or TONGXING_SIGN_IN_KEY_FILE")
        require_base(self.sign_in_issuer, "TONGXING_SIGN_IN_ISSUER")
        if self.sign_in_algorithm not in ALGORITHMS:
            raise SettingInvalid(f"TONGXING_SIGN_IN_ALGORITHM: one of {', '.join(ALGORITHMS)}")
        if "openid" not in self.sign_in_scope.split():
            raise SettingInvalid("TONGXING_SIGN_IN_SCOPE: openid is not among them")

    @property
    def log_origin(self) -> str:
        """What the province's log is called."""
        return self.log_name or f"tongxing/{self.member}/log"

    @property
    def trust_folder(self) -> Path:
        """Where the trust list is kept."""
        return self.data_dir / TRUST_FOLDER

    @property
    def audience(self) -> str:
        """The base URL without a slash at its end."""
        return self.issuer_url.rstrip("/")

    def private_key(self, path: Path) -> PrivateKey:
        """The key in a file of ours, opened by the passphrase if there is one. Raises SettingInvalid, KeyRejected."""
        return read_key(path, read_passphrase(self.key_passphrase_file))

    @property
    def secret_path(self) -> Path:
        """Where the issuer's secret lies."""
        return self.issuer_secret_file or self.data_dir / _SECRET_NAME

    def secret(self) -> bytes:
        """The issuer's secret, :data:`SECRET_BYTES` long. Raises SettingInvalid when it is missing or no secret."""
        if not self.secret_path.exists():
            raise SettingInvalid(
                f"{self.secret_path}: no issuer here yet: run `tongxing issuer init`; or bring its secret back"
            )
        secret = read_secret(self.secret_path)
        if len(secret) != SECRET_BYTES:
            raise SettingInvalid(f"TONGXING_ISSUER_SECRET_FILE: not {SECRET_BYTES} bytes")
        return secret
