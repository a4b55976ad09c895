"""One process of a run of faults: it does everything that writes, one deed after another, until it is killed.

After each deed that was acknowledged it appends a line to its journal: what a client would hold in its hands. A deed
that ended as StorageUnavailable was not acknowledged, and may or may not have been done.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from credentials.errors import ApprovalRejected, Conflict, StorageUnavailable, TongxingError
from credentials.signing import PemSigner
from issuer.issuing.issuance import Issuance, ask_for
from issuer.publishing.withdrawal import withdraw
from issuer.storage.holders import SqlPersonStore
from issuer.storage.ports.issuing import IssuedRow
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from issuer.storage.tables import used_assertion
from service_kit import logs
from service_kit.storage.database import connect, migrate, reading
from service_kit.storage.used_assertions import UsedAssertions
from tests.doubles.writers import write_plainly
from tests.faults.scene import OFFICERS, Scene
from tests.unit.issuer.office import AUDIENCE, NOW, SECRETS, paper
from tests.unit.trust_registry.founded import AUDIENCE as REGISTRY
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.key_files import read_key
from trust_registry.mirror.folder import MirrorFolder
from trust_registry.mirror.layout import Mirror
from trust_registry.officer import approval
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.publishing.publication import Publication
from trust_registry.root.founding import MIRROR_FOLDER, TRUST_ROOT, load_log, load_online
from trust_registry.storage import tables
from trust_registry.storage.sql import open_storage

CLIENT = "app"
BATCH = 8
PAUSE_SECONDS = 0.05
"""Before asking a database again that was not there."""
MAX_DENIALS = 40
"""Of one process: each denial makes every later publication dearer, which is not what is measured."""


def work(scene: Scene, number: int, life: int) -> None:
    """Be worker ``number`` in its ``life``-th life."""
    logs.configure("WARNING")
    _refused(scene, number, life, "born")
    while not scene.start.exists():
        time.sleep(0.001)
    worker = None
    while not scene.end.exists():
        try:
            worker = worker or Worker(scene, number, life)
            worker.step()
        except StorageUnavailable:
            _refused(scene, number, life, "unavailable")
            time.sleep(PAUSE_SECONDS)
        except (Conflict, ApprovalRejected):
            # Overtaken by another, as two officers at one draft are.
            _refused(scene, number, life, "overtaken")
        except Exception as error:
            _refused(scene, number, life, "unexpected", error=f"{type(error).__name__}: {error}")


class Worker:
    """The deeds."""

    def __init__(self, scene: Scene, number: int, life: int) -> None:
        self.scene, self.number, self.life, self.count = scene, number, life, 0
        self.chance = random.Random(f"{number}.{life}")
        self.engine = _migrated(scene.url)
        private_key, own_key = scene.key()
        self.store = SqlIssuerStore(self.engine)
        self.store.bind_secret(SECRETS.digest)
        signer = PemSigner(private_key, own_key.kid)
        self.issuance = Issuance(
            self.store, SqlPersonStore(self.store._engine), signer, own_key, "health-commission", SECRETS, AUDIENCE
        )
        self.assertions = UsedAssertions(self.engine, used_assertion)
        self.storage = open_storage(scene.url)
        folder = scene.registry_folder
        mirror = Mirror(MirrorFolder(folder / MIRROR_FOLDER, write_plainly))
        self.publication = Publication(
            self.storage,
            mirror,
            load_online(folder, None),
            load_log(folder, None, (folder / TRUST_ROOT).read_bytes()),
            REGISTRY,
        )
        self.officers = [read_key(folder / f"officers/officer-{each + 1}.pem") for each in range(OFFICERS)]
        self.handles: list[bytes] = []
        self.denials = 0

    def close(self) -> None:
        """Give back the connections."""
        self.engine.dispose()
        self.storage.engine.dispose()

    def step(self) -> None:
        """One deed, by chance."""
        self.count += 1
        deeds: list[tuple[int, Callable[[], None]]] = [
            (8, self.issue_own),
            (8, self.issue_shared),
            (4, self.issue_batch),
            (4, self.withdraw_one),
            (4, self.use_assertion),
            (1, self.draft),
            (3, self.approve),
            (1, self.deny_key),
        ]
        weights, choices = zip(*deeds, strict=True)
        self.chance.choices(choices, weights)[0]()

    def issue_own(self) -> None:
        """A key that nobody else uses."""
        self._issue(f"own {self.number} {self.life} {self.count}")

    def issue_shared(self) -> None:
        """A key that all use, some of them at this very moment."""
        self._issue(f"shared {self.count // 4}")

    def issue_batch(self) -> None:
        """Shared keys, in an order of one's own."""
        asks = [ask_for(paper(), f"batch {self.count // 4} {each}") for each in range(BATCH)]
        self.chance.shuffle(asks)
        for ask, outcome in zip(asks, self.issuance.issue_many(CLIENT, asks, NOW), strict=True):
            if isinstance(outcome, TongxingError):
                raise outcome
            self._issued(ask.key, outcome)

    def withdraw_one(self) -> None:
        """One of the codes that were issued here."""
        if self.handles:
            handle = self.chance.choice(self.handles)
            withdraw(self.store, self.issuance.people, handle, "superseded", CLIENT, NOW)
            self._say("withdrawn", handle=handle.hex())

    def use_assertion(self) -> None:
        """An assertion that several show at once."""
        jti = f"{self.count // 4}"
        if self.assertions.use(CLIENT, jti, NOW + 60, NOW - 60):
            self._say("used", jti=jti)

    def draft(self) -> None:
        """The same list, to be signed anew."""
        keyid = approval.officer_id(self.officers[0])
        self._say("drafted", draft=self.publication.draft(DraftRequest([], {}), keyid, NOW).record.id)

    def approve(self) -> None:
        """Sign the newest draft as one of the officers, and publish it when two have signed."""
        newest = select(tables.draft.c.id).where(tables.draft.c.state == "open").order_by(tables.draft.c.base.desc())
        with reading(self.storage.engine) as connection:
            draft = connection.execute(newest.limit(1)).scalar_one_or_none()
        if draft is None:
            return
        record = self.publication.view(draft).record
        signed = approval.sign(approval.Review(record.message, 0, 0, []), self.chance.choice(self.officers))
        approved = self.publication.approve(draft, signed.keyid, signed.signature, NOW).approved_by
        self._say("approved", draft=draft, by=signed.keyid)
        if len(approved) > 1:
            self.publication.publish(draft, NOW)
            self._say("published", draft=draft)

    def deny_key(self) -> None:
        """A key that is not listed, so that nothing else is changed by it."""
        if self.denials < MAX_DENIALS:
            self.denials += 1
            kid = self.chance.randbytes(8).hex()
            officer = self.officers[0]
            signer = PemSigner(officer, bytes.fromhex(approval.officer_id(officer)))
            deny(self.publication, sign_request(signer, kid, "lost", REGISTRY, NOW), NOW)
            self._say("denied", kid=kid)

    def _issue(self, key: str) -> None:
        self._issued(key, self.issuance.issue(CLIENT, ask_for(paper(), key), NOW))

    def _issued(self, key: str, row: IssuedRow) -> None:
        self.handles.append(row.handle)
        self._say("issued", key=key, code=digest(row.text))

    def _say(self, deed: str, **what: Any) -> None:
        _write(self.scene.journals / f"{self.number}-{self.life}", deed, what)


def digest(text: str) -> str:
    """Stands for a code in the journals."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _migrated(url: str) -> Engine:
    engine = connect(url)
    try:
        migrate(engine, MIGRATIONS, VERSION_TABLE)
    except StorageUnavailable:
        engine.dispose()
        raise
    return engine


def _refused(scene: Scene, number: int, life: int, deed: str, **what: Any) -> None:
    _write(scene.refusals / f"{number}-{life}", deed, what)


def _write(path: Path, deed: str, what: dict[str, Any]) -> None:
    """One line in one call, so that a kill leaves whole lines."""
    line = json.dumps({"deed": deed, **what}).encode() + b"\n"
    file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)
