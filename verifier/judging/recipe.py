"""The judge: pure, total, and the only place that decides. The recipe, step by step:

 1. **form**        prefix, size, Base45, fixed layout; nothing is believed yet
 2. **trust**       there is a trust list, and it is not too old for the policy
 3. **key**         the kid is known, not denied, for credentials and of a member in this environment
 4. **signature**   the issuer's, with the algorithm pinned on the key
 5. **claims**      decoded only now; closed lists, bounds, combinations
 6. **issuer**      ``iss`` is the key's member, whose root key has not just changed
 7. **permission**  the member may issue this status and form, and the key was active at iat
 8. **decision**    a yellow, red or pending status names its decision; without one it is no colour
 9. **time**        the gate's clock is not in doubt, the lifetime is within its form's, not expired
10. **holder**      a phone or assisted code is inside a live presentation by its own key, now: signed a moment ago, or
                    over the challenge that this gate has just shown
11. **withdrawal**  the issuer's status data is there, fresh enough, and the bit is not set
12. **source**      a converted code's source is neither withdrawn, nor denied, nor expired
13. **recognition** the host does not deny this issuer, and admits the status and the form
14. **rules**       the host member's rule set passes
15. **replay**      the live code was not shown before: the gate's own step, for it alone remembers

A step that refuses ends the check. A step that cannot be decided stays *open* and the check goes on, because a
later refusal is more useful to the guard than "check by hand"; steps without which nothing further can be
believed (2 without a list, 3, 6, 8) end it. Verification raises and never returns False; here is the one place where
an error becomes a verdict.

The recipe is data: :data:`RECIPE`. One loop takes a code through it; many codes go through it part by part. A
format has the steps that it names; the others are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Final

from credentials.errors import CredentialError
from credentials.formats.presentation.challenge import Challenge
from credentials.formats.table import FORMATS, Format
from credentials.profile.steps import StepName
from credentials.verdict import Verdict
from verifier.judging import foreign_steps, steps
from verifier.judging.examination import Examination
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import Policy

Take = Callable[[Examination], None]
RECIPE: Final[dict[StepName, Take]] = {
    StepName.FORM: steps.form,
    StepName.TRUST: steps.trust,
    StepName.KEY: steps.key,
    StepName.SIGNATURE: steps.signature,
    StepName.CLAIMS: steps.read,
    StepName.ISSUER: steps.issuer,
    StepName.PERMISSION: steps.permission,
    StepName.DECISION: steps.decision,
    StepName.TIME: steps.time,
    StepName.HOLDER: steps.holder,
    StepName.WITHDRAWAL: steps.withdrawal,
    StepName.SOURCE: steps.source,
    StepName.RECOGNITION: steps.recognition,
    StepName.RULES: steps.rules,
}
"""What each step does, in order. The last there is, replay, is the gate's own."""


FOREIGN_RECIPE: Final[Mapping[StepName, Take]] = RECIPE | {
    StepName.KEY: foreign_steps.key,
    StepName.SIGNATURE: foreign_steps.signature,
    StepName.CLAIMS: foreign_steps.read,
    StepName.ISSUER: foreign_steps.issuer,
    StepName.PERMISSION: foreign_steps.permission,
    StepName.TIME: foreign_steps.time,
    StepName.WITHDRAWAL: foreign_steps.withdrawal,
    StepName.RECOGNITION: foreign_steps.recognition,
    StepName.RULES: foreign_steps.rules,
}
"""The same for a card that no member signed."""
_Steps = Mapping[Format, tuple[tuple[StepName, Take], ...]]


def _steps(names: Iterable[StepName]) -> _Steps:
    """Of each format those of these steps that it has, with what they do."""
    names = tuple(names)
    return {
        found: tuple(
            (name, (FOREIGN_RECIPE if found.IS_FOREIGN else RECIPE)[name]) for name in names if name in found.STEPS
        )
        for found in FORMATS
    }


_FORM: Final = ((StepName.FORM, RECIPE[StepName.FORM]),)
_BY_SIGNATURE: Final = frozenset({StepName.SIGNATURE, StepName.HOLDER})
_NAMES: Final = tuple(RECIPE)[1:]
_AFTER_FORM: Final = _steps(_NAMES)
_PARTS: Final = [
    _steps(names) for _, names in groupby(_NAMES, key=lambda name: name if name in _BY_SIGNATURE else None)
]
"""What comes after the form, whole, and in parts: a step that verifies a signature is a part of its own."""


def judge(
    text: str,
    knowledge: Knowledge,
    at: int,
    policy: Policy,
    *,
    clock_in_doubt: bool = False,
    challenge: Challenge | None = None,
) -> Verdict:
    """Judge one code at ``at`` (seconds UTC) by what this gate knows. Never raises, whatever ``text`` is.

    ``clock_in_doubt``: the device's clock is known to be wrong, and ``at`` only a lower bound of the time.
    ``challenge``: the one that was shown to this holder, when it is this gate's own and has not ended.
    """
    examination = Examination(text, knowledge, at, policy, clock_in_doubt, challenge)
    if _goes_through(examination, _FORM):
        _goes_through(examination, _AFTER_FORM[examination.format])
    return examination.verdict()


def judge_all(
    texts: Iterable[str], knowledge: Knowledge, at: int, policy: Policy, *, clock_in_doubt: bool = False
) -> list[Verdict]:
    """The same verdicts for many codes, in less time: each part of the recipe for all of them before the next part.

    A signature leaves the processor's caches full of its tables; between two signatures nothing has to be fetched anew.
    """
    examinations = [Examination(text, knowledge, at, policy, clock_in_doubt) for text in texts]
    under_way = [each for each in examinations if _goes_through(each, _FORM)]
    for part in _PARTS:
        under_way = [each for each in under_way if _goes_through(each, part[each.format])]
    return [examination.verdict() for examination in examinations]


def _goes_through(examination: Examination, steps: Iterable[tuple[StepName, Take]]) -> bool:
    """Take these steps. Whether there is anything to ask after them."""
    try:
        for name, take in steps:
            examination.step = name
            take(examination)
    except CredentialError as error:
        examination.end(error)
        return False
    return True
