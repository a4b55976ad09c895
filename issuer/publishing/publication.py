"""Publication: what was withdrawn, as a chain of signed segments, brought to the registry's mirror.

::

    withdrawals ──► segment, in the database ──► mirror ──► now and then a snapshot, and the token lists that changed
                    (one transaction)            (in order, again until it is acknowledged)

What a segment says is committed before it leaves, so that one number never has two contents: whoever is stopped at any
point, or runs twice at once, makes no fork. Lists for the coming days are opened first, so that every gate knows a list
before a code in it is shown; who withdrew nothing says so in a heartbeat.
"""

from __future__ import annotations

import re
import secrets
from array import array
from collections import defaultdict
from http import HTTPStatus
from math import ceil
from typing import Any, NamedTuple

import structlog

from credentials.errors import AheadOfTime, FetchFailed, Malformed
from credentials.profile.limits import MAX_LIFETIME_PAPER_SECONDS, MAX_SEGMENT_CHANGES, MAX_STATUS_AHEAD_SECONDS
from credentials.signing import Signer
from credentials.status import gaps, segment, snapshot
from credentials.status.chain import NO_SEGMENT
from credentials.status.permutation import index_of
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot
from credentials.status.token import StatusToken, make_token
from credentials.wire import cose
from credentials.wire.strict_json import parse_json
from issuer.issuing.idempotency import drop_free_keys
from issuer.issuing.places import open_ahead
from issuer.publishing.claiming import claim_work
from issuer.publishing.lists import UnpublishedWithdrawals, carry, changed_lists, current_lists
from issuer.publishing.recovery import Recovery
from issuer.storage.ports.issuing import Delivery, IssuerStore, SegmentRow, StatusFeed
from service_kit.fetch import Fetcher, place_of
from trust_registry.officer.remote import did_you_mean

DAYS_AHEAD = MAX_LIFETIME_PAPER_SECONDS // (24 * 3600)
HEARTBEAT_SECONDS = 300
"""The longest silence: who withdrew nothing says so."""
CLOCK_SECONDS = 2 * HEARTBEAT_SECONDS
"""After so long a silence the registry is asked for the time before a segment says one: what is said stays said."""
SNAPSHOT_EVERY_SECONDS = 600
SNAPSHOT_EVERY_SEGMENTS = 32
"""What a gate that begins has to follow at most; the mirror keeps twice as many."""
SNAPSHOT_SECONDS = 72 * 3600
"""How long a snapshot says anything; gates' policies end much earlier."""
TOKEN_SECONDS = 24 * 3600
TOKEN_TTL_SECONDS = 300
SEGMENTS_KEPT = 256
"""Delivered segments that stay in the database."""
CLAIM_SHARE = 1.5
"""Of the time between publications: how long a worker that was killed holds up the others."""
MAX_ANSWER_BYTES = 65_536
MAX_STATE_BYTES = 1024 * 1024
_SNAPSHOT = "snapshot"
_TOKEN = "token-status-lists/"
_CODE = re.compile(r"[a-z-]{1,64}")
_log = structlog.get_logger("publication")


class PublishedStatus(NamedTuple):
    """What was brought to the mirror. ``number``: the newest segment, as of ``as_of``; ``segments``: how many of them,
    ``withdrawn``: the bits they set; ``snapshot_bytes``: 0 when none was due; ``token_lists``: how many."""

    number: int
    as_of: int
    segments: int
    withdrawn: int
    snapshot_bytes: int
    token_lists: int


class MirrorClient:
    """The registry's mirror, as a member writes to it: what is sent is signed and needs no other proof."""

    def __init__(self, registry_url: str, member: str, fetcher: Fetcher) -> None:
        self._base = registry_url.rstrip("/")
        self._member, self._fetcher = member, fetcher

    def put(self, name: str, content: bytes) -> None:
        """Bring one file. Raises FetchFailed with what the registry answers."""
        self.offer(name, content, ())

    def offer(self, name: str, content: bytes, expected: tuple[str, ...]) -> str:
        """Bring one file; the code of the refusal when it is one of those ``expected``, else empty.

        Raises FetchFailed with what else the registry answers.
        """
        url = f"{self._base}/v1/members/{self._member}/{name}"
        answer = self._fetcher.send("PUT", url, limit=MAX_ANSWER_BYTES, body=content)
        code = _code(answer.body) if answer.status >= 400 else ""
        if answer.status >= 400 and code not in expected:
            told = f"{name}: the registry answers {answer.status} {code}"
            if answer.status == HTTPStatus.NOT_FOUND:
                told += f"; is TONGXING_REGISTRY_URL right?{did_you_mean(self._base)}"
            raise FetchFailed(told, answer.status, place_of(self._base))
        return code

    def require_time(self, at: int) -> None:
        """Raise AheadOfTime where our clock, at ``at``, is ahead of the registry's, by which it takes files.

        Of a registry that answers and does not say the time nothing is known. Raises FetchFailed where it is silent.
        """
        answer = self._fetcher.send("GET", f"{self._base}/v1/state", limit=MAX_STATE_BYTES)
        now = _document(answer.body).get("now")
        if type(now) is int and at - now > MAX_STATUS_AHEAD_SECONDS:
            told = f"this clock is {at - now} s ahead of the registry's: set it; until then nothing is published"
            raise AheadOfTime(told)

    def address_of_list(self, list_id: int) -> str:
        """Where outsiders find a Token Status List; it is the token's subject."""
        return f"{self._base}/mirror/members/{self._member}/token-status-lists/{list_id}.jwt"


