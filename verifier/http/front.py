"""What a verifier says of itself; at the root of its address is the gate app."""

from __future__ import annotations

from credentials.profile.members import MEMBERS
from credentials.profile.words import label
from service_kit.http.front.front import Front, Link, Way
from service_kit.http.front.pages.reference.view import PROGRAMMERS
from verifier.config import VerifierSettings

PLACE = "about"
ROLE = label("gate-page.role")
LEAD = label("gate-page.lead")
_GUARDS = Way(
    label("gate-page.guards"),
    label("gate-page.guards-what"),
    [Link(label("gate-page.start-checking"), "")],
)
_ENGINEERS = Way(
    label("gate-page.operators"),
    label("gate-page.operators-what"),
    [Link(label("gate-page.state-of-the-gate"), "v1/state", speaks=True)],
)
_READERS = Way(
    label("gate-page.readers"),
    label("gate-page.readers-what"),
    [Link(label("gate-page.check-a-proof"), "proof/")],
)


WAYS = (_GUARDS, _READERS, _ENGINEERS, PROGRAMMERS)


def ways(*, has_gate_app: bool) -> list[Way]:
    """For whom there is something here."""
    return [way for way in WAYS if has_gate_app or way not in (_GUARDS, _READERS)]


def front(settings: VerifierSettings, *, has_gate_app: bool) -> Front:
    """The page about it. ``has_gate_app``: whether the gate app and the page of proofs were built, or nobody
    is sent there."""
    member = MEMBERS[settings.member]
    return Front(
        ROLE,
        LEAD,
        ways(has_gate_app=has_gate_app),
        settings.environment,
        member.id,
        member.names,
        PLACE,
    )
