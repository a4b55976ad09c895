"""The state of a gate as a page, for whoever looks after it: how old everything is that it judges by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from credentials.profile.members import shown_name
from credentials.profile.words import label, labels
from service_kit.http.front.front import Link
from service_kit.http.front.sheet import Cell, Sheet, Table, how_long
from service_kit.locale import beijing_time
from verifier.http.front import PLACE

TITLE: Final = label("gate-page.state-of-the-gate")
_PROFILES: Final = labels("profile")
_YES, _NO = label("gate-page.yes"), label("gate-page.no")


def state_page(state: Mapping[str, Any]) -> Sheet:
    """What the gate holds, of whom, and how old it is."""
    lead = label("gate-page.state-lead")
    home = Link(label("gate-page.about-this-gate"), PLACE, speaks=True)
    return Sheet(TITLE, lead, [_whole(state), _members(state), _rules(state), _failures(state)], [home])


def _whole(state: Mapping[str, Any]) -> Table:
    trust, clock = state["trust"], state["clock"]
    rows: list[list[Cell]] = [
        [label("gate-page.member"), shown_name(state["member"])],
        [label("gate-page.profile"), _PROFILES.get(state["profile"], state["profile"])],
        [
            label("gate-page.time-it-judges-by"),
            beijing_time(state["now"]),
        ],
        [label("gate-page.clock-in-doubt"), _YES if clock["in_doubt"] or clock["alarm"] else _NO],
        [label("gate-page.trust-list"), _age(trust and trust["age"])],
        [label("gate-page.members-listed"), trust and trust["members"]],
        [label("gate-page.denied-keys"), trust and trust["denied"]],
        [
            label("gate-page.lanes-remember-together"),
            _YES if state["replay_memory_shared"] else _NO,
        ],
    ]
    columns = [label("gate-page.what"), label("gate-page.now")]
    return Table(label("gate-page.as-a-whole"), columns, rows)


def _members(state: Mapping[str, Any]) -> Table:
    columns = [
        label("gate-page.member"),
        label("gate-page.withdrawals"),
        label("gate-page.withdrawn-number"),
        label("gate-page.rules-version"),
        label("gate-page.failures"),
    ]
    rows = [
        [shown_name(name), _age(of["status_age"]), of["withdrawn"], of["rules_version"], len(of["failures"])]
        for name, of in state["members"].items()
    ]
    return Table(label("gate-page.by-member"), columns, rows)


def _rules(state: Mapping[str, Any]) -> Table:
    columns = [
        label("gate-page.rule-set"),
        label("gate-page.version"),
        label("gate-page.from-beijing"),
        label("gate-page.in-force"),
    ]
    rows = [
        [each["rule_set"], each["version"], beijing_time(each["valid_from"]), _YES if each["in_force"] else _NO]
        for each in state["rules"]
    ]
    return Table(label("gate-page.local-rules"), columns, rows)


def _failures(state: Mapping[str, Any]) -> Table:
    columns = [
        label("gate-page.member"),
        label("gate-page.file"),
        label("gate-page.code"),
        label("gate-page.time-beijing"),
    ]
    rows = [
        [shown_name(each["member"]) if each["member"] else None, each["file"], each["code"], beijing_time(each["at"])]
        for each in state["failures"]
    ]
    return Table(label("gate-page.not-brought-up-to-date"), columns, rows)


def _age(seconds: int | None) -> Cell:
    if seconds is None:
        return label("gate-page.none-yet")
    return label("gate-page.age", age=how_long(seconds))
