"""What follows from a decision, from facts, and from the end of a phone: by person, however their codes were had.

Red that reaches the phone and not the paper, or that is lifted by asking elsewhere, protects nobody. So whatever is
done about a person is one transaction about that person (:class:`issuer.storage.ports.holders.PersonDeed`), in which
what was prepared outside of it is first compared with what is in force by now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from credentials.errors import Conflict, RateLimited
from credentials.model import Evidence
from credentials.profile.forms import FORMS
from credentials.profile.lists import Status
from issuer.decisions.causes import ENDS_THE_DEVICE, ISSUED_IN_ERROR, LOST_DEVICE, STATUS_CHANGED
from issuer.decisions.deciding import Decision, gravity, pieces_of
from issuer.storage.ports.evidence import NO_TIMELINE, Timeline
from issuer.storage.ports.holders import HolderFacts, PersonCode, PersonDeed
from issuer.storage.ports.issuing import Entry, Made, StandingDecision
from service_kit.clock import DAY_SECONDS

_PAPER_TOO = frozenset({LOST_DEVICE, ISSUED_IN_ERROR})
"""Whoever has the phone may have had it print; on another phone, or none, its holder's own paper stays good."""
OUTDONE = "a graver decision of this second, or a newer one, stands about this person; ask again in a second"


class PersonInForce(NamedTuple):
    """What is in force about a person: the newest decision by hand and the newest by rule, each if it has not ended,
    and what is known of them besides the facts that a request brings."""

    by_hand: StandingDecision | None = None
    by_rule: StandingDecision | None = None
    timeline: Timeline = NO_TIMELINE

    @property
    def decided_by_hand(self) -> Decision | None:
        """The decision by hand alone."""
        return None if self.by_hand is None else self.by_hand.decision


NOTHING = PersonInForce()
_NONE: Mapping[bytes, Timeline] = {}


def in_force(
    decided: Mapping[bytes, Sequence[StandingDecision]], at: int, timelines: Mapping[bytes, Timeline] = _NONE
) -> dict[bytes, PersonInForce]:
    """Of what was decided about each person, what is in force at ``at``, beside what is known of them."""
    subjects = decided.keys() | timelines.keys()
    return {each: _in_force(decided.get(each, ()), timelines.get(each, NO_TIMELINE), at) for each in subjects}


def _in_force(decided: Sequence[StandingDecision], timeline: Timeline, at: int) -> PersonInForce:
    by_hand = [each for each in decided if each.decision.approver is not None]
    by_rule = [each for each in decided if each.decision.approver is None]
    return PersonInForce(_newest(by_hand, at), _newest(by_rule, at), timeline)


def _newest(decided: Sequence[StandingDecision], at: int) -> StandingDecision | None:
    """The newest, unless it has ended: what it replaced does not come back."""
    newest = max(decided, key=lambda each: (*_age(each.decision), each.decision_id), default=None)
    return newest if newest and newest.decision.ends_at > at else None


def _age(decision: Decision) -> tuple[int, int]:
    """Of two of the same second the graver one stands, whichever was committed first."""
    return decision.starts_at, gravity(decision.status)


def standing_facts(known: PersonInForce, brought: tuple[Evidence, ...]) -> tuple[Evidence, ...] | None:
    """The facts of a decision by rule that those ``brought`` do not replace, since they are older or none.

    A red by a positive test is not lifted by asking again without it, nor with last week's file. None: what was brought
    counts. What stands on the person's timeline is not among them: it counts by itself, and as long as it stands there.
    """
    if known.by_rule is None or known.by_rule.decision.status is Status.GREEN:
        return None
    facts = known.by_rule.decision.evidence
    if sampled_at(brought) >= sampled_at(facts):
        return None
    of_timeline = set(pieces_of(known.timeline.facts))
    return tuple(piece for piece in facts if piece not in of_timeline)


def sampled_at(evidence: Iterable[Evidence]) -> int:
    """When the newest of them was sampled; 0 for none."""
    return max((piece.sampled_at for piece in evidence), default=0)


class Decided(NamedTuple):
    """A decision that is about to be recorded; ``standing`` and ``seen``: see Made."""

    decision: Decision
    standing: int | None = None
    seen: int = 0


class Considered(NamedTuple):
    """What came of deciding about somebody: a decision to be kept, or None where nothing is new; and how far their
    timeline went then."""

    decided: StandingDecision | None
    seen: int


def is_overtaken(made: Decided | Made | Entry, known: PersonInForce) -> bool:
    """Whether what was made rests on what is in force no more: it must be made anew, and not be kept."""
    own, by_hand = made.decision, known.by_hand
    if own.approver is not None and made.standing is not None:
        return by_hand is None or by_hand.decision_id != made.standing
    if own.approver is not None:
        return by_hand is not None and _age(own) < _age(by_hand.decision)
    if by_hand is not None or made.seen != known.timeline.number:
        return True
    if made.standing is not None:
        return known.by_rule is None or known.by_rule.decision_id != made.standing
    # What stands on the timeline was looked at, for it has not grown since: only facts beside it can be newer.
    return bool(standing_facts(known, own.evidence))


