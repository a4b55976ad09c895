"""What the registry tells everybody, as pages: its log, and what is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from credentials.profile.members import shown_name
from credentials.profile.words import label, labels
from service_kit.http.front.front import Link
from service_kit.http.front.sheet import Cell, Sheet, Table, how_long
from service_kit.locale import beijing_time
from service_kit.storage.ports import LeafRecord
from trust_registry.record.log import DEEDS, MAX_PAGE

_ROLES: Final = labels("registry-page.role")
_STATES: Final = labels("registry-page.statement")
_HOME = Link(label("registry-page.about-the-registry"), "", speaks=True)
_LOG = label("registry-page.log")
_STATE = label("registry-page.what-is-in-force")
_TIME = label("registry-page.time")
_MEMBER = label("registry-page.member")
_NAME = label("registry-page.name")


def log_page(leaves: Sequence[LeafRecord], since: int) -> Sheet:
    """A page of the log, from leaf ``since`` on, and the ways to the pages before and after."""
    columns = [
        label("registry-page.no"),
        _TIME,
        label("registry-page.what"),
        label("registry-page.content-as-written"),
    ]
    rows = [[leaf.number, beijing_time(leaf.at), DEEDS.get(leaf.kind, leaf.kind), leaf.content] for leaf in leaves]
    lead = label("registry-page.log-lead")
    return Sheet(_LOG, lead, [Table(_LOG, columns, rows)], [*_turns(since, len(leaves)), _HOME])


def state_page(state: Mapping[str, Any]) -> Sheet:
    """What is in force: the members, who stands behind the list, and until when it is good."""
    lead = label("registry-page.state-lead", threshold=state["threshold"])
    members = Table(_STATE, [_MEMBER, _NAME], [[each, shown_name(each)] for each in state["members"]])
    links = [Link(_LOG, "v1/log", speaks=True), _HOME]
    denied = Table(label("registry-page.denied-keys"), [label("registry-page.number")], [[state["denied"]]])
    return Sheet(_STATE, lead, [members, _documents(state), denied, _waiting(state)], links)


def _documents(state: Mapping[str, Any]) -> Table:
    columns = [
        label("registry-page.document"),
        label("registry-page.version"),
        label("registry-page.ends"),
        label("registry-page.left"),
    ]
    rows: list[list[Cell]] = [
        [_ROLES.get(role, role), version, beijing_time(end), how_long(max(0, end - state["now"]))]
        for role, version in state["versions"].items()
        for end in [state["expiries"][role]]
    ]
    return Table(label("registry-page.signed-documents"), columns, rows)


def _waiting(state: Mapping[str, Any]) -> Table:
    columns = [_MEMBER, label("registry-page.statement"), label("registry-page.state")]
    rows = [
        [shown_name(each.member), each.sequence, _STATES.get(each.state, each.state)] for each in state["submitted"]
    ]
    return Table(label("registry-page.statements-that-wait"), columns, rows)


def _turns(since: int, shown: int) -> list[Link]:
    earlier = Link(label("registry-page.earlier"), f"v1/log?since={max(0, since - MAX_PAGE)}", speaks=True)
    later = Link(label("registry-page.later"), f"v1/log?since={since + shown}", speaks=True)
    return [*([earlier] if since else []), *([later] if shown == MAX_PAGE else [])]
