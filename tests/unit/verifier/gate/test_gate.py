"""The gate: its memory of shown codes, its clock, and the swap of its knowledge."""

from __future__ import annotations

import threading

import pytest

from credentials.profile.reasons import Outcome
from credentials.profile.steps import StepName
from credentials.verdict import Verdict
from service_kit.cache.store import Cache, InProcessCache
from tests.doubles.cache import SharedCache
from tests.doubles.clock import FixedClock
from tests.unit.verifier.known import BORDER, VENUE, known
from tests.vectors.cast import DAY, HOUR, NOW
from tests.vectors.codes import PAPER, PHONE, TEST, issue, show
from trust_registry.client.trust.clock_bound import MAX_CORRECTION_SECONDS
from verifier.gate.challenges import LIFE_SECONDS, Challenges
from verifier.gate.gate import SAME_LANE_SECONDS, Gate
from verifier.judging.knowledge import NOTHING
from verifier.judging.policy import Policy

LIVE = show(PHONE)
CHALLENGES = Challenges("gate", bytes(32))
ASKED = CHALLENGES.ask(NOW).challenge
NONCE = ASKED.nonce
ANSWER = show(PHONE, 0, **ASKED._asdict())


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


def gate_of(clock: FixedClock, cache: Cache | None = None, policy: Policy = VENUE) -> Gate:
    return Gate(policy, clock, cache or SharedCache(clock), known(), CHALLENGES)


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in (*verdict.reasons, *verdict.notes)]


def test_the_same_live_code_at_another_lane_is_replayed(clock: FixedClock) -> None:
    """One picture of a friend's screen, sent ahead, opens no second door."""
    gate = gate_of(clock)
    assert gate.check(LIVE, "north").outcome is Outcome.ACCEPTED
    second = gate.check(LIVE, "south")
    assert (second.outcome, codes(second), second.last_step) == (Outcome.REFUSED, ["replayed"], StepName.REPLAY)


def test_a_batch_remembers_code_by_code(clock: FixedClock) -> None:
    """The same live code twice in one batch is shown twice: what comes first passes, as if they had come alone."""
    gate = gate_of(clock)
    batch = gate.check_all([LIVE, "garbage", issue(PAPER), LIVE])
    assert [codes(verdict) for verdict in batch] == [
        ["compare-holder"],
        ["not-a-credential"],
        ["check-document"],
        ["replayed"],
    ]
    assert codes(gate.check(LIVE)) == ["replayed"]
    one, other = gate_of(clock), gate_of(clock)
    texts = [show(PHONE, at=NOW - second) for second in (1, 2, 1, 2, 3)]
    assert one.check_all(texts, "north") == [other.check(text, "north") for text in texts]


def test_two_gates_that_share_a_memory_see_each_others_lanes(clock: FixedClock) -> None:
    """A site has several processes; a holder who walks around the corner meets another one."""
    memory = SharedCache(clock)
    assert gate_of(clock, memory).check(LIVE, "north").outcome is Outcome.ACCEPTED
    assert codes(gate_of(clock, memory).check(LIVE, "south")) == ["replayed"]


def test_a_lane_that_reads_twice_gets_its_verdict_again_marked(clock: FixedClock) -> None:
    """A scanner that fires twice must not turn an honest person away, nor let the next one pass unmarked."""
    gate = gate_of(clock)
    assert codes(gate.check(LIVE, "north")) == ["compare-holder"]
    clock.time += SAME_LANE_SECONDS
    again = gate.check(LIVE, "north")
    assert (again.outcome, codes(again)) == (Outcome.ACCEPTED, ["compare-holder", "shown-again"])
    clock.time += 1
    assert codes(gate.check(LIVE, "north")) == ["replayed"]


def test_a_clock_that_was_set_back_makes_no_new_showing(clock: FixedClock) -> None:
    """Otherwise whoever sets a gate's clock back lets a queue pass with one phone."""
    gate = gate_of(clock)
    gate.check(LIVE, "north")
    clock.time -= SAME_LANE_SECONDS
    assert codes(gate.check(LIVE, "north")) == ["replayed"]