def is_outdone(made: Decided | Made | Entry, known: PersonInForce) -> bool:
    """Whether it is a decision by hand that another one by hand outdoes: of its own second, it will never stand, and
    making it anew helps nobody."""
    return made.standing is None and made.decision.approver is not None and is_overtaken(made, known)


def living(codes: Iterable[PersonCode], at: int) -> list[PersonCode]:
    """Of these codes those that live at ``at``: neither expired nor withdrawn."""
    return [code for code in codes if code.expires_at > at and not code.is_withdrawn]


def withdraw_contradicted(deed: PersonDeed, decided: Iterable[Decision], author: str, at: int) -> None:
    """Withdraw every living code of these people that says another status than was just decided."""
    said = {decision.subject: decision.status for decision in decided}
    otherwise = [
        code.serial for code in living(deed.codes(at), at) if said.get(code.subject, code.status) is not code.status
    ]
    deed.withdraw(otherwise, at, STATUS_CHANGED, author)


def learn(deed: PersonDeed, entries: Sequence[Entry]) -> None:
    """What was issued says something new of those who are on file: keep it, in each form they are on file in."""
    newest = {entry.decision.subject: entry for entry in entries}
    for holder in deed.holders():
        entry, known = newest[holder.facts.subject], holder.facts.evidence
        if entry.decision.approver is not None or entry.evidence not in ((), known):
            deed.record_news(holder.holder_id, entry.evidence or known)


E = TypeVar("E", bound="Decided | Made | Entry")


def within_cap(deed: PersonDeed, made: Sequence[E], at: int, most: int) -> tuple[list[E], list[E]]:
    """Of what is about to be recorded, what its approvers may still decide on this day, and what is beyond their cap.

    What was done stays done; the rest is named, and can be decided by somebody else, or tomorrow.
    """
    asked = Counter(each.decision.approver or "" for each in made if is_new_by_hand(each))
    left = {who: deed.spend(who, at // DAY_SECONDS, people, most, at) for who, people in sorted(asked.items())}
    kept, capped = [], []
    for each in made:
        who = each.decision.approver or ""
        if is_new_by_hand(each) and left[who] == 0:
            capped.append(each)
            continue
        if is_new_by_hand(each):
            left[who] -= 1
        kept.append(each)
    return kept, capped


def is_new_by_hand(made: Decided | Made | Entry) -> bool:
    """Whether people have just decided it."""
    return made.standing is None and made.decision.signed is not None


def cap_reached(at: int) -> RateLimited:
    """What somebody is told whose decision is beyond the cap."""
    told = "the approver has decided about as many people today as one may; another approver, or tomorrow"
    return RateLimited(told, retry_after=DAY_SECONDS - at % DAY_SECONDS)


def put_on_file(
    deed: PersonDeed, facts: HolderFacts, considered: Considered, author: str, at: int, most: int = 0
) -> int:
    """Put somebody on file, or what is new of them, in each form they are on file in; their number in this one.

    Facts stay where no new ones come. What was decided stands from now on, and codes that say another status are
    withdrawn. ``most``: how many people one approver decides about within a day. Raises Conflict when it has been
    overtaken, RateLimited when the cap is reached.
    """
    known = in_force(deed.decisions(at), at, deed.timelines()).get(facts.subject, NOTHING)
    decided = considered.decided
    if considered.seen != known.timeline.number:
        # Also where nothing was to be decided: with what is known by now the rules may say another thing.
        raise Conflict("more became known of this person in the meantime")
    if decided is not None and is_overtaken(Decided(decided.decision, seen=considered.seen), known):
        raise Conflict("something newer was decided about this person in the meantime")
    if decided is not None and within_cap(deed, [Decided(decided.decision)], at, most)[1]:
        raise cap_reached(at)
    on_file = deed.holders()
    brought = facts.evidence or next((each.facts.evidence for each in on_file), ())
    evidence = standing_facts(known, brought) or brought
    for other in on_file:
        if other.facts.form is not facts.form and (decided is not None or other.facts.evidence != evidence):
            deed.record_news(other.holder_id, evidence)
    holder_id = deed.record_holder(facts._replace(evidence=evidence))
    if decided is not None:
        deed.record_decisions([decided])
        withdraw_contradicted(deed, [decided.decision], author, at)
    return holder_id


def withdraw_one(deed: PersonDeed, serial: int, at: int, cause: str, author: str) -> bool:
    """Withdraw one code, and for some causes what else the phone has that it was given to. False: it was before.

    A lost paper ends no phone.
    """
    given = deed.find_given(serial)
    if cause in ENDS_THE_DEVICE and given is not None and FORMS[given.form].is_bound:
        end_phone(deed, given.device_id, at, cause, author, spared=serial)
    return bool(deed.withdraw([serial], at, cause, author))


def end_phone(deed: PersonDeed, device_id: int, at: int, cause: str, author: str, *, spared: int | None = None) -> bool:
    """End a phone and withdraw what it was given, but for ``spared``. False when it had ended before."""
    if not deed.end_phone(device_id, at, cause):
        return False
    codes = [code for code in living(deed.codes(at), at) if code.device_id == device_id and code.serial != spared]
    gone = [code.serial for code in codes if cause in _PAPER_TOO or FORMS[code.form].is_bound]
    deed.withdraw(gone, at, cause, author)
    return True
