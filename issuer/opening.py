"""Opens the issuer: from its settings to the parts that work together, and once before that its database and secret."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine

from credentials.algorithms.table import NATIVE
from credentials.decisions.rules.document import load_status_rules, read_status_rules
from credentials.decisions.rules.status_rules import StatusRules
from credentials.decisions.staff import RootKeys
from credentials.errors import SettingInvalid
from credentials.keys import VerificationKey, kid_of
from credentials.log.keys import LOG, signer
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.signing import PemSigner
from credentials.wire import jws
from issuer.config import DATABASE_NAME, SECRET_BYTES, IssuerSettings
from issuer.desk.desk import Desk
from issuer.desk.guard import Guard
from issuer.evidence.intake import Intake
from issuer.evidence.laboratories import Laboratories
from issuer.issuing.issuance import Issuance, Secrets
from issuer.issuing.listing import REFRESH_SECONDS, Listing, OwnKey
from issuer.issuing.rules_in_force import PublishedRules, document_in
from issuer.metrics import IssuerMetrics
from issuer.phones.claim_codes import ClaimCodes
from issuer.phones.holding import Holding
from issuer.publishing.publication import MirrorClient, StatusPublication
from issuer.publishing.recovery import Recovery
from issuer.record.place import MirrorPlace
from issuer.record.publication import LogPublication, chosen_witnesses, read_policy_file
from issuer.requests.clients import Clients
from issuer.service import IssuerService, look_at_mirror
from issuer.sign_in.identity_provider import REQUEST_SECONDS, IdentityProvider, Registration
from issuer.sign_in.sign_in import CALLBACK, SignIn
from issuer.staff.hands import Hands
from issuer.staff.keys import StaffKeys
from issuer.staff.scrutiny import Findings, Scrutiny
from issuer.storage import tables
from issuer.storage.by_hand import SqlByHandStore, bond_all
from issuer.storage.feed import SqlStatusFeed
from issuer.storage.holders import SqlPersonStore
from issuer.storage.log_storage import SqlLogStorage
from issuer.storage.rules import SqlRulesStore
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from issuer.storage.staff import SqlStaffStore
from service_kit.cache.store import InProcessCache
from service_kit.clock import Clock
from service_kit.durable import make_secret, read_secret
from service_kit.process.upkeep import Upkeep
from service_kit.storage.database import connect, disposed_on_error, migrate
from service_kit.storage.used_assertions import UsedAssertions
from trust_registry.client.decision_proof import root_keys_of
from trust_registry.client.members.member_files import listed_key
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater
from trust_registry.key_files import read_log_key, read_passphrase
from trust_registry.metadata.denials import kid_from_text
from trust_registry.record.gathering import ASK_SECONDS, WitnessRound

BONDS_SINCE = "0014"
"""The version of the database from which on decisions by hand have a bond."""
_log = structlog.get_logger("decisions")


def open_service(
    settings: IssuerSettings, clock: Clock | None = None, metrics: IssuerMetrics | None = None
) -> IssuerService:
    """The issuer on its database, the schema brought up to date. ``metrics``: where its deeds are counted.

    Raises SettingInvalid or KeyRejected when a key or the secret cannot be read, StorageUnavailable, SchemaOutdated.
    """
    credential_signer, status_signer = (
        _signer(settings, path) for path in (settings.key_file, settings.status_key_file)
    )
    secrets = Secrets.derived_from(settings.secret())
    metrics = metrics or IssuerMetrics(CollectorRegistry())
    engine = open_database(settings)
    store, feed = SqlIssuerStore(engine), SqlStatusFeed(engine)
    mirror = MirrorClient(settings.registry_url, settings.member, settings.fetcher())
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
    own_key = _own_key(settings.member, credential_signer, "credential")
    listing = _listing(settings, own_key.kid, status_signer.kid, clock)
    rules = _published_rules(settings.member, engine, listing, metrics)
    root = partial(_root_keys, listing, settings.member)
    scrutiny = Scrutiny(settings.member, secrets.bond_key, root)
    people = SqlPersonStore(engine, scrutiny)
    staff = StaffKeys(SqlStaffStore(engine), settings.member, root, settings.staff_delay_seconds)
    by_hand = SqlByHandStore(engine)
    hands = Hands(staff, by_hand.used, settings.decisions_a_day)
    issuance = Issuance(
        store,
        people,
        credential_signer,
        own_key,
        settings.unit,
        secrets,
        settings.audience,
        metrics.count_issued,
        _both(recovery.require, listing.require),
        rules,
        hands,
    )
    claim_codes, laboratories = ClaimCodes(people, issuance), Laboratories(engine)
    with disposed_on_error(engine):
        record = _open_record(settings, engine, feed, mirror, secrets, listing, clock)
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
        rules=rules,
        intake=Intake(issuance, laboratories, metrics.count_evidence),
        laboratories=laboratories,
        staff=staff,
        desk=Desk(issuance, staff, by_hand, Guard(settings.guard_percent, settings.guard_people)),
        findings=Findings(scrutiny, by_hand.in_force),
        listing=listing,
        recovery=recovery,
        record=record,
        sign_in=sign_in,
        clock=clock,
        metrics=metrics,
        cache=InProcessCache(clock),
        upkeep=Upkeep(
            "publication",
            partial(_publish, publication, record, clock, settings.publish_seconds),
            seconds=settings.publish_seconds,
        ),
        looking=Upkeep("listing", partial(_watch, listing, recovery), seconds=REFRESH_SECONDS),
    )


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
        store.bind_secret(Secrets.derived_from(settings.secret()).digest)
    finally:
        engine.dispose()
    return made


def open_database(settings: IssuerSettings) -> Engine:
    """The database, migrated."""
    engine = connect(settings.database(DATABASE_NAME))
    migrate(engine, MIGRATIONS, VERSION_TABLE, partial(_bond_what_was_decided, settings))
    return engine


def _bond_what_was_decided(settings: IssuerSettings, connection: Connection, before: str) -> None:
    """What people decided under an earlier version, which had no bonds, goes on counting to its end."""
    if not before or before >= BONDS_SINCE:
        return
    scrutiny = Scrutiny(settings.member, Secrets.derived_from(settings.secret()).bond_key, lambda: None)
    bonded = bond_all(connection, settings.clock().now(), scrutiny.bond_from_before)
    if bonded:
        _log.warning("decisions-bonded", decisions=bonded)


def open_sign_in(settings: IssuerSettings, issuance: Issuance, claim_codes: ClaimCodes, clock: Clock) -> SignIn | None:
    """Sign-in as the settings have it, or None. Calls nobody yet: issuing must begin without the identity provider.

    Raises SettingInvalid or KeyRejected when its key or secret cannot be read.
    """
    if not settings.sign_in_issuer:
        return None
    registration = Registration(
        issuer=settings.sign_in_issuer,
        client_id=settings.sign_in_client_id,
        redirect_uri=settings.audience + CALLBACK,
        scope=settings.sign_in_scope,
        algorithm=settings.sign_in_algorithm,
        secret=_client_secret(settings.sign_in_client_secret_file),
        key=settings.private_key(settings.sign_in_key_file) if settings.sign_in_key_file else None,
    )
    provider = IdentityProvider(registration, settings.fetcher(REQUEST_SECONDS), clock)
    return SignIn(provider, issuance, claim_codes, settings.sign_in_name_claim, settings.sign_in_document_claim)


def _open_record(
    settings: IssuerSettings,
    engine: Engine,
    feed: SqlStatusFeed,
    mirror: MirrorClient,
    secrets: Secrets,
    listing: Listing,
    clock: Clock,
) -> LogPublication:
    """The province's log. Raises SettingInvalid or KeyRejected for a key or policy that cannot be read."""
    log, policy = None, read_policy_file(settings.witness_policy_file)
    if settings.log_key_file:
        key = read_log_key(settings.log_key_file, read_passphrase(settings.key_passphrase_file))
        log = signer(settings.log_origin, LOG, key)
    address = f"{settings.registry_url.rstrip('/')}/mirror/members/{settings.member}/log"
    witnesses = WitnessRound(
        lambda: chosen_witnesses(listing.trust, settings.member, policy, clock.now()), settings.fetcher(ASK_SECONDS)
    )
    place = MirrorPlace(mirror, settings.fetcher(), address, log) if log else None
    return LogPublication(
        SqlLogStorage(engine), feed, place, log, witnesses, secrets.record_key, settings.log_witnesses,
        settings.text_days, 60 * settings.replacement_minutes, mirror.require_time,
    )  # fmt: skip


