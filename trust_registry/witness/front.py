"""What the witness says of itself on its front page."""

from __future__ import annotations

from credentials.profile.words import label
from service_kit.http.front.front import Front, Way
from service_kit.http.front.pages.reference.view import PROGRAMMERS
from trust_registry.witness.config import WitnessSettings

ROLE = label("witness-page.role")
LEAD = label("witness-page.lead")
WAYS = [Way(label("witness-page.logs"), label("witness-page.logs-what")), PROGRAMMERS]


def front(settings: WitnessSettings) -> Front:
    """The front page."""
    return Front(ROLE, LEAD, WAYS, settings.environment)
