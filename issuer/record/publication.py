"""The log's round, about once a minute: seal what waits, publish what is new, have it cosigned.

Nothing here may stop issuing: greens, renewals and withdrawals go on while the log cannot be brought to the mirror, and
what they leave behind waits. What stops is a new decision by hand: it has its leaf in its own transaction, so without a
leaf there is none, and while the mirror has more than the database none is written.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from math import ceil
from pathlib import Path

import structlog

from credentials.errors import (
    CredentialError,
    FetchFailed,
    FetchTooLarge,
    SettingInvalid,
    StoreBehind,
    TongxingError,
)
from credentials.log.keys import WITNESS, NoteSigner
from credentials.log.policy import WitnessPolicy, read_policy
from issuer.publishing.claiming import claim_work
from issuer.record.counting import count_due
from issuer.record.sealing import REPLACEMENT_SECONDS, seal, sealed_look_up
from issuer.storage.log_storage import SqlLogStorage
from issuer.storage.ports.issuing import StatusFeed
from issuer.storage.ports.log import KeptLookUp
from service_kit.clock import DAY_SECONDS
from service_kit.storage.retrying import retried
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.log_keys import LogKey, log_keys_of
from trust_registry.record.publishing import LogPlace, LogPublisher, LogState, PublishedCheckpoint, Witnesses

PROVINCES_ASKED = 4
"""Witnesses of other provinces that are asked to cosign, so that one or two may be away."""
CLAIM_SHARE = 1.5
MAX_DROPPED = 10_000
"""Texts that are deleted in one round."""
_log = structlog.get_logger("log")


class LogPublication:
    """Publishes one member's log. ``signer``: None where no key was given: leaves are written and sealed all the same.

    ``salt_key``: 32 secret bytes; ``needed``: so many witnesses make a checkpoint witnessed; ``text_days``: how long
    texts are kept after the end of their appeal; ``require_time``: raises AheadOfTime for a clock that is ahead of the
    registry's, and FetchFailed where that is not known.
    """

    def __init__(
        self,
        storage: SqlLogStorage,
        feed: StatusFeed,
        place: LogPlace | None,
        signer: NoteSigner | None,
        witnesses: Witnesses,
        salt_key: bytes,
        needed: int,
        text_days: int,
        replacement_seconds: int = REPLACEMENT_SECONDS,
        require_time: Callable[[int], None] = lambda at: None,
    ) -> None:
        self.storage, self._feed, self._salt_key, self._needed = storage, feed, salt_key, needed
        self._replacement_seconds, self._require_time = replacement_seconds, require_time
        self._text_seconds = text_days * DAY_SECONDS
        self.publisher = LogPublisher(storage, place, signer, witnesses) if place and signer else None
        self._holder = secrets.token_hex(16)

    def publish(self, at: int) -> PublishedCheckpoint | None:
        """One round at ``at`` (seconds UTC); None where there is no key to sign with.

        Raises StoreBehind where the mirror has more than the database, AheadOfTime when this clock is wrong,
        RecordForked, SelfCheckFailed, FetchFailed, StorageUnavailable, StorageFull; the next round goes on where this
        one ended. With a clock that is ahead nothing is told for good, and no text deleted whose time has not come.
        """
        unreached = self._unreached(at)
        seal(self.storage.appending, self._salt_key, at, self._replacement_seconds)
        if count_due(self.storage.appending, at) and unreached is None:
            self.drop_texts(at)
        if self.publisher is None:
            return None
        if unreached is not None:
            # What waits is sealed all the same: only bringing it to the mirror is late.
            raise unreached
        published = self.publisher.publish(at)
        names = {line.name for line in published.note.signatures} - {self.publisher.signer.key.name}
        if len(names) >= self._needed and published.checkpoint.size:
            self._note_cosigned(at, published)
        return published

    def publish_in_turn(self, at: int, every_seconds: int) -> None:
        """As :meth:`publish`, unless another worker is at it. What goes wrong is said in the logs, and stops nobody."""
        if not claim_work(self._feed, "log", self._holder, at, at + ceil(CLAIM_SHARE * every_seconds)):
            return
        try:
            self.publish(at)
        except TongxingError as error:
            _log.warning("not-published", code=error.code, detail=error.detail)

    def look(self) -> None:
        """Find out whether the mirror has more leaves than the database, and write it down: nothing leaves a leaf then.

        Raises StoreBehind, naming what to type, where it has; FetchFailed, FetchTooLarge, StorageUnavailable.
        """
        if self.publisher is None:
            return
        with self.storage.reading() as records:
            size = records.log.size()
        try:
            self.publisher.require_not_behind(size)
        except StoreBehind:
            with self.storage.appending() as log:
                log.note_mirrored(size + 1)
            raise

    def look_at_first(self) -> None:
        """:meth:`look`, before whoever has just begun leaves a leaf: of a database that was put back and one leaf
        longer since, the mirror's log is no continuation any more. A mirror that cannot be reached stops nobody."""
        with suppress(TongxingError):
            self.look()

    def _unreached(self, at: int) -> TongxingError | None:
        try:
            self._require_time(at)
            self.look()
        except (FetchFailed, FetchTooLarge) as error:
            return error
        return None

    @retried
    def drop_texts(self, at: int) -> int:
        """Delete text and salt of decisions whose appeal ended long enough before ``at``; how many. The leaf says
        nothing then; whoever has saved the file of their decision can prove it all the same."""
        with self.storage.appending() as log:
            return log.drop_texts(at - self._text_seconds, MAX_DROPPED)

    @retried
    def recover(self, at: int) -> int:
        """Take the leaves that the database lacks from the mirror, checked against its checkpoint; how many.

        0, and nothing is changed, where it lacks none. Raises RecordForked where the database has others,
        MetadataRejected, naming the file, FetchFailed, StorageUnavailable, StorageFull.
        """
        if self.publisher is None:
            return 0
        with self.storage.writing() as records:
            before = records.log.size()
            taken = self.publisher.take_over(records)
            if taken:
                records.province.begin_anew(before, at)
        return taken

    @retried
    def rules_told(self) -> int:
        """The highest sequence of status rules that a leaf says was published; 0 for none. Where the database has only
        older ones, these were published after the backup that was put back."""
        with self.storage.reading() as records:
            return records.province.rules_told()

    @retried
    def unaccounted(self, at: int) -> int:
        """How many decisions by hand are in force at ``at`` that no leaf counts: written into the database by somebody
        who is none of those who decide, or lost with a backup. Who has such a code can prove nothing of it."""
        with self.storage.reading() as records:
            return records.province.unaccounted(at)

    def sealed_look_up(self, kept: KeptLookUp) -> bytes:
        """Salt and digest by which the log holds a look-up (64 bytes)."""
        return sealed_look_up(kept, self._salt_key)

    @property
    def vkey(self) -> str:
        """The key that signs the log, as one word; empty without one."""
        return self.publisher.signer.key.vkey if self.publisher else ""

    def state(self) -> LogState | None:
        """How the log stands; None without a key."""
        if self.publisher is None:
            return None
        with self.storage.reading() as records:
            return self.publisher.state(records)

    @retried
    def _note_cosigned(self, at: int, published: PublishedCheckpoint) -> None:
        with self.storage.appending() as log:
            log.note_cosigned(at, published.checkpoint.size, published.note.content)