class StatusPublication:
    """Publishes for one member. Any number may be at it at once; each brings what is still missing."""

    def __init__(
        self,
        store: IssuerStore,
        feed: StatusFeed,
        signer: Signer,
        member: str,
        index_key: bytes,
        mirror: MirrorClient,
        recovery: Recovery | None = None,
    ) -> None:
        self._store, self._feed, self._signer, self._member = store, feed, signer, member
        self._index_key, self._mirror = index_key, mirror
        self._recovery = recovery
        self._holder = secrets.token_hex(16)

    def publish(self, at: int, *, at_once: bool = False) -> PublishedStatus:
        """Bring everything up to ``at`` (seconds UTC) to the mirror that is not there yet.

        ``at_once``: a segment also where nothing is new and none is due: by its answer the mirror says what it lacks.

        Raises StateBehind when the mirror has more than this database, AheadOfTime when this clock is wrong,
        FetchFailed when the mirror does not take it, StorageUnavailable; the next run goes on where it ended.
        """
        if self._recovery is not None:
            self._recovery.look_once()
            self._recovery.require()
        self._require_time(at)
        open_ahead(self._store, at, DAYS_AHEAD)
        withdrawn = self._cut_all(at, at_once)
        brought, is_known = self._bring_segments()
        newest = self._feed.newest()
        assert newest is not None, "the first run makes the first segment"
        deliveries = self._feed.deliveries()
        size = 0
        if not is_known or self._is_due(deliveries.get(_SNAPSHOT), newest, at):
            size = self._bring_snapshot(newest, at)
        tokens = self._bring_tokens(newest, at)
        self._store.record_published(at)
        drop_free_keys(self._store, at)
        return PublishedStatus(newest.number, newest.as_of, brought, withdrawn, size, tokens)

    def publish_in_turn(self, at: int, every_seconds: int) -> PublishedStatus | None:
        """As :meth:`publish`, unless another worker is at it; None then. A worker that was killed is replaced."""
        until = at + ceil(CLAIM_SHARE * every_seconds)
        if not claim_work(self._feed, "publication", self._holder, at, until):
            return None
        published = self.publish(at)
        if published.segments:
            # A field named "number" would be struck out, as if it were a document's.
            told = published._asdict()
            _log.info("published", newest=told.pop("number"), **told)
        return published

    def _require_time(self, at: int) -> None:
        """Nothing is said of a time to come. The chain would stand until it has come, and what is withdrawn now would
        have ended by then, and be told to nobody."""
        last = self._feed.newest()
        if last is not None and at - last.as_of <= CLOCK_SECONDS:
            return
        self._mirror.require_time(at)

    def _cut_all(self, at: int, at_once: bool) -> int:
        """Make the segments that are due; how many bits they set."""
        withdrawn, news = 0, None
        while news is None or not news.is_all:
            news = self._cut(at, at_once)
            withdrawn += len(news.withdrawn)
        return withdrawn

    def _cut(self, at: int, at_once: bool) -> UnpublishedWithdrawals:
        with self._feed.cutting() as cutting:
            last = cutting.last()
            number = last.number + 1 if last else 1
            news = carry(cutting, number, at, MAX_SEGMENT_CHANGES)
            is_silent = news.is_all and not news.opened and not news.withdrawn
            if last is None or at_once or not is_silent or at >= last.as_of + HEARTBEAT_SECONDS:
                cutting.record(self._next(last, number, news, at))
        return news

    def _next(self, last: SegmentRow | None, number: int, news: UnpublishedWithdrawals, at: int) -> SegmentRow:
        previous, before = (last.digest, last.as_of) if last else (NO_SEGMENT, 0)
        # Before all is in it, it must not pass for a newer state. Nor may a clock that was set back stop the chain.
        as_of = max(at, before) if news.is_all or not before else before
        cut = Segment(self._member, number, as_of, previous, news.opened, self._indices(news))
        return SegmentRow(number, as_of, cut.digest, segment.encode(cut))

    def _indices(self, news: UnpublishedWithdrawals) -> dict[int, array[int]]:
        indices: dict[int, list[int]] = defaultdict(list)
        for list_id, position in news.withdrawn:
            indices[list_id].append(index_of(position, list_id, self._index_key))
        return {list_id: gaps.ascending(each) for list_id, each in indices.items()}

    def _bring_segments(self) -> tuple[int, bool]:
        """Bring what was not acknowledged, in order: how many, and whether the mirror knows what they follow."""
        brought = 0
        for row in self._feed.undelivered():
            # Signed only now: the same payload twice is no fork, whatever the signatures, and a new key may sign it.
            sealed = cose.seal(row.payload, self._signer)
            refusal = self._mirror.offer(f"segments/{row.number}", sealed, ("segment-missing", "segment-repeated"))
            if refusal == "segment-missing":
                return brought, False
            if refusal and self._recovery is not None:
                # An answer that was lost, or another content under this number.
                self._recovery.require_current()
            self._feed.mark_delivered(row.number)
            brought += 1
        return brought, True

    def _is_due(self, last: Delivery | None, newest: SegmentRow, at: int) -> bool:
        if last is None or last.kid != self._signer.kid:
            return True
        behind = newest.number - last.segment
        return behind >= SNAPSHOT_EVERY_SEGMENTS or (behind > 0 and at - last.delivered_at >= SNAPSHOT_EVERY_SECONDS)

    def _bring_snapshot(self, newest: SegmentRow, at: int) -> int:
        content = snapshot.seal(self._snapshot(newest), self._signer)
        # Somebody else's newer one is as good.
        self._mirror.offer("status", content, ("sequence-not-newer",))
        self._feed.mark_delivered(newest.number)
        self._feed.record_delivery(_SNAPSHOT, Delivery(newest.number, self._signer.kid, at))
        return len(content)

    def _snapshot(self, newest: SegmentRow) -> StatusSnapshot:
        lists = {
            list_id: self._status_list(list_id, end, positions)
            for list_id, (end, positions) in current_lists(self._store, newest.as_of, newest.number).items()
        }
        end = newest.as_of + SNAPSHOT_SECONDS
        return StatusSnapshot(self._member, newest.number, newest.as_of, end, lists, newest.digest)

    def _status_list(self, list_id: int, end: int, positions: list[int]) -> StatusList:
        return StatusList.of(list_id, end, (index_of(position, list_id, self._index_key) for position in positions))

    def _bring_tokens(self, newest: SegmentRow, at: int) -> int:
        """Bring the token lists that changed or near their end, and forget those of retired lists."""
        changes, deliveries = changed_lists(self._store, at), self._feed.deliveries()
        due = [each for each, number in changes.items() if self._is_token_due(deliveries.get(_token(each)), number, at)]
        lists = current_lists(self._store, at, newest.number) if due else {}
        # One that was announced since, by another worker, has its turn in the next run.
        for list_id in filter(lists.__contains__, due):
            if self._put_token(self._status_list(list_id, *lists[list_id]), at):
                self._feed.record_delivery(_token(list_id), Delivery(newest.number, self._signer.kid, at))
        alive = {_SNAPSHOT, *map(_token, changes)}
        self._feed.drop(newest.number - SEGMENTS_KEPT, [name for name in deliveries if name not in alive])
        return len(due)

    def _is_token_due(self, last: Delivery | None, changed_in: int, at: int) -> bool:
        if last is None or last.kid != self._signer.kid:
            return True
        return last.segment < changed_in or at - last.delivered_at >= TOKEN_SECONDS // 2

    def _put_token(self, status_list: StatusList, at: int) -> bool:
        """Whether it was taken: another one of the same second, or of a clock that was ahead, has to pass first."""
        subject = self._mirror.address_of_list(status_list.list_id)
        token = StatusToken(subject, at, at + TOKEN_SECONDS, TOKEN_TTL_SECONDS, status_list.withdrawn)
        content = make_token(token, self._signer).encode()
        return not self._mirror.offer(_token(status_list.list_id), content, ("conflict", "sequence-not-newer"))


def _token(list_id: int) -> str:
    return f"{_TOKEN}{list_id}"


def _code(body: bytes) -> str:
    """The stable code of a problem document, if it is one."""
    code = _document(body).get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _document(body: bytes) -> dict[str, Any]:
    """An answer's fields; none where it is no JSON object."""
    try:
        document = parse_json(body)
    except Malformed:
        return {}
    return document if isinstance(document, dict) else {}
