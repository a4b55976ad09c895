"""The gate (卡口): asks the judge with what is known now, and remembers which live codes were shown.

It holds one immutable :class:`~verifier.judging.knowledge.Knowledge`, which somebody else keeps fresh and swaps whole.
Time is the device's clock, corrected by the registry's signed time as far as
:func:`~trust_registry.client.trust.clock_bound.effective_now` allows.

The memory of shown codes is in the cache, for as long as a presentation is taken: (cti, time of the presentation), or
the nonce that was answered, with the cti that answered it. It is what may vanish: without a cache that all
lanes share every verdict says so, and a profile that needs one decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from credentials.errors import ChallengeNotAnswered, Replayed, ReplayUnchecked
from credentials.formats.presentation import Mode, Presentation
from credentials.formats.presentation.challenge import Challenge
from credentials.profile.reasons import REPLAY_NOT_SHARED, SHOWN_AGAIN, Outcome
from credentials.profile.steps import StepName
from credentials.verdict import Finding, Verdict
from service_kit.cache.store import Cache
from service_kit.clock import Clock
from trust_registry.client.trust.clock_bound import EffectiveNow, effective_now
from verifier.gate.challenges import LIFE_SECONDS, Challenges
from verifier.judging.knowledge import NOTHING, Knowledge
from verifier.judging.policy import Policy
from verifier.judging.recipe import judge, judge_all

SAME_LANE_SECONDS = 3
"""How long the lane that saw a live code first may see it again: a reader that reads twice is no fraud. Longer, and the
next person in the queue passes with the phone of the one before."""
MAX_LANE_CHARACTERS = 64


class Gate:
    """Checks codes by what it knows. Safe for several threads."""

    def __init__(
        self,
        policy: Policy,
        clock: Clock,
        cache: Cache,
        knowledge: Knowledge = NOTHING,
        challenges: Challenges | None = None,
    ) -> None:
        self.policy, self.knowledge, self.challenges = policy, knowledge, challenges
        self._clock, self._cache = clock, cache

    def learn(self, knowledge: Knowledge) -> None:
        """Go by ``knowledge`` from now on. Checks under way end with what they began with."""
        self.knowledge = knowledge

    def now(self) -> EffectiveNow:
        """The time to judge by, and whether the device's clock is in doubt."""
        trust, device_now = self.knowledge.trust, self._clock.now()
        return effective_now(device_now, trust.registry_time if trust else device_now)

    @property
    def is_replay_memory_shared(self) -> bool:
        """Whether other processes' lanes see what this one was shown."""
        return self._cache.is_shared

    def check(self, text: str, lane: str | None = None, nonce: bytes | None = None) -> Verdict:
        """Judge one code that ``lane`` was shown. Never raises for any text.

        ``nonce``: of the challenge that the lane has shown, if it has; a code by the phone's clock may come all the
        same. A caller that names no lane is told ``replayed`` whenever a live code comes a second time.
        """
        return self.check_at(text, self.now(), lane, nonce)

    def check_at(self, text: str, now: EffectiveNow, lane: str | None = None, nonce: bytes | None = None) -> Verdict:
        """As :meth:`check`, at a time that the caller names. Challenges end by the device's clock in any case."""
        challenge = self._challenge(nonce)
        verdict = judge(text, self.knowledge, now.now, self.policy, clock_in_doubt=now.doubt, challenge=challenge)
        return self._remembered(verdict, lane, now.now, challenge)

    def check_all(self, texts: Iterable[str], lane: str | None = None) -> list[Verdict]:
        """As :meth:`check` for each in order, in less time, all at one moment and by what is known then."""
        now = self.now()
        verdicts = judge_all(texts, self.knowledge, now.now, self.policy, clock_in_doubt=now.doubt)
        return [self._remembered(verdict, lane, now.now) for verdict in verdicts]

    def _challenge(self, nonce: bytes | None) -> Challenge | None:
        if nonce is None or self.challenges is None:
            return None
        return self.challenges.find(nonce, self._clock.now())

    def _remembered(self, verdict: Verdict, lane: str | None, at: int, challenge: Challenge | None = None) -> Verdict:
        if verdict.outcome is Outcome.ACCEPTED and verdict.live is not None:
            return self._not_replayed(verdict, verdict.live, lane, at, challenge)
        return verdict

    def _not_replayed(
        self, verdict: Verdict, live: Presentation, lane: str | None, at: int, challenge: Challenge | None
    ) -> Verdict:
        """The verdict after step 15. A check that is repeated comes to its earlier verdict again by itself."""
        verdict = verdict._replace(last_step=StepName.REPLAY)
        code = self._earlier_use(verdict, live, lane, at, challenge)
        if code == SHOWN_AGAIN:
            verdict = verdict._replace(notes=(*verdict.notes, Finding(SHOWN_AGAIN)))
        elif code is not None:
            return verdict._replace(outcome=Outcome.REFUSED, reasons=(Finding(code),), notes=())
        # Asked only now: it is the question above that finds out whether the shared cache is there.
        if self._cache.is_shared:
            return verdict
        if self.policy.shared_replay_memory:
            reasons = (Finding(ReplayUnchecked.code),)
            open_steps = (StepName.REPLAY,)
            return verdict._replace(outcome=Outcome.UNDETERMINED, reasons=reasons, notes=(), open_steps=open_steps)
        return verdict._replace(notes=(*verdict.notes, Finding(REPLAY_NOT_SHARED)))

    def _earlier_use(
        self, verdict: Verdict, live: Presentation, lane: str | None, at: int, challenge: Challenge | None
    ) -> str | None:
        """The reason when this was shown before, the note when the same lane reads twice; None the first time."""
        assert verdict.credential is not None, "an accepted code has been read"
        cti = verdict.credential.cti.hex()
        if live.mode is Mode.TIME or challenge is None:
            key, window = f"replay:{cti}:{live.time}", self.policy.presentation_age + self.policy.presentation_ahead
        else:
            # By the nonce alone: it is answered once, whoever answers.
            key, window = f"replay:{challenge.nonce.hex()}", LIFE_SECONDS
        first = self._cache.add(key, f"{at} {cti} {lane or ''}", window)
        if first is None:
            return None
        # What stands there may be anybody's who can write to Redis; what is no showing of ours was none.
        shown_at, first_cti, first_lane = [*first.split(" ", 2), "", ""][:3]
        if first_cti != cti and live.mode is Mode.NONCE:
            return ChallengeNotAnswered.code
        by_this_lane = bool(lane) and first_lane == lane and first_cti == cti and shown_at.isdecimal()
        # A clock that was set back since makes no new showing.
        is_read_twice = by_this_lane and 0 <= at - int(shown_at) <= SAME_LANE_SECONDS
        return SHOWN_AGAIN if is_read_twice else Replayed.code
