"""What an issuer says of itself on its front page."""

from __future__ import annotations

from credentials.profile.members import MEMBERS
from credentials.profile.words import label
from issuer.config import IssuerSettings
from service_kit.http.front.front import Front, Link, Way
from service_kit.http.front.pages.reference.view import PROGRAMMERS

ROLE = label("issuer-page.role")
LEAD = label("issuer-page.lead")
_RESIDENTS = Way(
    label("issuer-page.residents"),
    label("issuer-page.residents-what"),
    [Link(label("issuer-page.open-my-health-code"), "wallet/")],
)
_STAFF = Way(
    label("issuer-page.staff"),
    label("issuer-page.staff-what"),
)


WAYS = (_RESIDENTS, _STAFF, PROGRAMMERS)


def ways(*, has_wallet: bool) -> list[Way]:
    """For whom there is something here."""
    return [way for way in WAYS if has_wallet or way is not _RESIDENTS]


def front(settings: IssuerSettings, *, has_wallet: bool) -> Front:
    """The front page. ``has_wallet``: whether the wallet was built, or nobody is sent there."""
    member = MEMBERS[settings.member]
    return Front(ROLE, LEAD, ways(has_wallet=has_wallet), settings.environment, member.id, member.names)
