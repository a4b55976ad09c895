"""Withdrawal (撤回): one bit that says "ask the holder for a fresh code", and never why.

The colour lives in the signed credential alone. A withdrawn bit is never cleared: who gets a fresh code gets a new
index.
"""

from __future__ import annotations

from typing import Final

from credentials.errors import InvalidRequest, NotFound
from issuer.decisions import MAX_STAFF_CHARACTERS
from issuer.storage.ports import IssuerStore

DOCTOR: Final = "doctor"
"""The cause of a test code that `tongxing doctor` takes back."""
CAUSES: Final[dict[str, str]] = {
    "superseded": "已换发新码 · replaced by a fresh code",
    "status-changed": "状态变更 · the holder's status changed",
    "lost-device": "设备遗失 · the holder's phone was lost",
    "holder-request": "持码人申请 · asked for by the holder",
    "issued-in-error": "签发有误 · issued in error",
    DOCTOR: "体检测试码 · a test code of the doctor",
}


def withdraw(store: IssuerStore, handle: bytes, cause: str, author: str, at: int) -> bool:
    """Withdraw the credential of ``handle`` (16 bytes) at ``at``. False when it was withdrawn before.

    It reaches gates with the next status publication. ``author``: the client, or unit/person.

    Raises NotFound, InvalidRequest for an unknown cause or an author that is none.
    """
    if cause not in CAUSES:
        raise InvalidRequest(f"cause: one of {', '.join(CAUSES)}")
    if not 0 < len(author) <= MAX_STAFF_CHARACTERS or not author.isprintable():
        raise InvalidRequest(f"author: 1 to {MAX_STAFF_CHARACTERS} printable characters")
    row = store.find(handle)
    if row is None:
        raise NotFound("no credential of this handle")
    return store.withdraw(row.place, at, cause, author)