def read_policy_file(path: Path | None) -> WitnessPolicy | None:
    """The policy in a file, if one is named. Raises SettingInvalid."""
    if path is None:
        return None
    try:
        return read_policy(path.read_bytes())
    except (OSError, CredentialError) as error:
        raise SettingInvalid(f"TONGXING_WITNESS_POLICY_FILE: {path}: no readable policy ({error})") from error


def chosen_witnesses(trust: TrustSnapshot | None, member: str, policy: WitnessPolicy | None, at: int) -> list[LogKey]:
    """Whom a province asks: those that its operator names, the registry's above all, and the provinces that follow it
    in the list, round to its beginning, as far as they name a witness that can be reached."""
    named: Iterable[LogKey] = ()
    if policy is not None:
        parties = policy.witnesses.values()
        named = [LogKey("", each.key, each.url, 0, at + 1) for each in parties if each.url and each.key.type == WITNESS]
    members = sorted(trust.members) if trust else []
    after = [*(each for each in members if each > member), *(each for each in members if each < member)]
    of_provinces = [key for each in after if trust for key in _witness_of(trust, each, at)]
    return [*named, *of_provinces[:PROVINCES_ASKED]]


def _witness_of(trust: TrustSnapshot, member: str, at: int) -> Sequence[LogKey]:
    listed = trust.members[member]
    if at < listed.changed_until or listed.statement.root_kid in trust.denied:
        return ()
    keys = log_keys_of(listed.statement)
    return [each for each in keys if each.use == "witness" and each.url and each.is_active(at)][:1]
