"""What the doctor says: something for every finding, in both languages, and nothing left over."""

from __future__ import annotations

import re
from pathlib import Path

from diagnosis.examination import CHECKS
from diagnosis.report import DoctorReport, DoctorStep, warning, wrong
from diagnosis.texts import STEPS, TEXTS

SOURCES = "".join(path.read_text("utf-8") for path in (Path(__file__).parents[3] / "diagnosis").glob("*.py"))


def test_every_step_and_finding_has_its_words() -> None:
    """A finding without words is a traceback at the worst moment; words without a finding mislead."""
    assert set(STEPS) == {check.name for check in CHECKS}
    used = set(re.findall(r'(?:wrong|warning|skipped)\(\s*"([a-z-]+)"', SOURCES))
    used |= set(re.findall(r'return "([a-z]+-[a-z-]+)"', SOURCES)) | {"registry-certificate", "registry-unreachable"}
    assert set(TEXTS) == used
    assert all(
        re.search("[一-鿿]", text.of("zh-HK")) and text.of("en").isascii()
        for text in (*STEPS.values(), *TEXTS.values())
    )


def test_every_check_needs_only_what_comes_before_it() -> None:
    """Else the examination would ask for a result that is not there."""
    seen: set[str] = set()
    for check in CHECKS:
        assert set(check.needs.split()) <= seen
        seen.add(check.name)


def test_the_exit_code_tells_settings_from_other_faults() -> None:
    """A script changes a setting, or calls somebody."""
    well, warned = DoctorStep("clock"), DoctorStep("trust-list", warning("ends-soon"))
    fault, setting = (
        DoctorStep("clock", wrong("clock-behind")),
        DoctorStep("member", wrong("not-enrolled", "TONGXING_MEMBER")),
    )
    assert [DoctorReport((), steps).exit_code for steps in ((well, warned), (well, fault), (fault, setting))] == [
        0,
        70,
        64,
    ]
    assert DoctorReport((), (fault, setting)).to_dict()["wrong_settings"] == ["TONGXING_MEMBER"]