def _publish(publication: StatusPublication, record: LogPublication, clock: Clock, every_seconds: int) -> None:
    try:
        publication.publish_in_turn(clock.now(), every_seconds)
    finally:
        record.publish_in_turn(clock.now(), every_seconds)


def _signer(settings: IssuerSettings, path: Path) -> PemSigner:
    key = settings.private_key(path)
    return PemSigner(key, kid_of(settings.member, key.public_key()))


def _own_key(member: str, signer: PemSigner, use: str) -> VerificationKey:
    return VerificationKey(signer.kid, member, NATIVE.NAME, use, 0, MAX_TIME_SECONDS, signer.public_key)


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


def _published_rules(member: str, engine: Engine, listing: Listing, metrics: IssuerMetrics) -> PublishedRules:
    read = partial(_read_rules, listing, member)
    return PublishedRules(SqlRulesStore(engine), member, read, lambda: listing.trust, metrics.count_open_rule)


def _root_keys(listing: Listing, member: str) -> RootKeys | None:
    """The member's root keys as the trust list has them; by them alone the first administrators are somebody."""
    trust = listing.trust
    listed = trust.members.get(member) if trust is not None else None
    return None if trust is None or listed is None else root_keys_of(listed.statement, trust.denied)


def _read_rules(listing: Listing, member: str, compact: str) -> StatusRules:
    """Status rules by the keys that the trust list has for this member; where nobody has a list, as they are kept."""
    if listing.trust is None:
        return load_status_rules(document_in(compact))
    key = listed_key(kid_from_text(jws.read(compact).kid), member, "rules", listing.trust)
    return read_status_rules(compact, key.public_key, member)


def _client_secret(path: Path | None) -> str | None:
    """Raises SettingInvalid."""
    if path is None:
        return None
    try:
        text = read_secret(path).decode().strip()
    except UnicodeDecodeError as error:
        raise SettingInvalid("TONGXING_SIGN_IN_CLIENT_SECRET_FILE: not text") from error
    if not text:
        raise SettingInvalid("TONGXING_SIGN_IN_CLIENT_SECRET_FILE: empty")
    return text


def _both(one: Callable[[], None], other: Callable[[], None]) -> Callable[[], None]:
    def require() -> None:
        one()
        other()

    return require


def _watch(listing: Listing, recovery: Recovery) -> None:
    """What every worker does again and again, also one that never publishes."""
    listing.watch()
    look_at_mirror(recovery)
