"""What all pages of this room say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from credentials.profile.words import Label, label, labels

TEXTS: Final[Mapping[str, Label]] = {name.replace("-", "_"): text for name, text in labels("page").items()}
"""By the names that templates have for them."""
ENVIRONMENTS: Final[Mapping[str, Label]] = labels("environment")


def _refusal(name: str) -> tuple[Label, Label]:
    return label(f"refusal.{name}.title"), label(f"refusal.{name}.advice")


NO_PAGE: Final = _refusal("no-page")
NO_ENTRY: Final = _refusal("no-entry")
WRONG_REQUEST: Final = _refusal("wrong-request")
TOO_OFTEN: Final = _refusal("too-often")
NOT_NOW: Final = _refusal("not-now")
OUR_FAULT: Final = _refusal("our-fault")
