"""Withdrawal (撤回): one bit that says "ask the holder for a fresh code", and never why.

The colour lives in the signed credential alone. A withdrawn bit is never cleared: who gets a fresh code gets a new
index.
"""

from __future__ import annotations

from credentials.errors import InvalidRequest, NotFound
from credentials.profile.characters import is_shown
from issuer.decisions.causes import CAUSES
from issuer.decisions.deciding import MAX_STAFF_CHARACTERS
from issuer.issuing.consequences import withdraw_one
from issuer.storage.ports.holders import PersonStore
from issuer.storage.ports.issuing import IssuerStore, Owned
from service_kit.storage.retrying import retried


def withdraw(
    store: IssuerStore,
    people: PersonStore,
    handle: bytes,
    cause: str,
    author: str,
    at: int,
    *,
    client: str | None = None,
) -> bool:
    """Withdraw the credential of ``handle`` (16 bytes) at ``at``. False when it was withdrawn before.

    It reaches gates with the next status publication. ``author``: the client, or unit/person. For some causes the phone
    that the code was given to gets no further one: :data:`issuer.decisions.causes.ENDS_THE_DEVICE`. ``client``: whose
    handle it must be; None for the province's own staff.

    Raises NotFound, also for another client's handle, InvalidRequest for an unknown cause or an author that is none.
    """
    if cause not in CAUSES:
        raise InvalidRequest(f"cause: one of {', '.join(CAUSES)}")
    if not 0 < len(author) <= MAX_STAFF_CHARACTERS or not is_shown(author):
        raise InvalidRequest(f"author: 1 to {MAX_STAFF_CHARACTERS} characters that people see")
    owned = find_own(store, handle, client)
    return _withdraw(people, owned, at, cause, author)


def find_own(store: IssuerStore, handle: bytes, client: str | None) -> Owned:
    """The code of a handle that is ``client``'s. Raises NotFound, and does not say whether it is another one's."""
    owned = store.find(handle)
    if owned is None or client not in (None, owned.client_id):
        raise NotFound("no code of yours has this handle")
    return owned


@retried
def _withdraw(people: PersonStore, owned: Owned, at: int, cause: str, author: str) -> bool:
    with people.deed([owned.subject]) as deed:
        return withdraw_one(deed, owned.issued.place.serial, at, cause, author)
