"""What a monitor may find, each kind by its own word; what it says of them stands in the catalogues (``monitor.…``)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from credentials.profile.words import Label, labels

TEXTS: Final = labels("monitor")
"""By word:

- ``log-unreachable``: nothing could be fetched, so nothing is known. Not an alarm of the log.
- ``log-wrong``: signature, tiles or leaves do not lead to the checkpoint; a byte is enough.
- ``log-forked``: two histories, both signed by the log's key.
- ``log-rolled-back``: fewer leaves than were signed before.
- ``log-frozen``: what is in force has moved on, or should have, and the log has not.
- ``log-omitted``: the log has moved on without the leaf of something that is in force.
- ``counters-wrong``: a province's public counters are not what its leaves add up to.
- ``leaf-strange``: a leaf that is not written as this software writes them.
- ``not-ours``: something stands under the member's own name, or in its own log, that its own records do not know.
- ``key-denied``: a key that the member still uses is denied.
"""
UNKNOWN: Final = "log-unreachable"
"""The one word that says only that nothing is known."""


class LogFinding(NamedTuple):
    """``word``: of :data:`TEXTS`; ``log``: its origin; ``about``: what was found, in a few words that stay the same
    from look to look, as ``leaf 17``; ``detail`` for engineers; ``evidence``: signed notes that show it to anybody."""

    word: str
    log: str
    about: str
    detail: str
    evidence: tuple[str, ...] = ()

    @property
    def text(self) -> Label:
        """What it means, for people."""
        return TEXTS[self.word]

    @property
    def is_alarm(self) -> bool:
        """Whether something is wrong, and not merely unknown."""
        return self.word != UNKNOWN

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {**self._asdict(), "evidence": list(self.evidence), **self.text.fields("text_")}