def test_a_caller_without_a_lane_shows_a_code_once(clock: FixedClock) -> None:
    """Whoever does not say where it was shown cannot say that it was the same place."""
    gate = gate_of(clock)
    assert gate.check(LIVE).outcome is Outcome.ACCEPTED
    assert codes(gate.check(LIVE)) == ["replayed"]
    assert codes(gate.check(LIVE, "north")) == ["replayed"]


def test_a_fresh_presentation_of_the_same_code_is_another(clock: FixedClock) -> None:
    """The phone signs anew every 30 s: whoever is told "replayed" refreshes and passes."""
    gate = gate_of(clock)
    gate.check(LIVE, "north")
    assert gate.check(show(PHONE, NOW + 1), "south").outcome is Outcome.ACCEPTED


def test_paper_is_shown_as_often_as_one_likes(clock: FixedClock) -> None:
    """Paper cannot be signed anew; what guards it is the document check."""
    gate = gate_of(clock)
    assert {gate.check(issue(PAPER), lane).outcome for lane in "abc"} == {Outcome.ACCEPTED}


def test_a_refused_code_is_not_remembered(clock: FixedClock) -> None:
    """Who is early is told to wait, and must not be called a cheat afterwards."""
    gate = gate_of(clock)
    later = show(PHONE, NOW + 40)
    assert codes(gate.check(later, "north")) == ["presentation-expired"]
    clock.time += 20
    assert gate.check(later, "south").outcome is Outcome.ACCEPTED


def test_without_a_shared_memory_the_verdict_says_so(clock: FixedClock) -> None:
    """A gate of one process checks what it can, and does not pretend to more."""
    gate = gate_of(clock, InProcessCache(clock))
    assert codes(gate.check(LIVE, "north")) == ["compare-holder", "replay-not-shared"]
    assert not gate.is_replay_memory_shared
    assert codes(gate.check(LIVE, "south")) == ["replayed"]


def test_where_the_profile_needs_a_shared_memory_its_loss_is_undetermined(clock: FixedClock) -> None:
    """At the border "perhaps shown already" is not good enough (Redis gone)."""
    memory = SharedCache(clock)
    gate = gate_of(clock, memory, BORDER)
    memory.gone = True
    verdict = gate.check(ANSWER, "north", NONCE)
    assert (verdict.outcome, codes(verdict)) == (Outcome.UNDETERMINED, ["replay-unchecked"])
    assert verdict.open_steps == (StepName.REPLAY,)


def test_an_answer_is_good_once(clock: FixedClock) -> None:
    """The challenge on the screen is for one person: the answer filmed there opens no second lane."""
    memory = SharedCache(clock)
    gate = gate_of(clock, memory, BORDER)
    assert gate.check(ANSWER, "north", NONCE).outcome is Outcome.ACCEPTED
    assert codes(gate.check(ANSWER, "north", NONCE))[-1] == "shown-again"
    assert codes(gate_of(clock, memory, BORDER).check(ANSWER, "south", NONCE)) == ["replayed"]
    clock.time += SAME_LANE_SECONDS + 1
    assert codes(gate.check(ANSWER, "north", NONCE)) == ["replayed"]


def test_one_challenge_is_answered_by_one_person(clock: FixedClock) -> None:
    """The next in the queue who photographed the screen as well is asked anew, and is called no cheat."""
    gate = gate_of(clock)
    gate.check(ANSWER, "north", NONCE)
    other = show(PHONE._replace(cti=bytes(8)), 0, **ASKED._asdict())
    verdict = gate.check(other, "north", NONCE)
    assert (verdict.outcome, codes(verdict), verdict.last_step) == (
        Outcome.REFUSED, ["challenge-not-answered"], StepName.REPLAY,
    )  # fmt: skip


def test_an_answer_ends_with_its_challenge(clock: FixedClock) -> None:
    """An answer kept for later is worth nothing, whatever the phone's clock says."""
    gate = gate_of(clock)
    clock.time += LIFE_SECONDS
    assert codes(gate.check(ANSWER, "north", NONCE)) == ["challenge-not-answered"]


