"""The province statement (成员声明): a member's keys, in its own words, signed by its own root key.

A compact JWS, ``typ`` ``tongxing-statement+jws``, ``kid`` that of the member's root key, over::

    {"member": "CN-41", "sequence": n, "previous": sha256 hex of the previous statement's payload | null,
     "issued_at": s, "root_key": JWK, "previous_root": null | root change,
     "keys": [{"kid": hex16, "jwk": JWK, "alg": name of an algorithm for members, "use": "credential|status|rules",
               "not_before": s, "not_after": s}],
     "logs": [keys of the public record, see ``log_keys``],
     "former_roots": [{"jwk": JWK, "until": s}]}

The use ``log`` of ``keys`` is retired: statements that list such a key are still good, and nothing signs by it.

A *root change* is a compact JWS by the **old** root key, ``typ`` ``tongxing-root-change+jws``, over
``{"member": …, "root_kid": hex16 of the new root, "issued_at": s}``. A member keeps it in every statement
made under the new root, for gates that come back late. ``former_roots`` are the root keys that it had, the last first,
each with the moment from which on it signs nothing: by them people check for good who vouched for whom then.

The registry lists statements; gates verify each one again (dgc-gateway PR #88: signed at every hop and
checked at none).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from credentials.algorithms.table import FOR_MEMBERS, PublicKey
from credentials.errors import CredentialError, KeyRejected, Malformed, StatementRejected
from credentials.keys import KEY_USES, VerificationKey, jwk_of, member_key_from_jwk
from credentials.profile.members import is_member_id
from credentials.signing import Signer
from credentials.wire import jws
from trust_registry.metadata import fields
from trust_registry.metadata.denials import kid_from_text

STATEMENT_TYPE = "tongxing-statement+jws"
ROOT_CHANGE_TYPE = "tongxing-root-change+jws"
MAX_STATEMENT_CHARACTERS = 65_536
MAX_ROOT_CHANGE_CHARACTERS = 2_048
MAX_FORMER_ROOTS = 8
MAX_KEYS = 64
"""Keys of one member, retired ones included."""
MIN_ACTIVE_CREDENTIAL_KEYS = 2
"""So that the loss of one key does not stop a province from issuing."""
_DIGEST_CHARACTERS = 64


class FormerRoot(NamedTuple):
    """A root key that the member had. ``until``: seconds UTC; it signs nothing from then on."""

    kid: bytes
    key: PublicKey
    until: int


class Statement(NamedTuple):
    """A statement whose signature by its own root key has been verified; whether that root key is the
    member's is for the officers, and for the gate's pins, to say.

    ``digest``: SHA-256 of the payload as 64 hex digits, what the next statement names as ``previous``.
    ``root_change``: the compact JWS of the old root, not verified (see :func:`verify_root_change`). ``logs``: keys
    of the public record as they came; :mod:`trust_registry.metadata.log_keys` reads them, for what is wrong with one of
    them must not cost the member its other keys.
    """

    member: str
    sequence: int
    previous: str | None
    issued_at: int
    root_kid: bytes
    root_key: PublicKey
    root_change: str | None
    keys: tuple[VerificationKey, ...]
    digest: str
    logs: object = None
    former_roots: tuple[FormerRoot, ...] = ()


def read_statement(compact: str) -> Statement:
    """Read and verify a statement: at most 65 536 characters and 64 keys.

    Every kid is computed anew from its key. Unknown fields are ignored. Raises
    StatementRejected, naming what is wrong.
    """
    try:
        return _read_statement(compact)
    except CredentialError as error:
        raise StatementRejected(str(error)) from error


def check_follows(statement: Statement, held: Statement | None) -> None:
    """Check that ``statement`` may stand after ``held`` (None: it is the member's first).

    Raises StatementRejected for another member, a sequence other than the next, or a wrong previous hash.
    """
    if held is None:
        if statement.sequence != 1 or statement.previous is not None:
            raise StatementRejected("a first statement has sequence 1 and no previous")
        return
    if statement.member != held.member:
        raise StatementRejected("another member's statement")
    following = held.sequence + 1
    if statement.sequence != following:
        first = "; have that published first: `province submit --file`" if statement.sequence > following else ""
        raise StatementRejected(
            f"not the next statement after the one held: it is number {statement.sequence}, {following} is next{first}"
        )
    if statement.previous != held.digest:
        raise StatementRejected("not the next statement after the one held: it names another as the one before")


def check_usable(statement: Statement, at: int) -> None:
    """Check that a member can work with these keys at ``at``: at least two active credential keys and one
    active status key. For enrolment, not for gates. Raises StatementRejected."""
    active = Counter(key.use for key in statement.keys if key.not_before <= at < key.not_after)
    if active["credential"] < MIN_ACTIVE_CREDENTIAL_KEYS:
        raise StatementRejected(f"fewer than {MIN_ACTIVE_CREDENTIAL_KEYS} active credential keys")
    if not active["status"]:
        raise StatementRejected("no active status key")


def sign_statement(
    *,
    root: Signer,
    root_key: PublicKey,
    member: str,
    sequence: int,
    previous: str | None,
    issued_at: int,
    keys: Iterable[VerificationKey],
    root_change: str | None = None,
    logs: Sequence[Mapping[str, Any]] = (),
    former_roots: Sequence[FormerRoot] = (),
) -> str:
    """A statement by the member's root key, read back before it is handed out.

    ``root.kid`` must be the kid of ``root_key``; ``previous`` is the digest of the statement before; ``logs``: as
    :func:`trust_registry.metadata.log_keys.log_key_to_json` makes them.
    Raises StatementRejected when a gate would refuse it.
    """
    payload = {
        "member": member,
        "sequence": sequence,
        "previous": previous,
        "issued_at": issued_at,
        "root_key": jwk_of(root_key),
        "previous_root": root_change,
        "keys": [key_to_json(key) for key in keys],
        **({"logs": list(logs)} if logs else {}),
        **({"former_roots": [_former_root_to_json(each) for each in former_roots]} if former_roots else {}),
    }
    compact = jws.sign(payload, root, STATEMENT_TYPE)
    read_statement(compact)
    return compact


def sign_root_change(old_root: Signer, member: str, new_root_kid: bytes, issued_at: int) -> str:
    """The old root key's word that ``new_root_kid`` follows it."""
    payload = {"member": member, "root_kid": new_root_kid.hex(), "issued_at": issued_at}
    return jws.sign(payload, old_root, ROOT_CHANGE_TYPE)


def verify_root_change(statement: Statement, old_root: PublicKey) -> None:
    """Check that ``old_root`` itself handed over to the statement's root key.

    Raises StatementRejected when there is no root change, or one by another key, for another member or root.
    """
    if statement.root_change is None:
        raise StatementRejected("no root change")
    try:
        envelope = jws.read(statement.root_change, MAX_ROOT_CHANGE_CHARACTERS)
        document = jws.verify(envelope, old_root, ROOT_CHANGE_TYPE)
        kid = kid_from_text(document.get("root_kid"))
    except CredentialError as error:
        raise StatementRejected(f"root change: {error}") from error
    if document.get("member") != statement.member or kid != statement.root_kid:
        raise StatementRejected("root change for another member or root key")


def key_to_json(key: VerificationKey) -> dict[str, Any]:
    """The key as it stands in a statement."""
    return {
        "kid": key.kid.hex(),
        "jwk": jwk_of(key.public_key),
        "alg": key.algorithm,
        "use": key.use,
        "not_before": key.not_before,
        "not_after": key.not_after,
    }


def read_key(member: str, value: object) -> VerificationKey:
    """One key of a statement. Raises Malformed or KeyRejected (kid, curve, use, times)."""
    document = fields.mapping(value, "key")
    kid, public_key = member_key_from_jwk(member, document.get("jwk"))
    if document.get("kid") != kid.hex():
        kid_from_text(document.get("kid"))
        raise KeyRejected("kid is not that of the key")
    algorithm = document.get("alg")
    if not isinstance(algorithm, str) or algorithm not in FOR_MEMBERS:
        raise KeyRejected(f"algorithm is none of {', '.join(FOR_MEMBERS)}")
    use = document.get("use")
    if use not in KEY_USES:
        raise KeyRejected("unknown use")
    not_before, not_after = fields.time(document, "not_before"), fields.time(document, "not_after")
    if not_before >= not_after:
        raise KeyRejected("not_after is not later than not_before")
    return VerificationKey(kid, member, algorithm, use, not_before, not_after, public_key)


def _read_statement(compact: str) -> Statement:
    envelope = jws.read(compact, MAX_STATEMENT_CHARACTERS)
    document = fields.read_object(envelope.payload, MAX_STATEMENT_CHARACTERS)
    member = document.get("member")
    if not isinstance(member, str) or not is_member_id(member):
        raise Malformed("member is not a member id")
    root_kid, root_key = member_key_from_jwk(member, document.get("root_key"))
    if envelope.kid != root_kid.hex():
        raise KeyRejected("header kid is not that of the root key")
    # Until here the document is what somebody wrote; from here on it is the member's word.
    jws.check(envelope, root_key, STATEMENT_TYPE)
    return Statement(
        member=member,
        sequence=fields.number(document, "sequence"),
        previous=_digest(document.get("previous")),
        issued_at=fields.time(document, "issued_at"),
        root_kid=root_kid,
        root_key=root_key,
        root_change=_root_change(document),
        keys=_keys(document, member, root_kid),
        digest=hashlib.sha256(envelope.payload).hexdigest(),
        logs=document.get("logs"),
        former_roots=_former_roots(document, member, root_kid),
    )


def _keys(document: dict[str, Any], member: str, root_kid: bytes) -> tuple[VerificationKey, ...]:
    keys = tuple(read_key(member, value) for value in fields.items(document, "keys", MAX_KEYS))
    kids = {key.kid for key in keys} | {root_kid}
    if len(kids) != len(keys) + 1:
        # One key for two uses would let a leaked signature of one kind pass as another kind.
        raise KeyRejected("a key stands twice, or is the root key")
    return keys


def _former_roots(document: dict[str, Any], member: str, root_kid: bytes) -> tuple[FormerRoot, ...]:
    if "former_roots" not in document:
        return ()
    found = tuple(_former_root(member, value) for value in fields.items(document, "former_roots", MAX_FORMER_ROOTS))
    kids = {each.kid for each in found} | {root_kid}
    if len(kids) != len(found) + 1:
        raise KeyRejected("a former root key stands twice, or is the root key")
    return found


def _former_root(member: str, value: object) -> FormerRoot:
    document = fields.mapping(value, "former root")
    kid, key = member_key_from_jwk(member, document.get("jwk"))
    return FormerRoot(kid, key, fields.time(document, "until"))


def _former_root_to_json(former: FormerRoot) -> dict[str, Any]:
    return {"jwk": jwk_of(former.key), "until": former.until}


def _root_change(document: dict[str, Any]) -> str | None:
    if document.get("previous_root") is None:
        return None
    return fields.text(document, "previous_root", MAX_ROOT_CHANGE_CHARACTERS)


def _digest(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != _DIGEST_CHARACTERS or set(value) - set("0123456789abcdef"):
        raise Malformed("previous is not a SHA-256 in hex")
    return value
