"""Denial (停用): a compromised key verifies nothing at any gate, from the next poll on.

Asked for in signed words, ``typ`` ``tongxing-denial+jws``, by an officer (header kid: the TUF key id) for any
kid, or by a member's root key for a kid of its own::

    {"kid": hex16, "reason": label, "audience": the registry's base URL, "issued_at": s}

No threshold: it must work at night, and it can only take trust away. A denial is never lifted; a new key in
a new statement takes the place of the old one. Asking twice changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.algorithms.table import PublicKey
from credentials.errors import CredentialError, InvalidRequest, NotAuthorised, QuotaExceeded
from credentials.signing import Signer
from credentials.wire import jws
from service_kit.storage.retrying import retried
from trust_registry.metadata.denials import (
    DENIAL_REASONS,
    MAX_DENIED,
    KeyDenial,
    kid_from_text,
    read_denials,
    write_denials,
)
from trust_registry.publishing.publication import Publication
from trust_registry.record import log
from trust_registry.repository import files as tuf
from trust_registry.repository import renewal
from trust_registry.repository.in_force import RepositoryInForce
from trust_registry.repository.published import Published
from trust_registry.storage.ports import DenialRecord, Records

DENIAL_TYPE = "tongxing-denial+jws"
MAX_REQUEST_CHARACTERS = 4_096
MAX_REQUEST_AGE_SECONDS = 3600
"""Also how far ahead the asker's clock may be."""
MAX_UNLISTED_DENIED = 4_096
"""Denied keys that no statement in force lists: known as stolen before they are listed, or dropped since. The other
places are kept for keys that are listed, or one officer could fill them all and nothing could be denied any more."""


class Asker(NamedTuple):
    """Who signs a request. ``member`` None: an officer."""

    name: str
    member: str | None
    public_key: PublicKey


def sign_request(signer: Signer, kid: str, reason: str, audience: str, now: int) -> str:
    """The request that ``kid`` (16 hex digits) be denied."""
    payload = {"kid": kid, "reason": reason, "audience": audience, "issued_at": now}
    return jws.sign(payload, signer, DENIAL_TYPE)


@retried
def deny(publication: Publication, request: str, now: int) -> KeyDenial:
    """Deny the key that ``request`` names, and bring it to the mirror at once.

    Raises InvalidRequest for a request that cannot be read or was not made for us or lately, NotAuthorised
    for an asker who may not deny this key, QuotaExceeded when there is no place left for it.
    """

    def prepare(_records: Records, known: RepositoryInForce) -> tuple[KeyDenial, Asker, tuf.Repository | None]:
        asker, wanted = _read_request(request, known.repository, known.published, publication.audience, now)
        denial = known.published.denied.get(wanted.kid)
        if denial is not None:
            return denial, asker, None
        denial, denied = _with(known.repository, wanted, known.published)
        changed = renewal.with_denials(known.repository, denied, publication.online, now)
        return denial, asker, publication.signed(changed)

    def keep(records: Records, denied: tuple[KeyDenial, Asker, tuf.Repository | None]) -> KeyDenial:
        denial, asker, changed = denied
        if changed:
            records.repository.write(changed.files())
            records.denials.add(DenialRecord(denial.kid.hex(), asker.name, request, now))
            log.key_denied(records.log, denial, asker.name, request)
        return denial

    denial = publication.changing(prepare, keep)
    publication.release()
    return denial


def _with(repository: tuf.Repository, wanted: KeyDenial, published: Published) -> tuple[KeyDenial, bytes]:
    held = read_denials(repository.denied)
    if len(held.denied) >= MAX_DENIED:
        raise QuotaExceeded(f"{MAX_DENIED} denied keys")
    listed = published.members_by_kid.keys() | {each.root_kid for each in published.statements.values()}
    if wanted.kid not in listed and len(held.denied.keys() - listed) >= MAX_UNLISTED_DENIED:
        raise QuotaExceeded(
            f"{MAX_UNLISTED_DENIED} denied keys that no statement lists; listed ones can still be denied"
        )
    denial = wanted._replace(sequence=held.sequence + 1)
    return denial, write_denials(denial.sequence, denial.denied_at, [*held.denied.values(), denial])


def _read_request(
    request: str, repository: tuf.Repository, published: Published, audience: str, now: int
) -> tuple[Asker, KeyDenial]:
    try:
        envelope = jws.read(request, MAX_REQUEST_CHARACTERS)
        asker = _asker(envelope.kid, repository, published)
        fields = jws.verify(envelope, asker.public_key, DENIAL_TYPE)
        kid, reason, issued_at = (
            kid_from_text(fields.get("kid")),
            fields.get("reason"),
            fields.get("issued_at"),
        )
    except CredentialError as error:
        raise InvalidRequest(f"denial request: {error}") from error
    if fields.get("audience") != audience:
        raise InvalidRequest("denial request: for another registry")
    if type(issued_at) is not int or abs(now - issued_at) > MAX_REQUEST_AGE_SECONDS:
        raise InvalidRequest("denial request: not made within the hour")
    if reason not in DENIAL_REASONS:
        raise InvalidRequest(f"denial request: reason is not one of {', '.join(DENIAL_REASONS)}")
    _check_own(asker, kid, published)
    return asker, KeyDenial(kid, 0, reason, now)


def _asker(header_kid: str, repository: tuf.Repository, published: Published) -> Asker:
    officers = tuf.officer_keys(repository)
    if header_kid in officers:
        return Asker(header_kid, None, officers[header_kid])
    for member, statement in published.statements.items():
        if statement.root_kid.hex() == header_kid and statement.root_kid not in published.denied:
            return Asker(member, member, statement.root_key)
    raise NotAuthorised("neither an officer nor a member's root key")


def _check_own(asker: Asker, kid: bytes, published: Published) -> None:
    """A member may take away its own keys and no other's; its root key is its own too."""
    if asker.member is None:
        return
    own_root = published.statements[asker.member].root_kid
    if kid != own_root and published.members_by_kid.get(kid) != asker.member:
        raise NotAuthorised("not a key of this member")
