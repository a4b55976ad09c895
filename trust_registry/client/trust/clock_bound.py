"""A lower bound for "now" from the registry's signed time.

A gate whose clock runs behind would take expired codes (coronacheck-android #67). Only the registry's
timestamp may correct it, and only so far: the time of a member or a holder, or a far-future one by a thief
of the registry's online key, must not make every gate refuse every code.
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.profile.limits import MAX_GATE_BEHIND_SECONDS

MAX_CORRECTION_SECONDS = 24 * 3600
"""How far the registry's time may move "now"."""


class EffectiveNow(NamedTuple):
    """``now`` in seconds UTC; ``doubt``: the device's clock is behind and ``now`` only a lower bound;
    ``alarm``: the two clocks are too far apart to say which is wrong, and the device's was left alone."""

    now: int
    doubt: bool
    alarm: bool


def effective_now(device_now: int, registry_time: int) -> EffectiveNow:
    """The time to judge by. ``registry_time``: the newest verified time of the registry's timestamp role.

    Up to MAX_GATE_BEHIND_SECONDS ahead of the device it changes nothing; up to MAX_CORRECTION_SECONDS it becomes now;
    beyond that it is ignored.
    """
    ahead = registry_time - device_now
    if ahead <= MAX_GATE_BEHIND_SECONDS:
        return EffectiveNow(device_now, doubt=False, alarm=False)
    if ahead <= MAX_CORRECTION_SECONDS:
        return EffectiveNow(registry_time, doubt=True, alarm=False)
    return EffectiveNow(device_now, doubt=False, alarm=True)
