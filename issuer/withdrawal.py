"""Withdrawal (撤回): one bit that says "ask the holder for a fresh code", and never why.

The colour lives in the signed credential alone. A withdrawn bit is never cleared: who gets a fresh code gets a new
index.
"""

from __future__ import annotations

from credentials.characters import is_shown
from credentials.errors import InvalidRequest, NotFound
from issuer.causes import CAUSES, ENDS_THE_DEVICE
from issuer.decisions import MAX_STAFF_CHARACTERS
from issuer.storage.ports import IssuerStore


def withdraw(store: IssuerStore, handle: bytes, cause: str, author: str, at: int) -> bool:
    """Withdraw the credential of ``handle`` (16 bytes) at ``at``. False when it was withdrawn before.

    It reaches gates with the next status publication. ``author``: the client, or unit/person. For some causes the phone
    that the code was given to gets no further one: :data:`ENDS_THE_DEVICE`.

    Raises NotFound, InvalidRequest for an unknown cause or an author that is none.
    """
    if cause not in CAUSES:
        raise InvalidRequest(f"cause: one of {', '.join(CAUSES)}")
    if not 0 < len(author) <= MAX_STAFF_CHARACTERS or not is_shown(author):
        raise InvalidRequest(f"author: 1 to {MAX_STAFF_CHARACTERS} characters that people see")
    row = store.find(handle)
    if row is None:
        raise NotFound("no credential of this handle")
    return store.withdraw(row.place, at, cause, author, ends_device=cause in ENDS_THE_DEVICE)
