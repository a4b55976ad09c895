"""Intake: what is reported about people goes onto their timelines, and what follows from it is done at once.

Each batch is decided without a lock and then kept in one transaction about these persons, in which what was read is
first found unchanged: the reports, the decisions that follow by the rules in force, and the withdrawal of every code
that says otherwise. A correction undoes in the same way what it made. So a stop at any point leaves a batch done or not
begun, and the same batch again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from credentials.decisions.rules.document import MAX_ENTRY_HOURS
from credentials.errors import Conflict, InvalidRequest, NotFound, TongxingError
from credentials.model import Evidence
from credentials.profile.facts import Fact
from credentials.profile.lists import Status
from issuer.decisions.deciding import Decision, decide_by_rule, facts_of
from issuer.evidence.laboratories import Laboratories
from issuer.evidence.record import EvidenceRecord, read_record
from issuer.issuing.consequences import NOTHING, PersonInForce, in_force, withdraw_contradicted
from issuer.issuing.issuance import Issuance, settled
from issuer.issuing.places import allocate
from issuer.storage.indices import group_end
from issuer.storage.ports.evidence import NO_TIMELINE, Report
from issuer.storage.ports.holders import Holder, PersonDeed
from issuer.storage.ports.issuing import StandingDecision
from service_kit.clock import HOUR_SECONDS
from service_kit.storage.retrying import retried

MAX_BATCH = 256
"""Records kept in one transaction."""
AUTHOR = "evidence:"
"""Who withdraws codes that new evidence contradicts; no client can have this id."""


class Taken(StrEnum):
    """What came of a record: it is new, it was there already, or it took the place of what its reporter said before."""

    KEPT = "kept"
    PRESENT = "present"
    CORRECTED = "corrected"


class _Known(NamedTuple):
    """What was read before anything is decided: what stands under the references, and what is in force."""

    reported: Mapping[tuple[str, str], Report]
    persons: Mapping[bytes, PersonInForce]


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes reports for one member. Safe to call from several threads and processes at once."""

    issuance: Issuance
    laboratories: Laboratories
    tell: Callable[[Mapping[str, int]], None] = lambda outcomes: None
    """Is told how many records came to what, once they are committed; for counting."""

    def take(self, reporter: str, records: Sequence[object], at: int) -> list[Taken | TongxingError]:
        """Take what ``reporter`` says at ``at`` (seconds UTC), at most MAX_BATCH records: of each in order what came of
        it, or what is wrong with it; a bad one stops no other. Raises StorageUnavailable or StorageFull; then the same
        records may be told again, and none counts twice."""
        outcomes: list[Taken | TongxingError] = [Taken.PRESENT] * len(records)
        read: dict[int, tuple[str, EvidenceRecord]] = {}
        for number, fields in enumerate(records):
            try:
                read[number] = self._read(reporter, fields, at)
            except TongxingError as error:
                outcomes[number] = error
        for turn in _turns(read):
            for number, outcome in self._kept(turn, at).items():
                outcomes[number] = outcome
        self.tell(Counter(each if isinstance(each, Taken) else "refused" for each in outcomes))
        return outcomes

    def _read(self, reporter: str, fields: object, at: int) -> tuple[str, EvidenceRecord]:
        if not isinstance(fields, Mapping):
            raise InvalidRequest("record: an object with reference, document, kind, result, sampled_at and region")
        if fields.keys() == {"attestation"}:
            return self.laboratories.read(fields["attestation"], at)
        return reporter, read_record(fields, at)

    def _kept(self, turn: Mapping[int, tuple[str, EvidenceRecord]], at: int) -> Mapping[int, Taken | TongxingError]:
        """What came of a turn. Whom others overtake again and again holds up nobody else: each then goes by itself."""
        try:
            return settled(lambda: self._keep(turn, at))
        except Conflict as error:
            if len(turn) == 1:
                return dict.fromkeys(turn, error)
        alone = ({number: each} for number, each in turn.items())
        return {number: outcome for each in alone for number, outcome in self._kept(each, at).items()}

    def _keep(self, turn: Mapping[int, tuple[str, EvidenceRecord]], at: int) -> dict[int, Taken | TongxingError]:
        """Decide what is to be kept and what follows, and keep it. Raises Conflict when somebody else was faster."""
        keys = {number: (reporter, record.reference) for number, (reporter, record) in turn.items()}
        before = self.issuance.people.reported(list(keys.values()))
        outcomes: dict[int, Taken | TongxingError] = {}
        wanted: list[Report] = []
        for number, (reporter, record) in turn.items():
            try:
                report = self._report(reporter, record, before.get(keys[number]))
            except TongxingError as error:
                outcomes[number] = error
                continue
            same = report == before.get(keys[number])
            outcomes[number] = Taken.PRESENT if same else Taken.CORRECTED if keys[number] in before else Taken.KEPT
            wanted += [] if same else [report]
        if wanted:
            self._record(wanted, before, at)
        return outcomes

    def _report(self, reporter: str, record: EvidenceRecord, before: Report | None) -> Report:
        if before is None and record.document is None:
            raise NotFound("reference: nothing was reported under it, so nothing can be taken back")
        if before is not None and record.made_at < before.made_at:
            raise Conflict("reference: the laboratory has said something newer under it, which stands")
        if record.document is not None:
            subject = self.issuance.subject_of(record.document)
        else:
            assert before is not None
            subject = before.subject
        report = Report(subject, reporter, record.reference, record.fact, record.made_at)
        if before is not None and record.made_at and record.made_at == before.made_at and report != before:
            raise Conflict("reference: the laboratory said something else under it in the same second")
        return report

    def _record(self, wanted: list[Report], before: Mapping[tuple[str, str], Report], at: int) -> None:
        people = self.issuance.people
        # Who was reported by mistake is concerned as well as who was meant.
        touched = {report.subject for report in wanted}
        touched |= {
            before[key].subject for key in ((report.reporter, report.reference) for report in wanted) if key in before
        }
        persons = in_force(people.decisions(touched, at), at, people.timelines(touched))
        brought = _brought(people.holders(touched))
        decided = [
            decision
            for subject in sorted(touched)
            if (
                decision := self._decide(
                    subject, persons.get(subject, NOTHING), brought.get(subject, ()), wanted, before, at
                )
            )
        ]
        self._commit(wanted, _Known(before, persons), self._numbered(decided), at)

    def _decide(
        self, subject: bytes, known: PersonInForce, brought: tuple[Evidence, ...], wanted: Sequence[Report],
        before: Mapping[tuple[str, str], Report], at: int,
    ) -> Decision | None:  # fmt: skip
        """What is decided anew about somebody by what will be known of them; None: what stands goes on."""
        if known.by_hand is not None:
            return None
        facts = [*facts_of(brought), *_after(subject, known.timeline.facts, wanted, before)]
        rules, issuance = self.issuance.rules.at(at), self.issuance
        ends_at = at + MAX_ENTRY_HOURS * HOUR_SECONDS
        decision, open_entry = decide_by_rule(subject, issuance.unit, rules, facts, at, ends_at)
        issuance.rules.note(rules, [open_entry] if open_entry else [], at)
        if open_entry:
            return None
        standing = known.by_rule.decision if known.by_rule else None
        if standing is None or standing.status is Status.GREEN:
            return None if decision.status is Status.GREEN else decision
        unchanged = (decision.status, decision.reason, decision.evidence) == (
            standing.status, standing.reason, standing.evidence,
        )  # fmt: skip
        # Of two of the same second the graver one stands; what corrects it must come after it.
        return None if unchanged else decision._replace(starts_at=max(at, standing.starts_at + 1))

    def _numbered(self, decided: Sequence[Decision]) -> list[StandingDecision]:
        """Each takes the number of a place that stays empty; allocated before any person is locked."""
        ends = Counter(group_end(decision.ends_at) for decision in decided)
        places = {end: iter(allocate(self.issuance.store, end, count)) for end, count in ends.items()}
        return [StandingDecision(next(places[group_end(each.ends_at)]).serial, each) for each in decided]

    @retried
    def _commit(self, wanted: list[Report], known: _Known, decided: list[StandingDecision], at: int) -> None:
        keys = [(report.reporter, report.reference) for report in wanted]
        subjects = {report.subject for report in wanted} | {
            known.reported[key].subject for key in keys if key in known.reported
        }
        with self.issuance.people.deed(subjects) as deed:
            standing = {key: report for key, report in known.reported.items() if key in set(keys)}
            if deed.reported(keys) != standing or _in_force(deed, at, subjects) != _in_order(known.persons, subjects):
                raise Conflict("more and more became known of this person in the meantime; report it again")
            deed.report(wanted, at)
            deed.record_decisions(decided)
            withdraw_contradicted(deed, [each.decision for each in decided], AUTHOR, at)
            for holder in deed.holders():
                # Their phones fetch a new code, which shows the new evidence.
                deed.record_news(holder.holder_id, holder.facts.evidence)


