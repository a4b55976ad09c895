"""The chapter of the guard: a version of the status rules that changes too many people waits for a second authority."""

from __future__ import annotations

import json
from typing import Any

from credentials.decisions.rules.document import sign_status_rules
from credentials.decisions.rules.template import template
from credentials.profile.words import label
from demonstration.cast import ActingProvince
from demonstration.props import HOUR, ZHENGZHOU, asks
from demonstration.residents import resident_id
from demonstration.telling import Difference, Telling
from demonstration.world import World
from service_kit.clock import DAY_SECONDS
from service_kit.durable import write_atomic

PEOPLE = 24
"""Of one region: more than the guard lets change at once."""
SAMPLED_HOURS, NEW_HOURS = 30, 24


def held_rules(world: World, telling: Telling, province: ActingProvince, now: int) -> None:
    """A test shall count for a day, from tomorrow on: everybody on file would have no status then. Raises Difference
    where it goes otherwise."""
    telling.chapter(label("demo.rules-held-by-the-guard"))
    for number in range(PEOPLE):
        document = {"kind": "resident-id", "number": resident_id(ZHENGZHOU + 2, "19920401", number + 1)}
        person = asks("郑州人", hours=SAMPLED_HOURS, form="phone", now=now) | {"document": document}
        province.claim_code_by_app(person)
    signed, tried, release = (world.folder / name for name in ("status-rules.jws", "dry-run.json", "release.json"))
    compact = sign_status_rules(_stricter(province.home.member, now + DAY_SECONDS), province.signer("rules-1"))
    write_atomic(signed, compact.encode())
    found = province.dry_run(signed, tried)
    telling.done(label("demo.the-dry-run-says-whom-a-stricter", people=found["people"], changed=_changed(found)))
    published = ("issuer", "rules", "publish", str(signed), "--dry-run", str(tried))
    done = world.attempt(*published, settings=province.server.settings)
    if not done.returncode or "held" not in done.stderr:
        raise Difference(f"rules that change {_changed(found)} people were not held: {done.stderr.strip()[-300:]}")
    telling.done(label("demo.the-guard-holds-it-with-a-leaf"))
    write_atomic(release, json.dumps(province.hands.agree(compact)).encode())
    world.run(*published, "--release", str(release), settings=province.server.settings)
    telling.done(label("demo.an-approver-who-saw-the-dry-run"))


def _stricter(member: str, valid_from: int) -> dict[str, Any]:
    document = template(member, valid_from=valid_from)
    document["parameters"] |= {"nucleic_acid_seconds": NEW_HOURS * HOUR}
    document["entries"][-1] |= {"status": "pending", "reason": "test-missing"}
    return document


def _changed(found: dict[str, Any]) -> int:
    return sum(people for _region, _before, _after, people in found["changes"])
