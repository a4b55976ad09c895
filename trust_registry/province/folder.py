"""A province's own folder: its root key, its working keys, and the statements that it has made.

::

    keys/root.pem, credential-1.pem, credential-2.pem, status-1.pem, rules-1.pem, log-1.pem
    province.json               which file is which key, and the last statement's sequence and digest
    statements/1.json …         what is sent to the registry: the statement and a proof for each key

The root key signs statements and requests for denials, nothing else; it belongs in a safe, apart from the
servers that issue.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from credentials.algorithms.table import NATIVE
from credentials.errors import Conflict, InvalidRequest, KeyRejected, Malformed, NotFound, SettingInvalid
from credentials.keys import VerificationKey, kid_of, new_private_key
from credentials.profile.limits import MAX_LIFETIME_PAPER_SECONDS
from credentials.profile.members import is_member_id, no_member_id
from credentials.signing import PemSigner
from service_kit.clock import DAY_SECONDS
from trust_registry.enrolment.possession import prove
from trust_registry.key_files import new_folder, read_key, write_key
from trust_registry.metadata.statement import (
    Statement,
    read_statement,
    sign_root_change,
    sign_statement,
)
from trust_registry.mirror.folder import Write

FIRST_KEYS = ("credential", "credential", "status", "rules", "log")
DEFAULT_KEY_DAYS = 365
STATE_FILE = "province.json"


@dataclass(frozen=True)
class KeyFile:
    """A working key: its file below the folder, kid (16 hex digits), use and times (seconds UTC)."""

    file: str
    kid: str
    use: str
    not_before: int
    not_after: int


@dataclass(frozen=True)
class ProvinceState:
    """What ``province.json`` holds. ``sequence`` and ``digest``: of the last statement; ``previous``: what
    that one named as its own previous."""

    member: str
    root_file: str
    root_kid: str
    sequence: int = 0
    digest: str | None = None
    previous: str | None = None
    root_change: str | None = None
    keys: tuple[KeyFile, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Submission:
    """A statement and its proofs, as they are sent to the registry."""

    statement: str
    proofs: tuple[str, ...]

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """From a JSON object. Raises Malformed."""
        statement, proofs = fields.get("statement"), fields.get("proofs")
        if (
            not isinstance(statement, str)
            or not isinstance(proofs, list)
            or not all(isinstance(p, str) for p in proofs)
        ):
            raise Malformed("no statement with its proofs; `tongxing province statement` makes one")
        return cls(statement, tuple(proofs))

    def to_fields(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"statement": self.statement, "proofs": list(self.proofs)}


class ProvinceFolder:
    """A province's folder. One person works in it at a time."""

    def __init__(self, directory: Path, write: Write, passphrase: bytes | None = None) -> None:
        self.directory, self._write, self._passphrase = directory, write, passphrase

    def found(self, member: str, now: int, days: int = DEFAULT_KEY_DAYS) -> ProvinceState:
        """Make the folder with a root key and first working keys that last ``days``.

        Raises InvalidRequest for an unknown member id, Conflict when the folder is not empty.
        """
        if not is_member_id(member):
            raise InvalidRequest(f"--member {member[:16]}: {no_member_id(member)}")
        with new_folder(self.directory) as partial:
            return ProvinceFolder(partial, self._write, self._passphrase)._fill(member, now, days)

    def _fill(self, member: str, now: int, days: int) -> ProvinceState:
        root_file, root_kid = self._new_key(member, "root.pem")
        state = ProvinceState(member, root_file, root_kid)
        for use in FIRST_KEYS:
            state = self._with_new_key(state, use, now, days)
        return self._keep(state)

    def state(self) -> ProvinceState:
        """What is known. Raises SettingInvalid when this is no province's folder."""
        try:
            fields = json.loads((self.directory / STATE_FILE).read_bytes())
            keys = tuple(KeyFile(**key) for key in fields.pop("keys"))
            return ProvinceState(**fields, keys=keys)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            told = f"no province's folder, it has no readable {STATE_FILE}; `tongxing province init` makes one"
            raise SettingInvalid(f"{self.directory}: {told}") from error

    def add_key(self, use: str, now: int, days: int = DEFAULT_KEY_DAYS) -> ProvinceState:
        """A new working key, for the next statement."""
        return self._keep(self._with_new_key(self.state(), use, now, days))

    def retire_key(self, kid: str, now: int) -> ProvinceState:
        """End a key now: it stays listed until what it signed has expired. Raises NotFound."""
        state = self.state()
        old = _find(state, kid)
        ended = replace(old, not_after=min(old.not_after, max(now, old.not_before + 1)))
        return self._keep(_with_keys(state, (ended if key is old else key for key in state.keys)))

    def drop_key(self, kid: str) -> ProvinceState:
        """Leave a key out of the next statement, as one that has been denied must be. Raises NotFound."""
        state = self.state()
        old = _find(state, kid)
        return self._keep(_with_keys(state, (key for key in state.keys if key is not old)))

    def replace_root(self, now: int) -> ProvinceState:
        """A new root key, its succession signed by the old one."""
        state = self.state()
        number = sum(1 for _ in (self.directory / "keys").glob("root*.pem")) + 1
        root_file, root_kid = self._new_key(state.member, f"root-{number}.pem")
        change = sign_root_change(self.root_signer(), state.member, bytes.fromhex(root_kid), now)
        return self._keep(replace(state, root_file=root_file, root_kid=root_kid, root_change=change))

    def make_statement(self, audience: str, now: int, *, again: bool = False) -> tuple[Statement, Path]:
        """The next statement, or (``again``) the last one anew because it was not published.

        ``audience``: the registry's base URL, which the proofs name. Keys whose codes have all expired are
        left out. Raises StatementRejected when the registry would refuse it for what it says.
        """
        state = _without_expired(self.state(), now)
        if again and not state.sequence:
            raise Conflict(f"{self.directory}: no statement has been made yet; without --again one is")
        sequence, previous = (state.sequence, state.previous) if again else (state.sequence + 1, state.digest)
        root = self.root_signer()
        compact = sign_statement(
            root=root,
            root_key=root.public_key,
            member=state.member,
            sequence=sequence,
            previous=previous,
            issued_at=now,
            keys=[self._listed(state, key) for key in state.keys],
            root_change=state.root_change,
        )
        statement = read_statement(compact)
        proofs = tuple(prove(statement, self.signer(key.kid), audience) for key in state.keys)
        path = self.statement_file(sequence)
        self._write(path, json.dumps(Submission(compact, proofs).to_fields(), indent=1).encode())
        self._keep(replace(state, sequence=sequence, previous=previous, digest=statement.digest))
        return statement, path

    def submission(self) -> Submission:
        """What the last statement's file holds. Raises NotFound."""
        path = self.statement_file(self.state().sequence)
        try:
            return Submission.from_fields(json.loads(path.read_bytes()))
        except (OSError, ValueError, AttributeError, Malformed) as error:
            raise NotFound(f"{path}: no readable statement; `tongxing province statement` makes one first") from error

    def statement_file(self, sequence: int) -> Path:
        """Where the statement of this sequence lies."""
        return self.directory / "statements" / f"{sequence}.json"

    def root_signer(self) -> PemSigner:
        """The root key, to sign with."""
        state = self.state()
        return self._signer(state.root_file, state.root_kid)

    def signer(self, kid: str) -> PemSigner:
        """The working key of this kid, to sign with. Raises NotFound."""
        return self._signer(_find(self.state(), kid).file, kid)

    def _signer(self, file: str, kid: str) -> PemSigner:
        key = read_key(self.directory / file, self._passphrase)
        if kid_of(self.state().member, key.public_key()).hex() != kid:
            raise KeyRejected(f"{self.directory / file}: not the key that {STATE_FILE} names")
        return PemSigner(key, bytes.fromhex(kid))

    def _listed(self, state: ProvinceState, key: KeyFile) -> VerificationKey:
        public_key = self._signer(key.file, key.kid).public_key
        return VerificationKey(
            bytes.fromhex(key.kid),
            state.member,
            NATIVE.NAME,
            key.use,
            key.not_before,
            key.not_after,
            public_key,
        )

    def _with_new_key(self, state: ProvinceState, use: str, now: int, days: int) -> ProvinceState:
        number = sum(1 for _ in (self.directory / "keys").glob(f"{use}-*.pem")) + 1
        file, kid = self._new_key(state.member, f"{use}-{number}.pem")
        return _with_keys(state, (*state.keys, KeyFile(file, kid, use, now, now + days * DAY_SECONDS)))

    def _new_key(self, member: str, name: str) -> tuple[str, str]:
        key = new_private_key()
        write_key(self.directory / "keys" / name, key, self._passphrase)
        return f"keys/{name}", kid_of(member, key.public_key()).hex()

    def _keep(self, state: ProvinceState) -> ProvinceState:
        keys: list[dict[str, Any]] = [vars(key) for key in state.keys]
        self._write(self.directory / STATE_FILE, json.dumps({**vars(state), "keys": keys}, indent=1).encode())
        return state


def _find(state: ProvinceState, kid: str) -> KeyFile:
    for key in state.keys:
        if key.kid == kid:
            return key
    known = ", ".join(f"{key.kid} ({key.use})" for key in state.keys)
    raise NotFound(f"no key {kid[:16]} of {state.member} in this folder; there are {known}")


def _with_keys(state: ProvinceState, keys: Iterable[KeyFile]) -> ProvinceState:
    return replace(state, keys=tuple(keys))


def _without_expired(state: ProvinceState, now: int) -> ProvinceState:
    return _with_keys(state, (key for key in state.keys if now < key.not_after + MAX_LIFETIME_PAPER_SECONDS))
