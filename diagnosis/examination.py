"""The examination: every check with its roles and what it needs, one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from credentials.errors import TongxingError
from diagnosis import authority, house, journey
from diagnosis.deployment import Deployment
from diagnosis.report import Diagnosis, DoctorReport, DoctorStep, StepOutcome, skipped
from service_kit.locale import text_of

_WITHOUT_OBJECT = ("not-set", "cache-in-process", "no-network")
_SETTING = re.compile(r"TONGXING_[A-Z_]+")


class Check(NamedTuple):
    """``roles``: any of these must run here; empty: always. ``needs``: checks that must have been well.
    ``setting``: what to look at when an error names none itself."""

    name: str
    look: Callable[[Deployment], Diagnosis | None]
    roles: str = ""
    needs: str = "settings"
    setting: str = ""


CHECKS = (
    Check("settings", house.settings, needs=""),
    Check("data-folder", house.data_folder, setting="TONGXING_DATA_DIR"),
    Check("passphrase", house.passphrase, "registry issuer witness", setting="TONGXING_KEY_PASSPHRASE_FILE"),
    Check("online-keys", house.online_keys, "registry", "passphrase", "TONGXING_DATA_DIR"),
    Check("credential-key", house.credential_key, "issuer", "passphrase", "TONGXING_KEY_FILE"),
    Check("status-key", house.status_key, "issuer", "passphrase", "TONGXING_STATUS_KEY_FILE"),
    Check("registry-database", house.registry_database, "registry", "data-folder", "TONGXING_DATABASE_URL"),
    Check("issuer-database", house.issuer_database, "issuer", "data-folder", "TONGXING_DATABASE_URL"),
    Check("witness-database", house.witness_database, "witness", "data-folder", "TONGXING_DATABASE_URL"),
    Check("cache", house.cache, setting="TONGXING_REDIS_URL"),
    Check("registry-opens", house.open_registry, "registry", "online-keys registry-database", "TONGXING_DATABASE_URL"),
    Check(
        "issuer-opens",
        house.open_issuer,
        "issuer",
        "credential-key status-key issuer-database",
        "TONGXING_ISSUER_SECRET_FILE",
    ),
    Check("witness-opens", house.open_witness, "witness", "passphrase witness-database", "TONGXING_WITNESS_KEY_FILE"),
    Check("decisions", house.decisions, "issuer", "issuer-opens", "TONGXING_DATABASE_URL"),
    Check("decisions-signed", house.signatures, "issuer", "issuer-opens", "TONGXING_DATABASE_URL"),
    Check("registry-answers", authority.answers, setting="TONGXING_REGISTRY_URL"),
    Check("trust-root", authority.root, needs="registry-answers", setting="TONGXING_TRUST_ROOT"),
    Check("clock", authority.clock, needs="trust-root"),
    Check("trust-list", authority.trust_list, needs="trust-root"),
    Check("member", authority.member, "issuer verifier", "trust-root", "TONGXING_MEMBER"),
    Check("credential-key-listed", authority.credential_key, "issuer", "member credential-key", "TONGXING_KEY_FILE"),
    Check("status-key-listed", authority.status_key, "issuer", "member status-key", "TONGXING_STATUS_KEY_FILE"),
    Check("witness-listed", authority.witness, "witness", "trust-root witness-opens", "TONGXING_WITNESS_KEY_FILE"),
    Check("issuer-answers", authority.issuer_answers, "issuer", "credential-key", "TONGXING_ISSUER_URL"),
    Check("callers-address", authority.callers_address, "issuer", "issuer-answers", "TONGXING_TRUSTED_PROXIES"),
    Check("feeds", authority.feeds, "issuer verifier", "clock member", "TONGXING_REGISTRY_URL"),
    # What is published with a wrong clock would stand in the way of what comes after it.
    Check("issue", journey.issue, "issuer", "issuer-opens clock credential-key-listed", "TONGXING_DATABASE_URL"),
    Check("publish", journey.publish, "issuer", "issue status-key-listed", "TONGXING_REGISTRY_URL"),
    Check("verify", journey.verify, "issuer", "publish feeds"),
    Check("withdraw", journey.take_back, "issuer", "issue", "TONGXING_DATABASE_URL"),
    Check("withdrawn", journey.withdrawn, "issuer", "verify withdraw"),
)


def examine(
    environ: Mapping[str, str], roles: Sequence[str] = (), tell: Callable[[DoctorStep], None] = lambda step: None
) -> DoctorReport:
    """Examine the deployment that ``environ`` describes; ``roles``: those that run here, else TONGXING_ROLES.

    ``tell`` is given each step once it is done. Nothing is raised for what is wrong.
    """
    steps: dict[str, DoctorStep] = {}
    with Deployment(environ, roles) as deployment:
        for check in CHECKS:
            steps[check.name] = step = DoctorStep(check.name, _found(check, deployment, steps))
            tell(step)
        return DoctorReport(deployment.roles, tuple(steps.values()))


def _found(check: Check, deployment: Deployment, steps: Mapping[str, DoctorStep]) -> Diagnosis | None:
    if deployment.settings and check.roles and not set(check.roles.split()) & set(deployment.settings):
        return skipped("role-absent", detail=" / ".join(check.roles.split()))
    missing = [name for name in check.needs.split() if not _is_well(steps[name])]
    if missing:
        return skipped("needs", detail=", ".join(missing))
    try:
        return check.look(deployment)
    except TongxingError as error:
        named = tuple(dict.fromkeys(_SETTING.findall(error.detail)))
        settings = named or ((check.setting,) if check.setting else ())
        return Diagnosis(error.code, text_of(error), settings, error.detail)


def _is_well(step: DoctorStep) -> bool:
    """A step without an object (nothing is set, no network) stands in nobody's way; one that was not made does."""
    return step.outcome is StepOutcome.OK or (step.finding is not None and step.finding.code in _WITHOUT_OBJECT)
