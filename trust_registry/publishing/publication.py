"""Publication (发布): from submitted statements to a trust list that two officers have signed.

::

    draft ──► officer A signs ──► officer B signs ──► publish ──► SQL commit ──► mirror, timestamp last
                    (each on their own machine, after their own comparison)

How what is in force is changed and brought to the mirror is the keeper's.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from credentials.errors import ApprovalRejected, Conflict, InvalidRequest, NotFound, QuotaExceeded, TongxingError
from credentials.log.keys import NoteSigner
from service_kit.storage.retrying import retried
from trust_registry.client.trust.repository import version_of
from trust_registry.enrolment.difference import ListChange, compare
from trust_registry.enrolment.drafting import (
    DraftRequest,
    Skipped,
    choose,
    listed_entries,
    listed_policy,
    statements_of,
    write_list,
)
from trust_registry.enrolment.examination import check_may_follow, examine, is_vouched
from trust_registry.enrolment.waiting import (
    DRAFTED,
    MAX_STATEMENTS_WAITING,
    OPEN,
    OVERTAKEN,
    PUBLISHED,
    SUBMITTED,
    count_waiting,
    drop_ended,
    ends_at,
    has_waited_too_long,
    is_current,
    open_drafts,
    waiting_statements,
)
from trust_registry.metadata.statement import Statement, read_statement
from trust_registry.mirror.layout import Mirror
from trust_registry.publishing.keeper import RepositoryKeeper, current
from trust_registry.record import log
from trust_registry.repository import files as tuf
from trust_registry.repository import renewal
from trust_registry.repository.in_force import RepositoryInForce, in_force
from trust_registry.repository.published import published_from
from trust_registry.storage.ports import DraftHead, DraftRecord, Records, StatementRecord, Storage

MAX_DRAFTS_SHOWN = 100
"""Drafts in one answer."""
_ID_BYTES = 16
_log = structlog.get_logger("record")


class DraftView(NamedTuple):
    """A draft, what it changes, who has signed it (TUF key ids), and the statements that were left out of it."""

    record: DraftRecord
    changes: list[ListChange]
    approved_by: list[str]
    skipped: Sequence[Skipped] = ()


class _InForceSoon(NamedTuple):
    record: DraftRecord
    repository: tuf.Repository
    changes: list[ListChange]
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


class Publication(RepositoryKeeper):
    """The way of a list into force. ``audience``: the registry's base URL, which proofs and requests must name."""

    def __init__(
        self,
        storage: Storage,
        mirror: Mirror,
        online: renewal.OnlineSigners,
        log_signer: NoteSigner,
        audience: str,
    ) -> None:
        super().__init__(storage, mirror, online, log_signer)
        self.audience = audience

    @retried
    def submit(self, compact: str, proofs: Sequence[str], now: int, by_officer: bool = False) -> StatementRecord:
        """Take a province's statement in, to go before the officers. The same one gives the same record.

        Nobody has to log in for this, so what is brought leaves no trace until an officer drafts with it, waits
        :data:`~trust_registry.enrolment.waiting.WAITING_SECONDS` at most, and at most
        :data:`~trust_registry.enrolment.waiting.MAX_STATEMENTS_WAITING` wait for a member; those that the
        member's own root key stands behind are counted by themselves, and one that an officer brings always has a
        place. Raises QuotaExceeded, and what :func:`trust_registry.enrolment.examination.examine` raises.
        """
        with self.storage.reading() as records:
            published = in_force(records).published
        statement = examine(compact, proofs, published, self.audience, now)
        vouched = is_vouched(statement, published)
        with self.storage.writing() as records:
            known = records.statements.find(statement.member, statement.digest)
            if known:
                return known
            drop_ended(records, now)
            # Of a member that is not enrolled, only the officers can tell its statement from a stranger's.
            if not by_officer and count_waiting(records, statement.member, vouched) >= MAX_STATEMENTS_WAITING:
                raise QuotaExceeded(
                    f"{MAX_STATEMENTS_WAITING} statements for {statement.member} wait; send the statement's file "
                    "to the registry's officers: `tongxing registry submit` takes theirs, `registry drop` makes room"
                )
            record = StatementRecord(
                id=_new_id(),
                member=statement.member,
                sequence=statement.sequence,
                digest=statement.digest,
                compact=compact,
                proofs=tuple(proofs),
                received_at=now,
                state=SUBMITTED,
                vouched=vouched,
            )
            records.statements.add(record)
        return record

    @retried
    def drop(self, statement_id: str) -> StatementRecord:
        """Remove a statement that waits, as an officer has decided. Raises NotFound, Conflict for one that a list has
        taken up."""
        with self.storage.writing() as records:
            record = statements_of(records, [statement_id])[0]
            if record.state != SUBMITTED:
                raise Conflict(f"the statement is {record.state}, and stays for the record")
            records.statements.drop(statement_id)
        return record

    @retried
    def draft(self, request: DraftRequest, officer: str, now: int) -> DraftView:
        """Make a trust list of what is in force and what ``request`` changes, for officers to sign.

        Raises NotFound for an unknown statement, InvalidRequest, or what enrolment refuses by now; where
        ``request`` asks for all that waits, such statements are left out and named in the view.
        """

        def prepare(records: Records, known: RepositoryInForce) -> tuple[DraftView, dict[str, Statement]]:
            view = self._drafted(records, known, request, officer, now)
            drafted = statements_of(records, view.record.statement_ids)
            return view, {each.id: read_statement(each.compact) for each in drafted if each.state == SUBMITTED}

        def keep(records: Records, drafted: tuple[DraftView, dict[str, Statement]]) -> DraftView:
            view, new = drafted
            # By now another officer may have dropped one, and there is no draft; or drafted with it, and left its leaf.
            for each in statements_of(records, view.record.statement_ids):
                if each.state == SUBMITTED:
                    log.statement_received(records.log, new[each.id], now)
                    records.statements.close(each.id, DRAFTED)
            records.drafts.add(view.record)
            log.draft_made(records.log, view.record)
            return view

        return self.changing(prepare, keep)

    def view(self, draft_id: str) -> DraftView:
        """A draft, compared with what is in force now. Raises NotFound."""
        with self.storage.reading() as records:
            return _view(records, _draft(records, draft_id), in_force(records))

    def proofs(self, draft_id: str) -> list[StatementRecord]:
        """The statements that a draft brings in, with their proofs. Raises NotFound."""
        with self.storage.reading() as records:
            return statements_of(records, _draft(records, draft_id).statement_ids)

    def waiting(self, now: int) -> list[WaitingView]:
        """The drafts that officers may still sign, oldest first, at most MAX_DRAFTS_SHOWN."""
        with self.storage.reading() as records:
            repository = current(records)
            found = records.drafts.find(open_drafts(version_of(repository.targets), now), MAX_DRAFTS_SHOWN)
            return [_waiting(records, draft, sorted(tuf.officer_keys(repository))) for draft in found]

    @retried
    def approve(self, draft_id: str, keyid: str, signature: str, now: int) -> DraftView:
        """Add an officer's signature (hex) over the draft's message.

        Raises NotFound, Conflict when the draft was overtaken, ApprovalRejected for a stranger's key, a wrong
        signature or a second one by the same officer.
        """

        def prepare(records: Records, known: RepositoryInForce) -> DraftRecord:
            record = _draft(records, draft_id)
            _check_open(record, known.repository, now)
            if not tuf.verify_approval(known.repository, keyid, signature, record.message):
                raise ApprovalRejected("not an officer's signature on this draft")
            return record

        def keep(records: Records, record: DraftRecord) -> None:
            if keyid in records.drafts.approvals(draft_id):
                raise ApprovalRejected("this officer has approved already; another one must")
            records.drafts.approve(draft_id, keyid, signature, now)
            log.draft_approved(records.log, record, keyid, now)

        self.changing(prepare, keep)
        return self.view(draft_id)

    @retried
    def publish(self, draft_id: str, now: int) -> tuf.Repository:
        """Put a draft into force and bring it to the mirror. Published already: the mirror is completed.

        Raises NotFound, Conflict when the draft was overtaken, ApprovalRejected below the threshold, and what
        enrolment refuses by now; nothing is changed then.
        """

        def prepare(records: Records, known: RepositoryInForce) -> _InForceSoon | None:
            record = _draft(records, draft_id)
            return self._signed(records, record, known, now) if record.state == OPEN else None

        def keep(records: Records, soon: _InForceSoon | None) -> None:
            if soon and _draft(records, draft_id).state == OPEN:
                records.repository.write(soon.repository.files())
                records.drafts.close(draft_id, PUBLISHED)
                _close_statements(records, soon.record)
                log.list_published(records.log, soon.record, soon.record.base + 1, soon.approved_by, soon.changes, now)

        self.changing(prepare, keep)
        self._prove(now)
        return self.release()

    def _prove(self, now: int) -> None:
        """Bring the list's leaf and proof to the mirror before the list itself, so that no gate finds one without the
        other. That takes as long as the slowest witness, some seconds at most; who does not answer stops nothing."""
        try:
            self.record.publish(now)
        except TongxingError as error:
            _log.warning("record", code=error.code, detail=error.detail)

    def _drafted(
        self, records: Records, known: RepositoryInForce, request: DraftRequest, officer: str, now: int
    ) -> DraftView:
        published, repository = known.published, known.repository
        chosen, skipped = choose(records, request, published, now)
        entries = listed_entries(records, chosen, published, now)
        for statement in statements_of(records, chosen.statement_ids):
            if has_waited_too_long(statement, now):
                # Else it could expire while its draft is being signed.
                raise InvalidRequest(
                    f"the statement of {statement.member} waited for too long; it must be brought anew"
                )
        policy = listed_policy(chosen, published, entries, self.record.signer.key)
        members = write_list(published.trust_list.version + 1, now, entries, policy)
        record = DraftRecord(
            id=_new_id(),
            base=version_of(repository.targets),
            trust_list=members,
            message=tuf.message_of(renewal.next_targets(repository, members, now)),
            statement_ids=tuple(chosen.statement_ids),
            created_at=now,
            created_by=officer,
            state=OPEN,
        )
        return _view(records, record, known)._replace(skipped=skipped)

    def _signed(self, records: Records, record: DraftRecord, known: RepositoryInForce, now: int) -> _InForceSoon:
        _check_open(record, known.repository, now)
        approvals = records.drafts.approvals(record.id)
        tuf.check_threshold(known.repository, approvals, record.message)
        for statement in statements_of(records, record.statement_ids):
            check_may_follow(read_statement(statement.compact), known.published, now)
        targets = tuf.signed_targets(record.message, approvals)
        repository = renewal.with_targets(known.repository, targets, record.trust_list, self.online, now)
        changes = _view(records, record, known).changes
        return _InForceSoon(record, self.signed(repository), changes, list(approvals))


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES)


