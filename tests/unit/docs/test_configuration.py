"""docs/configuration.md has a row for each setting, with its roles and default."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from service_kit.settings import ENVIRONMENTS, NOT_OF_A_SERVICE, variable
from verifier.judging.policy import PROFILES
from wsgi import SETTINGS

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text("utf-8")
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for cells in (line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `TONGXING_"))
}
ALL = {variable(field.name) for cls in SETTINGS.values() for field in dataclasses.fields(cls)}


def test_each_setting_has_its_row_and_no_other_has() -> None:
    """A setting that nobody finds is no setting, and one that was taken out misleads."""
    assert set(ROWS) == ALL | NOT_OF_A_SERVICE


@pytest.mark.parametrize("role", SETTINGS)
def test_the_rows_say_what_a_role_reads(role: str) -> None:
    """An operator sets up one role from this page alone."""
    for field in dataclasses.fields(SETTINGS[role]):
        roles, default, _ = ROWS[variable(field.name)]
        assert role in roles or roles == "all"
        if field.default is dataclasses.MISSING:
            assert default.startswith("needed"), field.name
        elif field.default not in ("", None):
            assert default == f"`{field.default}`", field.name


def test_every_value_of_a_list_is_named() -> None:
    """Whoever reads the page must not have to read the code for the words that a setting takes."""
    for name, values in (("TONGXING_ENVIRONMENT", ENVIRONMENTS), ("TONGXING_PROFILE", PROFILES)):
        assert set(values) <= set(re.findall(r"`([a-z]+)`", ROWS[name][2]))
