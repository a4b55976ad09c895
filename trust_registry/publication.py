"""Publication (发布): from submitted statements to a trust list that two officers have signed.

::

    draft ──► officer A signs ──► officer B signs ──► publish ──► SQL commit ──► mirror, timestamp last
                    (each on their own machine, after their own comparison)

The commit is the decision: it holds the new repository whole, signed and checked. Writing the mirror comes
after it and may be repeated, so a stop between two files leaves clients on the older repository, and the
next publication, denial or timestamp completes it. All of it happens under one write lock: of two
publications at once one wins and the other is told that it was overtaken.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from credentials.errors import ApprovalRejected, Conflict, NotFound
from service_kit.retrying import retried
from trust_registry import log, renewal
from trust_registry import repository as tuf
from trust_registry.client.repository import metadata_path, version_of
from trust_registry.difference import Change, compare
from trust_registry.drafting import DraftRequest, listed_entries, statements_of, write_list
from trust_registry.enrolment import Published, check_may_follow, examine, published_of, read_published
from trust_registry.metadata.statement import read_statement
from trust_registry.metadata.trust_list import read_trust_list
from trust_registry.mirror import Mirror
from trust_registry.storage.ports import DraftRecord, Records, StatementRecord, Storage, WaitingDraft

MAX_DRAFT_AGE_SECONDS = 7 * 24 * 3600
"""A signature that was given long ago must not surprise its giver."""
MAX_WAITING = 100
"""Drafts in one answer."""
_ID_BYTES = 16


class DraftView(NamedTuple):
    """A draft, what it changes, and who has signed it (TUF key ids)."""

    record: DraftRecord
    changes: list[Change]
    approved_by: list[str]


class WaitingView(NamedTuple):
    """A draft that waits for signatures: whose statements it brings, who has signed and who may still (TUF key ids),
    and until when (seconds UTC)."""

    id: str
    members: list[str]
    created_at: int
    ends_at: int
    created_by: str
    approved_by: list[str]
    missing: list[str]


class Publication:
    """The registry's deeds. ``online`` signers sign snapshot, timestamp and denials; officers never here."""

    def __init__(self, storage: Storage, mirror: Mirror, online: renewal.OnlineSigners, audience: str) -> None:
        self.storage, self.mirror, self.online, self.audience = storage, mirror, online, audience

    def repository(self) -> tuf.Repository:
        """The repository in force."""
        with self.storage.reading() as records:
            return current(records)

    @retried
    def submit(self, compact: str, proofs: Sequence[str], now: int) -> StatementRecord:
        """Take a province's statement in, to go before the officers. The same one gives the same record.

        Raises what :func:`trust_registry.enrolment.examine` raises.
        """
        # Examined before the write lock is taken: nobody had to log in to make us work.
        with self.storage.reading() as records:
            published = read_published(current(records))
        statement = examine(compact, proofs, published, self.audience, now)
        with self.storage.writing() as records:
            known = records.statements.find(statement.member, statement.digest)
            if known:
                return known
            record = StatementRecord(
                id=_new_id(),
                member=statement.member,
                sequence=statement.sequence,
                digest=statement.digest,
                compact=compact,
                proofs=tuple(proofs),
                received_at=now,
                state="submitted",
            )
            records.statements.add(record)
            log.statement_received(records, statement, now)
        return record

    @retried
    def draft(self, request: DraftRequest, officer: str, now: int) -> DraftView:
        """Make a trust list of what is in force and what ``request`` changes, for officers to sign.

        Raises NotFound for an unknown statement, InvalidRequest, or what enrolment refuses by now.
        """
        with self.storage.writing() as records:
            repository = current(records)
            published = read_published(repository)
            entries = listed_entries(records, request, published, now)
            members = write_list(published.trust_list.version + 1, now, entries)
            published_of(read_trust_list(members), published.denied)
            record = DraftRecord(
                id=_new_id(),
                base=version_of(repository.targets),
                trust_list=members,
                message=tuf.message_of(renewal.next_targets(repository, members, now)),
                statement_ids=tuple(request.statement_ids),
                created_at=now,
                created_by=officer,
                state="open",
            )
            records.drafts.add(record)
            log.draft_made(records, record)
            return _view(records, record, published)

    def view(self, draft_id: str) -> DraftView:
        """A draft, compared with what is in force now. Raises NotFound."""
        with self.storage.reading() as records:
            return _view(records, _draft(records, draft_id), read_published(current(records)))

    def proofs(self, draft_id: str) -> list[StatementRecord]:
        """The statements that a draft brings in, with their proofs. Raises NotFound."""
        with self.storage.reading() as records:
            return statements_of(records, _draft(records, draft_id).statement_ids)

    def waiting(self, now: int) -> list[WaitingView]:
        """The drafts that officers may still sign, oldest first, at most MAX_WAITING."""
        with self.storage.reading() as records:
            repository = current(records)
            base, since = version_of(repository.targets), now - MAX_DRAFT_AGE_SECONDS
            found = records.drafts.waiting(base, since, MAX_WAITING)
            return [_waiting(records, draft, sorted(tuf.officer_keys(repository))) for draft in found]

    @retried
    def approve(self, draft_id: str, keyid: str, signature: str, now: int) -> DraftView:
        """Add an officer's signature (hex) over the draft's message.

        Raises NotFound, Conflict when the draft was overtaken, ApprovalRejected for a stranger's key, a wrong
        signature or a second one by the same officer.
        """
        with self.storage.writing() as records:
            record, repository = _draft(records, draft_id), current(records)
            _check_open(record, repository, now)
            if not tuf.verify_approval(repository, keyid, signature, record.message):
                raise ApprovalRejected("not an officer's signature on this draft")
            if keyid in records.drafts.approvals(draft_id):
                raise ApprovalRejected("this officer has approved already; another one must")
            records.drafts.approve(draft_id, keyid, signature, now)
            log.draft_approved(records, record, keyid, now)
            return _view(records, record, read_published(repository))

    @retried
    def publish(self, draft_id: str, now: int) -> tuf.Repository:
        """Put a draft into force and bring it to the mirror. Published already: the mirror is completed.

        Raises NotFound, Conflict when the draft was overtaken, ApprovalRejected below the threshold, and what
        enrolment refuses by now; nothing is changed then.
        """
        with self.storage.writing() as records:
            record = _draft(records, draft_id)
            if record.state == "open":
                self._put_into_force(records, record, now)
        return self.release()

    @retried
    def retime(self, now: int) -> tuf.Repository:
        """Sign the timestamp anew, and snapshot and denials when they near their expiry; for a timer."""
        with self.storage.writing() as records:
            self.keep(records, renewal.resigned(current(records), self.online, now))
        return self.release()

    def retime_when_due(self, now: int, seconds: int) -> bool:
        """As :meth:`retime`, when the timestamp is ``seconds`` old: of several workers one does it. Whether it did."""
        with self.storage.writing() as records:
            if now - tuf.registry_time_of(current(records)) < seconds:
                return False
            self.keep(records, renewal.resigned(current(records), self.online, now))
        self.release()
        return True

    def keep(self, records: Records, repository: tuf.Repository) -> None:
        """Check a new repository as a client would, and write it down."""
        tuf.check_repository(repository)
        records.repository.write(repository.files())

    @retried
    def release(self) -> tuf.Repository:
        """Bring the mirror up to what is in force. Does nothing when it is."""
        with self.storage.writing() as records:
            repository = current(records)
            self.mirror.release(repository.files())
        return repository

    @retried
    def adopt(self) -> None:
        """Begin with the mirror's repository when the database has none: a new registry, or a lost database.

        What was published is on the mirror and proves itself by its signatures.
        """
        with self.storage.writing() as records:
            if records.repository.read(tuf.TIMESTAMP_PATH) is not None:
                return
            repository = self.mirror.repository()
            tuf.check_repository(repository)
            roots = range(1, version_of(repository.root))
            older = [(path, self.mirror.read(path) or b"") for path in map(_root_path, roots)]
            records.repository.write([*older, *repository.files()])

    def _put_into_force(self, records: Records, record: DraftRecord, now: int) -> None:
        repository = current(records)
        _check_open(record, repository, now)
        approvals = records.drafts.approvals(record.id)
        tuf.check_threshold(repository, approvals, record.message)
        published = read_published(repository)
        for statement in statements_of(records, record.statement_ids):
            check_may_follow(read_statement(statement.compact), published, now)
        targets = tuf.signed_targets(record.message, approvals)
        self.keep(records, renewal.with_targets(repository, targets, record.trust_list, self.online, now))
        records.drafts.close(record.id)
        _close_statements(records, record)
        changes = compare(published, published_of(read_trust_list(record.trust_list), published.denied))
        log.list_published(records, record, record.base + 1, list(approvals), changes, now)


