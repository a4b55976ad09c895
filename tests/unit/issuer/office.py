"""An issuer on a database of its own for tests: real keys, real signatures, real SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from credentials.algorithms.table import NATIVE, PrivateKey
from credentials.formats import native
from credentials.formats.native import claims
from credentials.keys import VerificationKey, kid_of, new_private_key
from credentials.model import StatusCredential
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.signing import PemSigner, Signer
from credentials.wire import cose, jws
from issuer.evidence.laboratories import ATTESTATION_TYPE
from issuer.issuing.issuance import Issuance, Secrets
from issuer.requests.holder_proof import make_proof
from issuer.storage.holders import SqlPersonStore
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from service_kit.storage.database import connect, migrate

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
    """A request for a paper code."""
    return {"name": "王小明", "document": {"number": NUMBER}, "form": "paper", "evidence": [sampled()], **changes}


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


def by_hand(**changes: Any) -> dict[str, Any]:
    """A manual decision that is in order."""
    return {
        "status": "red",
        "reason": "close-contact",
        "basis": "infectious-diseases-law-39",
        "author": "cdc/zhang",
        "approver": "health-commission/li",
        "ends_at": NOW + 3 * DAY,
        **changes,
    }


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
        return Issuance(store, people, signer, self.key, "health-commission", SECRETS, AUDIENCE)

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
