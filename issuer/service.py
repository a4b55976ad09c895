"""What the views and the commands of the issuer work with, made once from the settings."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from flask import current_app, request
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from credentials.algorithms import es256
from credentials.errors import SettingInvalid
from credentials.keys import VerificationKey, kid_of, load_private_key
from credentials.limits import MAX_TIME_SECONDS
from credentials.signing import PemSigner
from issuer.clients import Clients
from issuer.config import DATABASE_NAME, IssuerSettings
from issuer.issuance import Issuance, Secrets
from issuer.metrics import IssuerMetrics
from issuer.publication import Mirror, StatusPublication
from issuer.storage.feed import SqlStatusFeed
from issuer.storage.ports import Overview, StatusFeed
from issuer.storage.sql import SqlIssuerStore
from service_kit.auth import authenticate
from service_kit.clock import Clock
from service_kit.database import connect, migrate
from service_kit.durable import make_folder, read_secret, write_atomic
from service_kit.fetch import Fetcher
from service_kit.upkeep import Upkeep

EXTENSION = "issuer"
SECRET_BYTES = 32
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
VERSION_TABLE = "issuer_schema_version"


@dataclass(frozen=True)
class IssuerService:
    """One member's issuer."""

    settings: IssuerSettings
    engine: Engine
    store: SqlIssuerStore
    feed: StatusFeed
    issuance: Issuance
    publication: StatusPublication
    mirror: Mirror
    clients: Clients
    clock: Clock
    metrics: IssuerMetrics
    upkeep: Upkeep

    def now(self) -> int:
        """Seconds UTC."""
        return self.clock.now()

    def client(self) -> str:
        """The client that sent the present request. Raises NotAuthenticated."""
        header = request.headers.get("Authorization")
        return authenticate(header, self.clients.key_of, self.settings.audience, self.now(), self.clients)

    def overview(self) -> tuple[int, Overview]:
        """The time, and how the store stands: what the metrics are made of. Raises StorageUnavailable."""
        now = self.now()
        return now, self.store.overview(now)

    def probe(self) -> None:
        """Whether it can issue: the database answers. Raises StorageUnavailable."""
        self.clients.key_of("")


def open_service(
    settings: IssuerSettings, clock: Clock | None = None, metrics: IssuerMetrics | None = None
) -> IssuerService:
    """The issuer on its database, the schema brought up to date. ``metrics``: where its deeds are counted.

    Raises SettingInvalid or KeyRejected when a key or the secret cannot be read, StorageUnavailable, SchemaOutdated.
    """
    signer, status_signer = _signer(settings, settings.key_file), _signer(settings, settings.status_key_file)
    secrets = Secrets.derived_from(_secret(settings))
    metrics = metrics or IssuerMetrics(CollectorRegistry())
    engine = open_database(settings)
    store, feed = SqlIssuerStore(engine), SqlStatusFeed(engine)
    mirror = Mirror(settings.registry_url, settings.member, Fetcher())
    publication = StatusPublication(store, feed, status_signer, settings.member, secrets.index_key, mirror)
    clock = clock or settings.clock()
    with _disposed_on_error(engine):
        store.bind_secret(secrets.digest)
    return IssuerService(
        settings=settings,
        engine=engine,
        store=store,
        feed=feed,
        issuance=Issuance(
            store,
            signer,
            _own_key(settings.member, signer),
            settings.unit,
            secrets,
            settings.audience,
            metrics.count_issued,
        ),
        publication=publication,
        mirror=mirror,
        clients=Clients(engine),
        clock=clock,
        metrics=metrics,
        upkeep=Upkeep(
            "publication", lambda: publication.publish_in_turn(clock.now()), seconds=settings.publish_seconds
        ),
    )


def open_database(settings: IssuerSettings) -> Engine:
    """The database, migrated."""
    engine = connect(settings.database(DATABASE_NAME))
    with _disposed_on_error(engine):
        migrate(engine, MIGRATIONS, VERSION_TABLE)
    return engine


def prepare(settings: IssuerSettings) -> bool:
    """Bring the database up to date and make the issuer's secret if there is none; whether it was made.

    Any number of processes may call it at once. Raises SettingInvalid when the secret is missing though the database
    was begun with one, StorageFull, StorageUnavailable.
    """
    engine = open_database(settings)
    try:
        store = SqlIssuerStore(engine)
        if store.is_bound() and not settings.secret_path.exists():
            raise SettingInvalid("TONGXING_ISSUER_SECRET_FILE: missing; bring it back from its backup")
        made = _make_secret(settings.secret_path)
        store.bind_secret(Secrets.derived_from(_secret(settings)).digest)
    finally:
        engine.dispose()
    return made


def service() -> IssuerService:
    """The service of the application that handles this request."""
    found: IssuerService = current_app.extensions[EXTENSION]
    return found


@contextmanager
def _disposed_on_error(engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def _signer(settings: IssuerSettings, path: Path) -> PemSigner:
    passphrase_file = settings.key_passphrase_file
    passphrase = read_secret(passphrase_file).split(b"\n", 1)[0] if passphrase_file else None
    key = load_private_key(read_secret(path), passphrase)
    return PemSigner(key, kid_of(settings.member, key.public_key()))


def _own_key(member: str, signer: PemSigner) -> VerificationKey:
    return VerificationKey(signer.kid, member, es256.NAME, "credential", 0, MAX_TIME_SECONDS, signer.public_key)


def _make_secret(path: Path) -> bool:
    make_folder(path.parent)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Two that begin at once must not end with two secrets, one of them in nobody's hands.
        fcntl.flock(folder, fcntl.LOCK_EX)
        if path.exists():
            return False
        write_atomic(path, token_bytes(SECRET_BYTES), mode=0o600)
        return True
    finally:
        os.close(folder)


def _secret(settings: IssuerSettings) -> bytes:
    secret = read_secret(settings.secret_path)
    if len(secret) != SECRET_BYTES:
        raise SettingInvalid(f"TONGXING_ISSUER_SECRET_FILE: not {SECRET_BYTES} bytes")
    return secret
