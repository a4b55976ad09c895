"""What a check found, and all of it together: for people, for programs, and as an exit code."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from credentials.profile.words import NO_WORDS, Label
from diagnosis.texts import STEPS, TEXTS

WRONG_SETTING, FAULT = 64, 70


class StepOutcome(StrEnum):
    """Of a step."""

    OK = "ok"
    WRONG = "wrong"
    SKIPPED = "skipped"


class Diagnosis(NamedTuple):
    """What a check has to say. ``code`` and ``text``: what it is and what to do; ``settings``: variables to look at;
    ``detail``: a short technical phrase. An ``OK`` one is a warning."""

    code: str
    text: Label
    settings: tuple[str, ...] = ()
    detail: str = ""
    outcome: StepOutcome = StepOutcome.WRONG


class DoctorStep(NamedTuple):
    """A check that was made or skipped; without a finding all is well with it."""

    name: str
    finding: Diagnosis | None = None

    @property
    def outcome(self) -> StepOutcome:
        return self.finding.outcome if self.finding else StepOutcome.OK

    @property
    def title(self) -> Label:
        """Its name for people."""
        return STEPS[self.name]

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        finding, title = self.finding, self.title
        said = {
            "code": finding.code if finding else None,
            "settings": list(finding.settings) if finding else [],
            **(finding.text if finding else NO_WORDS).fields("text_"),
            "detail": finding.detail if finding else "",
        }
        return {"step": self.name, **title.fields("title_"), "outcome": self.outcome.value, **said}


class DoctorReport(NamedTuple):
    """All steps in their order."""

    roles: tuple[str, ...]
    steps: tuple[DoctorStep, ...]

    @property
    def wrong(self) -> list[Diagnosis]:
        """Everything that is wrong."""
        return [step.finding for step in self.steps if step.finding and step.outcome is StepOutcome.WRONG]

    @property
    def exit_code(self) -> int:
        """0 when all is well, 64 when a setting is wrong, 70 when something else is."""
        if not self.wrong:
            return 0
        return WRONG_SETTING if any(finding.settings for finding in self.wrong) else FAULT

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        settings = sorted({name for finding in self.wrong for name in finding.settings})
        outcome = StepOutcome.WRONG if self.wrong else StepOutcome.OK
        steps = [step.to_dict() for step in self.steps]
        return {"outcome": outcome.value, "roles": list(self.roles), "wrong_settings": settings, "steps": steps}


def wrong(code: str, *settings: str, detail: str = "") -> Diagnosis:
    """Something is wrong."""
    return Diagnosis(code, TEXTS[code], settings, detail)


def warning(code: str, *settings: str, detail: str = "") -> Diagnosis:
    """Well for now; somebody should act."""
    return Diagnosis(code, TEXTS[code], settings, detail, StepOutcome.OK)


def skipped(code: str, *settings: str, detail: str = "") -> Diagnosis:
    """There is nothing to check, or no way to."""
    return Diagnosis(code, TEXTS[code], settings, detail, StepOutcome.SKIPPED)
