"""Laboratories (检测机构) whose signed results are evidence that nobody types: each by its public key.

An attestation is a JWS (typ ``tongxing-evidence+jws``) over the same record as anybody reports, with ``made_at``. Who
brings it does not matter, nor to which province the laboratory belongs: it counts as that laboratory's own report. A
laboratory corrects itself by a later one under the same reference; an earlier one that is brought again is refused, so
that nobody undoes a correction by showing the old paper.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from sqlalchemy import Engine, insert, select

from credentials.algorithms.table import PublicKey
from credentials.decisions.leaves import laboratory_added, laboratory_ended
from credentials.errors import InvalidRequest, NotAuthorised, NotFound, TongxingError
from credentials.keys import jwk_of, kid_of, public_key_from_jwk
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.members import is_member_id
from credentials.wire import jws
from issuer.evidence.record import EvidenceRecord, read_record
from issuer.requests.request import FUTURE_SAMPLE_SECONDS
from issuer.storage import tables
from issuer.storage.log import SqlProvinceLog, end_laboratory
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

ATTESTATION_TYPE = "tongxing-evidence+jws"
"""``typ`` of the JWS (RFC 8725 section 3.11)."""
MAX_ATTESTATION_CHARACTERS = 4_096
REPORTER = "laboratory:"
"""What stands before the name of a laboratory as reporter; no client can have such an id."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_laboratory = tables.laboratory.c


class Laboratory(NamedTuple):
    """A registered laboratory; ``member``: the province that it works for. Times in seconds UTC."""

    name: str
    kid: bytes
    member: str
    added_at: int
    revoked_at: int | None


class Laboratories:
    """The laboratories in the issuer's database. Durable when a call returns; safe to call concurrently.

    Who can write it can have results of their own making counted.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def add(self, name: str, jwk: Any, member: str, at: int) -> bytes:
        """Register a laboratory of ``member``; the kid of its key. Raises KeyRejected, InvalidRequest, Conflict when
        the name or the key is taken."""
        if not _NAME.fullmatch(name):
            raise InvalidRequest("name: 1 to 64 letters, digits and ._-")
        if not is_member_id(member):
            raise InvalidRequest("member: not a member id, as CN-44")
        public_key = public_key_from_jwk(jwk)
        kid = kid_of(member, public_key)
        values = {"name": name, "kid": kid, "jwk": json.dumps(jwk_of(public_key)), "member": member, "added_at": at}
        with transaction(self._engine) as connection:
            connection.execute(insert(tables.laboratory).values(values))
            SqlProvinceLog(connection).append(laboratory_added(name, kid, member), at)
        return kid

    @retried
    def revoke(self, name: str, at: int) -> None:
        """Take no further results of a laboratory. What it reported stands until it is corrected. Raises NotFound."""
        with transaction(self._engine) as connection:
            if not end_laboratory(connection, name, at):
                raise NotFound("no active laboratory of this name")
            SqlProvinceLog(connection).append(laboratory_ended(name), at)

    @retried
    def all(self) -> list[Laboratory]:
        """All laboratories, revoked ones included."""
        columns = (_laboratory.name, _laboratory.kid, _laboratory.member, _laboratory.added_at, _laboratory.revoked_at)
        with reading(self._engine) as connection:
            return [Laboratory(*row) for row in connection.execute(select(*columns).order_by(_laboratory.name))]

    def read(self, compact: object, at: int) -> tuple[str, EvidenceRecord]:
        """Reporter and record of an attestation. Raises NotAuthorised for one by nobody who is registered or with a
        signature that does not hold, InvalidRequest and InvalidDocument for what a record may not say."""
        if type(compact) is not str:
            raise InvalidRequest("attestation: a compact JWS")
        try:
            envelope = jws.read(compact, MAX_ATTESTATION_CHARACTERS)
            name, key = self._key_of(envelope.kid)
            payload = jws.verify(envelope, key, ATTESTATION_TYPE)
        except TongxingError as error:
            told = f"attestation: {error.detail or error.code}; `tongxing issuer laboratory add` registers a laboratory"
            raise NotAuthorised(told) from error
        made_at = payload.pop("made_at", None)
        latest = at + FUTURE_SAMPLE_SECONDS
        if type(made_at) is not int or not MIN_TIME_SECONDS <= made_at <= min(latest, MAX_TIME_SECONDS):
            raise InvalidRequest("made_at: when it was signed, seconds UTC and not of tomorrow")
        if "reference" not in payload:
            raise InvalidRequest("reference: a laboratory names each of its results")
        return f"{REPORTER}{name}", read_record(payload, at)._replace(made_at=made_at)

    @retried
    def _key_of(self, kid: str) -> tuple[str, PublicKey]:
        try:
            wanted = bytes.fromhex(kid)
        except ValueError:
            wanted = b""
        active = select(_laboratory.name, _laboratory.jwk).where(_laboratory.kid == wanted)
        with reading(self._engine) as connection:
            found = connection.execute(active.where(_laboratory.revoked_at.is_(None))).first()
        if found is None:
            raise NotFound("signed by no laboratory that is registered here")
        return found.name, public_key_from_jwk(json.loads(found.jwk))