def test_a_refused_answer_uses_up_nothing(clock: FixedClock) -> None:
    """A code that cannot be accepted yet must not cost its holder the challenge."""
    gate = gate_of(clock)
    gate.learn(known(rules=("denies henan",)))
    assert codes(gate.check(ANSWER, "north", NONCE)) == ["recognition-denied"]
    gate.learn(known())
    assert gate.check(ANSWER, "south", NONCE).outcome is Outcome.ACCEPTED


def test_a_gate_without_challenges_takes_no_answer(clock: FixedClock) -> None:
    """Somebody else's nonce means nothing where none is given out."""
    gate = Gate(VENUE, clock, SharedCache(clock), known())
    assert codes(gate.check(ANSWER, "north", NONCE)) == ["challenge-not-answered"]


def test_a_gate_whose_clock_is_wrong_knows_its_own_challenge(clock: FixedClock) -> None:
    """An hour slow: the answer is good by the same slow clock; only what has expired stays in doubt."""
    clock.time -= HOUR
    gate = gate_of(clock)
    asked = CHALLENGES.ask(clock.time).challenge
    assert codes(gate.check(show(PHONE, 0, **asked._asdict()), "north", asked.nonce)) == ["clock-in-doubt"]


def test_rubbish_in_the_memory_is_a_replay(clock: FixedClock) -> None:
    """Somebody who can write to Redis may make codes be refused, and nothing worse."""
    memory = SharedCache(clock)
    memory.add(f"replay:{PHONE.cti.hex()}:{NOW}", "x north", 60)
    assert codes(gate_of(clock, memory).check(LIVE, "north")) == ["replayed"]
    memory.add(f"replay:{PHONE.cti.hex()}:{NOW + 1}", "x", 60)
    assert codes(gate_of(clock, memory).check(show(PHONE, NOW + 1), "")) == ["replayed"]


def test_a_slow_clock_is_in_doubt_and_moves_up_to_the_registrys_time(clock: FixedClock) -> None:
    """A guard's clock an hour slow (coronacheck-android #67): checked by hand, and told whose clock it is."""
    clock.time -= HOUR
    gate = gate_of(clock)
    assert gate.now().now == NOW - 60
    assert codes(gate.check(issue(PAPER))) == ["clock-in-doubt"]
    clock.time = PAPER.expires_at - 2 * HOUR
    assert gate.now().doubt is False


def test_an_expired_code_is_refused_even_by_a_slow_clock(clock: FixedClock) -> None:
    """The registry's time is a lower bound: what has expired by then has expired."""
    clock.time -= HOUR
    short = PAPER._replace(expires_at=NOW - 120)
    assert codes(gate_of(clock).check(issue(short))) == ["expired", "clock-in-doubt"]


def test_a_far_future_registry_time_does_not_brick_the_gate(clock: FixedClock) -> None:
    """A thief of the registry's online key writes 2099: it alarms, and every gate goes on by its own clock."""
    clock.time = NOW - 60 - MAX_CORRECTION_SECONDS - 1
    gate = gate_of(clock)
    assert gate.now().alarm is True
    assert gate.now().now == clock.time
    tested = TEST._replace(sampled_at=NOW - 40 * HOUR)
    early = PAPER._replace(issued_at=clock.time - HOUR, expires_at=clock.time + DAY, evidence=(tested,))
    assert gate.check(issue(early)).outcome is Outcome.ACCEPTED


def test_a_gate_just_unpacked_knows_nothing_and_says_so(clock: FixedClock) -> None:
    """No trust list is no reason to guess."""
    gate = Gate(VENUE, clock, InProcessCache(clock))
    assert gate.knowledge is NOTHING
    assert codes(gate.check(issue(PAPER))) == ["trust-missing"]


def test_knowledge_is_swapped_whole_under_load(clock: FixedClock) -> None:
    """No check may see the new list with the old denials: each verdict is one of the two, never a third."""
    gate = gate_of(clock)
    seen: set[tuple[str, ...]] = set()
    stop = threading.Event()

    def scan() -> None:
        while not stop.is_set():
            seen.add(tuple(codes(gate.check(issue(PAPER)))))

    scanner = threading.Thread(target=scan)
    scanner.start()
    for _ in range(20):
        gate.learn(known(rules=("denies henan",)))
        gate.learn(known())
    stop.set()
    scanner.join()
    assert seen <= {("check-document",), ("recognition-denied",)}
