"""What the views and the commands of the issuer work with, made once from the settings."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from sqlalchemy import Engine

from credentials.errors import ClaimCodeUnknown, FetchFailed, FetchTooLarge, NotAuthenticated
from issuer.config import IssuerSettings
from issuer.desk.desk import Desk
from issuer.evidence.intake import Intake
from issuer.evidence.laboratories import Laboratories
from issuer.issuing.issuance import Issuance
from issuer.issuing.listing import Listing
from issuer.issuing.rules_in_force import PublishedRules
from issuer.metrics import IssuerMetrics
from issuer.phones.claim_codes import ClaimCodes, read_claim_code
from issuer.phones.holding import Held, Holding
from issuer.publishing.lists import IssuerOverview, overview
from issuer.publishing.publication import MirrorClient, StatusPublication
from issuer.publishing.recovery import Recovery
from issuer.publishing.withdrawal import withdraw
from issuer.record.publication import LogPublication
from issuer.requests.clients import Clients
from issuer.requests.holder_proof import Proven, proven_point, read_proof
from issuer.sign_in.sign_in import SignIn
from issuer.staff.keys import StaffKeys
from issuer.staff.scrutiny import Findings
from issuer.storage import tables
from issuer.storage.ports.issuing import StatusFeed
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from service_kit.cache.store import Cache, is_there
from service_kit.clock import Clock
from service_kit.durable import read_secret
from service_kit.http.auth import authenticate
from service_kit.http.caller import caller
from service_kit.http.limits import Limit, Limits
from service_kit.process.upkeep import Upkeep
from service_kit.storage.database import require_schema
from service_kit.storage.kept_counts import KeptCounts
from service_kit.storage.used_assertions import UsedAssertions

EXTENSION = "issuer"
ISSUES = Limit("issue", 1_800_000)
"""Codes for one client: 500 a second, a city of twenty million within half a day."""
WITHDRAWALS = Limit("withdrawal", 360_000)
"""By one client."""
PICTURES = Limit("picture", 360_000)
"""For one client; each costs three hundred signatures."""
EVIDENCE = Limit("evidence", 3_600_000)
"""Records reported by one client: a thousand a second."""
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
"""From all addresses. What it is for, and what it costs: :mod:`issuer.phones.claim_codes`."""
FAILURES = Limit("failed-authentication", 600, guards_secret=True)
"""From one address."""
STAFF_SIGN_INS = Limit("staff-sign-in", 120, guards_secret=True)
"""Tries to sign in at the desk, or to enrol, from one address."""
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
    mirror: MirrorClient
    clients: Clients
    used_assertions: UsedAssertions
    claim_codes: ClaimCodes
    holding: Holding
    rules: PublishedRules
    intake: Intake
    laboratories: Laboratories
    staff: StaffKeys
    desk: Desk
    findings: Findings
    listing: Listing
    recovery: Recovery
    record: LogPublication
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

    def client(self, limit: Limit, by: int = 1) -> str:
        """The client that sent the present request, which is counted ``by`` times under it. Raises
        NotAuthenticated, RateLimited.

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
        limits.count(limit, client_id, by)
        return client_id

    @property
    def limits(self) -> Limits:
        """The counts of this service."""
        secret = self.issuance.secrets.claim_key
        kept = KeptCounts(self.engine, tables.kept_count, secret, self.clock)
        return Limits("issuer", self.cache, self.clock, kept)

    def withdraw(self, handle: bytes, cause: str, author: str, *, client: str | None = None) -> bool:
        """See :func:`issuer.publishing.withdrawal.withdraw`; counted."""
        done = withdraw(self.store, self.issuance.people, handle, cause, author, self.now(), client=client)
        self.metrics.count_withdrawal(cause, done)
        return done

    def claim(self, typed: str, holder_proof: str) -> Held:
        """The code that a claim code stands for. Raises what :meth:`issuer.phones.holding.Holding.claim` does,
        RateLimited, ProofOfPossessionFailed, ClaimCodeMistyped.

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
        look_at_mirror(self.recovery)
        self.record.look_at_first()

    def overview(self) -> tuple[int, IssuerOverview]:
        """The time, and how the store stands: what the metrics are made of. Raises StorageUnavailable."""
        now = self.now()
        return now, overview(self.store, now, self.record.unaccounted(now))

    def state(self) -> dict[str, Any]:
        """Who issues here, with which key, by which rules, and how it stands. Nobody is in it."""
        return {
            "member": self.settings.member,
            "audience": self.settings.audience,
            "environment": self.settings.environment,
            "now": self.now(),
            "clock_offset_seconds": self.settings.clock_offset_seconds,
            "kid": self.issuance.own_key.kid.hex(),
            "shared_cache": is_there(self.cache),
            "publication": self._publication(),
            "listing": self.listing.condition()._asdict(),
            "rules": self.rules.state(self.now()),
            "log": self._log(),
        }

    def _publication(self) -> dict[str, Any]:
        newest = self.feed.newest()
        return {
            "every_seconds": self.settings.publish_seconds,
            "segment": newest.number if newest else None,
            "as_of": newest.as_of if newest else None,
            "undelivered": len(self.feed.undelivered()),
            **self.upkeep.condition._asdict(),
        }

    def _log(self) -> dict[str, Any] | None:
        state = self.record.state()
        return None if state is None else state._asdict()

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
        self.settings.secret()


def look_at_mirror(recovery: Recovery) -> None:
    # Publication looks as well before it brings anything, and says then what is wrong with the way.
    with suppress(FetchFailed, FetchTooLarge):
        recovery.look_once()


def service() -> IssuerService:
    """The service of the application that handles this request."""
    found: IssuerService = current_app.extensions[EXTENSION]
    return found
