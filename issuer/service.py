"""What the views and the commands of the issuer work with, made once from the settings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flask import current_app, request
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from credentials.algorithms import es256
from credentials.errors import ClaimCodeUnknown, FetchFailed, FetchTooLarge, NotAuthenticated, SettingInvalid
from credentials.keys import VerificationKey, kid_of
from credentials.limits import MAX_TIME_SECONDS
from credentials.signing import PemSigner
from issuer.claim_codes import ClaimCodes, read_claim_code
from issuer.clients import Clients
from issuer.config import DATABASE_NAME, IssuerSettings
from issuer.holder_proof import Proven, proven_point, read_proof
from issuer.holding import Held, Holding
from issuer.issuance import Issuance, Secrets
from issuer.listing import REFRESH_SECONDS, Listing, OwnKey
from issuer.metrics import IssuerMetrics
from issuer.publication import Mirror, StatusPublication
from issuer.recovery import Recovery
from issuer.sign_in import SignIn, open_sign_in
from issuer.storage import tables
from issuer.storage.feed import SqlStatusFeed
from issuer.storage.holders import SqlPersonStore
from issuer.storage.ports import Overview, StatusFeed
from issuer.storage.sql import SqlIssuerStore
from issuer.withdrawal import withdraw
from service_kit.auth import authenticate
from service_kit.cache import Cache, InProcessCache
from service_kit.caller import caller
from service_kit.clock import Clock
from service_kit.database import connect, disposed_on_error, migrate, require_schema
from service_kit.durable import make_secret, read_secret
from service_kit.kept_counts import KeptCounts
from service_kit.limits import Limit, Limits
from service_kit.upkeep import Upkeep
from service_kit.used_assertions import UsedAssertions
from trust_registry.client.store import TrustStore
from trust_registry.client.updater import TrustUpdater

EXTENSION = "issuer"
SECRET_BYTES = 32
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
VERSION_TABLE = "issuer_schema_version"
ISSUES = Limit("issue", 1_800_000)
"""Codes for one client: 500 a second, a city of twenty million within half a day."""
WITHDRAWALS = Limit("withdrawal", 360_000)
"""By one client."""
PICTURES = Limit("picture", 360_000)
"""For one client; each costs three hundred signatures."""
CLAIM_CODES = Limit("claim-code", 360_000)
"""Made for one client."""
WALLET = Limit("wallet", 360_000)
"""Requests of phones from one address: carriers put tens of thousands of residents behind one, and each phone asks
whenever its wallet is opened."""
RENEWALS = Limit("renewal", 120)
"""By one phone: beside what it asks for by itself, somebody who presses the button all the time."""
FAILED_CLAIMS = Limit("failed-claim", 60, guards_secret=True)
"""Unknown claim codes from one address, which then may claim nothing for the rest of the hour. Typing errors are found
before by the check digits, and do not count."""
ALL_FAILED_CLAIMS = Limit("failed-claims-altogether", 36_000, guards_secret=True)
"""From all addresses. What it is for, and what it costs: :mod:`issuer.claim_codes`."""
FAILURES = Limit("failed-authentication", 600, guards_secret=True)
"""From one address."""
SIGN_INS = Limit("sign-in", 3600, guards_secret=True)
"""Begun, or come back, from one address: a mobile network has thousands of people behind one."""


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
    used_assertions: UsedAssertions
    claim_codes: ClaimCodes
    holding: Holding
    listing: Listing
    recovery: Recovery
    clock: Clock
    metrics: IssuerMetrics
    cache: Cache
    upkeep: Upkeep
    looking: Upkeep
    """After its own keys in the trust list, and after the mirror until that has answered once."""
    sign_in: SignIn | None
    """None: not set up."""

    def now(self) -> int:
        """Seconds UTC."""
        return self.clock.now()

    def client(self, limit: Limit) -> str:
        """The client that sent the present request, which is counted under it. Raises NotAuthenticated, RateLimited.

        What fails is counted under its address. Too much of that closes the address to strangers alone: behind one
        proxy, nobody can lock a client out by knocking with a false key.
        """
        limits = self.limits
        header = request.headers.get("Authorization")
        try:
            client_id = authenticate(
                header, self.clients.key_of, self.settings.audience, self.now(), self.used_assertions
            )
        except NotAuthenticated:
            limits.count(FAILURES, caller())
            raise
        limits.count(limit, client_id)
        return client_id

    @property
    def limits(self) -> Limits:
        """The counts of this service."""
        secret = self.issuance.secrets.claim_key
        kept = KeptCounts(self.engine, tables.kept_count, secret, self.clock)
        return Limits("issuer", self.cache, self.clock, kept)

    def withdraw(self, handle: bytes, cause: str, author: str, *, client: str | None = None) -> bool:
        """See :func:`issuer.withdrawal.withdraw`; counted."""
        done = withdraw(self.store, self.issuance.people, handle, cause, author, self.now(), client=client)
        self.metrics.count_withdrawal(cause, done)
        return done

    def claim(self, typed: str, holder_proof: str) -> Held:
        """The code that a claim code stands for. Raises what :meth:`issuer.holding.Holding.claim` does, RateLimited,
        ProofOfPossessionFailed, ClaimCodeMistyped.

        Only codes that could exist and do not are counted, and whoever has too many of them is refused before another
        is looked up: otherwise a refusal would differ from a success, and guessing go on. Each is counted before it is
        looked up, and a right one taken back: of many at once, none is looked up beyond the limit.
        """
        at, digits = self.now(), read_claim_code(typed)
        point = proven_point(holder_proof, self.settings.audience, at)
        self._count_try(at)
        is_unknown = False
        try:
            return self.holding.claim(self.claim_codes.digest(digits), point, at)
        except ClaimCodeUnknown:
            is_unknown = True
            raise
        finally:
            if not is_unknown:
                self._count_try(at, by=-1)

    def phone(self, holder_proof: str, act: str | None = None) -> Proven:
        """The phone that sent the present request, which is counted. Raises ProofOfPossessionFailed, RateLimited."""
        proven = read_proof(holder_proof, self.settings.audience, self.now(), act)
        self.limits.count(RENEWALS, hashlib.sha256(proven.point).hexdigest())
        return proven

    def _count_try(self, at: int, by: int = 1) -> None:
        limits = self.limits
        limits.count(FAILED_CLAIMS, caller(), by, at)
        limits.count(ALL_FAILED_CLAIMS, "", by, at)

    def look(self) -> None:
        """Ask the registry whether gates take what this issuer signs, and whether they know more than it does.

        A registry that cannot be reached stops nobody. Raises SettingInvalid when TONGXING_TRUST_ROOT is not its root.
        """
        self.listing.refresh()
        self.listing.require_root()
        _look_at_mirror(self.recovery)

    def overview(self) -> tuple[int, Overview]:
        """The time, and how the store stands: what the metrics are made of. Raises StorageUnavailable."""
        now = self.now()
        return now, self.store.overview(now)

    def probe(self) -> None:
        """Whether it can issue, and could start again: the database answers, is of this version and no older than what
        gates know, keys and secret can be read. Raises StorageUnavailable, SchemaOutdated, StateBehind,
        SettingInvalid."""
        require_schema(self.engine, MIGRATIONS, VERSION_TABLE)
        self.recovery.require()
        self.clients.key_of("")
        settings = self.settings
        of_sign_in = filter(None, (settings.sign_in_key_file, settings.sign_in_client_secret_file))
        for path in (settings.key_file, settings.status_key_file, *of_sign_in):
            read_secret(path)
        _secret(self.settings)


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
    mirror = Mirror(settings.registry_url, settings.member, settings.fetcher())
    recovery = Recovery(
        feed,
        settings.fetcher(),
        settings.registry_url,
        _own_key(settings.member, status_signer, "status"),
        secrets.index_key,
    )
    publication = StatusPublication(store, feed, status_signer, settings.member, secrets.index_key, mirror, recovery)
    clock = clock or settings.clock()
    with disposed_on_error(engine):
        store.bind_secret(secrets.digest)
    own_key, people = _own_key(settings.member, signer, "credential"), SqlPersonStore(engine)
    listing = _listing(settings, own_key.kid, status_signer.kid, clock)
    issuance = Issuance(
        store,
        people,
        signer,
        own_key,
        settings.unit,
        secrets,
        settings.audience,
        metrics.count_issued,
        _both(recovery.require, listing.require),
    )
    claim_codes = ClaimCodes(people, issuance)
    with disposed_on_error(engine):
        sign_in = open_sign_in(settings, issuance, claim_codes, clock)
    return IssuerService(
        settings=settings,
        engine=engine,
        store=store,
        feed=feed,
        issuance=issuance,
        publication=publication,
        mirror=mirror,
        clients=Clients(engine),
        used_assertions=UsedAssertions(engine, tables.used_assertion),
        claim_codes=claim_codes,
        holding=Holding(people, issuance),
        listing=listing,
        recovery=recovery,
        sign_in=sign_in,
        clock=clock,
        metrics=metrics,
        cache=InProcessCache(clock),
        upkeep=Upkeep(
            "publication",
            lambda: publication.publish_in_turn(clock.now(), settings.publish_seconds),
            seconds=settings.publish_seconds,
        ),
        looking=Upkeep("listing", partial(_watch, listing, recovery), seconds=REFRESH_SECONDS),
    )


def _watch(listing: Listing, recovery: Recovery) -> None:
    """What every worker does again and again, also one that never publishes."""
    listing.watch()
    _look_at_mirror(recovery)


def _look_at_mirror(recovery: Recovery) -> None:
    # Publication looks as well before it brings anything, and says then what is wrong with the way.
    with suppress(FetchFailed, FetchTooLarge):
        recovery.look_once()


def open_database(settings: IssuerSettings) -> Engine:
    """The database, migrated."""
    engine = connect(settings.database(DATABASE_NAME))
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    return engine


def prepare(settings: IssuerSettings) -> bool:
    """Bring the database up to date and make the issuer's secret if there is none; whether it was made.

    Any number of processes may call it at once. Raises SettingInvalid or KeyRejected for a key that could not be served
    with, SettingInvalid when the secret is missing though the database was begun with one, StorageFull,
    StorageUnavailable.
    """
    # Before anything is made: who is told "ready" will not look for what is wrong with a key.
    for path in (settings.key_file, settings.status_key_file):
        settings.private_key(path)
    engine = open_database(settings)
    try:
        store = SqlIssuerStore(engine)
        if store.is_bound() and not settings.secret_path.exists():
            raise SettingInvalid("TONGXING_ISSUER_SECRET_FILE: missing; bring it back from its backup")
        made = make_secret(settings.secret_path, SECRET_BYTES)
        store.bind_secret(Secrets.derived_from(_secret(settings)).digest)
    finally:
        engine.dispose()
    return made


def service() -> IssuerService:
    """The service of the application that handles this request."""
    found: IssuerService = current_app.extensions[EXTENSION]
    return found


def _signer(settings: IssuerSettings, path: Path) -> PemSigner:
    key = settings.private_key(path)
    return PemSigner(key, kid_of(settings.member, key.public_key()))


def _both(one: Callable[[], None], other: Callable[[], None]) -> Callable[[], None]:
    def require() -> None:
        one()
        other()

    return require


def _listing(settings: IssuerSettings, credential_kid: bytes, status_kid: bytes, clock: Clock) -> Listing:
    """The trust list as it is held; it is asked for anew by whoever serves or issues."""
    keys = (
        OwnKey(credential_kid, "credential", "TONGXING_KEY_FILE"),
        OwnKey(status_kid, "status", "TONGXING_STATUS_KEY_FILE"),
    )
    store = updater = None
    if settings.trust_root is not None:
        store = TrustStore(settings.trust_folder, settings.trust_root.read_bytes())
        updater = TrustUpdater(store, f"{settings.registry_url.rstrip('/')}/mirror", settings.fetcher())
    listing = Listing(
        settings.member,
        settings.environment,
        keys,
        clock,
        store,
        updater,
        not_listed_yet=settings.not_listed_yet,
    )
    listing.load()
    return listing


def _own_key(member: str, signer: PemSigner, use: str) -> VerificationKey:
    return VerificationKey(signer.kid, member, es256.NAME, use, 0, MAX_TIME_SECONDS, signer.public_key)


def _secret(settings: IssuerSettings) -> bytes:
    if not settings.secret_path.exists():
        raise SettingInvalid(
            f"{settings.secret_path}: no issuer here yet: run `tongxing issuer init`; or bring its secret back"
        )
    secret = read_secret(settings.secret_path)
    if len(secret) != SECRET_BYTES:
        raise SettingInvalid(f"TONGXING_ISSUER_SECRET_FILE: not {SECRET_BYTES} bytes")
    return secret
