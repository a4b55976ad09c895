"""Publication: the withdrawn bits of all current lists, signed, and brought to the registry's mirror.

A timer calls it every minute. Lists for the coming days are opened first, so that every gate knows a list before a code
in it is shown; who withdrew nothing says so as often as who withdrew much.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from credentials.errors import FetchFailed, Malformed
from credentials.limits import MAX_LIFETIME_PAPER_SECONDS
from credentials.signing import Signer
from credentials.status import snapshot as status_snapshot
from credentials.status.permutation import index_of
from credentials.status.snapshot import StatusList, StatusSnapshot
from credentials.status.token import StatusToken, make_token
from credentials.wire.jws import parse_json
from issuer.storage.ports import IssuerStore
from service_kit.fetch import Fetcher

DAYS_AHEAD = MAX_LIFETIME_PAPER_SECONDS // (24 * 3600)
SNAPSHOT_SECONDS = 72 * 3600
"""How long a snapshot says anything; gates' policies end much earlier."""
TOKEN_SECONDS = 24 * 3600
TOKEN_TTL_SECONDS = 300
MAX_ANSWER_BYTES = 65_536
_SEQUENCE = "status-snapshot"
_CODE = re.compile(r"[a-z-]{1,64}")


class Published(NamedTuple):
    """What was brought to the mirror."""

    sequence: int
    lists: int
    withdrawn: int
    bytes: int


class Mirror:
    """The registry's mirror, as a member writes to it: what is sent is signed and needs no other proof."""

    def __init__(self, registry_url: str, member: str, fetcher: Fetcher) -> None:
        self._base = registry_url.rstrip("/")
        self._member, self._fetcher = member, fetcher

    def put(self, name: str, content: bytes) -> None:
        """Bring one file. Raises FetchFailed with what the registry answers."""
        url = f"{self._base}/v1/members/{self._member}/{name}"
        answer = self._fetcher.send("PUT", url, limit=MAX_ANSWER_BYTES, body=content)
        if answer.status >= 400:
            raise FetchFailed(f"{name}: the registry answers {answer.status} {_code(answer.body)}", answer.status)

    def address_of_list(self, list_id: int) -> str:
        """Where outsiders find a Token Status List; it is the token's subject."""
        return f"{self._base}/mirror/members/{self._member}/token-status-lists/{list_id}.jwt"


class StatusPublication:
    """Publishes for one member. Of two at once, one may be told that the mirror has what is newer (FetchFailed)."""

    def __init__(self, store: IssuerStore, signer: Signer, member: str, index_key: bytes, mirror: Mirror) -> None:
        self._store, self._signer, self._member = store, signer, member
        self._index_key, self._mirror = index_key, mirror

    def publish(self, at: int) -> Published:
        """Sign the present state as of ``at`` (seconds UTC) and bring it to the mirror: the snapshot first.

        Raises FetchFailed when the mirror does not take it, StorageUnavailable.
        """
        self._store.open_lists(at, DAYS_AHEAD)
        # The number before the rows: what is withdrawn in between may only be too new for its number, never too old.
        sequence = self._store.next_sequence(_SEQUENCE)
        snapshot = self._snapshot(sequence, at)
        content = status_snapshot.seal(snapshot, self._signer)
        self._mirror.put("status", content)
        for status_list in snapshot.lists.values():
            self._put_token(status_list, at)
        self._store.note_published(at)
        return Published(sequence, len(snapshot.lists), snapshot.withdrawn_count, len(content))

    def _snapshot(self, sequence: int, at: int) -> StatusSnapshot:
        lists = {
            list_id: StatusList.of(
                list_id, end, (index_of(position, list_id, self._index_key) for position in positions)
            )
            for list_id, (end, positions) in self._store.current_lists(at).items()
        }
        return StatusSnapshot(self._member, sequence, at, at + SNAPSHOT_SECONDS, lists)

    def _put_token(self, status_list: StatusList, at: int) -> None:
        subject = self._mirror.address_of_list(status_list.list_id)
        token = StatusToken(subject, at, at + TOKEN_SECONDS, TOKEN_TTL_SECONDS, status_list.withdrawn)
        self._mirror.put(f"token-status-lists/{status_list.list_id}", make_token(token, self._signer).encode())


def _code(body: bytes) -> str:
    """The stable code of a problem document, if it is one."""
    try:
        document = parse_json(body)
    except Malformed:
        return ""
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