def current(records: Records) -> tuf.Repository:
    """The repository in force."""
    return tuf.load_repository(records.repository.read)


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES)


def _root_path(version: int) -> str:
    return metadata_path("root", version)


def _draft(records: Records, draft_id: str) -> DraftRecord:
    record = records.drafts.get(draft_id)
    if record is None:
        raise NotFound(f"draft {draft_id[:40]}: none of this id (32 hex digits); `tongxing registry drafts` lists them")
    return record


def _waiting(records: Records, draft: WaitingDraft, officers: list[str]) -> WaitingView:
    members = sorted(statement.member for statement in statements_of(records, draft.statement_ids))
    approved = records.drafts.approvals(draft.id)
    return WaitingView(
        draft.id,
        members,
        draft.created_at,
        draft.created_at + MAX_DRAFT_AGE_SECONDS,
        draft.created_by,
        [officer for officer in officers if officer in approved],
        [officer for officer in officers if officer not in approved],
    )


def _view(records: Records, record: DraftRecord, published: Published) -> DraftView:
    new = published_of(read_trust_list(record.trust_list), published.denied)
    return DraftView(record, compare(published, new), sorted(records.drafts.approvals(record.id)))


def _check_open(record: DraftRecord, repository: tuf.Repository, now: int) -> None:
    if record.state != "open" or record.base != version_of(repository.targets):
        raise Conflict("another publication came first; make a new draft")
    if now > record.created_at + MAX_DRAFT_AGE_SECONDS:
        raise Conflict("draft is older than seven days; make a new one")


def _close_statements(records: Records, record: DraftRecord) -> None:
    published = statements_of(records, record.statement_ids)
    sequences = {statement.member: statement.sequence for statement in published}
    for statement in published:
        records.statements.close(statement.id, "published")
    for other in records.statements.submitted():
        if other.sequence <= sequences.get(other.member, 0):
            records.statements.close(other.id, "overtaken")