def _draft(records: Records, draft_id: str) -> DraftRecord:
    record = records.drafts.get(draft_id)
    if record is None:
        raise NotFound(f"draft {draft_id[:40]}: none of this id (32 hex digits); `tongxing registry drafts` lists them")
    return record


def _waiting(records: Records, draft: DraftHead, officers: list[str]) -> WaitingView:
    members = sorted(statement.member for statement in statements_of(records, draft.statement_ids))
    approved = records.drafts.approvals(draft.id)
    return WaitingView(
        draft.id,
        members,
        draft.created_at,
        ends_at(draft.created_at),
        draft.created_by,
        [officer for officer in officers if officer in approved],
        [officer for officer in officers if officer not in approved],
    )


def _view(records: Records, record: DraftRecord, known: RepositoryInForce) -> DraftView:
    new = published_from(record.trust_list, known.repository.denied)
    return DraftView(record, compare(known.published, new), sorted(records.drafts.approvals(record.id)))


def _check_open(record: DraftRecord, repository: tuf.Repository, now: int) -> None:
    if not is_current(record, version_of(repository.targets)):
        raise Conflict("another publication came first; make a new draft")
    if now > ends_at(record.created_at):
        raise Conflict("draft is older than seven days; make a new one")


def _close_statements(records: Records, record: DraftRecord) -> None:
    published = statements_of(records, record.statement_ids)
    sequences = {statement.member: statement.sequence for statement in published}
    for statement in published:
        records.statements.close(statement.id, PUBLISHED)
    for other in waiting_statements(records):
        if other.sequence <= sequences.get(other.member, 0):
            records.statements.close(other.id, OVERTAKEN)
