"""The steps of the recipe by number and name, as verdicts show them; what each asks stands in ``recipe``."""

from __future__ import annotations

from typing import Final

from credentials.verdict import Step

_NAMES = (
    "form trust key signature claims issuer permission decision time holder withdrawal source recognition rules replay"
)
STEPS: Final = tuple(Step(number, name) for number, name in enumerate(_NAMES.split(), start=1))
(
    FORM,
    TRUST,
    KEY,
    SIGNATURE,
    CLAIMS,
    ISSUER,
    PERMISSION,
    DECISION,
    TIME,
    HOLDER,
    WITHDRAWAL,
    SOURCE,
    RECOGNITION,
    RULES,
    REPLAY,
) = range(1, len(STEPS) + 1)
