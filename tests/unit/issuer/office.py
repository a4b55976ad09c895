"""An issuer on a database of its own for tests: real keys, real signatures, real SQL."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, insert

from credentials.algorithms.table import NATIVE, PrivateKey
from credentials.decisions.by_hand import BASES, Basis, PersonEntry, person_digest
from credentials.decisions.leaves import staff_key as staff_key_leaf
from credentials.decisions.signatures import sign_text
from credentials.formats import native
from credentials.formats.native import claims
from credentials.identity import parse_document
from credentials.keys import VerificationKey, kid_of, new_private_key
from credentials.model import StatusCredential
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.profile.lists import Reason, Status
from credentials.signing import PemSigner, Signer
from credentials.wire import cose, jws
from issuer.evidence.laboratories import ATTESTATION_TYPE
from issuer.issuing.issuance import Issuance, Secrets
from issuer.requests.holder_proof import make_proof
from issuer.staff.hands import Hands
from issuer.staff.keys import StaffKeys
from issuer.storage.by_hand import SqlByHandStore
from issuer.storage.holders import SqlPersonStore
from issuer.storage.log import SqlProvinceLog
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from issuer.storage.staff import SqlStaffStore
from issuer.storage.tables import staff_key
from service_kit.storage.database import connect, migrate, transaction
from tests import staff

STAFF, SALT = staff.Staff(), staff.SALT
NOW = 1_795_000_000
AUDIENCE = "https://code.example/issuer"
MEMBER = "CN-41"
SECRETS = Secrets.derived_from(bytes(range(32)))
NUMBER = "11010519491231002X"
FILE = "issuer.sqlite"
DAY = 24 * 3600


def attest(record: dict[str, Any], made_at: int, signer: Signer) -> str:
    """A record as a laboratory signs it at ``made_at`` (seconds UTC)."""
    return jws.sign(record | {"made_at": made_at}, signer, ATTESTATION_TYPE)


def own_key(private_key: PrivateKey) -> VerificationKey:
    """The key as the registry lists it."""
    public_key = private_key.public_key()
    kid = kid_of(MEMBER, public_key)
    return VerificationKey(kid, MEMBER, NATIVE.NAME, "credential", 0, MAX_TIME_SECONDS, public_key)


def paper(**changes: Any) -> dict[str, Any]:
    """A request for a paper code; a decision in it is signed about its person."""
    asked = {"name": "王小明", "document": {"number": NUMBER}, "form": "paper", "evidence": [sampled()], **changes}
    return decided(asked) if isinstance(asked.get("decision"), ByHand) else asked


def decided(asked: dict[str, Any], hand: ByHand | None = None) -> dict[str, Any]:
    """A request with a decision by hand about its person, signed by both."""
    hand = hand or asked["decision"]
    return asked | {"decision": hand.about(asked["document"]["number"])}


def phone(holder: PrivateKey, at: int = NOW, **changes: Any) -> dict[str, Any]:
    """A request for a phone code, with the phone's proof made at ``at``."""
    return paper(form="phone", holder_proof=make_proof(holder, AUDIENCE, at), **changes)


def sampled(**changes: Any) -> dict[str, Any]:
    """A negative test, a day old."""
    return {"kind": "nucleic-acid", "result": "negative", "sampled_at": NOW - DAY, "region": 410102, **changes}


def resident_numbers(count: int) -> list[str]:
    """Resident numbers with the right check character (GB 11643), no two the same."""
    return [_checked(f"110105{1950 + number // 1000}0101{number % 1000:03d}") for number in range(count)]


def _checked(body: str) -> str:
    remainder = 0
    for digit in body:
        remainder = (remainder + int(digit)) * 2 % 11
    return body + "0123456789X"[(12 - remainder) % 11]


