"""Enrolment (登记): a one-time link, and the passkey that somebody makes by it at the desk.

The link says who they are and what they may do, as whoever printed it typed it; the key that comes of it counts only
when two administrators have vouched for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from credentials.algorithms.table import NATIVE
from credentials.decisions.staff import StaffKey, read_staff_key
from credentials.errors import InvalidRequest, Malformed, NotFound
from credentials.keys import new_private_key
from issuer.staff.keys import StaffKeys, new_row
from issuer.storage.ports.staff import AuditRow, Invitation
from service_kit.clock import DAY_SECONDS

INVITATION_SECONDS = DAY_SECONDS
_SECRET_BYTES = 32


class Invited(NamedTuple):
    """A link's secret, and when it ends (seconds UTC)."""

    secret: str
    expires_at: int


def invite(staff: StaffKeys, pseudonym: str, unit: str, roles: Sequence[str], at: int) -> Invited:
    """Make a link for somebody. Raises InvalidRequest for a pseudonym, unit or roles that no key may have."""
    kept = sorted(set(roles))
    # A key that is thrown away: what a key's text may not say is said before anybody goes to the desk in vain.
    trial = StaffKey(staff.member, pseudonym, unit, tuple(kept), NATIVE.NAME, new_private_key().public_key(), "", at)
    try:
        read_staff_key(trial.to_bytes())
    except Malformed as error:
        raise InvalidRequest(error.detail) from error
    secret, expires_at = secrets.token_urlsafe(_SECRET_BYTES), at + INVITATION_SECONDS
    staff.store.invite(Invitation(digest_of(secret), pseudonym, unit, " ".join(kept), expires_at))
    return Invited(secret, expires_at)


def invited(staff: StaffKeys, secret: str, at: int) -> Invitation:
    """For whom a link is. Raises NotFound for one that was used, or has ended."""
    found = staff.store.invitation(digest_of(secret), at)
    if found is None:
        raise NotFound("this link was used, or has ended; ask for another one")
    return found


def enrol(staff: StaffKeys, secret: str, made: tuple[bytes, str, object, str], at: int) -> StaffKey:
    """Keep the passkey that was made by a link: credential id, algorithm, public key, origin. Raises NotFound,
    InvalidRequest, Conflict."""
    invitation = invited(staff, secret, at)
    credential_id, algorithm, public_key, origin = made
    roles = tuple(invitation.roles.split())
    key = StaffKey(
        staff.member, invitation.pseudonym, invitation.unit, roles, algorithm, public_key, origin, at
    )  # fmt: skip
    staff.store.enrol(invitation.digest, new_row(key, at, credential_id), AuditRow(at, key.staff, "enrolled"))
    return key


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()