def _turns(read: Mapping[int, tuple[str, EvidenceRecord]]) -> list[dict[int, tuple[str, EvidenceRecord]]]:
    """One after the other, in order, so that in none of them a reference is twice: the later one corrects the other."""
    turns: list[dict[int, tuple[str, EvidenceRecord]]] = []
    seen: Counter[tuple[str, str]] = Counter()
    for number, (reporter, record) in read.items():
        turn = seen[(reporter, record.reference)]
        seen[(reporter, record.reference)] += 1
        if turn == len(turns):
            turns.append({})
        turns[turn][number] = (reporter, record)
    return turns


def _after(
    subject: bytes, facts: Sequence[Fact], wanted: Sequence[Report], before: Mapping[tuple[str, str], Report]
) -> list[Fact]:
    """The facts of a timeline as they will be when these reports are kept."""
    gone = [before[key] for key in ((report.reporter, report.reference) for report in wanted) if key in before]
    left = Counter(facts) - Counter(report.fact for report in gone if report.subject == subject and report.fact)
    come = [report.fact for report in wanted if report.subject == subject and report.fact is not None]
    return [*left.elements(), *come]


def _brought(holders: Sequence[Holder]) -> dict[bytes, tuple[Evidence, ...]]:
    return {holder.facts.subject: holder.facts.evidence for holder in holders}


def _in_force(deed: PersonDeed, at: int, subjects: set[bytes]) -> list[Any]:
    return _in_order(in_force(deed.decisions(at), at, deed.timelines()), subjects)


def _in_order(persons: Mapping[bytes, PersonInForce], subjects: set[bytes]) -> list[Any]:
    """What a decision rested on: the numbers of what stands, and how far the timeline went."""
    known = [persons.get(subject, NOTHING) for subject in sorted(subjects)]
    return [
        (
            each.by_hand and each.by_hand.decision_id,
            each.by_rule and each.by_rule.decision_id,
            (each.timeline or NO_TIMELINE).number,
        )
        for each in known
    ]