class ByHand(dict[str, Any]):
    """What two people of staff decide."""

    def about(self, document: str) -> dict[str, Any]:
        """The decision about somebody as it is handed in."""
        author, approver = (STAFF.named(self[name]) for name in ("author", "approver"))
        entry = PersonEntry(person_digest(SALT, parse_document(None, document).identity), self["before"])
        text = staff.decision(
            [entry],
            number=secrets.token_bytes(16),
            status=Status.from_label(self["status"]),
            reason=Reason.from_label(self["reason"]),
            basis=BASES.get(self["basis"], Basis(self["basis"], NOW)),
            author_unit=author.key.unit,
            approver_unit=approver.key.unit,
            starts_at=self["starts_at"],
            ends_at=self["ends_at"],
        ).to_bytes()
        signatures = {"author": author.sign(text).to_json(), "approver": approver.sign(text).to_json()}
        return {"text": text.decode(), "salt": SALT.hex(), **signatures}


def by_hand(**changes: Any) -> ByHand:
    """A decision by hand that is in order, not yet about anybody."""
    return ByHand(
        {
            "status": "red",
            "reason": "close-contact",
            "basis": "infectious-diseases-law-39",
            "author": "cdc/zhang",
            "approver": "health-commission/li",
            "before": "none",
            "starts_at": NOW,
            "ends_at": NOW + 3 * DAY,
            **changes,
        }
    )


def staff_keys(engine: Engine) -> StaffKeys:
    """The staff of tests in this database, long in force; their leaves are no test's matter."""
    store = SqlStaffStore(engine)
    if not store.all_keys():
        rows = [row._asdict() | {"vouchers": json.dumps(row.vouchers)} for row in STAFF.rows()]
        with transaction(engine) as connection:
            connection.execute(insert(staff_key), rows)
    return StaffKeys(store, MEMBER, lambda: STAFF.root, DAY)


def log_staff(engine: Engine, root: Signer | None = None) -> None:
    """The keys of staff as the province's log holds them; ``root``: signs the administrators in place of their own."""
    with transaction(engine) as connection:
        for person, record in zip(STAFF.people, STAFF.records(), strict=True):
            is_signed_by_root = root is not None and person in STAFF.administrators
            vouchers = [sign_text(record.text, root)] if is_signed_by_root and root else record.vouchers
            leaf = staff_key_leaf(record.text.decode(), [each.to_json() for each in vouchers], record.in_force_at)
            SqlProvinceLog(connection).append(leaf, record.at)


def hands(engine: Engine, people_a_day: int = 100) -> Hands:
    """Who decides by hand in tests."""
    return Hands(staff_keys(engine), SqlByHandStore(engine).used, people_a_day)


@cache
def _empty() -> bytes:
    """A database with all tables and nothing in them: making them takes longer than most tests."""
    with TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/{FILE}")
        migrate(engine, MIGRATIONS, VERSION_TABLE)
        engine.dispose()
        return (Path(folder) / FILE).read_bytes()


class IssuerOnDisk:
    """One member's issuer on SQLite. ``another_process`` opens the same database once more."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_bytes(_empty())
        self.url = f"sqlite:///{folder / FILE}"
        self.private_key = new_private_key()
        self.key = own_key(self.private_key)
        self.engines: list[Engine] = []
        self.store = self.another_process()
        self.issuance = self.issuing_with(PemSigner(self.private_key, self.key.kid))

    def another_process(self) -> SqlIssuerStore:
        """The store as a second process has it."""
        engine = connect(self.url)
        migrate(engine, MIGRATIONS, VERSION_TABLE)
        self.engines.append(engine)
        return SqlIssuerStore(engine)

    def issuing_with(
        self, signer: Signer, store: SqlIssuerStore | None = None, people: SqlPersonStore | None = None
    ) -> Issuance:
        """Issuance with another signer or stores."""
        store = store or self.store
        people = people or SqlPersonStore(store._engine)
        return Issuance(
            store, people, signer, self.key, "health-commission", SECRETS, AUDIENCE, hands=hands(store._engine)
        )

    @property
    def people(self) -> SqlPersonStore:
        return SqlPersonStore(self.engines[0])

    def read(self, text: str) -> StatusCredential:
        """What a gate reads in a code."""
        return claims.decode(cose.verify(native.unwrap(text), self.key))

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        with self.engines[0].connect() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


@contextmanager
def issuer_on_disk(folder: Path) -> Iterator[IssuerOnDisk]:
    """An issuer whose connections are closed at the end."""
    issuer = IssuerOnDisk(folder)
    try:
        yield issuer
    finally:
        for engine in issuer.engines:
            engine.dispose()
