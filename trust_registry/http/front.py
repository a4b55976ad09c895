"""What the registry says of itself on its front page."""

from __future__ import annotations

from credentials.profile.words import label
from service_kit.http.front.front import Front, Link, Way
from service_kit.http.front.pages.reference.view import PROGRAMMERS
from trust_registry.config import RegistrySettings

ROLE = label("registry-page.role")
LEAD = label("registry-page.lead")
WAYS = [
    Way(
        label("registry-page.auditors"),
        label("registry-page.auditors-what"),
        [
            Link(label("registry-page.log"), "v1/log", speaks=True),
            Link(label("registry-page.what-is-in-force"), "v1/state", speaks=True),
        ],
    ),
    Way(
        label("registry-page.gates"),
        label("registry-page.gates-what"),
        [
            Link(
                label("registry-page.newest-timestamp"),
                "mirror/metadata/timestamp.json",
            )
        ],
    ),
    Way(
        label("registry-page.members"),
        label("registry-page.members-what"),
    ),
    PROGRAMMERS,
]


def front(settings: RegistrySettings) -> Front:
    """The front page."""
    return Front(ROLE, LEAD, WAYS, settings.environment)
