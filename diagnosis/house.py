"""What stands on this machine: settings, folder, keys, database, cache, and whether the services open on them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from credentials.errors import KeyRejected, SchemaOutdated
from credentials.log.keys import WITNESS, signer
from diagnosis.deployment import Deployment
from diagnosis.report import Diagnosis, skipped, wrong
from issuer import config as issuer_config
from issuer import opening as issuer_opening
from issuer.storage import sql as issuer_sql
from service_kit.cache.store import make_cache
from service_kit.durable import read_secret, write_atomic
from service_kit.storage.database import connect, require_schema
from trust_registry import config as registry_config
from trust_registry.key_files import read_key, read_log_key, read_passphrase
from trust_registry.opening import open_publication
from trust_registry.root.founding import load_online
from trust_registry.storage import sql as registry_sql
from trust_registry.witness import config as witness_config
from trust_registry.witness.service import logs_of
from trust_registry.witness.storage import sql as witness_sql
from wsgi import read_roles

_TRIAL = ".doctor"
_ENCRYPTED = b"ENCRYPTED"


def settings(deployment: Deployment) -> Diagnosis | None:
    """The settings of all roles, as the services read them."""
    roles = ",".join(deployment.roles) or deployment.environ.get("TONGXING_ROLES", "")
    deployment.settings = read_roles({**deployment.environ, "TONGXING_ROLES": roles})
    deployment.roles = tuple(deployment.settings)
    return None


def data_folder(deployment: Deployment) -> Diagnosis | None:
    """Something is written as everything is written, and taken away."""
    folders = {settings.data_dir for settings in deployment.settings.values()}
    if "registry" in deployment.settings:
        folders.add(deployment.registry.mirror_dir)
    for folder in sorted(folders):
        write_atomic(folder / _TRIAL, b"")
        (folder / _TRIAL).unlink(missing_ok=True)
    return None


def passphrase(deployment: Deployment) -> Diagnosis | None:
    """The passphrase's file, where one is named."""
    file = _passphrase_file(deployment)
    if file is None:
        return skipped("not-set", "TONGXING_KEY_PASSPHRASE_FILE")
    read_passphrase(file)
    return None


def online_keys(deployment: Deployment) -> Diagnosis | None:
    """The keys that the registry's server signs with."""
    try:
        load_online(deployment.registry.data_dir, read_passphrase(_passphrase_file(deployment)))
    except KeyRejected as error:
        return wrong("key-locked", "TONGXING_KEY_PASSPHRASE_FILE", detail=error.detail)
    return None


def credential_key(deployment: Deployment) -> Diagnosis | None:
    """The key that signs codes can be read."""
    return _key(deployment, "credential", deployment.issuer.key_file, "TONGXING_KEY_FILE")


def status_key(deployment: Deployment) -> Diagnosis | None:
    """The key that signs withdrawals can be read."""
    return _key(deployment, "status", deployment.issuer.status_key_file, "TONGXING_STATUS_KEY_FILE")


def registry_database(deployment: Deployment) -> Diagnosis | None:
    """The registry's database, as it stands."""
    url = deployment.registry.database(registry_config.DATABASE_NAME)
    return _database(url, registry_sql.MIGRATIONS, registry_sql.VERSION_TABLE)


def issuer_database(deployment: Deployment) -> Diagnosis | None:
    """The issuer's database, as it stands."""
    url = deployment.issuer.database(issuer_config.DATABASE_NAME)
    return _database(url, issuer_sql.MIGRATIONS, issuer_sql.VERSION_TABLE)


def witness_database(deployment: Deployment) -> Diagnosis | None:
    """The witness's database, as it stands. A lost one means a new key: it says what was cosigned before."""
    url = deployment.witness.database(witness_config.DATABASE_NAME)
    return _database(url, witness_sql.MIGRATIONS, witness_sql.VERSION_TABLE)


def cache(deployment: Deployment) -> Diagnosis | None:
    """Redis, where one is named: asked as the services ask it."""
    url = deployment.any_settings.redis_url
    if not url:
        return skipped("cache-in-process", "TONGXING_REDIS_URL")
    shared = make_cache(url, deployment.clock)
    shared.increment("doctor", 1)
    return None if shared.is_shared else wrong("cache-gone", "TONGXING_REDIS_URL")


def open_registry(deployment: Deployment) -> Diagnosis | None:
    """The registry on its folder and database, taking its write lock once."""
    _, storage = open_publication(deployment.registry)
    storage.engine.dispose()
    return None


def open_issuer(deployment: Deployment) -> Diagnosis | None:
    """The issuer on its database, with its secret, for the journey."""
    deployment.office = issuer_opening.open_service(deployment.issuer)
    deployment.ending.callback(deployment.office.engine.dispose)
    return None


def open_witness(deployment: Deployment) -> Diagnosis | None:
    """The witness's key and the operator's list of logs can be read."""
    settings = deployment.witness
    key = read_log_key(settings.witness_key_file, read_passphrase(settings.key_passphrase_file))
    deployment.witness_key = signer(settings.witness_name, WITNESS, key).key
    logs_of(settings.witness_policy_file)
    return None


def decisions(deployment: Deployment) -> Diagnosis | None:
    """Whether every decision by hand that is in force is one that the province's log counts."""
    found = deployment.office.record.unaccounted(deployment.now())
    return wrong("decisions-unaccounted", "TONGXING_DATABASE_URL", detail=str(found)) if found else None


def signatures(deployment: Deployment) -> Diagnosis | None:
    """Whether every decision by hand in the database is one that two people have signed about its person."""
    found = deployment.office.findings.at(deployment.now())
    if not found.rows:
        return None
    named = ", ".join(f"{each.row} ({each.why})" for each in found.named)
    return wrong("decisions-disregarded", "TONGXING_DATABASE_URL", detail=f"{found.rows}: {named}")


def _passphrase_file(deployment: Deployment) -> Path | None:
    named = deployment.environ.get("TONGXING_KEY_PASSPHRASE_FILE")
    return Path(named) if named else None


def _key(deployment: Deployment, use: str, path: Path, setting: str) -> Diagnosis | None:
    passphrase = read_passphrase(_passphrase_file(deployment))
    try:
        deployment.keys[use] = read_key(path, passphrase)
    except KeyRejected:
        if passphrase is not None or _ENCRYPTED in read_secret(path):
            return wrong("key-locked", "TONGXING_KEY_PASSPHRASE_FILE", setting, detail=path.name)
        raise
    return None


def _database(url: str, scripts: Path, version_table: str) -> Diagnosis | None:
    engine = connect(url)
    try:
        # Only to look: connecting would make an empty file, readable by others.
        file = make_url(url).database if url.startswith("sqlite:") else None
        if file is not None and not Path(file).exists():
            return wrong("database-missing", "TONGXING_DATABASE_URL", "TONGXING_DATA_DIR", detail=Path(file).name)
        require_schema(engine, scripts, version_table)
    except SchemaOutdated as error:
        return wrong("database-version", "TONGXING_DATABASE_URL", detail=error.detail)
    finally:
        engine.dispose()
    return None
