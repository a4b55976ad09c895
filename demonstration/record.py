"""The chapter of the public record: three provinces have cosigned the registry's log, a second history is caught."""

from __future__ import annotations

import json
from collections.abc import Sequence

from credentials.profile.words import Label, joined, label
from demonstration.cast import ActingProvince, Registry
from demonstration.drills.drills import fork
from demonstration.drills.yard import Yard
from demonstration.telling import Difference, Telling
from demonstration.world import World

LEAST = 2
"""Witnesses that have to have cosigned, of three."""


def witnessed(world: World, telling: Telling, registry: Registry, provinces: Sequence[ActingProvince]) -> None:
    """Whoever reads the log asks for two of three provinces; then a thief of its key shows another history, and the
    monitor of the first province finds it.

    Raises Difference where it goes otherwise.
    """
    telling.chapter(label("demo.the-registrys-log-is-witnessed"))
    registry.publish_log()
    policy = world.folder / "witnesses.policy"
    keys = {province.home.name: province.record_keys["witness"] for province in provinces}
    lines = [f"witness {name} {vkey}" for name, vkey in keys.items()]
    registry.write_policy(policy, *lines, f"group provinces {LEAST} {' '.join(keys)}", quorum="provinces")
    shown = json.loads(world.run("log", "show", "--registry", registry.url, "--policy", str(policy), "--json"))
    if len(shown["witnesses"]) != len(provinces):
        raise Difference(f"cosigned by {shown['witnesses']} in place of {len(provinces)} provinces")
    names: Label = joined((province.home.names for province in provinces), "join.items")
    telling.done(label("demo.all-three-provinces-have-cosigned", names=names, leaves=shown["size"]))
    fork(Yard(world, registry, provinces[0]), telling)
